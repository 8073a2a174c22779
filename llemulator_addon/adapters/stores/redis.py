"""Sessions in Redis or Valkey, which any number of processes on any machines may share."""

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from json import dumps
from typing import Any, cast

from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster, Sentinel
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import ReadOnlyError, RedisError
from redis.exceptions import TimeoutError as TooSlow

from llemulator_addon.adapters.stores.address import StoreAddress
from llemulator_addon.adapters.stores.backend import At, Health, Kind, Save, Saved, Sizes, Sums
from llemulator_addon.adapters.stores.redis_link import RedisLink
from llemulator_addon.adapters.stores.redis_scripts import FORGET, FORM, LOAD, MEASURE, RESERVE, SAVE, LuaProgram
from llemulator_addon.adapters.stores.redis_uses import ProgramUse, run_in_cluster, run_together, split_uses
from llemulator_addon.store.port import Limits, StoreFailed
from llemulator_addon.store.written_session import Stored

_DEADLINE = 5.0
"""Seconds that one use may take, with the attempt to connect again."""
_PATIENCE = 2.0
"""Seconds that one attempt may take."""
_CONNECTIONS = 32
_PREFIX = "{llemulator}:"
"""Of all keys. The braces keep them in one slot of a cluster, because a change is one transaction."""
_NOT_NOW = (Disconnected, TooSlow, ReadOnlyError)
"""Errors that another connection may not have: a server was restarted, or is not the first one any more."""

type _Client = Redis | RedisCluster


class RedisBackend:
    """Rows in Redis. A connection that broke is replaced by another one at the next use."""

    def __init__(self, address: StoreAddress, limits: Limits, ttl: float | None) -> None:
        """Take the address; nothing is connected yet. `ttl` is in seconds."""
        self._address = address
        self._limits = limits
        self._ttl = ttl
        self._health = Health()
        self._name = secrets.token_hex(8)
        """Tells the uses of this process from those of others."""
        self._uses = count()
        self._connected: _Client | None = None
        self._gathered: list[ProgramUse] = []
        """Those that are asked for in this round of the event loop."""
        self._running: set[asyncio.Task[None]] = set()
        self.link = RedisLink(_PREFIX, self._run, self._do)

    async def load(self, key: str, known: At | None) -> Stored | None:
        """Return a session, or what changed of it."""
        life, version = ("", "") if known is None else known
        return _read(await self._run(LOAD, key, life, version, self._cutoff()))

    async def save(self, save: Save) -> Saved:
        """Write a change, if the session is still as it was."""
        written, (life, version) = save.written, save.after
        fields = [
            *(("", "") if save.before is None else save.before),
            life,
            version,
            # A use that is tried again on another connection finds whether it was done already.
            f"{self._name}{next(self._uses)}",
            written.digest,
            *save.sizes,
            *map(int, (save.stays, save.has_own_script, save.is_use, written.prunes)),
            time.time(),
            self._cutoff(),
            " ".join(save.marks),
        ]
        # In one argument: what takes longest at a use is to write each of them.
        small = dumps(
            [
                [*map(str, fields)],
                [*map(str, self._limits)],
                written.wiped,
                [_join(*place) for place in written.dropped],
                [part for each in save.unless for part in each],
            ]
        )
        rows = [each for place, text in written.rows.items() for each in (_join(*place), text or "")]
        kept, *more = await self._run(SAVE, save.key, small, written.head, written.script or "", *rows)
        if kept == "2":
            return Saved(is_kept=False, met=[*map(int, more)])
        if kept != "1":
            return Saved(is_kept=False, found=_read(more))
        listeners, *over = more
        gives = list(zip(cast("list[Kind]", over[::2]), over[1::2], strict=True))
        return Saved(is_kept=True, over=gives, listeners=int(listeners))

    async def forget(self, key: str) -> None:
        """Forget a session."""
        await self._run(FORGET, key)

    async def read_script(self, digest: str) -> str | None:
        """Return the text of a script."""
        found: str | None = await self._do(lambda client: client.hget(f"{_PREFIX}scripts", digest))
        return found

    async def list_keys(self) -> Sequence[str]:
        """Return all keys."""
        return await self._list_set("used")

    async def list_marked(self, mark: str) -> Sequence[str]:
        """Return the keys of all with a mark."""
        return await self._list_set(f"mark:{mark}")

    async def reserve_lives(self, number: int) -> int:
        """Return the first of some lives that nobody else gets."""
        first: int = await self._run(RESERVE, number)
        return first

    async def measure(self) -> Sums:
        """Return the sums of all sessions."""
        number, *sizes = await self._run(MEASURE)
        return Sums(int(number), Sizes(*map(int, sizes)))

    async def check(self) -> None:
        """Find out whether it can be written."""
        await self._run(RESERVE, 0)

    async def close(self) -> None:
        """Close all connections."""
        if self._connected is not None:
            await self._drop(self._connected)

    async def _list_set(self, name: str) -> list[str]:
        found: list[str] = await self._do(lambda client: client.zrange(f"{_PREFIX}{name}", 0, -1))
        return found

    def _cutoff(self) -> float | str:
        return "" if self._ttl is None else time.time() - self._ttl

    async def _run(self, program: LuaProgram, *arguments: object) -> Any:  # noqa: ANN401 - Redis' values
        use = ProgramUse.make(program, (_PREFIX, *map(str, arguments)))
        if self._address.kind == "redis+cluster":
            return await self._do(partial(run_in_cluster, use))
        if not self._gathered:
            asyncio.get_running_loop().call_soon(self._run_gathered)
        self._gathered.append(use)
        return await use.done

    def _run_gathered(self) -> None:
        """Run those of this round of the event loop. Who leaves must not stop the others."""
        uses, self._gathered = self._gathered, []
        for group in split_uses(uses):
            task = asyncio.Task(self._run_group(group), loop=asyncio.get_running_loop(), eager_start=True)
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _run_group(self, uses: Sequence[ProgramUse]) -> None:
        failed: Exception | None = None
        try:
            await self._try(partial(run_together, uses))
        except Exception as error:  # noqa: BLE001 - each of them raises it
            failed = error
        if all(use.is_answered and not isinstance(use.answer, RedisError) for use in uses):
            self._health.note_success()
        for use in uses:
            if not use.is_answered:
                use.end(failed)
            else:
                use.end(self._note_failure(use.answer) if isinstance(use.answer, RedisError) else None)

    async def _do(self, use: Callable[[_Client], Any]) -> Any:  # noqa: ANN401 - Redis' values
        found = await self._try(use)
        self._health.note_success()
        return found

    async def _try(self, use: Callable[[_Client], Any]) -> Any:  # noqa: ANN401 - Redis' values
        client = self._client()
        try:
            try:
                async with asyncio.timeout(_PATIENCE):
                    return await use(client)
            except (*_NOT_NOW, TimeoutError):
                async with asyncio.timeout(_DEADLINE - _PATIENCE):
                    await self._drop(client)
                    client = self._client()
                    return await use(client)
        except TimeoutError:
            await self._drop(client)
            raise self._health.note_failure(f"{self._address}: no answer in {_DEADLINE:g} seconds") from None
        except (RedisError, OSError) as error:
            raise self._note_failure(error) from None
        finally:
            if client is not self._connected:
                # Another use dropped it, and this one may have opened a connection since.
                await self._drop(client)

    def _note_failure(self, error: RedisError | OSError) -> StoreFailed:
        return self._health.note_failure(f"{self._address}: {_explain(error)}")

    async def _drop(self, client: _Client) -> None:
        """Close all connections of a client, so that the next use opens others."""
        if self._connected is client:
            self._connected = None
        with suppress(RedisError, OSError):
            if isinstance(client, RedisCluster):
                # Of the servers that were named, by which it found those of the cluster.
                await client.nodes_manager.aclose("startup_nodes")
            elif isinstance(pool := client.connection_pool, SentinelConnectionPool):
                # Of the Sentinels, which named the server.
                for sentinel in pool.sentinel_manager.sentinels:
                    await sentinel.aclose()
            await client.aclose()

    def _client(self) -> _Client:
        if self._connected is None:
            self._connected = _connect(self._address)
        return self._connected


def _connect(address: StoreAddress) -> _Client:
    options: dict[str, Any] = {
        "decode_responses": True,
        # An attempt has one timeout, in place of one for each write and each read.
        "socket_timeout": None,
        "socket_connect_timeout": _PATIENCE,
        # A use is tried again here, where it is known that it counts once.
        "retry": Retry(NoBackoff(), 0),
    }
    match address.kind:
        case "redis+cluster":
            return RedisCluster.from_url(address.plain_url, **options)
        case "redis+sentinel":
            user = {"username": address.user, "password": address.password, "db": address.database}
            make: Any = Sentinel  # it says no types
            sentinel = make(list(address.hosts), sentinel_kwargs=options, ssl=address.is_encrypted, **options, **user)
            return cast("Redis", sentinel.master_for(address.service))
        case _:
            pool = BlockingConnectionPool.from_url(
                address.plain_url, max_connections=_CONNECTIONS, timeout=_DEADLINE, **options
            )
            return Redis.from_pool(pool)


def _explain(error: Exception) -> str:
    _, other, form = str(error).partition("OTHERFORM ")
    if other:
        return (
            f"its keys have version {form}; this llemulator reads version {FORM}. Choose another store, or remove the "
            f"keys that begin with {_PREFIX}"
        )
    return str(error) or type(error).__name__


def _read(found: list[str]) -> Stored | None:
    """Read the answer of the program that loads a session."""
    if not found:
        return None
    life, version, head, since, *rows = found
    return Stored(
        life=int(life),
        version=int(version),
        head=head,
        since=int(since),
        rows=[(*_split(field), text or None) for field, text in zip(rows[::2], rows[1::2], strict=True)],
    )


def _split(field: str) -> tuple[str, str]:
    kind, _, place = field.partition(":")
    return kind, place


def _join(kind: str, place: str) -> str:
    return f"{kind}:{place}"
