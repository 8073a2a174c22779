"""Work that takes long is done in a thread, not on the event loop, so that others are answered meanwhile.

There are two such threads in a process, for all callers: one for small work, which never waits for large work, and one
for the rest. So however much is asked at once, the loop shares the interpreter with two at most. Work is given
frozen values, makes new ones, and changes nothing.
"""

from asyncio import get_running_loop
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

SMALL = 64 << 10
"""Bytes of what is read or written."""
LARGE = SMALL + 1
"""For work that may be any size."""
_small = ThreadPoolExecutor(1, "small-work")
_large = ThreadPoolExecutor(1, "large-work")


async def run_in_thread[R](work: Callable[[], R], size: int) -> R:
    """Do work on this number of bytes. Cancelled, work that has not begun is never done."""
    return await get_running_loop().run_in_executor(_small if size <= SMALL else _large, work)
