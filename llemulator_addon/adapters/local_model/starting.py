"""The model's server: a separate program that ends with this one."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

_SERVER = Path(__file__).parent / "server.py"
_SECONDS_TO_END = 5.0
_NOT_FOR_IT = ("LLEMULATOR_", "OPENAI_")
"""Variables that may be keys, and say nothing to a model's server."""
_LOGGED_ERROR = re.compile(r"^[\d.]+ E +(?:(?:srv|cmn) +)?(?:\w+: )?(?P<says>.+)$", re.MULTILINE)


class NotServed(Exception):
    """There is no model. The text is one line that says why."""


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model that answers on this machine."""

    url: str
    """The base URL of its API."""
    _server: asyncio.subprocess.Process
    _log: IO[str]

    async def wait_for_end(self) -> str:
        """Wait until the model's server ends, and return why it did."""
        return _why(await self._server.wait(), self._log)


@asynccontextmanager
async def serving(file: Path, name: str) -> AsyncIterator[LocalModel]:
    """Serve a GGUF file while the body runs. Raises NotServed."""
    with TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        server = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            str(_SERVER),
            str(file),
            name,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            env={name: value for name, value in os.environ.items() if not name.startswith(_NOT_FOR_IT)},
            # What a terminal's keys send to all in its foreground is for us, who then end it.
            start_new_session=True,
        )
        try:
            if (origin := await _origin(server)) is None:
                raise NotServed(f"{file}: cannot be served: {_why(await server.wait(), log)}")
            yield LocalModel(f"{origin}/v1", server, log)
        finally:
            await _stop(server)


async def _origin(server: asyncio.subprocess.Process) -> str | None:
    """Return what it says once it answers; None if it ends before."""
    if server.stdout is not None:
        async for line in server.stdout:
            if line.startswith(b"http://"):
                return line.decode().strip()
    return None


def _why(status: int, log: IO[str]) -> str:
    log.seek(0)
    text = log.read()
    if (found := _LOGGED_ERROR.search(text)) is not None:
        return found["says"]
    if status < 0:
        return f"its server was ended by {signal.Signals(-status).name}"
    return (text.strip().splitlines() or [f"its server ended with {status}"])[-1]


async def _stop(server: asyncio.subprocess.Process) -> None:
    if server.stdin is not None:
        server.stdin.close()
    try:
        async with asyncio.timeout(_SECONDS_TO_END):
            await server.wait()
    except TimeoutError:
        server.kill()
        await server.wait()
