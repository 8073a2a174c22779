"""The host that a client names in the first message of a TLS handshake."""

from mitmproxy.net.tls import starts_like_tls_record
from mitmproxy.proxy.layers.tls import parse_client_hello


def server_name(sent: bytes) -> str | None:
    """Return the name in what a client has sent so far; None if there is none, or not all of the message yet."""
    if not starts_like_tls_record(sent):
        return None
    try:
        hello = parse_client_hello(sent)
    except ValueError:
        return None
    return hello.sni if hello else None
