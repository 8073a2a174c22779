"""`--preset-queues`: the file in which the preset queues are kept, so that they outlast a restart."""

import asyncio
import json
import logging
from contextlib import suppress
from pathlib import Path

from llemulator_addon.adapters.files import write_whole
from llemulator_addon.adapters.script_file import BadScript
from llemulator_addon.emulator import Emulator
from llemulator_addon.wire.errors import RequestRefused

logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_WRITES = 0.05
_SECONDS_OF_SILENCE = 3600.0
_CHANGES = frozenset(("queue", "script", "reset"))
"""News after which a queue may be another one."""


class PresetQueueFile:
    """Not a value: it knows what it wrote last. An object with a list for each address, as JSON."""

    def __init__(self, file: Path | None) -> None:
        """Read the file, if there is one; None: nothing is kept. Raises BadScript."""
        self._file = file
        self._written = ""
        if file is not None:
            with suppress(FileNotFoundError):
                self._written = _read(file)

    async def fill(self, emulator: Emulator) -> None:
        """Fill the queues with what was kept, here or by the store. Raises BadScript."""
        try:
            await emulator.fill_preset_queues(json.loads(self._written or "{}"))
        except (RequestRefused, ValueError) as error:
            why = error.failure.message if isinstance(error, RequestRefused) else f"no JSON: {error}"
            raise BadScript(f"{self._file}: {why}") from None

    async def keep(self, emulator: Emulator) -> None:
        """Write the queues each time that one changes, until cancelled. Returns at once if nothing is kept."""
        if self._file is None:
            return
        reader = await emulator.news.read()
        try:
            while True:
                await reader.wait(_SECONDS_OF_SILENCE)
                if reader.missed or any(notice.happening in _CHANGES for notice in reader.take()):
                    await self.save(emulator)
                await reader.pause(_SECONDS_BETWEEN_WRITES)
        finally:
            reader.leave()

    async def save(self, emulator: Emulator) -> None:
        """Write the queues, if they are not as they were written last."""
        if self._file is None:
            return
        text = json.dumps(await emulator.preset_queues(), indent=2, ensure_ascii=False) + "\n"
        if text == self._written:
            return
        try:
            await asyncio.to_thread(write_whole, self._file, text)
        except OSError as error:
            logger.error("the preset queues are not kept: %s: %s", self._file, error.strerror)  # noqa: TRY400 - it says all
        else:
            self._written = text


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BadScript(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadScript(f"{file}: it is not in UTF-8") from None
