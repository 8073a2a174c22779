from dataclasses import replace
from itertools import chain
from typing import Any

import pytest

from llemulator_addon.core.outcome import Ending
from llemulator_addon.core.prompt import Message, Prompt
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Head, Send
from llemulator_addon.engine.journal import Basis, Exchange, Journal

_ANSWER = (Head(200), Send(b"x" * 1000))


def _request(body: bytes = b"{}", at: float = 1.0) -> Request:
    headers = {"authorization": "Bearer sk-secret", "user-agent": "OpenAI/Python 3.52.0"}
    return Request(
        method="POST",
        path="/v1/chat/completions",
        query=(("api-key", "k"), ("a", "b")),
        headers=headers,
        body=body,
        at=at,
    )


def _recorded(journal: Journal, times: int, body: bytes = b"{}") -> Journal:
    for _ in range(times):
        journal = journal.record(_request(body), _ANSWER)
    return journal


def _numbers(journal: Journal) -> list[int]:
    return [exchange.number for exchange in journal]


def test_an_exchange_is_kept_without_the_secrets_of_its_request() -> None:
    (exchange,) = Journal().record(_request(), _ANSWER, Basis(endpoint="chat.completions", rule="greeting"))

    assert exchange == Exchange(
        number=1,
        at=1.0,
        method="POST",
        host="api.openai.com",
        path="/v1/chat/completions",
        query=(("api-key", "***"), ("a", "b")),
        headers={"authorization": "***", "user-agent": "OpenAI/Python 3.52.0"},
        body=b"{}",
        body_bytes=2,
        endpoint="chat.completions",
        rule="greeting",
        steps=_ANSWER,
        fingerprint=exchange.fingerprint,
        size=exchange.size,
    )


def test_above_its_limit_the_oldest_makes_room() -> None:
    assert _numbers(_recorded(Journal(limit=3), 5)) == [3, 4, 5]


def test_above_its_limit_of_memory_the_oldest_make_room() -> None:
    size = _recorded(Journal(), 1).size

    assert _numbers(_recorded(Journal(size_limit=3 * size), 5)) == [3, 4, 5]


def test_one_exchange_is_kept_even_if_it_alone_is_too_large() -> None:
    assert _numbers(_recorded(Journal(size_limit=1), 2)) == [2]


def test_its_size_is_that_of_what_is_kept() -> None:
    size = _recorded(Journal(), 1).size

    assert _recorded(Journal(limit=3), 100).size == 3 * size


def test_an_emptied_journal_counts_on() -> None:
    emptied = _recorded(Journal(limit=3), 5).empty()

    assert (list(emptied), emptied.size, _numbers(_recorded(emptied, 1))) == ([], 0, [6])


def test_how_an_answer_ended_is_noted_with_its_exchange() -> None:
    ending = Ending(how="whole", bytes_sent=1000, sends=1, seconds=0.5)

    assert [each.ending for each in _recorded(Journal(), 2).note_end(1, ending)] == [ending, None]


def test_an_ending_does_not_go_to_the_exchange_that_took_the_place() -> None:
    ending = Ending(how="whole", bytes_sent=1000, sends=1, seconds=0.5)
    full = _recorded(Journal(limit=2), 3)

    assert [full.note_end(1, ending)] == [full]


def test_an_ending_goes_when_its_exchange_makes_room() -> None:
    ending = Ending(how="whole", bytes_sent=1000, sends=1, seconds=0.5)
    journal = _recorded(Journal(limit=2), 2).note_end(1, ending)

    assert [each.ending for each in _recorded(journal, 1)] == [None, None]


def test_of_a_large_body_the_beginning_is_kept_and_what_lists_show_of_its_prompt() -> None:
    prompt = Prompt(endpoint="chat.completions", model="m", messages=(Message(role="user", text="x" * 9_000_000),))
    (exchange,) = Journal().record(_request(b"x" * 9_000_000), _ANSWER, Basis(prompt=prompt))

    assert (len(exchange.body), exchange.body_bytes, len(exchange.user_text or "")) == (262_144, 9_000_000, 2_000)


def test_of_a_large_answer_the_beginning_is_kept() -> None:
    (exchange,) = Journal().record(_request(), (Head(200), *[Send(b"x" * 100_000)] * 5))

    assert [len(step.piece) for step in exchange.steps if isinstance(step, Send)] == [100_000, 100_000, 62_144]


def _recorded_size(fields: dict[str, Any]) -> int:
    return Journal().record(replace(_request(), **fields), _ANSWER).size


_LONG = "x" * 20_000


@pytest.mark.parametrize(
    "fields",
    [{"path": f"/{_LONG}"}, {"query": (("a", _LONG),)}, {"headers": {"x-more": _LONG}}, {"headers": {_LONG: "1"}}],
)
def test_path_query_and_headers_count(fields: dict[str, Any]) -> None:
    assert 19_000 <= _recorded_size(fields) - _recorded_size({}) <= 21_000


@pytest.mark.long
@pytest.mark.parametrize(
    "fields",
    [
        {"method": "X" * 1_000_000},
        {"host": "x" * 1_000_000},
        {"path": "/" + "x" * 1_000_000},
        {"query": (("a", "x" * 1_000_000),)},
        {"query": (("a" * 1_000_000, "x"),)},
        {"query": (("a", "b"),) * 100_000},
        {"headers": {"x-more": "x" * 1_000_000}},
        {"headers": {f"x-{number}": "x" for number in range(100_000)}},
    ],
)
def test_of_a_large_head_the_beginning_is_kept(fields: dict[str, Any]) -> None:
    (exchange,) = Journal().record(replace(_request(), **fields), _ANSWER)

    assert exchange.size < 80_000
    kept = (exchange.method, exchange.host, exchange.path, *chain(*exchange.query, *exchange.headers.items()))
    assert sum(map(len, kept)) < exchange.size


def test_of_a_long_conversation_that_was_stored_lists_show_what_they_show() -> None:
    history = (Message(role="user", text="x" * 200_000), Message(role="user", text="And?"))
    prompt = Prompt(endpoint="responses", model="m", messages=history)
    (exchange,) = Journal().record(_request(), _ANSWER, Basis(prompt=prompt))

    assert (exchange.user_text, exchange.prompt == prompt, exchange.size < 20_000) == ("And?", False, True)


def test_what_was_said_before_counts() -> None:
    def size(*texts: str) -> int:
        messages = tuple(Message(role="user", text=text) for text in texts)
        prompt = Prompt(endpoint="responses", model="m", messages=messages)
        return Journal().record(_request(), _ANSWER, Basis(prompt=prompt)).size

    assert size("x" * 10_000, "And?") - size("And?") >= 10_000


def test_requests_with_the_same_body_have_the_same_fingerprint() -> None:
    one, same, other = Journal().record(_request(b"1"), ()).record(_request(b"1"), ()).record(_request(b"2"), ())

    assert (one.fingerprint == same.fingerprint, one.fingerprint == other.fingerprint) == (True, False)
