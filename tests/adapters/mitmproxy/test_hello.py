import ssl

import pytest

from llemulator_addon.adapters.mitmproxy.hello import server_name


def _hello(name: str | None) -> bytes:
    sent = ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.check_hostname = False
    client = context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return sent.read()


def test_the_name_in_a_handshake_is_found() -> None:
    assert server_name(_hello("api.openai.com")) == "api.openai.com"


def test_where_no_name_is_said_none_is_found() -> None:
    assert server_name(_hello(None)) is None


@pytest.mark.parametrize(
    "sent",
    [b"", _hello("api.openai.com")[:100], b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05hello"],
    ids=["nothing", "cut", "plain", "short"],  # a handshake has chance in it, and workers must agree on the names
)
def test_what_is_no_whole_handshake_has_no_name(sent: bytes) -> None:
    assert server_name(sent) is None
