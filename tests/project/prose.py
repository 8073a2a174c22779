"""The prose of a file: all but sentences for people is blanked out, and each line keeps its place."""

import ast
import re
from itertools import zip_longest

_FENCE = re.compile(r"^(`{3,})[^\n`]*\n.*?^\1 *$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`|<!--.*?-->|\]\([^)\n]*\)", re.DOTALL)
_COMMENT = re.compile(r"(?:^|(?<=\s))#+[ !](.*)$|(?<=: )## (.*)$")


def of_page(text: str) -> str:
    """Return the prose of a Markdown page: no code blocks, no code font, no addresses of links."""
    return _CODE.sub(_blank, _FENCE.sub(_blank, text))


def of_comments(text: str) -> str:
    """Return the comments that begin with `#`."""
    found = (_COMMENT.search(line) for line in text.splitlines())
    return of_page("\n".join(next(filter(None, comment.groups()), "") if comment else "" for comment in found))


def of_whole(text: str) -> str:
    """Return a file of few keys and many descriptions as it is."""
    return of_page(text)


def of_strings(text: str) -> str:
    """Return the docstrings and text literals of a Python file, each from the line on which it begins."""
    lines: list[str] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            added = [""] * (node.lineno - 1) + node.value.splitlines()
            lines = [f"{line} . {more}" if more else line for line, more in zip_longest(lines, added, fillvalue="")]
    return of_page("\n".join(lines))


def _blank(found: re.Match[str]) -> str:
    """Blank out a match; a letter stays, so that the words around it do not become neighbours."""
    return "x" + "\n" * found[0].count("\n")
