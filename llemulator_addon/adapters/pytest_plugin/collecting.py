"""Collects the rows of tests from this process and from workers of pytest-xdist, and prints them at the end."""

from typing import Any

import pytest

from llemulator_addon.adapters.pytest_plugin.report import COLOURED, PROPERTY, SEEN, Report, row_from


class Collecting:
    """Hooks for the whole run."""

    def __init__(self, config: pytest.Config, report: Report) -> None:
        self._config = config
        self._report = report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the row of a test."""
        for name, value in report.user_properties if report.when == "teardown" else ():
            if name == PROPERTY:
                self._report.rows[report.nodeid] = row_from(str(value))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:  # noqa: ANN401 - of pytest-xdist, which need not be there
        """Tell a worker whether the terminal has colours."""
        node.workerinput[COLOURED] = bool(self._config.get_terminal_writer().hasmarkup)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object, error: object) -> None:
        """Add the report of a worker."""
        del error
        if written := getattr(node, "workeroutput", {}).get(SEEN):
            self._report.add(written)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print requests outside of any session, and, with --llemulator-report, the table."""
        strays = list(self._report.strays())
        if strays:
            terminalreporter.section("llemulator: requests outside of any session")
            terminalreporter.write("".join(f"{line}\n" for line in strays))
        if self._config.getoption("--llemulator-report"):
            terminalreporter.section("llemulator")
            terminalreporter.write("".join(f"{line}\n" for line in self._report.table()))
