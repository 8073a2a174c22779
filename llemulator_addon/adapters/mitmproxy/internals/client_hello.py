"""The host that a client names in the first bytes of a tunnel: in a TLS handshake, or in a plain request."""

import re

from mitmproxy.net.tls import starts_like_tls_record
from mitmproxy.proxy.layers.tls import get_client_hello, parse_client_hello

MOST_BYTES = 64 << 10
"""Of what is waited for before a client has said what it speaks. A hello is a few hundred bytes, or two thousand."""
SECONDS = 30.0
"""How long it may take to say that."""

_HANDSHAKE = b"\x16\x03"
_METHODS = tuple(
    b"%b " % method
    for method in (b"GET", b"POST", b"HEAD", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"CONNECT", b"TRACE")
)


def goes_on(sent: bytes, *, leads_on: bool) -> bool:
    """Whether a client has begun to say what it speaks and with whom, and more must come before that can be told.

    `leads_on`: whether the connection leads to somebody. Decided by its first bytes, it would be passed on whatever
    host is named in it later.
    """
    if sent.startswith(_HANDSHAKE):
        return len(sent) < 3 or (starts_like_tls_record(sent) and _lacks_hello(sent))  # noqa: PLR2004 - the version
    if not sent or _HANDSHAKE.startswith(sent):
        return bool(sent)
    # The line of a request, without which nothing else is looked for.
    return (
        leads_on
        and b"\n" not in sent
        and any(sent.startswith(method) or method.startswith(sent) for method in _METHODS)
    )


def _lacks_hello(sent: bytes) -> bool:
    try:
        return get_client_hello(sent) is None
    except ValueError:
        return False


def server_name(sent: bytes) -> str | None:
    """Return the name in what a client has sent so far, and an empty one where the message names no host.

    None: this is no such message, or not all of it yet.
    """
    if not starts_like_tls_record(sent):
        return None
    try:
        hello = parse_client_hello(sent)
    except ValueError:
        return None
    return (hello.sni or "") if hello else None


def read_named_host(sent: bytes) -> str | None:
    """Return the host that a client names, as `server_name` does; of a plain request the one of its `Host`."""
    name = server_name(sent)
    if name is None and (found := _HOST.match(sent)):
        return found[1].decode("latin-1")
    return name


_HOST = re.compile(
    rb"[A-Z]{3,10} [^\r\n]{1,8192}\r?\n(?:[^\r\n]{1,8192}\r?\n){0,100}?host:[ \t]*([^\s:]{1,255})", re.IGNORECASE
)
