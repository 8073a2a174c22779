"""Sessions never see each other, whatever comes in between."""

import dataclasses
from random import Random

import pytest

from llemulator_addon.core.stamp import Stamp
from llemulator_addon.engine.session import Progress, Session, SessionFields
from tests.playing import chat, emulator, load, sessions, texts


@pytest.mark.long
def test_ten_thousand_interleaved_requests_of_a_hundred_tokens_each_get_their_own() -> None:
    server = emulator()
    tokens = [f"sk-test-{number:04}" for number in range(100)]
    for token in tokens:
        rules = [
            {"match": {"user_text": "^count$"}, "reply": [f"{token} {number}" for number in range(50)]},
            {"match": {"user_text": "^state$"}, "state": {"requires": "started", "becomes": "later"}, "reply": "first"},
            {"match": {"user_text": "^state$"}, "state": {"requires": "later"}, "reply": "again"},
            {
                "match": {"user_text": "^limited$"},
                "reply": "in",
                "faults": [{"rate_limit": {"requests_per_minute": 10}}],
            },
        ]
        load(server, {"rules": rules}, token=token)
    asked = [(token, text) for token in tokens for text in ("count",) * 50 + ("state",) * 20 + ("limited",) * 30]
    Random(1).shuffle(asked)

    said = texts(server, *[chat(text, token=token, at=1000) for token, text in asked])

    for token in tokens:
        own = {text: [] for text in ("count", "state", "limited")}  # type: dict[str, list[str]]
        for (asking, text), answer in zip(asked, said, strict=True):
            if asking == token:
                own[text].append(answer)
        assert own == {
            "count": [f"{token} {number}" for number in range(50)],
            "state": ["first", *["again"] * 19],
            "limited": [*["in"] * 10, *["429 rate_limit_exceeded"] * 20],
        }


def test_a_session_may_change_in_each_field_but_its_policy() -> None:
    assert {field.name for field in dataclasses.fields(Session)} - {"policy"} == set(SessionFields.__annotations__)


def test_settings_that_a_token_loaded_stay_when_it_loads_its_first_rules() -> None:
    server = emulator({"defaults": {"on_unmatched": "simulate"}, "responses": ["of the server"], "seed": 7})
    load(server, {"defaults": {"on_unmatched": "echo"}, "seed": 5})
    load(server, {"responses": ["own"]})

    assert texts(server, chat("Hi"), chat("Hi")) == ["own", "Hi"]
    (session,) = (each for each in sessions(server) if each.script.owner == "token")
    assert session.stamp == Stamp(5, 2)


def test_rules_are_forgotten_with_all_progress_and_nothing_else() -> None:
    server = emulator()
    load(server, {"rules": [{"state": {"becomes": "later"}, "reply": "Hi", "times": 1}], "seed": 5})
    texts(server, chat())
    (session,) = (each for each in sessions(server) if each.script.owner == "token")
    after = session.forget_rules()

    assert session.progress != Progress()
    assert (after.progress, after.script.index.rules, after.stamp) == (Progress(), (), Stamp(5, 1))
    assert (after.journal, after.resources) == (session.journal, session.resources)
