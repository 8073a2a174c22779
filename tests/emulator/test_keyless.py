"""A request that has no key, but an address that names its session."""

from dataclasses import replace
from typing import Any

import pytest

from llemulator_addon.core.request import Request
from tests.playing import chat, emulator, json_of, play, post, request, said, status

_HERE = "127.0.0.1"


def _from(address: str | None, asked: Request) -> Request:
    return replace(asked, keyless=address, way="origin", host=_HERE)


def _keyless(text: str = "Hi", address: str | None = _HERE) -> Request:
    return _from(address, chat(text, token=None))


def _load(script: object, *, token: str | None = None) -> Request:
    return _from(_HERE, post("/_emulator/script", script, token=token))


def test_each_address_plays_the_default_script_with_counters_of_its_own() -> None:
    server = emulator(["first", "second"])

    answers = play(server, _keyless(), _keyless(address="10.0.0.7"), _keyless())

    assert [said(steps) for steps in answers] == ["first", "first", "second"]


def test_a_script_that_is_loaded_without_a_key_is_for_the_address() -> None:
    server = emulator(["for everybody"])
    (loaded,) = play(server, _load({"responses": "for this address"}))

    here, there = play(server, _keyless(), _keyless(address="10.0.0.7"))

    assert json_of(loaded)["session"] == _HERE
    assert (said(here), said(there)) == ("for this address", "for everybody")


def test_the_address_as_a_token_is_the_same_session() -> None:
    server = emulator()
    play(server, _load({"responses": "from far"}, token=_HERE))

    (answer,) = play(server, _keyless())

    assert said(answer) == "from far"


def test_an_address_is_not_hidden_in_the_journal_as_a_token_is() -> None:
    server = emulator({"responses": "Hi"})
    play(server, _keyless("Who is 127.0.0.1?"))

    (journal,) = play(server, _from(_HERE, request("GET", "/_emulator/requests", token=None)))

    shown: dict[str, Any] = json_of(journal)["data"][0]
    assert shown["user_text"] == "Who is 127.0.0.1?"


@pytest.mark.parametrize("asked", [chat(token=None), request("GET", "/v1/models", token=None)])
def test_without_an_address_the_real_refusal_comes(asked: Request) -> None:
    (answer,) = play(emulator({"responses": "Hi"}), asked)

    assert status(answer) == 401
