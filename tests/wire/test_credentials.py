"""The token that names a session, from each header that a client may send it in."""

from base64 import b64encode

import pytest

from llemulator_addon.wire.credentials import is_client_secret, key_of, make_client_secret, token_of
from tests.playing import request


def _basic(text: str) -> str:
    return f"Basic {b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({"authorization": "Bearer sk-1"}, "sk-1"),
        ({"authorization": "bearer  sk-1 "}, "sk-1"),
        ({"authorization": "Bearer "}, None),
        ({"authorization": _basic(":sk-2")}, "sk-2"),
        ({"authorization": _basic("user:sk:2")}, "sk:2"),
        ({"authorization": _basic("sk-2")}, None),
        ({"authorization": "Basic ***"}, None),
        ({"authorization": f"Basic {b64encode(bytes([0xFF])).decode()}"}, None),
        ({"api-key": "azure"}, "azure"),
        ({"authorization": "Digest x", "api-key": "azure"}, "azure"),
        ({"api-key": " "}, None),
        ({}, None),
    ],
)
def test_a_token_is_found_in_each_header_that_may_carry_it(headers: dict[str, str], token: str | None) -> None:
    assert token_of(request("GET", "/v1/models", token=None, headers=headers)) == token


@pytest.mark.parametrize("token", [f"fe80::1%{'x' * 10_000}", "1" * 10_000])
def test_no_token_makes_the_name_of_its_session_long(token: str) -> None:
    assert len(key_of(token).name) == 4


def test_an_address_with_a_zone_names_its_session_as_a_whole() -> None:
    assert key_of("fe80::1%eth0").name == "fe80::1%eth0"


def test_a_client_secret_with_a_long_name_is_none() -> None:
    key = key_of("sk-of-somebody")

    assert is_client_secret(make_client_secret(key, "0"))
    assert not is_client_secret(make_client_secret(key._replace(name="x" * 10_000), "0"))
