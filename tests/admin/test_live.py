import asyncio
import re

from llemulator_addon.emulator import Emulator
from llemulator_addon.wire.credentials import key_of
from tests.playing import TOKEN, body_of, chat, emulator, headers_of, play, played, request

_LIVE = "/_emulator/requests/live"


def _told(text: bytes) -> list[bytes]:
    """Return the numbers of the exchanges that are told."""
    return [line.partition(b"@")[0] for line in text.splitlines() if line.startswith(b"id: ")]


async def _watched(server: Emulator, query: str = "", **headers: str) -> bytes:
    watching = asyncio.create_task(server.answer(request("GET", f"{_LIVE}{query}", headers=headers)))
    await asyncio.sleep(0)
    assert not watching.done()
    await server.answer(chat("of somebody else", token="another"))
    await server.answer(chat("hello"))
    return body_of(played(await watching).steps)


def test_an_exchange_is_told_as_it_comes() -> None:
    told = asyncio.run(_watched(emulator()))

    assert re.match(rb'retry: 10\n\nid: 1@\d+\nevent: exchange\ndata: {"number":1,', told)
    assert b"somebody else" not in told


def test_who_comes_again_gets_what_came_meanwhile_at_once() -> None:
    server = emulator()
    steps = play(server, *map(chat, "abc"), request("GET", _LIVE, headers={"last-event-id": "1"}))[-1]

    assert headers_of(steps)["content-type"] == "text/event-stream; charset=utf-8"
    assert _told(body_of(steps)) == [b"id: 2", b"id: 3"]


def test_who_knows_all_waits_for_the_next() -> None:
    server = emulator()
    play(server, chat("before"))

    assert _told(asyncio.run(_watched(server, "?since=1"))) == [b"id: 2"]


def test_after_a_reset_it_begins_anew() -> None:
    server = emulator()
    play(server, *map(chat, "abc"), request("POST", "/_emulator/reset"), chat("d"))
    (steps,) = play(server, request("GET", _LIVE, headers={"last-event-id": "3"}))

    assert _told(body_of(steps)) == [b"id: 1"]


def test_who_comes_again_after_a_reset_misses_nothing_however_much_came_since() -> None:
    server = emulator()
    before = body_of(play(server, chat("a"), request("GET", f"{_LIVE}?since=0"))[-1])
    (known,) = re.findall(rb"id: (.*)", before)
    play(server, request("POST", "/_emulator/reset"), chat("b"), chat("c"))
    (steps,) = play(server, request("GET", _LIVE, headers={"last-event-id": known.decode()}))

    assert _told(body_of(steps)) == [b"id: 1", b"id: 2"]


def test_who_waits_while_the_session_is_reset_is_told_its_first_exchange() -> None:
    async def told() -> bytes:
        server = emulator()
        await server.answer(chat("before"))
        watching = asyncio.create_task(server.answer(request("GET", _LIVE)))
        await asyncio.sleep(0)
        await server.answer(request("POST", "/_emulator/reset"))
        await server.answer(chat("after"))
        return body_of(played(await watching).steps)

    assert _told(asyncio.run(told())) == [b"id: 1"]


def test_a_watcher_that_leaves_is_forgotten() -> None:
    async def left() -> object:
        server = emulator()
        watching = asyncio.create_task(server.answer(request("GET", _LIVE)))
        await asyncio.sleep(0)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        return server._news._waiting.get(key_of(TOKEN))  # noqa: SLF001 - that nothing stays has no other witness

    assert asyncio.run(left()) is None


def test_without_a_token_it_is_refused_at_once() -> None:
    (steps,) = play(emulator(), request("GET", _LIVE, token=None))

    assert b"missing_token" in body_of(steps)
