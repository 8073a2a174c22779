"""What the tests over real sockets share."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from conformance.server import Server, running
from tests.wire_real.clients import Proxy
from tests.wire_real.model_server import ModelServer
from tests.wire_real.model_server import serving as serving_models
from tests.wire_real.proxies import Elsewhere, elsewhere


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


@pytest.fixture(scope="module")
def models() -> Iterator[ModelServer]:
    with serving_models() as started:
        yield started


@pytest.fixture
async def network(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Elsewhere]:
    async with elsewhere(monkeypatch) as seen:
        yield seen
