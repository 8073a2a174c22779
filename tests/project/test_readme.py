"""What the pages promise is what the code has, and what the code has is on a page."""

import re
from itertools import chain

from llemulator_addon.adapters.settings import SETTINGS, Setting
from llemulator_addon.admin import ROUTES
from llemulator_addon.script.faults import FAULTS
from llemulator_addon.script.patterns import PATTERNS
from llemulator_addon.script.replies import REPLIES
from llemulator_addon.wire.endpoints import ENDPOINTS, OPERATIONS
from tests.project.pages import ROOT, code_spans

_LINES = 250


def test_the_readme_can_be_read_in_one_go() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) < _LINES


def test_the_table_of_settings_is_that_of_the_code() -> None:
    rows = _rows(r"--[a-z-]+")

    assert {option: cells[:2] for option, *cells in rows} == {setting.option: _cells(setting) for setting in SETTINGS}


def _cells(setting: Setting) -> list[str]:
    """Return what the row of a setting says of its variable and its default."""
    match setting.default:
        case None | () | False:
            default = ""
        case default:
            default = f"`{default}`"
    return [f"`{setting.variable}`", default]


def _rows(name: str) -> list[list[str]]:
    """Return the rows of the README's tables whose first cell is such a name in code font, with that cell bare."""
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    cells = ([cell.strip() for cell in line.strip("| ").split("|")] for line in lines if line.startswith("|"))
    return [[row[0].strip("`"), *row[1:]] for row in cells if re.fullmatch(f"`{name}`", row[0])]


def test_every_admin_route_is_on_a_page_and_every_one_on_a_page_is_there() -> None:
    routes = {f"{verb} {path}" for path, route in ROUTES.items() for verb in _verbs(route)}
    shown = {span for span in code_spans() if re.fullmatch(r"[A-Z]+ /(_emulator/[a-z./]+|healthz|readyz)", span)}

    assert shown == routes


def _verbs(route: object) -> list[str]:
    return [verb.upper() for verb in ("get", "post", "delete") if getattr(route, verb, None)]


def test_every_operation_is_on_a_page() -> None:
    operations = [*ENDPOINTS.values(), *OPERATIONS.values()]

    assert {f"{operation.verb} {operation.path}" for operation in operations} <= code_spans()


def test_every_word_of_the_script_language_is_on_a_page() -> None:
    assert set(chain(PATTERNS, REPLIES, FAULTS)) <= code_spans()
