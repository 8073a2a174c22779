"""One server for the whole run, which every test talks to under tokens of its own."""

from collections.abc import Iterator

import pytest

from conformance.server import Server, running
from tests.children import children_hear_signals

__all__ = ["children_hear_signals", "server"]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running() as server:
        yield server
