"""The tables of the pages that tests compare with the code, each below a line `<!-- table: NAME -->`.

`make generated` writes the table of settings.
"""

import re

from llemulator_addon.adapters.settings import default_of
from llemulator_addon.adapters.settings_table import SETTINGS, Setting
from llemulator_addon.core.upstream import UpstreamKeys, Upstreams
from tests.project.pages import ROOT, pages

_README = ROOT / "README.md"
_MEBIBYTE = 1 << 20


def written(name: str) -> str:
    """Return a table as it stands on its page; raises if no page has it, or more than one."""
    found = [table["table"] for page in pages() if (table := _place(name).search(page.read_text("utf-8")))]
    assert len(found) == 1, f"{len(found)} pages have a line <!-- table: {name} -->"
    return found[0]


def rows(name: str) -> list[tuple[str, str]]:
    """Return the first cell of each row, without its code font, and the rest of the row."""
    lines = written(name).splitlines()[2:]
    parts = (re.fullmatch(r"\| `([^`]+)` \|(.*)\|", line) for line in lines)
    return [(part[1], part[2]) for part in parts if part]


def settings() -> str:
    """Return the table of settings as the code has them."""
    lines = ["| option | variable | default | meaning |", "|---|---|---|---|", *map(_row, SETTINGS)]
    return "".join(f"{line}\n" for line in lines)


def readme() -> str:
    """Return the README with the table of settings as the code has them."""
    return _place("settings").sub(lambda found: found["line"] + settings(), _README.read_text("utf-8"))


def _place(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?P<line>^<!-- table: {name} -->\n)(?P<table>(?:\|.*\n)*)", re.MULTILINE)


def _row(setting: Setting) -> str:
    return f"| `{setting.option}` | `{setting.variable}` | {_default(default_of(setting))} | {setting.meaning} |"


def _default(value: object) -> str:
    match value:
        case None | () | False | Upstreams() | UpstreamKeys():
            return ""
        case tuple():
            return f"`{','.join(map(str, value))}`"
        case int() if value and value % _MEBIBYTE == 0:
            return f"`{value // _MEBIBYTE}MiB`"
        case _:
            return f"`{value}`"
