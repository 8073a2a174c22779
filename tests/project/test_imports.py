"""What is imported is asked for: nothing is there only because something else brought it along."""

import ast
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.project.pages import ROOT, tracked
from tests.project.test_pyproject import asked

_OURS = {"llemulator_addon", "tests", "conformance", "benchmarks", "tools"}


def test_the_package_imports_only_what_it_depends_on() -> None:
    assert _unasked(tracked("llemulator_addon/*.py"), _names(asked("dependencies", "optional-dependencies"))) == {}


def test_tests_import_only_what_is_asked_for() -> None:
    folders = ("tests", "conformance", "benchmarks", "tools")
    # Programs of users, in `programs` folders, have environments of their own.
    files = [file for file in tracked(*(f"{folder}/*.py" for folder in folders)) if "programs" not in file.parts]

    assert _unasked(files, _names(asked("dependencies", "optional-dependencies", "dependency-groups"))) == {}


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("run", "--", "true"), id="run"),
        pytest.param(("run", "--script", str(ROOT / "scripts/hello.yaml"), "--", "true"), id="run with a script"),
        pytest.param(("--port", "{taken}"), id="serve"),
    ],
)
def test_starting_imports_nothing_that_it_does_not_use(arguments: tuple[str, ...], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # Serving ends where it finds its port taken, and has imported all by then.
        words = [word.format(taken=listener.getsockname()[1]) for word in arguments]
        ran = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "llemulator_addon", *words],
            cwd=tmp_path,
            check=False,
            capture_output=True,
            text=True,
        )
    imported = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines() if line.startswith("import time:")}

    assert {"llemulator_addon.emulator", "mitmproxy.proxy.layers"} <= imported
    assert _UNUSED & imported == set()


_UNUSED = {
    "opentelemetry.sdk",
    "grpc",
    "flask",
    "jinja2",
    "ldap3",
    "openai",
    "tiktoken",
    "llemulator_addon.adapters.run.doctor",
    "llemulator_addon.simulate.answer",
    "llemulator_addon.script.converting",
}
"""What takes long to import, and is there for other ways to use the program."""


@pytest.mark.parametrize("words", [("--version",), ("help", "run"), ("--port", "none")], ids=" ".join)
def test_what_needs_no_program_imports_none_of_it(words: tuple[str, ...]) -> None:
    program = f"""
import sys
from llemulator_addon.adapters.command_line import main
try:
    main({list(words)})
except SystemExit:
    pass
print({_SLOW} & set(sys.modules))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ran.stdout.splitlines()[-1] == "set()"


_SLOW = {
    "mitmproxy",
    "pydantic",
    "pydantic_core",
    "yaml",
    "llemulator_addon.emulator",
    "llemulator_addon.wire.redaction",
}
"""What takes most of the time of a start."""


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
