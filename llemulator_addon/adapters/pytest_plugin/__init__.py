"""The pytest plugin: fixture `llemulator`, a separate session for each test. pytest loads it by its entry point.

Every run of pytest loads this file if llemulator is installed, so slow imports wait until the first test needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from llemulator_addon.adapters.pytest_plugin.collecting import Collecting
from llemulator_addon.adapters.pytest_plugin.report import SEEN, Report

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from llemulator_addon.adapters.pytest_plugin.plugin import Plugin
    from llemulator_addon.adapters.pytest_plugin.session import Llemulator

_PLUGIN = pytest.StashKey["Plugin"]()
_REPORT = pytest.StashKey[Report]()
_NAME = "llemulator"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and settings."""
    group = parser.getgroup(_NAME, "llemulator: OpenAI's API, scripted")
    group.addoption("--llemulator-report", action="store_true", help="print a table of requests for each test")
    group.addoption("--llemulator-hermetic", action="store_true", help="block all other hosts")
    parser.addini("llemulator_allow", "hosts (globs) that --llemulator-hermetic does not block", type="linelist")
    parser.addini(
        "llemulator_verdicts", "client checks: report (only in the table) or fail (the test fails)", default="report"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.stash[_REPORT] = report = Report()
    config.pluginmanager.register(Collecting(config, report), "llemulator-collecting")
    config.addinivalue_line(
        "markers",
        "llemulator(script, verify=True, verdicts=False, ignore=()): load a script (a file, a text, or a value) for "
        "this test, and set how it is verified",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the fixture to tests that have the mark and do not name it."""
    for item in items:
        names = getattr(item, "fixturenames", None)
        if names is not None and _NAME not in names and item.get_closest_marker(_NAME):
            names.insert(0, _NAME)


@pytest.fixture
def llemulator(request: pytest.FixtureRequest) -> Iterator[Llemulator]:
    """OpenAI's API for this test: a separate token, script and journal, verified at the end.

    While the test runs, the environment routes clients that are created in it through the proxy.
    """
    path = request.path.parent
    with _plugin(request.config).session(request.node, folders=(path, request.config.rootpath)) as session:
        yield session


@pytest.fixture(scope="session")
def llemulator_session(request: pytest.FixtureRequest) -> Iterator[Llemulator]:
    """OpenAI's API for all tests of this process together, for an application that starts once."""
    node: Any = request.session
    with _plugin(request.config).session(node, folders=(request.config.rootpath,)) as session:
        yield session


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the requests next to the failure of a test."""
    report = yield
    plugin = item.config.stash.get(_PLUGIN, None)
    if plugin is not None and not report.passed and report.when != "teardown":
        _note_failure(item)
        if report.failed and (shown := plugin.show_requests(item, call.excinfo and call.excinfo.value)) is not None:
            report.sections.append((_NAME, shown))
    return report


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Note the requests that a test without the fixture made."""
    plugin = item.config.stash.get(_PLUGIN, None)
    if plugin is not None and _NAME not in getattr(item, "fixturenames", ()):
        plugin.note_strays(item)
    return (yield)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the proxy, and return its traffic."""
    plugin = session.config.stash.get(_PLUGIN, None)
    if plugin is None:
        return
    plugin.stop()
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[SEEN] = plugin.report.to_json()


def _plugin(config: pytest.Config) -> Plugin:
    if (plugin := config.stash.get(_PLUGIN, None)) is None:
        from llemulator_addon.adapters.pytest_plugin.plugin import Plugin  # noqa: PLC0415

        plugin = config.stash[_PLUGIN] = Plugin(config, config.stash[_REPORT])
    return plugin


def _note_failure(item: pytest.Item) -> None:
    from llemulator_addon.adapters.pytest_plugin.plugin import FAILED  # noqa: PLC0415

    item.stash[FAILED] = True
