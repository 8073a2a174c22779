"""What the tests over real sockets share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.server import Server, running
from tests.wire_real.clients import Proxy


@pytest.fixture(scope="session")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certs")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def proxy(server: Server) -> Proxy:
    return Proxy(port=server.port, ca=server.ca)
