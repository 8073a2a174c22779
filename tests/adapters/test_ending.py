"""Processes that are busy, and the signals that end them all the same."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from llemulator_addon.adapters.ending import SAME
from tests.patience import SECONDS

_SERVING = """
import asyncio, sys
from llemulator_addon.adapters.ending import end_on_signals

async def main():
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    with end_on_signals(loop, told.set, float(sys.argv[2])):
        print("ready", flush=True)
        exec(sys.argv[1])
        await told.wait()
        await asyncio.sleep(0.3)

asyncio.run(main())
"""
_RUNNING = """
import asyncio, sys
from llemulator_addon.adapters.run.child import status_of

async def main():
    asyncio.get_running_loop().call_later(1, exec, "print('ready', flush=True)\\n" + sys.argv[1])
    command = [sys.executable, "-c", "import signal; signal.pause()"]
    sys.exit(await status_of(command, {}))

asyncio.run(main())
"""
_IN_PYTHON = "while True: pass"
_IN_C = "sum(range(10**13))"
_LONG = str(SECONDS)
_LATER = 4 * SAME
"""Seconds after which a signal is another one, also where the first is heard late."""


@contextmanager
def _busy(program: str, with_: str, grace: str = _LONG) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", program, with_, grace], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout
        try:
            assert started.stdout.readline() == "ready\n"
            yield started
        finally:
            started.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("busy", [_IN_PYTHON, _IN_C])
def test_a_second_signal_ends_a_server_that_is_busy(number: signal.Signals, busy: str) -> None:
    with _busy(_SERVING, busy) as server:
        time.sleep(SAME)  # it says that it is ready, and then begins
        os.kill(server.pid, number)
        time.sleep(_LATER)
        was_there = server.poll() is None
        os.kill(server.pid, number)

        assert (was_there, server.wait(SECONDS)) == (True, -number)


def test_the_second_signal_may_be_another_one() -> None:
    with _busy(_SERVING, _IN_PYTHON) as server:
        os.kill(server.pid, signal.SIGINT)
        time.sleep(_LATER)
        os.kill(server.pid, signal.SIGTERM)

        assert server.wait(SECONDS) == -signal.SIGTERM


def test_a_server_that_does_not_end_by_itself_is_ended_and_says_where_it_was() -> None:
    with _busy(_SERVING, "def busy():\n    while True: pass\nbusy()", grace="0.5") as server:
        os.kill(server.pid, signal.SIGTERM)
        _, said = server.communicate(timeout=SECONDS)

        assert (server.returncode, "Timeout" in said, "in busy" in said) == (1, True, True)


def test_a_signal_that_comes_twice_at_once_is_one() -> None:
    # It sends them to itself: another process might be held up between the two.
    with _busy(_SERVING, "import os, signal\nfor _ in range(2): os.kill(os.getpid(), signal.SIGTERM)") as server:
        assert server.wait(SECONDS) == 0


def test_a_second_signal_ends_run_and_its_command_where_the_first_is_not_passed_on() -> None:
    with _busy(_RUNNING, _IN_PYTHON) as run:
        os.kill(run.pid, signal.SIGTERM)
        time.sleep(_LATER)
        was_there = run.poll() is None
        os.kill(run.pid, signal.SIGTERM)

        assert (was_there, run.wait(SECONDS)) == (True, -signal.SIGTERM)
