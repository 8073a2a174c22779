"""What is particular to Redis, with the real server."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, cast

import pytest
import redis

from benchmarks.servers import free_port
from llemulator_addon.adapters.settings import SettingsError, settings_from
from llemulator_addon.adapters.stores.address import read_address
from llemulator_addon.adapters.stores.opening import opening
from llemulator_addon.adapters.stores.redis import RedisBackend
from llemulator_addon.adapters.stores.redis_scripts import SAVE
from llemulator_addon.adapters.stores.redis_uses import ProgramUse, split_uses
from llemulator_addon.engine.session import Session
from llemulator_addon.store.port import Beginnings, Limits, Store, StoreFailed
from llemulator_addon.wire.credentials import key_of
from tests.store.redis_server import (
    RedisServer,
    as_bytes,
    running_pair,
    running_redis,
    wait_for,
)

_KEY = key_of("sk-one-1234")
_BEGINNINGS = Beginnings(lambda key: Session(key=key), lambda key: Session(key=key))


@asynccontextmanager
async def _opened(url: str, ttl: float | None = None) -> AsyncIterator[Store]:
    store = opening(read_address(url), ttl)(_BEGINNINGS, Limits())
    try:
        yield store
    finally:
        await store.close()


def _count(session: Session) -> tuple[Session, int]:
    return session.change(turn=session.turn + 1), session.turn


async def test_it_recovers_by_itself_when_redis_is_stopped_and_started_with_what_it_had(tmp_path: Path) -> None:
    with running_redis(tmp_path, "--appendonly", "yes", "--appendfsync", "always") as server:
        async with _opened(server.url) as store:
            before = [await store.change(_KEY, _count) for _ in range(2)]
            server.stop()
            with pytest.raises(StoreFailed, match=rf"redis://127.0.0.1:{server.port}: Error 111 connecting"):
                await store.change(_KEY, _count)
            with pytest.raises(StoreFailed):
                await store.check()
            server.start()
            await store.check()

            assert [*before, await store.change(_KEY, _count)] == [0, 1, 2]


async def test_a_connection_that_redis_closed_is_replaced_without_a_failure(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server:
        async with _opened(server.url) as store:
            counted = []
            for _ in range(3):
                counted.append(await store.change(_KEY, _count))
                server.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

            assert counted == [0, 1, 2]


async def test_a_redis_that_does_not_answer_in_time_fails_and_counts_nothing_twice(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server:
        async with _opened(server.url) as store:
            await store.change(_KEY, _count)
            server.process.send_signal(signal.SIGSTOP)
            with pytest.raises(StoreFailed, match=r"redis://127.0.0.1:\d+: (no answer in 5 seconds|Timeout reading)"):
                await store.change(_KEY, _count)
            server.process.send_signal(signal.SIGCONT)
            turn = await store.change(_KEY, _count)

            # It has read what was sent, and did it: once, although it was sent on two connections.
            assert turn in {1, 2}
            assert await store.change(_KEY, _count) == turn + 1


async def test_a_wrong_password_fails_and_is_not_shown(tmp_path: Path) -> None:
    with running_redis(tmp_path, "--requirepass", "right") as server:
        url = f"redis://:{{}}@127.0.0.1:{server.port}"
        async with _opened(url.format("wrong-secret")) as store:
            with pytest.raises(StoreFailed, match="invalid username-password pair") as failed:
                await store.change(_KEY, _count)
        async with _opened(url.format("right")) as store:
            assert await store.change(_KEY, _count) == 0

    assert "wrong-secret" not in str(failed.value)


async def test_redis_without_room_fails_until_there_is_some(tmp_path: Path) -> None:
    with running_redis(tmp_path, "--maxmemory-policy", "noeviction") as server:
        async with _opened(server.url) as store:
            await store.change(_KEY, _count)
            server.ask("CONFIG", "SET", "maxmemory", "1")
            with pytest.raises(StoreFailed, match="command not allowed when used memory > 'maxmemory'"):
                await store.change(_KEY, _count)
            server.ask("CONFIG", "SET", "maxmemory", "0")

            assert await store.change(_KEY, _count) == 1


async def test_keys_of_another_version_are_refused_with_words_and_left_alone(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server:
        async with _opened(server.url) as store:
            await store.change(_KEY, _count)
            server.ask("SET", "{llemulator}:form", "9")
            with pytest.raises(StoreFailed, match="keys have version 9; this llemulator reads version 2"):
                await store.change(_KEY, _count)
            server.ask("SET", "{llemulator}:form", "2")

            assert await store.change(_KEY, _count) == 1


async def test_a_session_that_did_not_change_for_too_long_goes_with_all_its_keys(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server:
        async with _opened(server.url, ttl=3600) as store, _opened(server.url, ttl=3600) as other:
            for _ in range(2):
                await store.change(_KEY, _count)
            keys = server.ask("DBSIZE")
            server.ask("ZINCRBY", "{llemulator}:at", "-3700", f"{_KEY.digest} {_KEY.name}")

            assert (await other.read(_KEY)).life == 0
            assert [await store.change(_KEY, _count), await other.change(_KEY, _count)] == [0, 1]
            assert server.ask("DBSIZE") == keys


async def test_no_token_stands_in_redis(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server:
        async with _opened(server.url) as store:
            await store.change(_KEY, _count)
        server.ask("SAVE")

    assert b"sk-one" not in (tmp_path / "dump.rdb").read_bytes()


@pytest.mark.long
async def test_it_speaks_tls(tmp_path: Path) -> None:
    certificate = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    certificate += ["-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"]
    _run(certificate, tmp_path)
    port = free_port()
    options = ["--tls-port", str(port), "--tls-cert-file", "cert.pem", "--tls-key-file", "key.pem"]
    with running_redis(tmp_path, *options, "--tls-ca-cert-file", "cert.pem", "--tls-auth-clients", "no"):
        async with _opened(f"rediss://localhost:{port}?ssl_ca_certs={tmp_path}/cert.pem") as store:
            assert await store.change(_KEY, _count) == 0
        async with _opened(f"rediss://localhost:{port}") as store:
            with pytest.raises(StoreFailed, match="certificate verify failed"):
                await store.change(_KEY, _count)


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@pytest.mark.long
async def test_a_cluster_keeps_sessions(tmp_path: Path) -> None:
    # Unless it is named, the port of a cluster's bus is 10 000 above the other, and may be none.
    with running_redis(tmp_path, "--cluster-enabled", "yes", "--cluster-port", str(free_port())) as server:
        server.ask("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        wait_for(lambda: b"cluster_state:ok" in as_bytes(server.ask("CLUSTER", "INFO")))
        async with _opened(f"redis+cluster://127.0.0.1:{server.port}") as store:
            assert [await store.change(_KEY, _count) for _ in range(2)] == [0, 1]
            assert [session.turn for session in await store.all()] == [0, 2]


@pytest.mark.slow
async def test_sentinels_name_the_server_and_after_a_failover_the_next_one(tmp_path: Path) -> None:
    with running_pair(tmp_path) as (first, second, port):
        await _fail_over(first, second, port)


async def _fail_over(first: RedisServer, second: RedisServer, port: int) -> None:
    with redis.Redis(port=port) as sentinel:
        async with _opened(f"redis+sentinel://127.0.0.1:{port}/ours") as store:
            counted = [await store.change(_KEY, _count) for _ in range(2)]
            first.ask("WAIT", "1", "5000")
            sentinel.sentinel_failover("ours")
            wait_for(lambda: b"role:master" in as_bytes(second.ask("INFO", "replication")))
            wait_for(lambda: b"role:slave" in as_bytes(first.ask("INFO", "replication")))

            assert [*counted, await store.change(_KEY, _count)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://user:secret@host:6379/2?x=y", "redis://host:6379/2"),
        ("rediss://:secret@host", "redis://host"),
        ("redis+cluster://host:7000", "redis+cluster://host:7000"),
        ("redis+sentinel://u:secret@a:1,b/ours/3", "redis+sentinel://a:1,b:26379/ours/3"),
    ],
)
def test_an_address_is_shown_without_its_password(text: str, shown: str) -> None:
    assert str(read_address(text)) == shown
    assert str(settings_from(environment={"LLEMULATOR_STORE": text}).store) == shown


@pytest.mark.parametrize("text", ["redis://", "redis+sentinel://u:secret@host", "redis+other://secret@host"])
def test_an_address_that_cannot_be_used_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(SettingsError, match="LLEMULATOR_STORE: expected memory") as refused:
        settings_from(environment={"LLEMULATOR_STORE": text})

    assert "secret" not in str(refused.value)


async def test_a_change_is_one_round_trip_and_after_that_of_another_process_two(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server:
        async with _opened(server.url) as store, _opened(server.url) as other:
            await store.change(_KEY, _count)
            await other.change(_KEY, _count)
            seen = [_count_programs(server)]
            for each in (other, other, store, store):
                await each.change(_KEY, _count)
                seen.append(_count_programs(server))

    assert [after - before for before, after in pairwise(seen)] == [1, 1, 2, 1]


def _count_programs(server: RedisServer) -> int:
    with redis.Redis(port=server.port) as client:
        found: Any = client.info("commandstats")
    calls: int = found["cmdstat_evalsha"]["calls"]
    return calls


async def test_changes_of_several_sessions_in_one_round_are_one_write(tmp_path: Path) -> None:
    keys = [key_of(f"sk-several-{number}") for number in range(8)]
    with running_redis(tmp_path) as server, redis.Redis(port=server.port) as watching:
        async with _opened(server.url) as store:
            await asyncio.gather(*(store.change(key, _count) for key in keys))
            before = _count_reads(watching)
            counted = await asyncio.gather(*(store.change(key, _count) for key in keys))
            at_once = _count_reads(watching) - before
            for key in keys:
                await store.change(key, _count)
            in_turn = _count_reads(watching) - before - at_once

    assert counted == [1] * len(keys)
    # Each time one is that of what counts. What is written at once may still be read in two pieces.
    assert at_once <= 1 + 2 < len(keys) < in_turn


def _count_reads(client: redis.Redis) -> int:
    found: Any = client.info("stats")
    reads: int = found["total_reads_processed"]
    return reads


async def test_an_error_of_one_session_is_none_of_those_that_are_written_with_it(tmp_path: Path) -> None:
    other, broken = key_of("sk-other-1234"), key_of("sk-broken-1234")
    with running_redis(tmp_path) as server:
        async with _opened(server.url) as store:
            await asyncio.gather(*(store.change(key, _count) for key in (_KEY, broken, other)))
            name = f"{{llemulator}}:s:{broken.digest} {broken.name}"
            server.ask("SET", name, "not a hash")
            changes = (store.change(key, _count) for key in (_KEY, broken, other))
            one, failed, two = await asyncio.gather(*changes, return_exceptions=True)

    assert (one, two) == (1, 1)
    assert isinstance(failed, StoreFailed)
    assert "WRONGTYPE" in str(failed)


async def test_a_redis_that_forgot_the_programs_gets_them_again(tmp_path: Path) -> None:
    keys = [_KEY, key_of("sk-other-1234"), key_of("sk-third-1234")]
    with running_redis(tmp_path) as server:
        async with _opened(server.url) as store:
            for expected in range(3):
                server.ask("SCRIPT", "FLUSH")
                counted = await asyncio.gather(*(store.change(key, _count) for key in keys))
                assert counted == [expected] * len(keys)


async def test_a_client_that_leaves_does_not_stop_what_is_written_with_its_change(tmp_path: Path) -> None:
    other = key_of("sk-other-1234")
    with running_redis(tmp_path) as server:
        async with _opened(server.url) as store:
            await asyncio.gather(*(store.change(key, _count) for key in (_KEY, other)))
            leaves, stays = (asyncio.create_task(store.change(key, _count)) for key in (_KEY, other))
            await asyncio.sleep(0)
            leaves.cancel()

            assert await stays == 1
            assert await store.change(_KEY, _count) == 2


async def test_what_is_large_is_written_alone() -> None:
    sizes = [10, 40_000, 20_000, 10_000, 100_000, 10]
    uses = [ProgramUse.make(SAVE, (str(number), "x" * size)) for number, size in enumerate(sizes)]

    assert [[use.arguments[0] for use in group] for group in split_uses(uses)] == [["0", "1", "2"], ["3"], ["4"], ["5"]]


@dataclass
class _Broken:
    """A client, its connections and one of them, at which asyncio fails."""

    fails_at: Literal["connect", "write"]

    @property
    def connection_pool(self) -> "_Broken":
        return self

    async def get_connection(self) -> "_Broken":
        if self.fails_at == "connect":
            _fail_as_asyncio()
        return self

    async def release(self, _: "_Broken") -> None:
        pass

    async def send_packed_command(self, _: object) -> None:
        _fail_as_asyncio()

    async def aclose(self) -> None:
        pass


def _fail_as_asyncio() -> None:
    asyncio.StreamReader().feed_data(cast("bytes", 1))
    raise AssertionError


@pytest.mark.parametrize("fails_at", ["connect", "write"])
async def test_a_connection_at_which_asyncio_fails_is_replaced(
    tmp_path: Path, fails_at: Literal["connect", "write"]
) -> None:
    with running_redis(tmp_path) as server:
        backend = RedisBackend(read_address(server.url), Limits(), ttl=None)
        backend._connected = cast("Any", _Broken(fails_at))  # noqa: SLF001 - Python fails at some connections only
        await backend.check()
        await backend.close()
