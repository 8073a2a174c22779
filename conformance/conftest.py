"""One server for the whole run, which every test talks to under tokens of its own.

EMULATOR_URL names one that runs already, such as http://localhost:8080.
"""

import os
from collections.abc import Iterator

import pytest

from conformance.server import Server, attached, running
from tests.children import children_hear_signals
from tests.distribution import (
    pytest_collection_modifyitems,
    pytest_xdist_auto_num_workers,
    pytest_xdist_make_scheduler,
)

__all__ = [
    "children_hear_signals",
    "pytest_collection_modifyitems",
    "pytest_xdist_auto_num_workers",
    "pytest_xdist_make_scheduler",
    "server",
]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    url = os.environ.get("EMULATOR_URL")
    with attached(url) if url else running("--keyless", "refuse") as server:
        yield server
