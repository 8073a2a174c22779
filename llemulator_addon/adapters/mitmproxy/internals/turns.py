"""Turns of what may come in bursts: one in each round of the event loop, so that all others have theirs between."""

import asyncio
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from mitmproxy.proxy import commands

_locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


async def come_to_turn() -> None:
    """Wait for the next turn, in the order of arrival."""
    loop = asyncio.get_running_loop()
    if (lock := _locks.get(loop)) is None:
        lock = _locks[loop] = asyncio.Lock()
    async with lock:
        await asyncio.sleep(0)


@dataclass
class LlemulatorTurnHook(commands.StartHook):
    """Waits for a turn. Only the connection that asks for it waits."""

    connection: object
