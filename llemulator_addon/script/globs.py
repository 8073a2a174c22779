"""Globs: `*` is any run of characters, `?` is one."""

import re2

from llemulator_addon.script.regex import matches


def fits(glob: str, text: str) -> bool:
    """Whether the glob stands for the whole text."""
    return glob == text if is_plain(glob) else matches(_regex(glob), text)


def is_plain(glob: str) -> bool:
    """Whether the glob stands for one text only."""
    return "*" not in glob and "?" not in glob


def _regex(glob: str) -> str:
    spelled = "".join({"*": ".*", "?": "."}.get(character) or re2.escape(character) for character in glob)
    return rf"(?s)\A{spelled}\z"
