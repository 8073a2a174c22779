"""Metrics cost next to nothing: what they do for a request is counted as calls of functions, and not timed."""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, override

import pytest

from llemulator_addon.adapters.metrics.counting import Metrics
from llemulator_addon.adapters.metrics.streamed import read_tokens
from llemulator_addon.adapters.request_log import WaitLog
from llemulator_addon.core.answer_tokens import NO_USAGE, AnswerTokens, SaidUsage
from llemulator_addon.core.outcome import Ending
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import ANONYMOUS, ExchangeId
from llemulator_addon.emulator import Emulator
from llemulator_addon.engine.journal import Exchange
from tests.playing import chat, emulator, played, post

_MOST_CALLS = 0.03
"""Of all calls for a request in this process, without sockets, which cost as much again."""
_SCRIPT = {
    "rules": [
        {"match": {"user_text": "^think$"}, "reply": {"text": "Five words in one answer.", "reasoning": "Well, well."}},
        {"match": {"user_text": "^call$"}, "reply": {"tool_calls": [{"name": "f", "arguments": {"city": "Oslo"}}]}},
        {
            "match": {"user_text": "^say$"},
            "reply": {"text": "Hi", "usage": {"prompt_tokens": 7, "completion_tokens": 9}},
        },
        {"match": {"user_text": "^cut$"}, "reply": "a b c d e f", "faults": [{"cut_after": {"sends": 3}}]},
        {"match": {"user_text": "^raw$"}, "reply": {"raw": {"body": '{"usage":{"prompt_tokens":5}}'}}},
        {"match": {"user_text": "^fail$"}, "reply": {"failure": {"status": 429, "message": "slow down"}}},
        {"match": {"user_text": "^silent$"}, "reply": "one two", "stream": {"ttft_ms": 40_000}},
        {"reply": "Hello there. How are you today?"},
    ]
}
_WITH_USAGE: Any = {"stream": True, "stream_options": {"include_usage": True}}


class _Told(WaitLog):
    """Keeps what it learns."""

    def __init__(self) -> None:
        self.exchange: Exchange | None = None
        self.tokens: AnswerTokens | None = None

    @override
    def note_end(
        self, named: ExchangeId, exchange: Exchange | None, ending: Ending, tokens: AnswerTokens | None
    ) -> None:
        """Keep it."""
        del named, ending
        self.exchange, self.tokens = exchange, tokens


def _ask(server: Emulator, asked: Request, ending: Ending | None = None) -> None:
    async def whole() -> None:
        answered = played(await server.answer(asked))
        assert answered.exchange is not None
        await server.note_end(answered.exchange, ending or Ending("whole", 1, 1, 0.0))

    asyncio.run(whole())


def _told(asked: Request) -> tuple[Exchange, AnswerTokens | None]:
    told, server = _Told(), emulator(_SCRIPT)
    server.watch_requests(told)
    _ask(server, asked)
    assert told.exchange is not None
    return told.exchange, told.tokens


def _responses(text: str = "Hi", **more: object) -> Request:
    return post("/v1/responses", {"model": "gpt-4o", "input": text, **more})


def _completions(**more: object) -> Request:
    return post("/v1/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": "Hi", **more})


_OURS: dict[str, Request] = {
    "chat": chat(),
    "chat stream": chat(stream=True),
    "chat stream with usage": chat(**_WITH_USAGE),
    "chat, two choices": chat(n=2, **_WITH_USAGE),
    "chat, call": chat("call", **_WITH_USAGE, tools=[{"type": "function", "function": {"name": "f"}}]),
    "chat, scripted usage": chat("say"),
    "chat, stored": chat(store=True),
    "responses": _responses(),
    "responses stream": _responses(stream=True),
    "responses, reasoning": _responses("think", stream=True),
    "responses, keepalive": _responses("silent", stream=True),
    "responses, background": _responses(background=True),
    "responses, background stream": _responses(background=True, stream=True),
    "completions": _completions(),
    "completions stream": _completions(**_WITH_USAGE),
    "embeddings": post("/v1/embeddings", {"model": "text-embedding-3-small", "input": ["a", "b c"]}),
    "failure": chat("fail"),
    "refusal": chat(model="no-such-model"),
}


@pytest.mark.parametrize("name", _OURS)
def test_what_is_known_of_an_answer_is_what_its_bytes_say(name: str) -> None:
    exchange, tokens = _told(_OURS[name])

    assert tokens is not None
    assert tokens.usage == read_tokens(exchange).usage
    # A call opens in the chunk with the role, where pacing waits for no token.
    if exchange.stream and name != "chat, call":
        assert list(map(bool, tokens.of_sends)) == [*read_tokens(exchange).of_sends]


@pytest.mark.parametrize("text", ["cut", "raw"])
def test_what_others_wrote_or_a_fault_changed_is_read_from_the_bytes(text: str) -> None:
    exchange, tokens = _told(chat(text, **_WITH_USAGE))

    assert tokens is None
    assert read_tokens(exchange).usage == (NO_USAGE if text == "cut" else SaidUsage(5, 0))


def test_a_long_answer_of_which_the_journal_keeps_the_beginning_counts_all_its_tokens() -> None:
    words = "word " * 20_000
    told, server = _Told(), emulator({"responses": {"": words}})
    server.watch_requests(told)
    _ask(server, chat(**_WITH_USAGE))

    assert told.exchange is not None
    assert told.exchange.goes_on
    assert told.tokens is not None
    assert told.tokens.usage.answer > 19_000


# Calls ----------------------------------------------------------------------------------------------------------------


def _count_calls(work: Callable[[], object]) -> Counter[str]:
    """Return how often each function is called, those of C among them."""
    calls: Counter[str] = Counter()

    def note(frame: Any, event: str, argument: Any) -> None:  # noqa: ANN401 - as Python gives them
        if event == "call":
            calls[frame.f_code.co_qualname] += 1
        elif event == "c_call":
            calls[getattr(argument, "__qualname__", str(argument))] += 1

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def _paced(tokens: int) -> tuple[Exchange, Ending, AnswerTokens]:
    exchange, known = _told(chat(**_WITH_USAGE))
    assert known is not None
    ending = Ending("whole", 9, tokens, tokens / 64, left=tuple(each / 64 for each in range(tokens)))
    return exchange, ending, known._replace(of_sends=(0, *[1] * (tokens - 1)))


def test_no_function_is_called_for_a_piece_of_a_stream() -> None:
    metrics, name = Metrics(lambda: 9.0), ExchangeId(ANONYMOUS, 1, 1)
    metrics.note_end(name, *_paced(10))
    short, long = (_count_calls(partial(metrics.note_end, name, *_paced(tokens))) for tokens in (10, 900))

    assert short == long
    assert metrics.read().models["gpt-4o"].between_tokens.counts[2:5] == (0, 8 + 8 + 898, 0)


@pytest.mark.parametrize("stream", [False, True])
def test_of_the_calls_for_a_request_metrics_make_next_to_none(*, stream: bool) -> None:
    def count(*watchers: object) -> Counter[str]:
        server = emulator(_SCRIPT)
        for each in watchers:
            server.watch_requests(each)  # type: ignore[arg-type]
        asked = chat(stream=stream, at=1e9)
        ending = Ending("whole", 9, 1 + 9 * stream, 0.1, left=tuple(0.01 * each for each in range(10 * stream)))
        for _ in range(2):
            _ask(server, asked, ending)
        return _count_calls(lambda: _ask(server, asked, ending))

    off, on = count(WaitLog()), count(WaitLog(), Metrics())

    assert on.total() > off.total()
    assert on.total() <= (1 + _MOST_CALLS) * off.total(), on - off
    assert not [name for name in on - off if "find_usage" in name or "brings_token" in name]


def test_counters_are_exact_after_any_number_of_requests() -> None:
    metrics, name = Metrics(lambda: 0.0), ExchangeId(ANONYMOUS, 1, 1)
    exchange, tokens = _told(chat(**_WITH_USAGE))
    assert tokens is not None
    sends = len(tokens.of_sends)
    for number in range(2_500):
        metrics.note_end(name, exchange, Ending("whole", 9, sends, 0.0), tokens)
        if number % 700 == 0:
            metrics.read()
    counts = metrics.read()
    (model,) = counts.models.values()

    assert counts.requests.total() == 2_500  # type: ignore[attr-defined]
    assert (model.prompt, model.generated) == (2_500 * tokens.usage.prompt, 2_500 * tokens.usage.answer)
    assert sum(model.to_first_token.counts) == sum(model.whole.counts) == 2_500
    assert sum(model.between_tokens.counts) == 2_500 * (sum(map(bool, tokens.of_sends)) - 1)
    assert metrics.read() == counts
