"""How the C library keeps memory: what was large goes back to the system at once, and no thread keeps its own."""

import ctypes
import sys
from contextlib import suppress

_LARGE = 512 << 10
"""Bytes of a block that has pages of its own. What asyncio reads into has half that size, and is taken too often."""
_KEPT = 1 << 20
"""Bytes that stay at the end of the heap for what comes next."""
_MMAP_THRESHOLD, _TRIM_THRESHOLD, _ARENA_MAX = -3, -1, -8
"""As `mallopt(3)` numbers them."""


def give_back_large_blocks() -> None:
    """Have glibc do so. Left to itself, it takes up to 32 MiB from the heap, where one small block keeps all below it.

    Each thread has a heap of its own besides. To be called before there are threads; elsewhere it does nothing.
    """
    if not sys.platform.startswith("linux"):
        return
    with suppress(AttributeError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        for option, value in ((_MMAP_THRESHOLD, _LARGE), (_TRIM_THRESHOLD, _KEPT), (_ARENA_MAX, 1)):
            mallopt(option, value)
