"""What must not stand anywhere in the project."""

import re
from pathlib import Path

from tests.project.pages import ROOT, tracked

_BINARY = {".png", ".gif", ".svg", ".xz", ".gz", ".bpe"}

# Put together here, so that this file does not have them.
_REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("crates", "io"),
        ("deb", "debian"),
        ("proxy", "golang"),
    )
]
_OPEN_ENDS = ["".join(parts) for parts in (("TO", "DO"), ("FIX", "ME"), ("XX", "X"), ("NotImplemented", "Error"))]


def test_no_file_names_a_registry_a_folder_of_a_machine_or_an_open_end() -> None:
    texts = {_name(file): file.read_text("utf-8") for file in tracked() if file.suffix not in _BINARY}
    found = {name: _unwanted(text) for name, text in texts.items()}

    assert {name: words for name, words in found.items() if words} == {}


def _unwanted(text: str) -> list[str]:
    words = [word for word in (*_REGISTRIES, *_OPEN_ENDS) if word in text]
    return [*words, *re.findall(r"(?<![\w.}/])/(?:work|farm|root|home/\w+|Users)/\S*", text)]


def test_every_file_ends_with_one_line_end_and_has_no_white_space_at_the_end_of_a_line() -> None:
    wrong = [
        _name(file)
        for file in tracked("*.py", "*.mjs", "*.md", "*.yaml", "*.toml", "Makefile", ".ci/*")
        if (text := file.read_text("utf-8")) and (not text.endswith("\n") or text.endswith("\n\n") or _trails(text))
    ]

    assert wrong == []


def _trails(text: str) -> bool:
    return re.search(r"[ \t]+$", text, re.MULTILINE) is not None


def _name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()
