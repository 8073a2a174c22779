"""`docs/script.md` has every word of the language, with an example that does what the page says."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import get_args, override

import pytest

from llemulator_addon.core.choices import OnUnmatched
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Steps
from llemulator_addon.emulator import Emulator, EmulatorSettings
from llemulator_addon.engine.failing_models import ACTING
from llemulator_addon.script.faults import FAULTS
from llemulator_addon.script.patterns import COMBINING, PATTERNS
from llemulator_addon.script.reader import ScriptBody, read_text
from llemulator_addon.script.replies import REPLIES
from llemulator_addon.script.reply import ReplyPart
from llemulator_addon.script.templates.filters import FILTERS, TESTS
from llemulator_addon.script.templates.source import FUNCTIONS, VARIABLES
from llemulator_addon.store.memory import MemoryStore
from tests.playing import chat, json_of, kinds, play, status

_PAGE = (Path(__file__).parents[2] / "docs/script.md").read_text("utf-8")
_BLOCK = re.compile(r"^```(?P<marks>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class _Example:
    heading: str
    script: str
    conversation: str

    @override
    def __str__(self) -> str:
        return self.heading


def _sections() -> dict[str, str]:
    """Return what stands below each heading; `match stream` for a word whose heading occurs twice."""
    parts = re.split(r"^(##+ .*)$", _PAGE, flags=re.MULTILINE)
    chapter, found = "", {}
    for heading, text in zip(parts[1::2], parts[2::2], strict=True):
        title = heading.lstrip("# ").strip()
        if heading.startswith("## "):
            chapter = title.strip("`").partition("`")[0]
            found[title] = text
        else:
            found[f"{chapter} {title.strip('`')}"] = text
    return found


def _examples() -> Iterator[_Example]:
    for heading, text in _sections().items():
        blocks = list(_BLOCK.finditer(text))
        for block, after in pairwise(blocks):
            if block["marks"] == "yaml" and after["marks"] == "text played":
                yield _Example(heading, block["text"], after["text"])


@pytest.mark.parametrize("example", list(_examples()), ids=str)
def test_an_example_plays_as_the_page_says(example: _Example) -> None:
    server = Emulator(EmulatorSettings(script=read_text(example.script, "yaml")), MemoryStore)
    lines = example.conversation.splitlines()

    answered = [
        _line(play(server, _asked(ask))[0], wanted.partition(" ")[0])
        for ask, wanted in zip(lines[::2], lines[1::2], strict=True)
    ]

    assert answered == lines[1::2]


def _asked(line: str) -> Request:
    text = line.removeprefix("ask ")
    if not text.startswith("{"):
        return chat(text)
    body, end = json.JSONDecoder().raw_decode(text)
    return chat(text[end:].strip(), **body)


def _line(steps: Steps, verb: str) -> str:
    if verb == "plays":
        return f"plays {' '.join(kind.__name__ for kind in kinds(steps))}"
    answer = json_of(steps)
    if "error" in answer:
        return f"fails {status(steps)} {answer['error']['code']}"
    return f"says {answer['choices'][0]['message']['content']}"


@pytest.mark.parametrize(
    ("chapter", "words"),
    [
        ("match", [*PATTERNS, *COMBINING]),
        ("reply", [name.removesuffix("_") for name in ReplyPart.model_fields] + list(REPLIES)),
        ("faults", list(FAULTS)),
    ],
)
def test_every_word_has_an_example_that_uses_it(chapter: str, words: list[str]) -> None:
    sections = _sections()
    scripts = {
        word: "".join(block["text"] for block in _BLOCK.finditer(sections.get(f"{chapter} {word}", "")))
        for word in words
    }

    assert [word for word, script in scripts.items() if not re.search(rf"\b{word}:", script)] == []
    headings = {
        name.removeprefix(f"{chapter} ")
        for name in sections
        if name.startswith(f"{chapter} ") and name[len(chapter) + 1 :].isidentifier()
    }
    assert headings == set(words)


def test_the_tables_have_every_name() -> None:
    named = set(re.findall(r"`([a-z_-]+)(?:\(.*?\))?`", _PAGE))

    assert set(ScriptBody.model_fields) - named == set()
    assert {*VARIABLES, *FUNCTIONS, *FILTERS, "default", *TESTS, *ACTING} - named == set()


def test_every_fallback_is_on_the_page() -> None:
    assert {f"| `{name}` |" for name in get_args(OnUnmatched)} - set(re.findall(r"\| `[a-z]+` \|", _PAGE)) == set()
