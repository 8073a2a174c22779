"""Sessions never see each other, whatever comes in between."""

import dataclasses
from random import Random

import pytest

from llemulator_addon.engine.session import Session, SessionFields
from tests.playing import chat, emulator, load, texts


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
