"""Each test is played with both clients of the SDK, led to the server in both ways."""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial

import pytest

from conformance.python.strict.talking import KINDS, Talk, talking
from conformance.server import Server

type Begin = Callable[..., AbstractAsyncContextManager[Talk]]


@pytest.fixture(scope="module", params=["through HTTPS_PROXY", "by base URL"])
def way(request: pytest.FixtureRequest, server: Server) -> Iterator[Server]:
    """Lead clients to the server with variables alone."""
    variables = server.through_proxy() if request.param == "through HTTPS_PROXY" else server.by_base_url()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "OPENAI_BASE_URL", "SSL_CERT_DIR"):
            patch.delenv(name, raising=False)
            patch.delenv(name.lower(), raising=False)
        for name, value in variables.items():
            patch.setenv(name, value)
        yield server


@pytest.fixture(params=KINDS)
def begin(request: pytest.FixtureRequest, way: Server) -> Begin:
    """Begin a session with a script."""
    return partial(talking, way, request.param)
