"""Pages are in plain English: docs/glossary.md lists words that are not to come back, with the plain ones to write."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.project import prose, tables
from tests.project.pages import ROOT, tracked

_PROSE: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("*.md", prose.of_page),
    ("scripts/*.yaml", prose.of_comments),
    ("k8s/*.yaml", prose.of_comments),
    ("charts/*.yaml", prose.of_comments),
    ("*docker-compose.yml", prose.of_comments),
    ("*Dockerfile", prose.of_comments),
    ("Makefile", prose.of_comments),
    ("action.yml", prose.of_whole),
    ("benchmarks/*.py", prose.of_strings),
    ("tools/*.py", prose.of_strings),
    ("llemulator_addon/*.py", prose.of_strings),
)

_EXEMPT = {
    "docs/glossary.md": "it lists the words",
    "docs/architecture.md": "it speaks of the code, in the words of the code",
}

_WHAT = re.compile(r"(?<=[.:;|] )What\b[^.?!|]*[.!|]|(?<=\n\n)What\b[^.?!|]*[.!|]")
"""A sentence that is no question and begins with "What"."""


def _plain() -> dict[str, str]:
    """Return each phrase that is not to come back, with what to write."""
    rows = (line.strip("| ").split(" | ") for line in tables.written("plain words").splitlines()[2:])
    return {phrase: plain for phrases, plain in rows for phrase in phrases.split(", ")}


def _pattern(phrase: str) -> re.Pattern[str]:
    words = (r"[\w'-]+" if word == "…" else re.escape(word) for word in phrase.split())
    return re.compile(rf"\b{r'\s+'.join(words)}\b", re.IGNORECASE)


_PLAIN = {phrase: (_pattern(phrase), plain) for phrase, plain in _plain().items()}


def _found(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line of each phrase, and what to write in its place."""
    for phrase, (pattern, plain) in _PLAIN.items():
        for found in pattern.finditer(text):
            yield text.count("\n", 0, found.start()) + 1, f'"{phrase}"; write: {plain}'
    for found in _WHAT.finditer(text):
        yield text.count("\n", 0, found.start()) + 1, 'a sentence that begins with "What"; write a noun'


def _name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@pytest.mark.parametrize(("files", "read"), _PROSE, ids=[files for files, _ in _PROSE])
def test_pages_are_in_plain_english(files: str, read: Callable[[str], str]) -> None:
    found = [
        f"{_name(file)}:{line}: {says}"
        for file in tracked(files)
        if _name(file) not in _EXEMPT
        for line, says in sorted(_found(read(file.read_text("utf-8"))))
    ]

    assert found == []


@pytest.mark.parametrize("phrase", _PLAIN)
def test_a_phrase_is_found_with_its_line_even_where_a_line_ends_in_it(phrase: str) -> None:
    words = phrase.replace("…", "any").replace(" ", "\n")

    assert 2 in [line for line, _ in _found(f"A page.\nIt says {words}, too.")]


def test_code_and_questions_are_not_searched() -> None:
    page = "Write `amiss`, [here](amiss.md).\n```sh\namiss\n```\n\nWhat is a rule? A match and a reply."

    assert list(_found(prose.of_page(page))) == []


def test_of_a_program_the_texts_are_searched() -> None:
    program = 'amiss = 1\n\ndef check() -> str:\n    """Say\n    what is amiss."""\n    return f"{amiss} amiss"\n'

    assert [line for line, _ in _found(prose.of_strings(program))] == [5, 6]


def test_of_a_makefile_the_help_is_searched() -> None:
    assert [line for line, _ in _found(prose.of_comments("a = amiss\ntest: setup ## what is amiss\n"))] == [2]
