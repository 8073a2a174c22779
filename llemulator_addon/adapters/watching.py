"""`--watch`: loads the default script again when its file changes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from llemulator_addon.adapters.script_file import BadScript, name_file, read_script
from llemulator_addon.adapters.settings import Settings
from llemulator_addon.script.reader import Script

logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_LOOKS = 0.5

type _Mark = tuple[int, int, int] | None
"""Identifies a version of the file; None: there is no file."""


class Watching:
    """Looks at the script's file from time to time: that works on every file system, mounted ones included."""

    def __init__(self, settings: Settings) -> None:
        """Remember the file as it is. To be made before the script is read, so that no change is missed."""
        self._file = settings.script if settings.watch else None
        self._seen = self._file and _mark(self._file)
        if settings.watch and self._file is None:
            logger.warning("there is nothing to watch: --watch (LLEMULATOR_WATCH) goes with --script")

    async def watch(self, play: Callable[[Script], Awaitable[None]]) -> None:
        """Call `play` with each new script that is valid, until cancelled. Returns at once if no file is watched."""
        while self._file is not None:
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
            mark = _mark(self._file)
            if mark != self._seen:
                self._seen = mark
                await _read(self._file, play)


def _mark(file: Path) -> _Mark:
    try:
        # Followed through links: Kubernetes changes a mounted file by leading a link elsewhere.
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


async def _read(file: Path, play: Callable[[Script], Awaitable[None]]) -> None:
    try:
        # In a thread, so that answers do not wait for a large script.
        script = await asyncio.to_thread(read_script, file)
        with name_file(file):
            await play(script)
    except BadScript as bad:
        logger.error("the script stays as it was: %s", "; ".join(str(bad).splitlines()))  # noqa: TRY400 - it says all
        return
    logger.info("%s has changed, and is played from its beginning", file)
