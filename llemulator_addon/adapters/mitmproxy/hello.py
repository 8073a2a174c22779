"""The host that a client names in the first bytes of a tunnel: in a TLS handshake, or in a plain request."""

import re

from mitmproxy.net.tls import starts_like_tls_record
from mitmproxy.proxy.layers.tls import parse_client_hello


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


def named_host(sent: bytes) -> str | None:
    """Return the host that a client names, as `server_name` does; of a plain request the one of its `Host`."""
    name = server_name(sent)
    if name is None and (found := _HOST.match(sent)):
        return found[1].decode("latin-1")
    return name


_HOST = re.compile(
    rb"[A-Z]{3,10} [^\r\n]{1,8192}\r?\n(?:[^\r\n]{1,8192}\r?\n){0,100}?host:[ \t]*([^\s:]{1,255})", re.IGNORECASE
)
