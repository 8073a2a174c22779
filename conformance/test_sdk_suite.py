"""The official Python SDK's own generated tests pass, and ours of its helpers, in the versions that are in use."""

from collections.abc import Iterator

import pytest

from conformance.sdk_suite import EVERYTHING, NEWEST, STRICT, SUITES, Suite, classes_of, run, run_strict
from conformance.server import Server, running

_RESOURCES = (
    "Completions",
    "Messages",
    "Embeddings",
    "Moderations",
    "Models",
    "Responses",
    "InputItems",
    "Conversations",
)

_SKIPS_ITSELF = "aiohttp client is not compatible with "
"""What the suite says of tests that it does not run with one of its clients."""

every_version = pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.version)
all_versions = pytest.mark.parametrize("suite", [*SUITES, NEWEST], ids=lambda suite: suite.version)


@pytest.fixture(scope="module")
def lenient() -> Iterator[Server]:
    with running("--lenient") as server:
        yield server


@every_version
def test_the_sdks_own_suite_of_the_usual_operations_passes(suite: Suite, lenient: Server) -> None:
    outcome = run(suite, lenient)

    assert outcome.failed == (), outcome.said
    assert outcome.skipped == {}
    assert classes_of(suite) <= set(outcome.passed)


@pytest.mark.slow
@all_versions
def test_the_sdks_own_suite_of_all_operations_passes_whole(suite: Suite, lenient: Server) -> None:
    outcome = run(suite, lenient, EVERYTHING)

    assert outcome.failed == (), outcome.said
    assert {reason for reason in outcome.skipped.values() if not reason.startswith(_SKIPS_ITSELF)} == set()
    assert sum(outcome.passed.values()) == suite.tests


@every_version
def test_the_suite_has_every_core_endpoint_with_both_clients(suite: Suite) -> None:
    names = {name.rpartition(".")[2] for name in classes_of(suite)}

    assert {f"Test{client}{each}" for client in ("", "Async") for each in (*_RESOURCES, "Items")} <= names


@pytest.mark.parametrize("suite", SUITES[1:], ids=lambda suite: suite.version)
def test_the_strict_helpers_of_an_older_version_take_what_is_sent(suite: Suite) -> None:
    outcome = run_strict(suite)

    assert outcome.failed == (), outcome.said
    assert outcome.skipped == {}
    assert {name.rpartition(".")[2] for name in outcome.passed} == {file.stem for file in STRICT.glob("test_*.py")}
