"""File descriptors: each connection takes one, and the system limits how many a program has."""

import errno
import logging
import sys
import time
from contextlib import suppress

logger = logging.getLogger(__name__)

_WANTED = 65_536
"""More connections than that the machine does not have ports for."""
_SECONDS_BETWEEN = 60.0
"""From one line of the log to the next."""

_OF_THE_PROGRAM = {errno.EMFILE: "this program may open no more files", errno.ENFILE: "the system has no more files"}
_OF_THE_SYSTEM = {errno.ENOBUFS: "the system has no more buffers", errno.ENOMEM: "the system has no more memory"}
_WHY = _OF_THE_PROGRAM | _OF_THE_SYSTEM


def raise_limit() -> None:
    """Let this program open as many files as it may if it asks; without that it is 1024 or 256 from most shells."""
    if sys.platform == "win32":
        return  # there is no such limit
    import resource  # noqa: PLC0415 - not there on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED if hard == resource.RLIM_INFINITY else min(hard, _WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Exhaustion:
    """Tells that no connection can be taken, once in a while."""

    def __init__(self) -> None:
        self._told: float | None = None

    def is_told(self, error: object) -> bool:
        """Whether an error means that. Then it is logged, but not often."""
        if not isinstance(error, OSError) or error.errno not in _WHY:
            return False
        now = time.monotonic()
        if self._told is None or now - self._told >= _SECONDS_BETWEEN:
            self._told = now
            logger.error(
                "no further client can connect for now: %s; they wait until others leave (`ulimit -n` says how many "
                "there may be)",
                _WHY[error.errno],
            )
        return True
