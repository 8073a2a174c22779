"""Processes of ours, as a user starts them."""

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from conformance.server import plain_environment
from tests.patience import SECONDS
from tests.wire_real.clients import Proxy

LLEMULATOR = (sys.executable, "-m", "llemulator_addon")
MITMDUMP = (sys.executable, "-c", "from mitmproxy.tools.main import mitmdump; mitmdump()")


@dataclass(kw_only=True)
class Ended:
    """What a process left behind."""

    status: int
    out: str
    err: str


@dataclass(kw_only=True)
class Started:
    """A process that listens."""

    process: asyncio.subprocess.Process
    said: list[str]
    proxy: Proxy = field(init=False)

    async def read_until(self, mark: str) -> str:
        """Read what it says up to the line with a mark; return all that it has said."""
        assert self.process.stdout is not None
        async with asyncio.timeout(SECONDS):
            while mark not in self.said[-1]:
                self.said.append((await self.process.stdout.readline()).decode())
        return "".join(self.said)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> Ended:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        async with asyncio.timeout(SECONDS):
            out, err = await self.process.communicate()
        status = self.process.returncode
        return Ended(status=-1 if status is None else status, out="".join(self.said) + out.decode(), err=err.decode())


async def run(*command: str, cwd: Path, env: Mapping[str, str] | None = None) -> Ended:
    """Run a command that ends by itself."""
    process = await _start(command, cwd, env or {})
    try:
        async with asyncio.timeout(SECONDS):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Ended(status=process.returncode or 0, out=out.decode(), err=err.decode())


@asynccontextmanager
async def started(*command: str, cwd: Path, env: Mapping[str, str] | None = None) -> AsyncIterator[Started]:
    """Start a command and wait until it says where it listens."""
    process = await _start(command, cwd, env or {})
    begun = Started(process=process, said=[])
    try:
        async with asyncio.timeout(SECONDS):
            begun.proxy = await _where(process, begun.said)
        yield begun
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def _start(command: tuple[str, ...], cwd: Path, env: Mapping[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        # Without a line for each request: tests read what else is said.
        env={**plain_environment(), "HOME": str(cwd), "LOG_LEVEL": "warning", **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def _where(process: asyncio.subprocess.Process, said: list[str]) -> Proxy:
    """Read the line that a user copies."""
    assert process.stdout is not None
    while line := (await process.stdout.readline()).decode():
        said.append(line)
        found = re.search(r"HTTPS_PROXY='?http://\[?(\S+?)\]?:(\d+)'? .*NODE_EXTRA_CA_CERTS=(\S+)", line)
        if found:
            return Proxy(host=found[1], port=int(found[2]), ca=Path(found[3]))
    raise AssertionError(f"{said} {await process.stderr.read() if process.stderr else b''!r}")
