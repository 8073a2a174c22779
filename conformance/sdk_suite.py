"""The generated tests of OpenAI's official Python SDK, from its own source packages, against a running llemulator.

They call every operation with every parameter and hold the answers to the SDK's types. As a command it says how much of
which folder passes:

    .venv/bin/python -m conformance.sdk_suite                        what is used most, with each version
    .venv/bin/python -m conformance.sdk_suite tests/api_resources    all operations
    .venv/bin/python -m conformance.sdk_suite --version 3.52.0 tests/api_resources/test_files.py
    .venv/bin/python -m conformance.sdk_suite --lock                 what the tests need, resolved again
"""

import argparse
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.server import Server, plain_environment, running
from conformance.sources import source_package
from conformance.venvs import ROOT, programs_of

STRICT = ROOT / "conformance" / "python" / "strict"
"""Our own tests of what the SDK is strict about."""
_UV = ROOT / ".venv" / "bin" / "uv"
_SECONDS = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """The tests of one version of the SDK."""

    version: str
    sha256: str
    """Of its source package."""
    tests: int
    """How many tests of operations it has, without those that it skips itself."""
    needs: tuple[str, ...]
    """What its tests import, beside the SDK."""

    @property
    def lock(self) -> Path:
        """Return the file with everything at its exact version."""
        return ROOT / "requirements" / f"sdk-suite-{self.version}.txt"


_ALWAYS = (
    "pytest-xdist",
    "respx ~= 0.22.0",
    "dirty-equals",
    "rich",
    "inline-snapshot",
    "nest-asyncio",
    "importlib-metadata",
)
NEWEST = Suite(
    version="3.57.0",
    sha256="5a0a89d6a542efc85e2a8cec701ca9265b795d578c777828e10fafdf80e333b6",
    tests=8_572,
    needs=(*_ALWAYS, "pytest ~= 9.0", "pytest-asyncio ~= 1.4", "time-machine"),
)
"""The newest version whose tests were run; only its whole suite is."""
SUITES = (
    Suite(
        version="3.52.0",
        sha256="258a4fec3e40b412c58672526ed33f20738c2e4ea27601792e73843af62466af",
        tests=8_572,
        needs=(*_ALWAYS, "pytest ~= 9.0", "pytest-asyncio ~= 1.4", "time-machine"),
    ),
    Suite(
        version="2.54.0",
        sha256="e3e6f8bc1ba30ddf381ace1a14340eed381cb984a1a59bd0f34b5be3b5d49cfa",
        tests=6_247,
        needs=(*_ALWAYS, "pytest ~= 8.4", "pytest-asyncio ~= 1.2.0", "time-machine", "jsonschema"),
    ),
    Suite(
        version="1.109.1",
        sha256="d173ed8dbca665892a6db099b4a2dfac624f94d20a93f46eb0b56aae940ed869",
        tests=2_822,
        needs=(*_ALWAYS, "pytest ~= 8.4", "pytest-asyncio ~= 0.24.0"),
    ),
)

_ALL = (*SUITES, NEWEST)
_HERE = "tests/api_resources"
CLAIMED = (
    f"{_HERE}/chat",
    f"{_HERE}/test_completions.py",
    f"{_HERE}/test_embeddings.py",
    f"{_HERE}/test_moderations.py",
    f"{_HERE}/test_models.py",
    f"{_HERE}/responses",
    f"{_HERE}/test_responses.py",
    f"{_HERE}/conversations",
    f"{_HERE}/test_conversations.py",
    f"{_HERE}/beta/responses",
    f"{_HERE}/beta/test_responses.py",
)
"""Files and folders that are run at each change; the operations that are used most."""
EVERYTHING = (_HERE,)
"""What all operations are called by: it takes minutes, and passes whole too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a run."""

    passed: Mapping[str, int]
    """How many tests, by the class that they are in, as `tests.api_resources.test_models.TestModels`."""
    failed: tuple[str, ...]
    """The names of the tests."""
    skipped: Mapping[str, str]
    """Why, by the names of the tests."""
    said: str
    """The end of what pytest printed."""


def run(suite: Suite, server: Server, tests: Sequence[str] = CLAIMED) -> Outcome:
    """Run tests of a suite through HTTPS_PROXY, unmodified; those that a version does not have yet are left out."""
    sources = source_package("openai", suite.version, suite.sha256)
    there = [test for test in tests if (sources / test).exists()]
    # `-n auto` among the suite's own options would take every core.
    variables = {**server.through_proxy(), "TEST_API_BASE_URL": "https://api.openai.com/v1"}
    return _pytest(suite, sources, ["-o", "addopts=", *there], variables)


def classes_of(suite: Suite, tests: Sequence[str] = CLAIMED) -> set[str]:
    """Return the classes that these files and folders of a suite have, one for each of the SDK's two clients."""
    sources = source_package("openai", suite.version, suite.sha256)
    return {
        f"{'.'.join(file.relative_to(sources).with_suffix('').parts)}.{name}"
        for test in tests
        for file in (sources.glob(test) if test.endswith(".py") else (sources / test).rglob("test_*.py"))
        for name in re.findall(r"^class (Test\w+)", file.read_text(), re.MULTILINE)
    }


def run_strict(suite: Suite) -> Outcome:
    """Run our own tests of what the SDK is strict about, with this version."""
    options = ["-o", "addopts=-p no:anyio --import-mode=importlib", "-W", "ignore", str(STRICT)]
    return _pytest(suite, ROOT, options, {"CONFORMANCE_PYTHON": sys.executable})


def _pytest(suite: Suite, folder: Path, options: Sequence[str], variables: Mapping[str, str]) -> Outcome:
    command = [str(programs_of(suite.lock) / "python"), "-m", "pytest", "-p", "no:cacheprovider", "--tb=short", "-q"]
    env = {**plain_environment(), **variables, "PYTHONDONTWRITEBYTECODE": "1"}
    with tempfile.TemporaryDirectory(prefix="sdk-suite-") as temporary:
        report = Path(temporary, "report.xml")
        done = subprocess.run(
            [*command, f"--junit-xml={report}", *options],
            cwd=folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        return _outcome(report, done.stdout)


def lock(suite: Suite) -> None:
    """Resolve what a suite needs to exact versions with hashes."""
    wanted = "\n".join((f"openai[aiohttp] == {suite.version}", *suite.needs))
    command = [str(_UV), "pip", "compile", "--quiet", "--system-certs", "--upgrade", "--universal"]
    command += ["--python-version", "3.12", "--generate-hashes", "--no-annotate"]
    command += ["--custom-compile-command", "python -m conformance.sdk_suite --lock"]
    subprocess.run([*command, "--output-file", str(suite.lock), "-"], input=wanted, text=True, check=True)


def _outcome(report: Path, said: str) -> Outcome:
    if not report.exists():
        raise RuntimeError(f"the suite did not run:\n{said[-4000:]}")
    # Written by pytest a moment ago.
    cases = list(ET.parse(report).iter("testcase"))  # noqa: S314
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    skipped = {_name(case): skip.get("message", "") for case in cases if (skip := case.find("skipped")) is not None}
    passed = [case for case in cases if case not in failed and _name(case) not in skipped]
    return Outcome(
        passed=Counter(str(case.get("classname")) for case in passed),
        failed=tuple(map(_name, failed)),
        skipped=skipped,
        said=said[-4000:],
    )


def _name(case: ET.Element) -> str:
    return f"{case.get('classname')}::{case.get('name')}"


def main() -> int:
    """Run what is asked for, and print what passed."""
    parser = argparse.ArgumentParser(prog="python -m conformance.sdk_suite", description=__doc__.split("\n", 1)[0])
    parser.add_argument("tests", nargs="*", default=CLAIMED, help="files and folders below the source package")
    parser.add_argument("--version", choices=[suite.version for suite in _ALL])
    parser.add_argument("--lock", action="store_true", help="resolve what the tests need again, and run nothing")
    asked = parser.parse_args()
    suites = [suite for suite in _ALL if asked.version in (None, suite.version)]
    if asked.lock:
        for suite in suites:
            lock(suite)
        return 0
    with running("--lenient") as server:
        outcomes = {suite.version: run(suite, server, asked.tests) for suite in suites}
    for version, outcome in outcomes.items():
        passed, failed, skipped = sum(outcome.passed.values()), len(outcome.failed), len(outcome.skipped)
        print(f"openai {version}: {passed} passed, {failed} failed, {skipped} skipped")
        print(*outcome.failed, sep="\n", end="\n" if outcome.failed else "")
    return int(any(outcome.failed for outcome in outcomes.values()))


if __name__ == "__main__":
    sys.exit(main())
