"""Several servers share a store: it is as if there were one."""

import asyncio
import re
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, closing, suppress
from pathlib import Path

import httpx
import pytest

from llemulator_addon.adapters.stores.address import read_address
from llemulator_addon.adapters.stores.opening import opening
from llemulator_addon.engine.session import Session
from llemulator_addon.store.port import Beginnings, Limits
from tests.patience import SECONDS
from tests.store.redis_server import shared_redis
from tests.store.small_disk import mounted_disk
from tests.wire_real.processes import LLEMULATOR, Started, run, started
from tests.wire_real.sharing import Client, ask_all

_STORES: dict[str, Callable[[Path], str]] = {
    "sqlite": lambda folder: f"sqlite:///{folder}/sessions.db",
    "redis": lambda _: f"{shared_redis().url}/5",
}


@pytest.fixture(params=_STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    url: str = _STORES[request.param](tmp_path)
    if request.param == "redis":
        shared_redis().ask("FLUSHALL")
    return url


def _serving(store: str, folder: Path) -> AbstractAsyncContextManager[Started]:
    # Nothing makes room for something else.
    room = ("--sessions-size", "1GiB", "--journals-size", "1GiB", "--stored-size", "1GiB", "--all-stored-size", "1GiB")
    return started(*LLEMULATOR, "--port", "0", "--store", store, *room, cwd=folder)


@pytest.mark.slow
async def test_two_servers_give_each_token_its_own_answers_in_order(store: str, tmp_path: Path) -> None:
    await _ask_two_servers(store, tmp_path, tokens=6, requests=40)


@pytest.mark.slow
async def test_two_servers_give_fifty_tokens_their_answers_in_order(store: str, tmp_path: Path) -> None:
    await _ask_two_servers(store, tmp_path, tokens=50, requests=200)


async def _ask_two_servers(store: str, folder: Path, *, tokens: int, requests: int) -> None:
    async with _serving(store, folder) as one, _serving(store, folder) as other:
        urls = [_url(one), _url(other)]
        clients = await ask_all(lambda: urls, tokens=tokens, requests=requests)
        for client in clients:
            client.check()
            assert client.unsure == 0
            assert [await _recorded(url, client.token) for url in urls] == [requests + requests // 4] * 2
        for each in (one, other):
            assert (await each.stop()).err == ""


@pytest.mark.slow
async def test_nothing_is_answered_twice_or_lost_when_a_server_is_killed(store: str, tmp_path: Path) -> None:
    await _ask_while_one_is_killed(store, tmp_path, tokens=6, requests=40, kill_after=100)


@pytest.mark.slow
async def test_nothing_is_answered_twice_or_lost_when_a_server_is_killed_every_second(
    store: str, tmp_path: Path
) -> None:
    await _ask_while_one_is_killed(store, tmp_path, tokens=50, requests=200)


async def _ask_while_one_is_killed(
    store: str, folder: Path, *, tokens: int, requests: int, kill_after: int | None = None
) -> None:
    """Kill one of two servers after so many requests, and else one after the other, each a second after it started."""
    sent, killed, is_due = 0, 0, asyncio.Event()
    async with _serving(store, folder) as stays, AsyncExitStack() as running:
        urls = [_url(stays)]

        def servers() -> list[str]:
            nonlocal sent
            sent += 1
            if sent == kill_after:
                is_due.set()
            return list(urls)

        async def kill_one() -> None:
            nonlocal killed
            victim = await running.enter_async_context(_serving(store, folder))
            urls.append(_url(victim))
            begin.set()
            await (asyncio.sleep(1) if kill_after is None else is_due.wait())
            killed += not asked.done()
            victim.process.kill()
            await victim.process.wait()
            urls.pop()

        begin = asyncio.Event()

        async def ask() -> list[Client]:
            await begin.wait()
            return await ask_all(servers, tokens=tokens, requests=requests)

        asked = asyncio.create_task(ask())
        await kill_one()
        while kill_after is None and not asked.done():
            await kill_one()
        clients = await asked
        for client in clients:
            client.check()
        assert killed
        # Each kill loses at most what was under way.
        assert sum(client.unsure for client in clients) <= 20 * (killed + 1)


@pytest.mark.slow
async def test_of_requests_at_once_to_two_servers_each_gets_another_answer(store: str, tmp_path: Path) -> None:
    async with _serving(store, tmp_path) as one, _serving(store, tmp_path) as other, _client() as http:
        urls = [_url(one), _url(other)] * 20
        await _load(http, urls[0], [str(number) for number in range(len(urls))])
        answers = await asyncio.gather(*(_ask(http, url) for url in urls))

    assert sorted(int(_said(answer)) for answer in answers) == list(range(len(urls)))


@pytest.mark.slow
async def test_a_session_survives_a_kill(store: str, tmp_path: Path) -> None:
    async with _client() as http:
        async with _serving(store, tmp_path) as first:
            await _load(http, _url(first), ["a", "b"])
            said = [_said(await _ask(http, _url(first)))]
            first.process.kill()
            await first.process.wait()
        async with _serving(store, tmp_path) as second:
            said += [_said(await _ask(http, _url(second)))]
            recorded = await _recorded(_url(second), _TOKEN)

    assert (said, recorded) == (["a", "b"], 2)


_BEGINNINGS = Beginnings(lambda key: Session(key=key), lambda key: Session(key=key))


# Stores that fail -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_full_disk_answers_503_that_names_the_store_until_there_is_room_again(small_disk: Path) -> None:
    file = small_disk / "sessions.db"
    async with _serving(f"sqlite:///{file}", small_disk) as server, _client() as http:
        await _load(http, _url(server), {"x": "y"})
        ballast = small_disk / "ballast"
        ballast.write_bytes(b"")
        with suppress(OSError), ballast.open("ab", buffering=0) as full:
            while True:
                full.write(bytes(4096))
        failed = await _ask(http, _url(server), "x" * 60_000)
        unready = await http.get(f"{_url(server)}/readyz")
        ballast.unlink()
        works = [await _ask(http, _url(server), "x"), await http.get(f"{_url(server)}/readyz")]

    error = failed.json()["error"]
    assert (failed.status_code, error["code"], error["type"]) == (503, "store_unavailable", "server_error")
    assert "SQLite (sessions.db): database or disk is full" in error["message"]
    assert unready.status_code in {200, 503}  # a change of one number may still have room
    assert [answer.status_code for answer in works] == [200, 200]


async def test_a_file_on_a_disk_that_cannot_be_written_is_refused_when_it_starts(small_disk: Path) -> None:
    url = f"sqlite:///{small_disk}/sessions.db"
    await opening(read_address(url), None)(_BEGINNINGS, Limits()).close()
    _mount_again(small_disk, "ro")
    ended = await run(*LLEMULATOR, "--port", "0", "--store", url, cwd=small_disk.parent)
    _mount_again(small_disk, "rw")

    assert ended.status == 1
    assert re.fullmatch(rf"llemulator: .*{url}: .*(readonly|unable to open) database.*\n", ended.err)


def _mount_again(folder: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


@pytest.mark.slow
async def test_a_file_that_another_process_keeps_locked_is_said_to_be_locked(tmp_path: Path) -> None:
    file = tmp_path / "sessions.db"
    async with _serving(f"sqlite:///{file}", tmp_path) as server, _client() as http:
        await _load(http, _url(server), ["a", "b"])
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            failed = await _ask(http, _url(server))
            ready = await http.get(f"{_url(server)}/readyz")
            other.execute("COMMIT")
        works = await _ask(http, _url(server))
        alive = await http.get(f"{_url(server)}/healthz")
        ended = await server.stop()

    assert (failed.status_code, ready.status_code, alive.status_code) == (503, 503, 200)
    assert "database is locked" in failed.json()["error"]["message"]
    assert ready.json() == {
        "status": "unready",
        "missing": ["store"],
        "reason": "SQLite (sessions.db): database is locked",
    }
    assert _said(works) == "a"
    assert ended.err == (
        "llemulator: ERROR: the store fails, and requests get 503 until it works again: SQLite (sessions.db): "
        "database is locked\nllemulator: WARNING: the store works again\n"
    )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted_disk(tmp_path / "disk", 2) as folder:
        yield folder


# Clients --------------------------------------------------------------------------------------------------------------

_TOKEN = "sk-alone-1234"


def _url(server: Started) -> str:
    return f"http://{server.proxy.host}:{server.proxy.port}"


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False, timeout=SECONDS, headers={"authorization": f"Bearer {_TOKEN}"})


async def _load(http: httpx.AsyncClient, url: str, responses: object) -> None:
    (await http.post(f"{url}/_emulator/script", json={"responses": responses})).raise_for_status()


async def _ask(http: httpx.AsyncClient, url: str, text: str = "x") -> httpx.Response:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}
    return await http.post(f"{url}/v1/chat/completions", json=body)


def _said(answer: httpx.Response) -> str:
    return str(answer.json()["choices"][0]["message"]["content"])


async def _recorded(url: str, token: str) -> int:
    async with _client() as http:
        path = f"{url}/_emulator/requests?limit=1000"
        found = await http.get(path, headers={"authorization": f"Bearer {token}"})
        return len(found.json()["data"])
