"""What waits between processes has a bound in bytes, and what is dropped is not dropped in silence."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from llemulator_addon.adapters.stores.address import read_address
from llemulator_addon.adapters.stores.backend import (
    MESSAGES_KEPT,
    MESSAGES_SIZE,
    NOTICE_AT_MOST,
    NOTICES_KEPT,
    Incoming,
    LinkBackend,
    Renewed,
)
from llemulator_addon.adapters.stores.redis import RedisBackend
from llemulator_addon.adapters.stores.shared_link import SharedLink
from llemulator_addon.adapters.stores.sqlite import SqliteBackend
from llemulator_addon.store.link import LinkFull
from llemulator_addon.store.port import Limits
from tests.store.redis_server import shared_redis

_LOST = ""


class _Place:
    """Keeps messages and notices for a test, and takes none while it is closed."""

    def __init__(self) -> None:
        self.is_open = asyncio.Event()
        self.told: list[str] = []
        self.sent: list[tuple[str, str]] = []
        self.incoming = asyncio.Queue[Sequence[str]]()
        self.has_room = True

    async def renew(self, process: str, seconds: float, *, listens: bool) -> Renewed:  # noqa: ARG002
        return Renewed(is_known=True, listeners=2, last_told=0)

    async def send(self, process: str, message: str) -> bool:
        self.sent.append((process, message))
        return self.has_room

    async def tell(self, process: str, notices: Sequence[str]) -> None:  # noqa: ARG002
        await self.is_open.wait()
        self.told += notices

    async def receive(self, process: str, place: str, last_told: int | None) -> Incoming:  # noqa: ARG002
        return Incoming(await self.incoming.get(), (), "1")

    async def leave(self, process: str) -> None:
        pass


@asynccontextmanager
async def _linked(place: _Place) -> AsyncIterator[SharedLink]:
    link = SharedLink(cast("LinkBackend", place))
    yield link
    await link.close()


async def _rounds() -> None:
    """Let all that can go on do so."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_what_waits_to_be_told_has_a_bound_and_what_is_over_it_is_told_as_a_loss() -> None:
    place = _Place()
    async with _linked(place) as link:
        notice = "x" * NOTICE_AT_MOST
        link.tell("the first")
        await _rounds()
        for _ in range(NOTICES_KEPT + 1):
            link.tell(notice)
        link.tell("the last")
        place.is_open.set()
        await _rounds()

    assert place.told == ["the first", _LOST, "the last"]


@pytest.mark.parametrize("notice", ["x" * (NOTICE_AT_MOST + 1), "ü" * (NOTICE_AT_MOST // 2 + 1)])
async def test_a_notice_that_is_too_large_is_told_as_a_loss(notice: str) -> None:
    place = _Place()
    place.is_open.set()
    async with _linked(place) as link:
        for each in ("before", notice, "after"):
            link.tell(each)
        await _rounds()

    assert place.told == ["before", _LOST, "after"]


async def test_who_asks_a_process_for_which_too_much_waits_learns_it_at_once() -> None:
    place = _Place()
    place.has_room = False
    async with _linked(place) as link:
        with pytest.raises(LinkFull):
            await link.ask("another", "a question")


@pytest.mark.long
async def test_a_process_with_too_much_to_answer_refuses_more_until_it_has_answered() -> None:
    place, asked, may_answer = _Place(), list[int](), asyncio.Event()

    async def answer(question: str) -> str:
        asked.append(len(question))
        await may_answer.wait()
        return "answered"

    async with _linked(place) as link:
        link.answer_with(answer)
        await link.listen(lambda _: None)
        half = "x" * (MESSAGES_SIZE // 2)
        await place.incoming.put([f"ask {name} asker {half}" for name in "abc"])
        await _rounds()
        refused = list(place.sent)
        may_answer.set()
        await _rounds()
        await place.incoming.put([f"ask d asker {half}"])
        await _rounds()

    assert refused == [("asker", "reply c ")]
    assert asked == [len(half)] * 3
    assert sorted(message for _, message in place.sent[1:]) == [f"reply {name} answered" for name in "abd"]


@asynccontextmanager
async def _store(name: str, folder: Path) -> AsyncIterator[LinkBackend]:
    if name == "sqlite":
        backend: SqliteBackend | RedisBackend = SqliteBackend(folder / "sessions.db", Limits(), None)
    else:
        server = shared_redis()
        server.ask("FLUSHALL")
        backend = RedisBackend(read_address(server.url), Limits(), None)
    yield backend.link
    await backend.close()


_STORES = pytest.mark.parametrize("name", ["sqlite", pytest.param("redis", marks=pytest.mark.slow)])


@pytest.mark.long
@_STORES
async def test_messages_for_a_process_have_a_bound_in_bytes_until_it_has_taken_them(name: str, tmp_path: Path) -> None:
    third = "ü" * (MESSAGES_SIZE // 6 - 10)
    async with _store(name, tmp_path) as link:
        took = [await link.send("one", message) for message in (third, third, third, third, "a small one")]
        elsewhere = await link.send("other", third)
        came = await link.receive("one", "", None)
        # What was given out may be lost on its way: it goes when the process comes back for more.
        still_full = await link.send("one", third)
        await link.send("one", "more")
        await link.receive("one", came.place, None)
        again = await link.send("one", third)
        too_large = await link.send("other", "x" * (MESSAGES_SIZE + 1))

    assert took == [True, True, True, False, True]
    assert [len(each) for each in came.messages] == [*[len(third)] * 3, len("a small one")]
    assert (elsewhere, still_full, again, too_large) == (True, False, True, False)


@pytest.mark.long
@_STORES
async def test_messages_for_a_process_have_a_bound_in_number(name: str, tmp_path: Path) -> None:
    async with _store(name, tmp_path) as link:
        took = [await link.send("one", str(number)) for number in range(MESSAGES_KEPT + 1)]

    assert took == [*[True] * MESSAGES_KEPT, False]
