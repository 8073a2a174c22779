"""What happens is told as it happens: in the session of a token, and in all."""

import asyncio
import gc
import json
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any, override

import pytest

from llemulator_addon.core.outcome import Ending, Forward, Play
from llemulator_addon.core.steps import Head, Send
from llemulator_addon.emulator import Emulator
from llemulator_addon.live.news import MOST_KEPT
from tests.patience import SECONDS
from tests.playing import TOKEN, body_of, chat, emulator, headers_of, play, played, post, request, status

_LIVE = "/_emulator/requests/live"
_ALL = "/_emulator/live"
_NEWEST = "/_emulator/sessions?exchanges"
_WHOLE = Ending(how="whole", bytes_sent=10, sends=1, seconds=0.1)

Told = tuple[str, Any]


def _events(text: bytes) -> list[Told]:
    """Return the name and the data of each event."""
    return [
        (lines["event"], json.loads(lines["data"]))
        for block in text.decode().split("\n\n")
        if "event" in (lines := dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":")))
    ]


def _last_id(text: bytes) -> str:
    return [line.removeprefix("id: ") for line in text.decode().splitlines() if line.startswith("id: ")][-1]


def _in_brief(events: list[Told]) -> list[object]:
    return [(name, data.get("news") or data.get("number")) if name == "exchange" else name for name, data in events]


async def _more(watching: Play) -> bytes:
    assert watching.rest is not None
    async with asyncio.timeout(SECONDS):
        await watching.rest.more()
    return body_of(watching.rest.take())


async def _open(server: Emulator, path: str = _LIVE, **headers: str) -> Play:
    asked = request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    return played(await server.answer(asked))


def _watched(server: Emulator, happens: Callable[[], Awaitable[object]], path: str = _LIVE) -> list[Told]:
    """Return what is told of something to somebody who watches before it happens."""

    async def told() -> bytes:
        watching = await _open(server, path)
        await happens()
        return await _more(watching)

    return _events(asyncio.run(told()))


def test_an_exchange_is_told_as_it_comes_and_again_when_it_has_ended() -> None:
    async def told() -> list[list[Told]]:
        server = emulator()
        watching = await _open(server)
        await server.answer(chat("of somebody else", token="another"))
        answered = played(await server.answer(chat("hello")))
        first = await _more(watching)
        assert answered.exchange is not None
        await server.note_end(answered.exchange, _WHOLE)
        return [_events(first), _events(await _more(watching))]

    (begun,), (ended,) = asyncio.run(told())

    assert (begun[0], begun[1]["user_text"], begun[1]["news"], begun[1]["ending"]) == (
        "exchange",
        "hello",
        ["begun"],
        None,
    )
    assert (ended[1]["number"], ended[1]["news"], ended[1]["ending"]["how"]) == (1, ["ended"], "whole")


def test_the_answer_begins_at_once_and_stays_open() -> None:
    watching = asyncio.run(_open(emulator()))

    assert headers_of(watching.steps)["content-type"] == "text/event-stream; charset=utf-8"
    assert body_of(watching.steps) == b"retry: 1000\n\n"


def test_a_request_for_a_person_is_told_when_it_comes_waits_and_is_answered() -> None:
    async def told() -> list[object]:
        server = emulator(on_unmatched="manual")
        watching = await _open(server)
        asking = asyncio.create_task(server.answer(chat("hello")))
        first = await _more(watching)
        await server.answer(post("/_emulator/waiting/1", "Good day"))
        await asking
        return [_in_brief(_events(first)), _in_brief(_events(await _more(watching)))]

    assert asyncio.run(told()) == [[("exchange", ["begun"]), "waiting"], [("exchange", ["answered"])]]


def test_a_forwarded_request_is_told_when_it_comes_and_when_the_upstream_answered() -> None:
    async def told() -> list[Told]:
        server = emulator({"upstream": "http://127.0.0.1:9/v1", "defaults": {"on_unmatched": "upstream"}})
        watching = await _open(server)
        forward = await server.answer(chat("hello"))
        assert isinstance(forward, Forward)
        first = _events(await _more(watching))
        await server.came(forward.exchange, (Head(200), Send(b"{}")))
        return first + _events(await _more(watching))

    begun, answered = asyncio.run(told())

    assert (begun[1]["news"], begun[1]["status"]) == (["begun"], 0)
    assert (answered[1]["news"], answered[1]["status"]) == (["answered"], 200)


def test_how_far_a_stream_is_is_told_once_for_all_that_left_together() -> None:
    async def told() -> list[Told]:
        server = emulator()
        answered = played(await server.answer(chat("hello", stream=True)))
        watching = await _open(server)
        assert answered.exchange is not None
        for sends in (1, 2, 3):
            server.note_sent(answered.exchange, sends, 100 * sends)
        return _events(await _more(watching))

    ((name, data),) = asyncio.run(told())

    assert (name, data["number"], data["sends"], data["bytes_sent"]) == ("sent", 1, 3, 300)


def test_changes_of_a_session_are_told() -> None:
    server = emulator()

    async def change() -> None:
        await server.answer(post("/_emulator/script", {"responses": "a"}))
        await server.answer(post("/_emulator/clock", {"advance_s": 1}))
        await server.answer(chat("a", store=True))
        await server.answer(post("/_emulator/reset"))

    assert [name for name, _ in _watched(server, change)] == ["script", "clock", "resources", "reset"]


def test_a_script_that_is_refused_changes_nothing_and_is_not_told() -> None:
    server = emulator()

    async def load() -> None:
        await server.answer(post("/_emulator/script", {"rules": 1}))
        await server.answer(post("/_emulator/script", {"responses": "a"}))

    assert [name for name, _ in _watched(server, load)] == ["script"]


def test_who_sees_all_sessions_is_told_of_each_by_its_digest_and_of_no_token() -> None:
    server = emulator()

    async def ask() -> None:
        await server.answer(chat(f"my token is {TOKEN}"))
        await server.answer(chat("hello", token="another-token"))

    told = _watched(server, ask, _ALL)

    assert [(data["name"], len(data["session"])) for _, data in told] == [("1234", 16), ("oken", 16)]
    assert TOKEN not in json.dumps(told)
    assert told[0][1]["user_text"].startswith("my token is ")


def test_who_comes_again_gets_what_happened_meanwhile_and_nothing_twice() -> None:
    async def told() -> list[object]:
        server = emulator()
        watching = await _open(server)
        await server.answer(chat("a"))
        known = _last_id(await _more(watching))
        assert watching.rest is not None
        watching.rest.leave()
        await server.answer(chat("b"))
        await server.answer(post("/_emulator/clock", {"advance_s": 1}))
        again = await _open(server, last_event_id=known)
        return _in_brief(_events(await _more(again)))

    assert asyncio.run(told()) == [("exchange", ["begun"]), "clock"]


def test_who_knows_only_a_number_gets_the_exchanges_behind_it_at_once() -> None:
    steps = play(emulator(), *map(chat, "abc"), request("GET", _LIVE, headers={"last-event-id": "1"}))[-1]

    assert [data["number"] for _, data in _events(body_of(steps))] == [2, 3]


def test_after_a_reset_it_begins_anew() -> None:
    server = emulator()
    play(server, *map(chat, "abc"), request("POST", "/_emulator/reset"), chat("d"))
    (steps,) = play(server, request("GET", _LIVE, headers={"last-event-id": "3"}))

    assert [data["user_text"] for _, data in _events(body_of(steps))] == ["d"]


def test_who_was_away_for_longer_than_news_are_kept_is_told_what_to_load_again() -> None:
    async def told() -> tuple[list[Told], list[Told]]:
        server = emulator()
        own, everything = await _open(server), await _open(server, _ALL)
        await server.answer(chat("a"))
        known = [_last_id(await _more(watching)) for watching in (own, everything)]
        for watching in (own, everything):
            assert watching.rest is not None
            watching.rest.leave()
        for _ in range(MOST_KEPT + 1):
            server.news.tell("clock")
        await server.answer(chat("b"))
        return (
            _events(await _more(await _open(server, last_event_id=known[0]))),
            _events(await _more(await _open(server, _ALL, last_event_id=known[1]))),
        )

    own, everything = asyncio.run(told())

    assert [(name, data.get("user_text")) for name, data in own] == [("missed", None), ("exchange", "b")]
    assert everything == [("missed", {})]


def test_a_reader_of_another_run_has_missed_something() -> None:
    (steps,) = play(emulator(run="b"), request("GET", _ALL, headers={"last-event-id": "0@/1.a"}))

    assert _events(body_of(steps)) == [("missed", {})]


def test_the_news_go_on_where_a_list_of_sessions_ended_though_nobody_read_them_meanwhile() -> None:
    async def told() -> tuple[list[Any], list[Told]]:
        server = emulator(run="a")
        await server.answer(chat("a"))
        listed = json.loads(body_of(played(await server.answer(request("GET", f"{_NEWEST}=9"))).steps))
        await server.answer(chat("b"))
        await server.answer(chat("c", token="another"))
        going_on = await _open(server, f"{_ALL}?since={listed['news']}")
        return listed["exchanges"], _events(await _more(going_on))

    listed, behind = asyncio.run(told())

    assert [each["user_text"] for each in listed] == ["a"]
    assert [(name, data["user_text"]) for name, data in behind] == [("exchange", "b"), ("exchange", "c")]


def test_a_list_of_sessions_of_another_run_has_no_place_in_the_news() -> None:
    (steps,) = play(emulator(run="b"), request("GET", f"{_ALL}?since=0@/1.a"))

    assert _events(body_of(steps)) == [("missed", {})]


def test_without_readers_nothing_is_kept() -> None:
    server = emulator()
    play(server, chat("a"), chat("b"))

    assert (server.news.is_wanted, server.news.last) == (False, 0)


def test_a_watcher_that_leaves_gives_its_memory_back() -> None:
    async def left() -> bool:
        server = emulator(waiting_size=100_000)
        watching = await _open(server)
        assert status(played(await server.answer(request("GET", _LIVE))).steps) == 503
        assert watching.rest is not None
        watching.rest.leave()
        await watching.rest.more()
        return watching.rest.take() == () and status((await _open(server)).steps) == 200

    assert asyncio.run(left())


def test_a_watcher_whose_client_left_before_its_answer_began_is_forgotten() -> None:
    async def forgotten() -> bool:
        server = emulator(waiting_size=100_000)
        await _open(server)
        gc.collect()
        return status((await _open(server)).steps) == 200

    assert asyncio.run(forgotten())


def test_without_a_token_it_is_refused_at_once() -> None:
    (steps,) = play(emulator(), request("GET", _LIVE, token=None))

    assert b"missing_token" in body_of(steps)


def test_its_head_alone_does_not_wait() -> None:
    watching = played(asyncio.run(emulator().answer(request("HEAD", _LIVE))))

    assert (status(watching.steps), watching.rest) == (200, None)


class _CountingLoop(asyncio.SelectorEventLoop):
    """Counts how often it waits for a thread."""

    hops = 0

    @override
    def run_in_executor[*A, R](
        self, executor: Executor | None, func: Callable[[*A], R], *args: *A
    ) -> asyncio.Future[R]:
        self.hops += 1
        return super().run_in_executor(executor, func, *args)


_HANDSHAKE = {
    "connection": "upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.mark.parametrize(("path", "headers"), [(_ALL, {}), (_LIVE, {}), ("/ws", _HANDSHAKE)])
def test_a_busy_event_loop_is_waited_for_once_for_many_exchanges_and_not_for_each(
    path: str, headers: dict[str, str]
) -> None:
    async def tell() -> int:
        server = emulator()
        asked = replace(request("GET", path, headers=headers), host="127.0.0.1")
        watching = played(await server.answer(asked))
        for number in range(100):
            answered = played(await server.answer(chat(f"hello {number}")))
            assert answered.exchange is not None
            await server.note_end(answered.exchange, _WHOLE)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, _CountingLoop)
        before, text = loop.hops, b""
        while b"hello 99" not in text:
            text += await _more(watching)
        assert [f"hello {number}".encode() in text for number in range(100)] == [True] * 100
        return loop.hops - before

    with asyncio.Runner(loop_factory=_CountingLoop) as runner:
        assert runner.run(tell()) <= 20
