"""Programs that run in Redis: what is asked for in one round of the event loop is one write, on one connection."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis, RedisCluster
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import NoScriptError, ReadOnlyError, ResponseError

from llemulator_addon.adapters.stores.redis_scripts import LuaProgram

_TOGETHER = 64 << 10
"""Bytes of commands that are written together. One that has more goes alone, so that no other waits for it."""


@dataclass(slots=True, eq=False)
class ProgramUse:
    """A program that is to run, and what Redis answered."""

    program: LuaProgram
    arguments: Sequence[str]
    """The first begins all keys."""
    command: bytes
    done: asyncio.Future[Any]
    is_answered: bool = False
    answer: Any = None
    """May be an error."""

    @classmethod
    def make(cls, program: LuaProgram, arguments: Sequence[str]) -> "ProgramUse":
        """Make one that is not asked for yet."""
        command = _write_command("EVALSHA", program.digest, "1", *arguments)
        return cls(program, arguments, command, asyncio.get_running_loop().create_future())

    def end(self, error: Exception | None) -> None:
        """Give the answer, or an error, to who waits for it."""
        if self.done.done():
            return  # who waited has left
        if error is None:
            self.done.set_result(self.answer)
        else:
            self.done.set_exception(error)


def split_uses(uses: Iterable[ProgramUse]) -> Iterator[list[ProgramUse]]:
    """Return those that are written together."""
    group: list[ProgramUse] = []
    size = 0
    for use in uses:
        size += len(use.command)
        if group and size > _TOGETHER:
            yield group
            group, size = [], len(use.command)
        group.append(use)
    if group:
        yield group


async def run_together(uses: Sequence[ProgramUse], client: Redis) -> None:
    """Run those that have no answer yet. An error of one is its answer; raises what another connection may not have."""
    pool: Any = client.connection_pool  # that of Sentinels says no types
    asked = [use for use in uses if not use.is_answered]
    try:
        connection = await pool.get_connection()
        try:
            await _ask(connection, asked, [use.command for use in asked])
            if unknown := [use for use in asked if isinstance(use.answer, NoScriptError)]:
                texts = [_write_command("EVAL", use.program.text, "1", *use.arguments) for use in unknown]
                await _ask(connection, unknown, texts)
        finally:
            await pool.release(connection)
    except TypeError as error:
        raise _explain_lost(error) from None
    for use in asked:
        if isinstance(use.answer, ReadOnlyError):
            use.is_answered = False
            raise use.answer


async def run_in_cluster(use: ProgramUse, client: RedisCluster) -> object:
    """Run one at the server of a cluster that has the keys."""
    any_client: Any = client  # its types allow no value but numbers
    try:
        return await any_client.evalsha(use.program.digest, 1, *use.arguments)
    except NoScriptError:
        return await any_client.eval(use.program.text, 1, *use.arguments)
    except TypeError as error:
        raise _explain_lost(error) from None


async def _ask(connection: Any, uses: Sequence[ProgramUse], commands: Sequence[bytes]) -> None:  # noqa: ANN401 - as above
    # Where it fails in between, it is closed: no answer is ever taken for that of another use.
    await connection.send_packed_command(commands)
    for use in uses:
        try:
            use.answer = await connection.read_response()
        except ResponseError as error:
            use.answer = error
        use.is_answered = True


def _write_command(*words: str) -> bytes:
    """Write a command as https://redis.io/docs/latest/develop/reference/protocol-spec/ has it: an array of texts.

    The client's function for it takes as long as all else that is done for a command.
    """
    pieces = [b"*%d\r\n" % len(words)]
    for word in words:
        text = word.encode()
        pieces += (b"$%d\r\n" % len(text), text, b"\r\n")
    return b"".join(pieces)


def _explain_lost(error: TypeError) -> Exception:
    """Return the error of a lost connection, if asyncio raised this one when such a connection was written to.

    Some versions of Python do so. See https://github.com/python/cpython/issues/136234.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    is_of_asyncio = trace is not None and str(trace.tb_frame.f_globals.get("__name__")).startswith("asyncio.")
    return Disconnected("the connection was lost") if is_of_asyncio else error
