import pytest

from llemulator_addon.adapters.mitmproxy.internals.client_hello import server_name
from tests.wire_real.clients import client_hello


def test_the_name_in_a_handshake_is_found() -> None:
    assert server_name(client_hello("api.openai.com")) == "api.openai.com"


def test_a_whole_handshake_without_a_name_has_an_empty_one() -> None:
    assert server_name(client_hello(None)) == ""


@pytest.mark.parametrize(
    "sent",
    [b"", client_hello("api.openai.com")[:100], b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05hello"],
    ids=["nothing", "cut", "plain", "short"],  # a handshake has chance in it, and workers must agree on the names
)
def test_what_is_no_whole_handshake_has_no_name(sent: bytes) -> None:
    assert server_name(sent) is None
