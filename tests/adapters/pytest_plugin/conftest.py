"""Runs pytest on a suite of a user's."""

from collections.abc import Mapping

import pytest

from tests.adapters.pytest_plugin.suites import ASK, HEAD, Outcome, Run, run_together


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "suite(text): the suite of a user's that `outcome` is about")


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Run pytest on a suite, in which `ask` asks the API as any client would."""

    def run(suite: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(asking=ASK)
        pytester.makepyfile(test_it=HEAD + suite)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *options)

    return run


@pytest.fixture(scope="module")
def _outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Outcome]:
    """Run together the suites of all tests of this module that are to be run."""
    folder = tmp_path_factory.mktemp("suites")
    (folder / "asking.py").write_text(ASK)
    (folder / "weather.yaml").write_text("rules: [{match: {user_text: weather}, reply: {text: Sunny.}}]")
    items = [item for item in request.session.items if item.path == request.path]
    suites = {item.name: HEAD + mark.args[0] for item in items if (mark := item.get_closest_marker("suite"))}
    return run_together(folder, suites, "--color=yes")


@pytest.fixture
def outcome(request: pytest.FixtureRequest, _outcomes: Mapping[str, Outcome]) -> Outcome:
    """What pytest prints of the suite with which this test is marked."""
    return _outcomes[request.node.name]
