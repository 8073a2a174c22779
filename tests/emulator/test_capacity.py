"""Latency under load: the requests of all tokens share a model server, or a token has its own."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from llemulator_addon.core.outcome import Answered, Ending
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Steps, Wait
from llemulator_addon.emulator import Emulator
from llemulator_addon.script.capacity import read_capacity
from tests.patience import SECONDS
from tests.playing import TOKEN, chat, emulator, headers_of, json_of, played, post, request, said, status

_LEFT = Ending(how="whole", bytes_sent=1, sends=1, seconds=0.0)
_ONE = "max_num_seqs=1"


class Clock:
    """Time that passes at once, and is noted."""

    def __init__(self) -> None:
        self.passed: list[float] = []
        self.meanwhile: Callable[[], object] = lambda: None

    async def pause(self, seconds: float) -> None:
        """Let time pass."""
        self.passed.append(round(seconds, 6))
        self.meanwhile()


def _emulator(figures: str, script: object = "one two three", **settings: Any) -> Emulator:  # noqa: ANN401
    given = script if isinstance(script, dict) else {"responses": script}
    return emulator(given, capacity=read_capacity(figures), **settings)


async def _end(server: Emulator, outcome: Answered) -> None:
    assert outcome.exchange is not None
    await server.note_end(outcome.exchange, _LEFT)


async def _ask(server: Emulator, *asked: Request) -> list["asyncio.Task[Answered]"]:
    tasks = [asyncio.create_task(server.answer(each)) for each in asked]
    for _ in range(5):
        await asyncio.sleep(0)
    return tasks


async def _busy(server: Emulator) -> list[tuple[str, int, int]]:
    shown = json_of(played(await server.answer(request("GET", "/_emulator/capacity"))).steps)
    return [(each["model"], each["running"], each["waiting"]) for each in shown["servers"]]


async def _play_all(server: Emulator, asked: Request) -> Steps:
    """Return the steps of an answer with its rest, and end it."""
    play = played(await server.answer(asked))
    steps = [*play.steps]
    while play.rest is not None:
        await play.rest.more()
        if not (more := play.rest.take()):
            break
        steps += more
    await _end(server, play)
    return tuple(steps)


def _waits(steps: Sequence[object]) -> list[float]:
    return [round(step.seconds, 6) for step in steps if isinstance(step, Wait)]


async def test_requests_of_all_tokens_wait_for_a_place_in_the_order_of_arrival() -> None:
    server = _emulator(_ONE)
    tasks = await _ask(server, *(chat(token=f"token {number}") for number in range(3)))

    assert [task.done() for task in tasks] == [True, False, False]
    assert await _busy(server) == [("gpt-4o", 1, 2)]
    await _end(server, await tasks[0])
    await asyncio.sleep(0)
    assert (await asyncio.wait_for(tasks[1], SECONDS)).exchange is not None
    assert not tasks[2].done()
    await _end(server, await tasks[1])
    assert said(played(await tasks[2]).steps) == "one two three"


async def test_each_model_is_a_server_with_places_of_its_own() -> None:
    server = _emulator(_ONE)
    tasks = await _ask(server, chat(), chat(model="gpt-4o-mini"), chat())

    assert [task.done() for task in tasks] == [True, True, False]
    assert sorted(await _busy(server)) == [("gpt-4o", 1, 1), ("gpt-4o-mini", 1, 0)]


@pytest.mark.parametrize("number", [429, 503])
async def test_a_request_too_many_is_refused_and_uses_no_rule(number: int) -> None:
    server = _emulator(f"{_ONE},max_waiting=1,refuse_with={number}", ["first", "second", "third"])
    waiting = await _ask(server, chat(), chat())
    refused = played(await server.answer(chat())).steps
    await _end(server, await waiting[0])
    await _end(server, await waiting[1])

    assert (status(refused), json_of(refused)["error"]["code"]) == (number, "server_is_overloaded")
    assert headers_of(refused)["retry-after"] == "1"
    assert said(played(await server.answer(chat())).steps) == "third"


async def test_without_room_to_wait_only_those_that_would_have_to_are_refused() -> None:
    server = _emulator(_ONE, waiting_size=70_000)
    runs, waits = await _ask(server, chat(), chat())
    refused = played(await server.answer(chat())).steps

    assert (runs.done(), waits.done()) == (True, False)
    assert (status(refused), json_of(refused)["error"]["code"]) == (503, "no_room_to_wait")
    waits.cancel()
    await asyncio.sleep(0)


async def test_a_client_that_leaves_while_it_waits_frees_its_place() -> None:
    server = _emulator(f"{_ONE},max_waiting=1")
    runs, leaves = await _ask(server, chat(), chat())
    leaves.cancel()
    (waits,) = await _ask(server, chat())

    assert leaves.cancelled()
    assert await _busy(server) == [("gpt-4o", 1, 1)]
    await _end(server, await runs)
    assert said(played(await waits).steps) == "one two three"
    journal = json_of(played(await server.answer(request("GET", "/_emulator/requests"))).steps)["data"]
    assert journal[1]["ending"]["how"] == "client_left"


async def test_a_client_that_leaves_while_its_prompt_is_worked_on_frees_its_place() -> None:
    async def pause(seconds: float) -> None:
        await asyncio.sleep(seconds)

    server = _emulator(f"{_ONE},ttft_ms=60000", pause=pause)
    (works,) = await _ask(server, chat())
    assert await _busy(server) == [("gpt-4o", 1, 0)]
    works.cancel()
    with pytest.raises(asyncio.CancelledError):
        await works

    assert await _busy(server) == [("gpt-4o", 0, 0)]


async def test_requests_wait_until_the_kv_cache_has_room_for_their_tokens() -> None:
    usage = {"prompt_tokens": 900, "completion_tokens": 100}
    server = _emulator("kv_cache_tokens=2500", {"defaults": {"usage": usage}, "responses": "Hi"})
    tasks = await _ask(server, chat(), chat(), chat())

    assert [task.done() for task in tasks] == [True, True, False]
    await _end(server, await tasks[0])
    await tasks[2]


async def test_a_prompt_that_is_too_long_is_refused_in_the_words_of_the_api() -> None:
    server = _emulator("max_model_len=100")
    refused = played(await server.answer(chat("Hi", max_completion_tokens=93))).steps
    taken = played(await server.answer(chat("Hi", max_completion_tokens=92))).steps

    assert status(taken) == 200
    assert (status(refused), json_of(refused)["error"]["code"]) == (400, "context_length_exceeded")
    assert json_of(refused)["error"]["message"] == (
        "This model's maximum context length is 100 tokens. However, you requested 101 tokens (8 in the messages, 93 "
        "in the completion). Please reduce the length of the messages or completion."
    )


def _prefilled(prompt: int, cached: int = 0) -> dict[str, object]:
    usage = {"prompt_tokens": prompt, "completion_tokens": 3, "cached_tokens": cached}
    return {"responses": "one two three", "defaults": {"usage": usage}}


@pytest.mark.parametrize(
    ("prompt", "cached", "ttft"), [(0, 0, 0.1), (1_000, 0, 0.35), (20_000, 0, 5.1), (20_000, 19_000, 0.35)]
)
async def test_the_first_token_comes_later_by_each_token_of_the_prompt_that_is_not_cached(
    prompt: int, cached: int, ttft: float
) -> None:
    server = _emulator("ttft_ms=100,prefill_ms_per_token=0.25,tokens_per_second=50", _prefilled(prompt, cached))
    streamed = await _play_all(server, chat(stream=True))

    *prefill, second, third = _waits(streamed)
    assert sum(prefill) == pytest.approx(ttft)
    assert (second, third) == (0.02, 0.02)


async def test_an_answer_in_one_piece_takes_as_long_as_its_stream() -> None:
    clock = Clock()
    server = _emulator("ttft_ms=100,tokens_per_second=50", _prefilled(7), pause=clock.pause)
    whole = await _play_all(server, chat())
    streamed = await _play_all(server, chat(stream=True))

    assert _waits(whole) == []
    assert sum(clock.passed) == pytest.approx(sum(_waits(streamed))) == pytest.approx(0.14)


async def test_everything_is_slower_while_others_run_and_as_fast_as_before_once_they_left() -> None:
    server = _emulator("max_num_seqs=3,tokens_per_second=10,time_factor_under_load=3", "a b c d")
    alone, second, third = [played(await server.answer(chat(stream=True))) for _ in range(3)]
    waited = list[list[float]]()
    for leaving in (None, second, third):
        if leaving is not None:
            await _end(server, leaving)
        assert alone.rest is not None
        await alone.rest.more()
        waited.append(_waits(alone.rest.take()))

    assert waited == [[0.3], [0.2], [0.1]]


async def test_an_answer_in_one_piece_feels_the_others_too_while_it_is_made() -> None:
    clock = Clock()
    server = _emulator("max_num_seqs=2,ttft_ms=300,time_factor_under_load=2", "Hi", pause=clock.pause)
    other = played(await server.answer(chat(stream=True)))
    parts = list[int]()

    def leave_after_two_parts() -> None:
        parts.append(1)
        if len(parts) == 2:
            assert other.exchange is not None
            server._servers.leave(other.exchange)  # noqa: SLF001 - as `note_end` does, which has to be awaited

    clock.meanwhile = leave_after_two_parts
    await server.answer(chat())

    assert clock.passed == [0.2, 0.2, 0.1]


async def test_what_a_rule_says_of_its_pace_goes_before_the_figures() -> None:
    script = {"rules": [{"reply": "a b", "stream": {"ttft_ms": 7, "tokens_per_second": 100}}]}
    server = _emulator("ttft_ms=100,tokens_per_second=1", script)

    assert _waits(await _play_all(server, chat(stream=True))) == [0.007, 0.01]


async def test_a_fault_takes_its_own_time_whatever_the_load() -> None:
    script = {"responses": "Hi", "defaults": {"faults": [{"latency_ms": 5000}]}}
    server = _emulator("max_num_seqs=2,ttft_ms=50,time_factor_under_load=4", script)
    await server.answer(chat())

    assert _waits(await _play_all(server, chat(stream=True))) == [5.0, 0.2]


async def test_times_vary_by_the_jitter_and_the_same_way_with_the_same_seed() -> None:
    def _server() -> Emulator:
        return _emulator("ttft_ms=100,tokens_per_second=50,jitter=0.5", {"responses": "a b c d", "seed": 3})

    once, again = [_waits(await _play_all(server, chat(stream=True))) for server in (_server(), _server())]

    assert once == again
    assert len(set(once)) == len(once) == 4 or 0.1 in once
    assert all(0.01 <= gap <= 0.03 for gap in once[-3:])


async def test_failures_and_requests_that_ask_no_model_take_no_place() -> None:
    script = {"rules": [{"match": {"user_text": "fail"}, "reply": {"failure": {"status": 500}}}, {"reply": "Hi"}]}
    server = _emulator(f"{_ONE},max_waiting=0", script)
    await server.answer(chat())
    failed = played(await server.answer(chat("fail"))).steps
    models = played(await server.answer(request("GET", "/v1/models"))).steps
    embedded = played(await server.answer(post("/v1/embeddings", {"model": "text-embedding-3-small", "input": "Hi"})))

    assert [status(failed), status(models), status(embedded.steps)] == [500, 200, 200]
    assert status(played(await server.answer(chat())).steps) == 503


async def test_a_background_response_is_queued_at_once_and_takes_no_place() -> None:
    server = _emulator(f"{_ONE},max_waiting=0")
    await server.answer(chat())
    asked = {"model": "gpt-4o", "input": "Hi", "background": True}
    queued = played(await server.answer(post("/v1/responses", asked))).steps

    assert json_of(queued)["status"] == "queued"


async def test_a_token_with_a_capacity_in_its_script_has_a_server_of_its_own() -> None:
    server = _emulator(_ONE)
    own = {"responses": "mine", "defaults": {"capacity": {"max_num_seqs": 2}}}
    await server.answer(post("/_emulator/script", own, token="own"))
    tasks = await _ask(server, chat(), chat(), *(chat(token="own") for _ in range(3)))

    assert [task.done() for task in tasks] == [True, False, True, True, False]
    unlimited = {"responses": "mine", "defaults": {"capacity": "unlimited"}}
    await server.answer(post("/_emulator/script", unlimited, token="free"))
    assert said(played(await server.answer(chat(token="free"))).steps) == "mine"


async def test_the_default_script_says_the_capacity_of_the_server_that_all_share() -> None:
    server = emulator({"responses": "Hi", "defaults": {"capacity": {"max_num_seqs": 1}}})
    tasks = await _ask(server, chat(token="one"), chat(token="two"))

    assert [task.done() for task in tasks] == [True, False]


async def test_the_capacity_changes_while_requests_wait() -> None:
    server = _emulator(_ONE)
    tasks = await _ask(server, chat(), chat(), chat())
    changed = json_of(played(await server.answer(post("/_emulator/capacity", {"max_num_seqs": 2}))).steps)
    await asyncio.sleep(0)
    assert (changed["capacity"]["max_num_seqs"], changed["servers"][0]["waiting"]) == (2, 1)
    await server.answer(post("/_emulator/capacity", {"profile": "unlimited"}))

    assert [said(played(await task).steps) for task in tasks] == ["one two three"] * 3


@pytest.mark.parametrize(
    ("body", "place", "reason"),
    [
        ({"max_num_seq": 1}, "max_num_seq", "max_num_seqs"),
        ({"profile": "huge"}, "profile", "edge"),
        ({"max_num_seqs": 0}, "max_num_seqs", "1"),
        ({"time_factor_under_load": 2}, None, "time_factor_under_load needs max_num_seqs"),
    ],
)
async def test_a_capacity_that_cannot_be_is_refused_with_its_place(
    body: dict[str, object], place: str | None, reason: str
) -> None:
    refused = json_of(played(await emulator().answer(post("/_emulator/capacity", body))).steps)["error"]

    assert refused["param"] == place
    assert reason in refused["message"]


async def test_of_models_that_nobody_asks_any_more_a_hundred_are_kept() -> None:
    server = _emulator(_ONE, models=[f"model-{number}" for number in range(120)])
    for number in range(120):
        await _end(server, await server.answer(chat(model=f"model-{number}")))
    await server.answer(post("/_emulator/capacity", {"max_num_seqs": 2}))
    await server.answer(chat(model="model-0"))

    assert len(await _busy(server)) <= 101


async def test_a_persons_answer_takes_no_place() -> None:
    server = _emulator(f"{_ONE},max_waiting=0", {"responses": {"^Hi$": "Hi"}, "defaults": {"on_unmatched": "manual"}})
    (asked,) = await _ask(server, chat("A person, please"))
    await server.answer(chat())
    answered = await server.answer(post("/_emulator/waiting/1", {"text": "Here I am"}, token=TOKEN))

    assert status(played(answered).steps) == 200
    assert said(played(await asked).steps) == "Here I am"


async def test_without_a_capacity_nothing_is_counted() -> None:
    server = emulator({"responses": "Hi"})
    play = played(await server.answer(chat()))

    assert (play.load, await _busy(server)) == (None, [])
    assert _waits(play.steps) == []
