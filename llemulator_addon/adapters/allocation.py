"""How the C library keeps memory: what was large goes back to the system at once, and the rest soon."""

import asyncio
import ctypes
import mmap
import sys
from pathlib import Path

_LARGE = 512 << 10
"""Bytes from which a block has its own pages. Those that asyncio reads into are half as large, and too frequent."""
_KEPT = 1 << 20
"""Bytes that stay at the end of the heap for what comes next."""
_MMAP_THRESHOLD, _TRIM_THRESHOLD, _ARENA_MAX = -3, -1, -8
"""As `mallopt(3)` numbers them."""
_MUCH = 8 << 20
"""Bytes that the process takes from the system before it looks for free ones."""
_STATM = Path("/proc/self/statm")
"""Counts pages of the process; the second number is of those in memory: proc(5)."""
_SECONDS = 1.0
"""How often it is looked for them."""


def give_back_large_blocks() -> None:
    """Have glibc do so. Left to itself, it takes up to 32 MiB from the heap, where one small block keeps all below it.

    Each thread has a heap of its own besides. To be called before there are threads; elsewhere it does nothing.
    """
    if (libc := _glibc()) is not None:
        for option, value in ((_MMAP_THRESHOLD, _LARGE), (_TRIM_THRESHOLD, _KEPT), (_ARENA_MAX, 1)):
            libc.mallopt(option, value)


async def give_back_what_is_free() -> None:
    """Give back, again and again, the memory between blocks that are in use, until cancelled. Elsewhere it ends.

    It looks at the pages that the process has. glibc's own count of free bytes has those that were given back, too.
    """
    libc = _glibc()
    if libc is None:
        return
    resident_before, looks_again = _count_resident_bytes(), False
    while True:
        await asyncio.sleep(_SECONDS)
        resident = _count_resident_bytes()
        if looks_again or resident > resident_before + _MUCH:
            # Memory that was in use meanwhile is free the next time.
            looks_again = not looks_again
            await asyncio.to_thread(libc.malloc_trim, 0)
            resident_before = resident = _count_resident_bytes()
        resident_before = min(resident, resident_before)


def _count_resident_bytes() -> int:
    return int(_STATM.read_bytes().split()[1]) * mmap.PAGESIZE


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    # Another C library has neither of them.
    return libc if hasattr(libc, "malloc_trim") and hasattr(libc, "mallopt") else None
