"""The metrics of all workers of one port, at whichever of them a scrape arrives.

Each worker listens on a Unix socket in a folder that the supervisor made, and answers with its report. Before it
answers, it writes its counts to a file; so does it once a second, if something was counted. A worker that takes the
place of another one goes on with the counts in that file, and those of one that does not answer are read from there.
So a count that was seen once is never smaller later, and nothing is done for a single request.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from llemulator_addon.adapters.metrics.counting import Metrics
from llemulator_addon.adapters.metrics.counts import (
    Counts,
    MetricsReport,
    add_counts,
    add_reports,
    read_counts,
    read_report,
    write_counts,
    write_report,
)
from llemulator_addon.live.threads import LARGE, run_in_thread

logger = logging.getLogger(__name__)

_PATIENCE = 2.0
"""Seconds that a worker has to answer another one."""
_BETWEEN_FILES = 1.0
"""Seconds."""


@asynccontextmanager
async def share_metrics(metrics: Metrics, folder: Path, worker: int, *, is_store_shared: bool) -> AsyncIterator[None]:
    """Let a scrape at any worker find the metrics of all while the body runs. `folder` is the supervisor's."""
    sharing = _Sharing(metrics, folder, worker, is_store_shared=is_store_shared)
    await sharing.begin()
    server = await asyncio.start_unix_server(sharing.answer, _socket(folder, worker))
    writing = asyncio.create_task(sharing.keep_writing())
    metrics.gather = sharing.gather
    try:
        yield
    finally:
        writing.cancel()
        server.close()


@dataclass
class _Sharing:
    metrics: Metrics
    folder: Path
    worker: int
    is_store_shared: bool = field(kw_only=True)
    before: tuple[Counts, ...] = ()
    """Those of the workers in whose place this one is."""
    written: Counts | None = None
    """In the file."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Of the file."""

    async def begin(self) -> None:
        """Read the counts with which this worker goes on, and let the others know that it is there."""
        self.before = await self._read_file(self.worker)
        await self._write_file(self._count(self.metrics.read()))

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer another worker."""
        del reader
        with suppress(OSError):
            writer.write(await run_in_thread(partial(write_report, await self._report()), LARGE))
            await writer.drain()
        writer.close()

    async def gather(self) -> MetricsReport:
        """Return what all workers report together."""
        others = sorted({int(each.stem) for each in self.folder.glob("*.json")} - {self.worker})
        own, found = await self._report(), await asyncio.gather(*map(self._ask, others))
        reports = [each for each in found if each is not None]
        silent = [worker for worker, each in zip(others, found, strict=True) if each is None]
        ended = [counts for worker in silent for counts in await self._read_file(worker)]
        return add_reports(own, reports, ended, is_shared=self.is_store_shared)

    async def keep_writing(self) -> None:
        """Write the counts again and again. Until cancelled."""
        while True:
            await asyncio.sleep(_BETWEEN_FILES)
            await self._write_file(self._count(self.metrics.read()))

    async def _report(self) -> MetricsReport:
        report = await self.metrics.report(str(self.worker))
        report = report._replace(counts=self._count(report.counts))
        await self._write_file(report.counts)
        return report

    def _count(self, counts: Counts) -> Counts:
        return add_counts([counts, *self.before])

    async def _ask(self, worker: int) -> MetricsReport | None:
        """Return the report of another worker; None if it gives none, because it ended or is about to begin."""
        try:
            async with asyncio.timeout(_PATIENCE):
                reader, writer = await asyncio.open_unix_connection(_socket(self.folder, worker))
                try:
                    text = await reader.read()
                finally:
                    writer.close()
        except OSError:
            return None
        return await run_in_thread(partial(read_report, text), LARGE) if text else None

    async def _write_file(self, counts: Counts) -> None:
        async with self.lock:
            if counts == self.written:
                return
            try:
                await run_in_thread(partial(_write, self.folder / f"{self.worker}.json", counts), LARGE)
            except OSError as error:
                logger.warning("the counts of this worker's metrics cannot be kept: %s", error.strerror)
            self.written = counts

    async def _read_file(self, worker: int) -> tuple[Counts, ...]:
        try:
            return (await run_in_thread(partial(_read, self.folder / f"{worker}.json"), LARGE),)
        except FileNotFoundError:
            return ()


def _socket(folder: Path, worker: int) -> Path:
    return folder / f"{worker}.sock"


def _write(file: Path, counts: Counts) -> None:
    new = file.with_suffix(".new")
    new.write_text(json.dumps(write_counts(counts)))
    new.replace(file)


def _read(file: Path) -> Counts:
    return read_counts(json.loads(file.read_text()))
