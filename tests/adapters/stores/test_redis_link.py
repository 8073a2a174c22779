"""Processes know of each other by Redis in each of its forms, and while connections break."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis

from benchmarks.servers import free_port
from llemulator_addon.adapters.stores.address import read_address
from llemulator_addon.adapters.stores.opening import opening
from llemulator_addon.engine.session import Session
from llemulator_addon.store.link import Link
from llemulator_addon.store.port import Beginnings, Limits
from tests.patience import SECONDS
from tests.store.redis_server import as_bytes, running_pair, running_redis, wait_for

pytestmark = pytest.mark.slow

_BEGINNINGS = Beginnings(lambda key: Session(key=key), lambda key: Session(key=key))


@asynccontextmanager
async def _linked(url: str) -> AsyncIterator[Link]:
    store = opening(read_address(url), None)(_BEGINNINGS, Limits())
    yield store.link
    await store.close()


async def _until_last(heard: list[str | None], notice: str) -> None:
    async with asyncio.timeout(SECONDS):
        while heard[-1:] != [notice]:  # noqa: ASYNC110 - another process has no event for it
            await asyncio.sleep(0.01)


async def _meet(one: Link, other: Link, thing: str) -> None:
    """Use all that links can."""
    heard: list[str | None] = []

    async def answer(question: str) -> str:
        return f"answer to {question}"

    one.answer_with(answer)
    await other.listen(heard.append)
    held = await one.hold("turn", thing, "label")
    turn = await other.hold("turn", thing)
    (lease,) = await other.list_leases("turn", thing)
    assert (lease.label, turn.is_first) == ("label", False)
    assert await other.ask(lease.process, "a question") == "answer to a question"
    one.tell("a notice")
    await _until_last(heard, "a notice")
    one.let_go(held)
    async with asyncio.timeout(SECONDS):
        assert await turn.come_first()
    other.let_go(turn)


async def test_a_cluster_links_processes(tmp_path: Path) -> None:
    with running_redis(tmp_path, "--cluster-enabled", "yes", "--cluster-port", str(free_port())) as server:
        server.ask("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        wait_for(lambda: b"cluster_state:ok" in as_bytes(server.ask("CLUSTER", "INFO")))
        url = f"redis+cluster://127.0.0.1:{server.port}"
        async with _linked(url) as one, _linked(url) as other:
            await _meet(one, other, "a session")


async def test_after_a_failover_processes_are_linked_by_the_next_server(tmp_path: Path) -> None:
    with running_pair(tmp_path) as (first, second, port), redis.Redis(port=port) as sentinel:
        url = f"redis+sentinel://127.0.0.1:{port}/ours"
        async with _linked(url) as one, _linked(url) as other:
            await _meet(one, other, "before")
            first.ask("WAIT", "1", "5000")
            sentinel.sentinel_failover("ours")
            wait_for(lambda: b"role:master" in as_bytes(second.ask("INFO", "replication")))
            wait_for(lambda: b"role:slave" in as_bytes(first.ask("INFO", "replication")))
            await _meet(one, other, "after")


async def test_connections_that_break_lose_and_repeat_no_news(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server:
        async with _linked(server.url) as one, _linked(server.url) as other:
            heard: list[str | None] = []
            await other.listen(heard.append)
            for number in range(200):
                one.tell(str(number))
                if number % 40 == 0:
                    # What is under way is sent again once.
                    await asyncio.sleep(0)
                    server.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                    await _until_last(heard, str(number))
            await _until_last(heard, "199")

    assert heard == [*map(str, range(200))]
