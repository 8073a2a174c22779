"""What the project asks of itself has a reason, and what it installs is what it names."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.project.pages import ROOT, tracked

_PYPROJECT = (ROOT / "pyproject.toml").read_text("utf-8")
_PROJECT: dict[str, Any] = tomllib.loads(_PYPROJECT)


def test_every_exception_from_ruff_has_its_reason_beside_it() -> None:
    section = _PYPROJECT.split("[tool.ruff.lint]")[1].split("[tool.mypy]")[0]
    exceptions = re.findall(r'^ +"[A-Z]+\d*",.*$', section, re.MULTILINE)

    assert exceptions
    assert [line for line in exceptions if not re.search(r"# \w.{5,}$", line)] == []


@pytest.mark.parametrize("lock", tracked("requirements/*.txt"), ids=lambda lock: lock.name)
def test_every_locked_package_has_one_version_and_hashes(lock: Path) -> None:
    entries = re.findall(r"^(\S.*?)(?=^\S|\Z)", _without_comments(lock), re.MULTILINE | re.DOTALL)

    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_the_locks_have_what_pyproject_asks_for() -> None:
    extra = [Requirement(wish) for wish in _PROJECT["project"]["optional-dependencies"]["smollm"]]
    others = [wish for wish in asked("dependencies", "optional-dependencies", "dependency-groups") if wish not in extra]

    assert _missing("dev", others) == []
    assert _missing("smollm", [*asked("dependencies"), *extra]) == []


def _missing(lock: str, wishes: list[Requirement]) -> list[str]:
    locked = dict(
        re.findall(r"^([a-z0-9.-]+)==([^ ;\\]+)", (ROOT / f"requirements/{lock}.txt").read_text(), re.MULTILINE)
    )
    return [str(wish) for wish in wishes if locked.get(canonicalize_name(wish.name), "0") not in wish.specifier]


@pytest.mark.parametrize(
    "folder",
    ["console", "conformance/console", "conformance/js", "conformance/frameworks/js", "conformance/applications/js"],
)
def test_the_locks_of_npm_name_no_place_and_have_hashes(folder: str) -> None:
    packages = json.loads((ROOT / folder / "package-lock.json").read_text())["packages"]

    assert [
        name for name, package in packages.items() if name and ("resolved" in package or "integrity" not in package)
    ] == []


def test_the_changelog_has_a_section_for_what_is_next() -> None:
    assert re.search(r"^## \[Unreleased\]$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def asked(*sections: str) -> list[Requirement]:
    """Return what these sections of pyproject.toml ask for, of every extra and every group."""
    found = [
        (_PROJECT if section == "dependency-groups" else _PROJECT["project"]).get(section, []) for section in sections
    ]
    groups = [group for section in found for group in (section.values() if isinstance(section, dict) else [section])]
    return [Requirement(wish) for group in groups for wish in group if isinstance(wish, str)]


def _without_comments(file: Path) -> str:
    return "".join(line for line in file.read_text().splitlines(keepends=True) if not line.lstrip().startswith("#"))
