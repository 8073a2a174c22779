"""Work on large requests that is done before or beside deciding about them, so that others do not wait for it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.wire import errors
from llemulator_addon.wire.answer import Endpoint
from llemulator_addon.wire.bodies import read_object
from llemulator_addon.wire.errors import Refused
from llemulator_addon.wire.limits import values_in
from llemulator_addon.wire.routing import Found, find
from llemulator_addon.wire.tokens import Uncounted, counting_at_most

_LARGE = 256 << 10
"""Bytes of a body that are read in no time."""
_COUNTED_AT_ONCE = 64 << 10
"""Characters whose tokens are counted in no time."""
_ROUNDS = 4
"""How often something is begun anew because more is to be counted: the prompt, what a rule says, what a fault asks."""


class Ahead:
    """Not a value: it belongs to the event loop. At each moment one body is read, and one request's texts counted."""

    def __init__(self, most_values: int) -> None:
        """Take how many values a body may have."""
        self._most_values = most_values
        self._reading = asyncio.Lock()
        self._counting = ThreadPoolExecutor(max_workers=1, thread_name_prefix="counting")

    async def read(self, request: Request) -> Request | Failure:
        """Return a request with its body read, where that is large, or what is wrong with that."""
        if len(request.body) <= _LARGE:
            return request
        async with self._reading:
            for values in values_in(request.body):
                if values > self._most_values:
                    return errors.too_many_values(self._most_values)
                await _others_first()
            read = _read(request)
            # Before the next body is read, and before this one is decided about, others have their turn.
            await _others_first()
            return read

    async def counted[R](self, decide: Callable[[], R]) -> R:
        """Decide, and where there is much to count, count it beside others and decide again."""
        for _ in range(_ROUNDS):
            try:
                with counting_at_most(_COUNTED_AT_ONCE):
                    return decide()
            except Uncounted as uncounted:
                await self._count(uncounted)
        return decide()

    async def _count(self, uncounted: Uncounted) -> None:
        """Count in a thread: the encodings are written in Rust, and let other threads go on."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._counting, uncounted.count)
        finally:
            uncounted.stop()


async def _others_first() -> None:
    """Go on in the next round of the event loop."""
    loop = asyncio.get_running_loop()
    turn: asyncio.Future[None] = loop.create_future()
    loop.call_soon(_give, turn)
    await turn


def _give(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)


def _read(request: Request) -> Request | Failure:
    try:
        return replace(request, json=read_object(request))
    except Refused as refused:
        # What answers no body, as a list does, has not read it either.
        return refused.failure if _is_read(request) else request


def _is_read(request: Request) -> bool:
    found = find(request.method, request.path)
    return isinstance(found, Found) and isinstance(found.operation, Endpoint)
