"""The official Python SDK's own generated tests pass, in the versions that applications have."""

from collections.abc import Iterator

import pytest

from conformance.sdk_suite import SUITES, Suite, run
from conformance.server import Server, running


@pytest.fixture(scope="module")
def lenient() -> Iterator[Server]:
    with running("--lenient") as server:
        yield server


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.version)
def test_the_sdks_own_suite_passes(suite: Suite, lenient: Server) -> None:
    outcome = run(suite, lenient)

    assert outcome.failed == (), outcome.said
    assert outcome.passed
