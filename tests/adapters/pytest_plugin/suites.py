"""Suites of a user's, and what pytest prints of them."""

import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.patience import SECONDS

Run = Callable[..., pytest.RunResult]

ASK = """
import json, os, urllib.error, urllib.request

def ask(text, model="gpt-4o", key=None, **body):
    asked = {"model": model, "messages": [{"role": "user", "content": text}], **body}
    request = urllib.request.Request(
        "https://api.openai.com/v1/chat/completions",
        json.dumps(asked).encode(),
        {"Authorization": "Bearer " + (key or os.environ["OPENAI_API_KEY"]), "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=300) as answer:
            answer = answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    return answer.decode() if body.get("stream") else json.loads(answer)["choices"][0]["message"]["content"]
"""
HEAD = "import os\nimport pytest\nfrom asking import ask\n"
_ENDED = re.compile(r"^(?P<file>test_\w+\.py)::\S+ (?P<how>PASSED|FAILED|ERROR|SKIPPED|XFAIL)\b", re.MULTILINE)
_HEADING = re.compile(r"_+ (?:ERROR at (?:setup|teardown) of )?(?P<test>test_\w+) _+|=+ .* =+")
"""The first line of what is printed of a test, and of what is printed of none."""
_NOUNS = {"PASSED": "passed", "FAILED": "failed", "ERROR": "errors", "SKIPPED": "skipped", "XFAIL": "xfailed"}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What pytest prints of one suite, of several that run together."""

    file: str
    counts: Mapping[str, int]
    """Of its tests, by pytest's noun, such as `passed`."""
    coloured: str
    """The sections of its tests that failed, as printed."""
    summary: str
    """What is printed outside of such sections, of all suites."""

    @property
    def text(self) -> str:
        return without_colours(self.coloured)

    def assert_outcomes(self, **counts: int) -> None:
        assert self.counts == counts, self.text


def run_together(folder: Path, suites: Mapping[str, str], *options: str) -> dict[str, Outcome]:
    """Run suites in one pytest with one proxy, each in a file of its own: to start both costs more than most tests.

    What is printed of a test belongs to each suite that has a test of this name.
    """
    files = {name: f"test_{number}.py" for number, name in enumerate(suites)}
    for name, suite in suites.items():
        (folder / files[name]).write_text(suite)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *options, *files.values()],
        cwd=folder,
        env={**inherited, "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=2 * SECONDS,
        check=False,
    )
    counts: dict[str, Counter[str]] = {file: Counter() for file in files.values()}
    for found in _ENDED.finditer(without_colours(ended.stdout)):
        counts[found["file"]][_NOUNS[found["how"]]] += 1
    assert all(counts.values()), ended.stdout
    sections = _sections(ended.stdout)
    summary = without_colours(sections[""])
    return {
        name: Outcome(
            file=files[name],
            counts=counts[files[name]],
            coloured="".join(sections[test] for test in re.findall(r"^(?:async )?def (test_\w+)", suite, re.MULTILINE)),
            summary=summary,
        )
        for name, suite in suites.items()
    }


def _sections(printed: str) -> Mapping[str, str]:
    """Return what is printed of each test that failed, by its name, and below "" what is printed of none."""
    sections: defaultdict[str, str] = defaultdict(str)
    test = ""
    for line in printed.splitlines(keepends=True):
        if heading := _HEADING.fullmatch(without_colours(line.rstrip("\n"))):
            test = heading["test"] or ""
        sections[test] += line
    return sections


def without_colours(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def text_of(result: pytest.RunResult) -> str:
    return without_colours(result.stdout.str())
