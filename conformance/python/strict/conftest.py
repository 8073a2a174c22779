"""Each test is played with both clients of the SDK, led to the server in both ways."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

import pytest

from conformance.python.strict.talking import KINDS, Talk, talking
from conformance.server import Server

type Begin = Callable[..., AbstractAsyncContextManager[Talk]]


@pytest.fixture(params=KINDS)
def begin(request: pytest.FixtureRequest, way: Server) -> Begin:
    """Begin a session with a script."""
    return partial(talking, way, request.param)
