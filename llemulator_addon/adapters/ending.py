"""SIGINT and SIGTERM: the first ends what runs in good order, the second ends the process, whatever it is busy with.

Three things can block a signal, and each has its own remedy:

- Code in Python that runs for long keeps the event loop from hearing of it. Python calls the functions given to
  `signal.signal` between two instructions, so that they are called even then.
- One long call into C keeps Python from calling anything. So the signal is caught once only: the system itself ends the
  process at the second of the same number.
- Good order may never come. So the process ends `GRACE` seconds after the first signal, and says where it was.
"""

import asyncio
import ctypes
import faulthandler
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

GRACE = 10.0
"""Seconds from the first signal to the end of the process, at the latest."""
SAME = 0.5
"""A signal that comes so soon after the first is the same one: a terminal and a parent process both send it."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def end_on_signals(loop: asyncio.AbstractEventLoop, end: Callable[[], object], grace: float = GRACE) -> Iterator[None]:
    """Call `end` in the loop at the first signal, and end the process at the second. In the main thread only."""
    ending = _Shutdown(loop, end, grace)
    for number in _SIGNALS:
        # This makes the system wake the loop, whichever thread it gives the signal to.
        loop.add_signal_handler(number, lambda: None)
        _catch_once(number, ending.first)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
            if ending.has_begun:  # the same signal may still come a second time
                _catch_once(number, ending.again)


class _Shutdown:
    """Acts on the first signal and on later ones. An object, because it remembers when the first came."""

    def __init__(self, loop: asyncio.AbstractEventLoop, end: Callable[[], object], grace: float) -> None:
        self._loop, self._end, self._grace = loop, end, grace
        self._first: float | None = None

    @property
    def has_begun(self) -> bool:
        """Whether a signal came."""
        return self._first is not None

    def first(self, number: int, frame: FrameType | None) -> None:
        """End in good order, and by force where that takes too long."""
        del number, frame
        self._first = time.monotonic()
        for each in _SIGNALS:
            _catch_once(each, self.again)
        with suppress(OSError, ValueError, AttributeError):  # where there is no standard error, nothing can be said
            faulthandler.dump_traceback_later(self._grace, exit=True)
        with suppress(RuntimeError):  # the loop has ended already
            self._loop.call_soon_threadsafe(self._end)

    def again(self, number: int, frame: FrameType | None) -> None:
        """End by force, unless it is the same signal once more."""
        del frame
        if self._first is None or time.monotonic() - self._first >= SAME:
            end_by(number)


def end_by(number: int) -> None:
    """End the process as a signal does that nobody catches."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


# What Python does not offer ------------------------------------------------------------------------------------------


def _catch_once(number: int, by: Callable[[int, FrameType | None], None]) -> None:
    """Catch a signal; where the system is known, let it forget that after the first (SA_RESETHAND of sigaction)."""
    signal.signal(number, by)
    if (shape := _SHAPES.get(sys.platform)) is None:
        return
    fields, once = shape
    action = type("_Action", (ctypes.Structure,), {"_fields_": fields})
    sigaction = ctypes.CDLL(None, use_errno=True).sigaction
    found: Any = action()
    if sigaction(number, None, ctypes.byref(found)) == 0:
        found.flags |= once
        sigaction(number, ctypes.byref(found), None)


# `struct sigaction` and the flag, of glibc and musl, which are alike but on MIPS, and of macOS.
_SHAPES: dict[str, tuple[list[tuple[str, Any]], int]] = {
    "linux": (
        [
            ("caught_by", ctypes.c_void_p),
            ("mask", ctypes.c_ulong * (128 // ctypes.sizeof(ctypes.c_ulong))),
            ("flags", ctypes.c_uint),
            ("restorer", ctypes.c_void_p),
        ],
        0x8000_0000,
    ),
    "darwin": ([("caught_by", ctypes.c_void_p), ("mask", ctypes.c_uint32), ("flags", ctypes.c_uint)], 0x0004),
}
