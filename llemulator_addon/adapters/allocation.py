"""How the C library keeps memory: what was large goes back to the system at once, and the rest soon."""

import asyncio
import ctypes
import sys
from contextlib import suppress

_LARGE = 512 << 10
"""Bytes from which a block has its own pages. Those that asyncio reads into are half as large, and too frequent."""
_KEPT = 1 << 20
"""Bytes that stay at the end of the heap for what comes next."""
_MMAP_THRESHOLD, _TRIM_THRESHOLD, _ARENA_MAX = -3, -1, -8
"""As `mallopt(3)` numbers them."""
_MUCH = 8 << 20
"""Bytes that are free between blocks before they are given back."""
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
    """Give back, again and again, the memory between blocks that are in use, until cancelled. Elsewhere it ends."""
    libc = _glibc()
    if libc is None:
        return
    free_before = 0
    while True:
        await asyncio.sleep(_SECONDS)
        # glibc counts what was given back as free, too.
        free = libc.mallinfo2().free
        if free > free_before + _MUCH:
            await asyncio.to_thread(libc.malloc_trim, 0)
            free_before = free
        free_before = min(free, free_before)


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    with suppress(AttributeError):  # another C library, or an old one
        libc.mallinfo2.restype = _Allocated
        return libc
    return None


class _Allocated(ctypes.Structure):
    """`struct mallinfo2`."""

    _fields_ = (
        *((name, ctypes.c_size_t) for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks")),
        *((name, ctypes.c_size_t) for name in ("used", "free", "keepcost")),
    )
