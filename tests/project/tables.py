"""The tables of the pages that tests compare with the code, each below a line `<!-- table: NAME -->`.

`make generated` writes the tables of settings and endpoints, and those of `docs/api.md`.
"""

import re
from collections import Counter
from functools import partial
from pathlib import Path

from llemulator_addon.adapters.settings import default_of
from llemulator_addon.adapters.settings_table import SETTINGS, Setting
from llemulator_addon.core.admin_keys import AdminKeys
from llemulator_addon.core.upstream import UpstreamKeys, Upstreams
from llemulator_addon.wire.answer import Endpoint
from llemulator_addon.wire.described.gone import GONE
from llemulator_addon.wire.described.operations import list_described
from llemulator_addon.wire.endpoints import ENDPOINTS, OPERATIONS
from tests.project.pages import ROOT, pages
from tools.api_groups import GROUPS, ApiGroup, group_of

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
    """Return the README with the tables of settings and endpoints as the code has them."""
    return _write_tables(_README, ("settings", settings()), ("endpoints", _endpoints()))


def api_page() -> str:
    """Return the page of all operations with its tables as the code has them."""
    page = ROOT / "docs" / "api.md"
    return _write_tables(page, ("groups", _groups()), ("gone", _gone()), ("operations", _operations()))


def _write_tables(file: Path, *tables: tuple[str, str]) -> str:
    page = file.read_text("utf-8")
    for name, table in tables:
        page = _place(name).sub(partial(_below_line, table), page)
    return page


def _below_line(table: str, found: re.Match[str]) -> str:
    return found["line"] + table


def _endpoints() -> str:
    lines = ["| endpoints | operations | support |", "|---|---|---|"]
    lines += [f"| {each.name} | {count} | {each.does}{_more(each, 'docs/')} |" for each, count in _counted()]
    return "".join(f"{line}\n" for line in lines)


def _groups() -> str:
    lines = ["| group | operations | does | does not |", "|---|---|---|---|"]
    lines += [f"| {each.name} | {count} | {each.does}{_more(each, '')} | {each.lacks} |" for each, count in _counted()]
    return "".join(f"{line}\n" for line in lines)


def _more(group: ApiGroup, folder: str) -> str:
    return f" ([{folder}{group.page}]({folder}{group.page}))" if group.page else ""


def _counted() -> list[tuple[ApiGroup, int]]:
    """Return each group with the number of its operations."""
    counts = Counter(group_of(path) for path, _, _, _ in _list_operations())
    return [(each, counts[each]) for each in GROUPS]


def _gone() -> str:
    lines = ["| path | gone since |", "|---|---|", *(f"| `/v1{path}` | {day} |" for path, day in GONE.items())]
    return "".join(f"{line}\n" for line in lines)


def _list_operations() -> list[tuple[str, str, str, str]]:
    """Return path, method and name of each operation, and what answers it."""
    rows = [(each.path, each.method, each.name, _answers(each)) for each in ENDPOINTS.values()]
    rows += [(each.path, each.method, each.name, "itself") for each in OPERATIONS.values()]
    rows += [(each.path, each.method, each.name, "the table") for each in list_described()]
    return sorted(rows)


def _answers(endpoint: Endpoint) -> str:
    return "itself, in a message" if endpoint.only_in_talks else "itself"


def _operations() -> str:
    lines = ["| operation | name | answered by |", "|---|---|---|"]
    lines += [f"| `{method} /v1{path}` | `{name}` | {by} |" for path, method, name, by in _list_operations()]
    return "".join(f"{line}\n" for line in lines)


def _place(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?P<line>^<!-- table: {name} -->\n)(?P<table>(?:\|.*\n)*)", re.MULTILINE)


def _row(setting: Setting) -> str:
    return f"| `{setting.option}` | `{setting.variable}` | {_default(default_of(setting))} | {setting.meaning} |"


def _default(value: object) -> str:
    match value:
        case None | () | False | Upstreams() | UpstreamKeys() | AdminKeys():
            return ""
        case tuple():
            return f"`{','.join(map(str, value))}`"
        case int() if value and value % _MEBIBYTE == 0:
            return f"`{value // _MEBIBYTE}MiB`"
        case _:
            return f"`{value}`"
