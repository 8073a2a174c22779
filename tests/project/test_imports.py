"""What is imported is asked for: nothing is there only because something else brought it along."""

import ast
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.project.pages import ROOT, tracked
from tests.project.test_pyproject import asked

_OURS = {"llemulator_addon", "tests", "conformance", "bench"}


def test_the_package_imports_only_what_it_depends_on() -> None:
    assert _unasked(tracked("llemulator_addon/*.py"), _names(asked("dependencies", "optional-dependencies"))) == {}


def test_tests_import_only_what_is_asked_for() -> None:
    # Programs of users, in `programs` folders, have environments of their own.
    files = [file for file in tracked("tests/*.py", "conformance/*.py", "bench/*.py") if "programs" not in file.parts]

    assert _unasked(files, _names(asked("dependencies", "optional-dependencies", "dependency-groups"))) == {}


def _unasked(files: list[Path], wanted: set[str]) -> dict[str, list[str]]:
    """Return, by file, the modules whose distribution nobody asks for."""
    found = {
        file.relative_to(ROOT).as_posix(): [name for name in _modules(file) if not _dists(name) & wanted]
        for file in files
    }
    return {file: sorted(set(names)) for file, names in found.items() if names}


def _modules(file: Path) -> Iterator[str]:
    """Yield the first names of the modules of others that a file imports."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        match node:
            case ast.Import(names=names):
                roots = [alias.name for alias in names]
            case ast.ImportFrom(module=str(module), level=0):
                roots = [module]
            case _:
                continue
        yield from ({name.partition(".")[0] for name in roots} - _OURS - sys.stdlib_module_names)


def _dists(module: str) -> set[str]:
    # What is not installed here, as a model's server, has a module of the same name.
    return {canonicalize_name(name) for name in _installed().get(module, [module])}


@cache
def _installed() -> Mapping[str, list[str]]:
    return packages_distributions()


def _names(requirements: list[Requirement]) -> set[str]:
    return {canonicalize_name(requirement.name) for requirement in requirements}
