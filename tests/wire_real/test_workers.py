"""`--workers`: several processes serve one port."""

import asyncio
import os
import re
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.patience import SECONDS
from tests.wire_real.processes import LLEMULATOR, Started, run, started

_TOKEN = {"authorization": "Bearer sk-workers-1234"}


def _children(parent: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def _is_there(pid: int) -> bool:
    try:
        return b"\nState:\tZ" not in Path(f"/proc/{pid}/status").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


async def _children_listen(server: Started, count: int) -> list[int]:
    """Wait until so many workers listen, and return their ids."""
    await _wait_until(lambda: len(_children(server.process.pid)) == len(_listening(server.proxy.port)) == count)
    return _children(server.process.pid)


async def _wait_until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not holds():  # noqa: ASYNC110 - the system tells nobody
            await asyncio.sleep(0.02)


def _listening(port: int) -> list[str]:
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return [line for line in lines if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"]


async def _ask(server: Started) -> str:
    # A connection of its own: the system chooses the worker for each.
    async with httpx.AsyncClient(trust_env=False, headers=_TOKEN, timeout=SECONDS) as http:
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "x"}]}
        answer = await http.post(f"http://127.0.0.1:{server.proxy.port}/v1/chat/completions", json=body)
        return str(answer.json()["choices"][0]["message"]["content"])


async def _load(server: Started, responses: list[str]) -> None:
    async with httpx.AsyncClient(trust_env=False, headers=_TOKEN, timeout=SECONDS) as http:
        url = f"http://127.0.0.1:{server.proxy.port}/_emulator/script"
        (await http.post(url, json={"responses": responses})).raise_for_status()


_WORKERS = (*LLEMULATOR, "--port", "0", "--workers", "2", "--store", "sqlite:///sessions.db")


@pytest.mark.long
async def test_workers_on_one_port_share_sessions_and_one_that_is_killed_is_replaced(tmp_path: Path) -> None:
    async with started(*_WORKERS, cwd=tmp_path) as server:
        before = await _children_listen(server, 2)
        await _load(server, [str(number) for number in range(20)])
        said = [await _ask(server) for _ in range(10)]
        os.kill(before[0], signal.SIGKILL)
        await _wait_until(lambda: before[0] not in _children(server.process.pid))
        after = await _children_listen(server, 2)
        said += [await _ask(server) for _ in range(10)]
        ended = await server.stop()

    assert said == [str(number) for number in range(20)]
    assert len({*before, *after}) == 3
    assert (ended.status, ended.err) == (0, "llemulator: ERROR: worker 1 ended by SIGKILL and is replaced\n")
    assert ended.out.count("llemulator listens on") == 1
    assert [pid for pid in (*before, *after) if _is_there(pid)] == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_all_workers(tmp_path: Path, number: signal.Signals) -> None:
    async with started(*_WORKERS, cwd=tmp_path) as server:
        workers = await _children_listen(server, 2)
        ended = await server.stop(number)

    assert (ended.status, ended.err) == (0, "")
    assert [pid for pid in workers if _is_there(pid)] == []


@pytest.mark.slow
async def test_workers_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    async with started(*_WORKERS, cwd=tmp_path) as server:
        workers = await _children_listen(server, 2)
        server.process.kill()
        await _wait_until(lambda: not any(_is_there(pid) for pid in workers))


@pytest.mark.slow
async def test_lines_of_the_log_name_the_worker(tmp_path: Path) -> None:
    async with started(*_WORKERS, cwd=tmp_path, env={"LOG_LEVEL": "info"}) as server:
        await _children_listen(server, 2)
        for _ in range(20):
            await _ask(server)
        ended = await server.stop()

    named = re.findall(r"^llemulator\[(\d)\]: INFO: POST /v1/chat/completions", ended.err, re.MULTILINE)
    assert (len(named), set(named)) == (20, {"1", "2"})


@pytest.mark.slow
async def test_with_sessions_in_memory_workers_are_told_to_share_nothing(tmp_path: Path) -> None:
    async with started(*LLEMULATOR, "--port", "0", "--workers", "2", cwd=tmp_path) as server:
        await _children_listen(server, 2)
        said = [await _ask(server) for _ in range(4)]
        ended = await server.stop()

    assert said == ["x"] * 4  # echo counts nothing
    assert "WARNING: 2 workers with --store memory share no sessions" in ended.err


async def test_a_port_that_is_taken_is_named_once(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ended = await run(*LLEMULATOR, "--workers", "2", "--port", str(port), cwd=tmp_path)

    assert ended.status == 1
    assert ended.err.count(f"cannot listen on 127.0.0.1:{port}: Address already in use") == 1


@pytest.mark.slow
async def test_workers_that_cannot_start_end_all(tmp_path: Path) -> None:
    command = (*LLEMULATOR, "--port", "0", "--workers", "2", "--store", "sqlite:///nowhere/sessions.db")
    ended = await run(*command, cwd=tmp_path)

    assert ended.status == 1
    assert "sqlite:///nowhere/sessions.db: [Errno 2] No such file or directory" in ended.err


async def _scrape(server: Started) -> dict[str, float]:
    """Return each metric, summed over its labels; whichever worker answers."""
    async with httpx.AsyncClient(trust_env=False, timeout=SECONDS) as http:
        answer = await http.get(f"http://127.0.0.1:{server.proxy.port}/metrics")
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(answer.raise_for_status().text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0) + sample.value
    return found


@pytest.mark.slow
async def test_each_scrape_finds_the_counts_of_all_workers_those_of_a_killed_one_too(tmp_path: Path) -> None:
    async with started(*_WORKERS, cwd=tmp_path) as server:
        workers = await _children_listen(server, 2)
        for _ in range(30):
            await _ask(server)
        found = [await _scrape(server) for _ in range(8)]
        os.kill(workers[1], signal.SIGKILL)
        found += [await _scrape(server) for _ in range(4)]
        await _wait_until(lambda: workers[1] not in _children(server.process.pid))
        await _children_listen(server, 2)
        for _ in range(20):
            await _ask(server)
        last = [await _scrape(server) for _ in range(8)]
        await server.stop()

    assert [each["llemulator_requests_total"] for each in found] == [30] * 12
    assert [each["llemulator_requests_total"] for each in last] == [50] * 8
    assert [each["vllm:generation_tokens_total"] for each in last] == [50] * 8
    assert [each["llemulator_processes"] for each in (*found[:8], *last)] == [2] * 16
    assert {each["llemulator_sessions"] for each in (*found, *last)} == {1}
    scraped = [each.get("llemulator_admin_requests_total", 0) for each in (*found, *last)]
    assert scraped == sorted(scraped)
