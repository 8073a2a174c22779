"""What the programs that tests start inherit; `conftest.py` of both folders of tests use it."""

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def children_hear_signals() -> Iterator[None]:
    """Let no program that a test starts inherit that a signal is ignored, as below `nohup` or in a shell's background.

    A signal with a function, even one that does nothing, has its default action again in a program that is started.
    """
    signals = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
    ignored = [number for number in signals if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, lambda *_: None)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)
