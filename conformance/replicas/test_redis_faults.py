"""A Redis that fails in its own ways, under load by the official SDK: errors name it, and nothing answered is lost."""

import json
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from conformance.replicas.callers import Caller, call_while, wait_for_failures, wait_for_more
from conformance.replicas.cluster import wait_for_answer
from conformance.server import Server, running
from tests.store.redis_server import (
    RedisServer,
    as_bytes,
    running_pair,
    running_redis,
    wait_for,
)
from tests.store.small_disk import mounted_disk

_ROOM = ("--sessions-size", "256MiB")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted_disk(tmp_path / "disk", 24) as folder:
        yield folder


def _call_while_it_fails(
    server: Server, begin: Callable[[], None], end: Callable[[], None]
) -> tuple[list[Caller], str]:
    """Let callers ask before, during and after a failure; return them, and the reason that `/readyz` gave."""
    reasons: list[str] = []

    def fail(callers: Sequence[Caller]) -> None:
        begin()
        wait_for_failures(callers)
        reasons.append(json.loads(wait_for_answer("127.0.0.1", server.port, "/readyz", 503))["reason"])
        end()
        wait_for_more(callers)

    callers = call_while(f"{server.origin}/v1", fail, retries=0)
    assert {code for caller in callers for code in caller.failures} == {"store_unavailable"}
    return callers, reasons[0]


def _fill(disk: Path) -> None:
    with suppress(OSError), (disk / "ballast").open("ab", buffering=0) as full:
        while True:
            full.write(bytes(4096))


def test_a_full_disk_is_named_until_there_is_room_again(small_disk: Path) -> None:
    with running_redis(small_disk, "--appendonly", "yes") as server, running("--store", server.url, *_ROOM) as ours:
        _, reason = _call_while_it_fails(ours, lambda: _fill(small_disk), (small_disk / "ballast").unlink)

    assert "No space left on device" in reason


def test_a_redis_that_ends_because_its_disk_is_full_has_lost_nothing_when_it_is_started_again(small_disk: Path) -> None:
    # It ends when it cannot write what it is about to confirm.
    durable = ("--appendonly", "yes", "--appendfsync", "always")
    with running_redis(small_disk, *durable) as server, running("--store", server.url, *_ROOM) as ours:

        def start_with_room() -> None:
            assert server.process.wait(300) == 1
            (small_disk / "ballast").unlink()
            server.start()

        _, reason = _call_while_it_fails(ours, lambda: _fill(small_disk), start_with_room)

    assert f"127.0.0.1:{server.port}" in reason


def test_a_redis_without_memory_is_named_until_it_has_some(tmp_path: Path) -> None:
    with (
        running_redis(tmp_path, "--maxmemory-policy", "noeviction") as server,
        running("--store", server.url, *_ROOM) as ours,
    ):
        _, reason = _call_while_it_fails(
            ours,
            lambda: _set(server, "maxmemory", "1mb"),
            lambda: _set(server, "maxmemory", "0"),
        )

    assert "command not allowed when used memory > 'maxmemory'" in reason


def _set(server: RedisServer, name: str, value: str) -> None:
    server.ask("CONFIG", "SET", name, value)


def test_a_redis_that_stands_still_is_named_until_it_goes_on(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server, running("--store", server.url, *_ROOM) as ours:
        _, reason = _call_while_it_fails(
            ours,
            lambda: server.process.send_signal(signal.SIGSTOP),
            lambda: server.process.send_signal(signal.SIGCONT),
        )

    assert "Timeout" in reason or "no answer in 5 seconds" in reason


def test_when_another_redis_takes_the_place_of_one_that_died_answers_continue(tmp_path: Path) -> None:
    with (
        running_pair(tmp_path) as (first, second, port),
        running("--store", f"redis+sentinel://127.0.0.1:{port}/ours", *_ROOM) as ours,
    ):

        def die(callers: Sequence[Caller]) -> None:
            first.stop()
            wait_for(lambda: b"role:master" in as_bytes(second.ask("INFO", "replication")))
            wait_for_more(callers)

        # Of each token the last change may not have reached the second.
        callers = call_while(f"{ours.origin}/v1", die, retries=0, lost=1)

    assert {code for caller in callers for code in caller.failures} == {"store_unavailable"}
