"""One word for one thing: names that say nothing, or something that the glossary calls otherwise."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.project.pages import ROOT, tracked

_AVOID = {
    "mock",
    "stub",
    "handler",
    "manager",
    "helper",
    "helpers",
    "util",
    "utils",
    "data",
    "info",
    "context",
    "process",
}
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def test_names_are_the_glossarys() -> None:
    names = [f"{file.relative_to(ROOT)}: {name}" for file in tracked("llemulator_addon/*.py") for name in _names(file)]

    assert [name for name in names if _AVOID & {word.lower() for word in _WORDS.findall(name.split(": ")[1])}] == []


def _names(file: Path) -> Iterator[str]:
    yield file.stem
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not _is_given(node):
            yield node.name


def _is_given(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Whether a name is that of a method elsewhere, which has it checked there, or is of a library."""
    return any(isinstance(each, ast.Name) and each.id == "override" for each in node.decorator_list)
