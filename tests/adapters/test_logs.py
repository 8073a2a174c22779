import fcntl
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import count

import pytest

from llemulator_addon.adapters.logs import Log
from tests.patience import SECONDS

_LINES = 5_000


_numbers = count(500)


def _moved(end: int) -> int:
    """Give an end a number that no other gets: the thread of an earlier test may still write to its own."""
    moved = fcntl.fcntl(end, fcntl.F_DUPFD, next(_numbers))
    os.close(end)
    return moved


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read, write = os.pipe()
    ends = _moved(read), _moved(write)
    yield ends
    for end in ends:
        with suppress(OSError):
            os.close(end)


def _logger(log: Log) -> logging.Logger:
    logger = logging.getLogger(f"test.{next(_numbers)}")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(log)
    return logger


def _fill(logger: logging.Logger) -> None:
    for number in range(_LINES):
        logger.debug("%d %s", number, "a" * 1000)


def test_a_line_is_written(pipe: tuple[int, int]) -> None:
    read, write = pipe
    log = Log(write)
    _logger(log).info("one %s", "line")
    log.flush()

    assert os.read(read, 100) == b"one line\n"


def test_nobody_who_logs_waits_for_a_pipe_that_is_not_read(pipe: tuple[int, int]) -> None:
    logger = _logger(Log(pipe[1]))
    logs = threading.Thread(target=_fill, args=(logger,), daemon=True)
    logs.start()
    logs.join(SECONDS)

    assert not logs.is_alive()


def test_lines_that_find_no_room_are_dropped_and_counted(pipe: tuple[int, int]) -> None:
    read, write = pipe
    log = Log(write)
    logger = _logger(log)
    _fill(logger)
    reader = threading.Thread(target=_all_of, args=(read, said := bytearray()), daemon=True)
    reader.start()
    _flush_until_written(log)
    logger.debug("read again")
    _flush_until_written(log)
    os.close(write)
    reader.join(SECONDS)

    lines = said.decode().splitlines()
    notes = [line.removeprefix("llemulator: WARNING: ") for line in lines if "were dropped" in line]
    kept = [int(line.split()[0]) for line in lines if line.endswith("a" * 1000)]
    assert {note.partition(" ")[2] for note in notes} == {"lines were dropped: nobody read the log fast enough"}
    assert sum(int(note.split()[0]) for note in notes) == _LINES - len(kept) > 0
    assert kept == sorted(kept)
    assert lines[-1] == "read again"


def test_an_end_waits_a_moment_and_no_longer_for_a_pipe_that_is_not_read(pipe: tuple[int, int]) -> None:
    log = Log(pipe[1])
    _fill(_logger(log))
    flushes = threading.Thread(target=log.flush, daemon=True)
    flushes.start()
    flushes.join(SECONDS)

    assert not flushes.is_alive()


def _all_of(descriptor: int, into: bytearray) -> None:
    with suppress(OSError):
        while piece := os.read(descriptor, 1 << 16):
            into += piece


def _flush_until_written(log: Log) -> None:
    for _ in range(20):
        log.flush()
