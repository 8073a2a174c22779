from pathlib import Path

import pytest

from llemulator_addon.adapters.mitmproxy.listening import Listening


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),  # noqa: S104 - what is asked here
        ("", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("fe80::1", "http://[fe80::1]:8080"),
        ("proxy.test", "http://proxy.test:8080"),
    ],
)
def test_the_url_is_one_that_a_client_on_this_machine_can_use(host: str, url: str) -> None:
    assert Listening(host=host, port=8080).url == url


@pytest.mark.parametrize(
    ("host", "everywhere"),
    [("127.0.0.1", False), ("proxy.test", False), ("", True), ("0.0.0.0", True), ("::", True)],  # noqa: S104 - the same
)
def test_it_is_known_whether_it_listens_on_all_addresses(host: str, *, everywhere: bool) -> None:
    address = Listening(host=host, port=8080).address(ca=Path("ca.pem"), bundle=Path("bundle.pem"))

    assert address.is_everywhere == everywhere
