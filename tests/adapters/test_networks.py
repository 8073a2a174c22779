import pytest

from llemulator_addon.adapters.networks import Networks


@pytest.mark.parametrize(
    ("networks", "within", "without"),
    [
        (("loopback",), ("127.0.0.1", "::1", "::ffff:127.0.0.1"), ("10.0.0.1", "8.8.8.8", "fe80::1%eth0")),
        (("private",), ("127.0.0.1", "172.17.0.1", "100.64.0.1", "fd00::1", "fe80::1%eth0"), ("8.8.8.8", "2a00::1")),
        (("private",), ("::ffff:10.0.0.1",), ("::ffff:8.8.8.8",)),
        (("all",), ("127.0.0.1", "8.8.8.8", "2a00::1"), ()),
        (("loopback", "192.0.2.0/24", "2a00::1"), ("192.0.2.7", "2a00::1", "::1"), ("192.0.3.7", "2a00::2")),
    ],
)
def test_an_address_is_within_or_not(
    networks: tuple[str, ...], within: tuple[str, ...], without: tuple[str, ...]
) -> None:
    found = Networks(*networks)

    assert [address for address in (*within, *without) if address in found] == list(within)


@pytest.mark.parametrize("text", ["privat", "10.0.0.1/8", "300.0.0.1", ""])
def test_a_text_that_is_no_network_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"does not appear|has host bits"):
        Networks(text)
