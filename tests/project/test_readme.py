"""What the pages promise is what the code has, and what the code has is on a page."""

import re
from itertools import chain

from llemulator_addon.admin import ROUTES
from llemulator_addon.script.patterns import PATTERNS
from llemulator_addon.script.replies import REPLIES
from llemulator_addon.wire.described.operations import all_names
from tests.project import tables
from tests.project.pages import ROOT, code_spans, pages

_LINES = 250
_WORDS = 50


def test_the_readme_can_be_read_in_one_go() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) < _LINES


def test_the_table_of_routes_has_every_path_and_every_method() -> None:
    shown = {route.split()[1]: _methods(f"{route} {says}") for route, says in tables.rows("routes")}

    assert shown == {path: set(route.methods) for path, route in ROUTES.items()}


def _methods(row: str) -> set[str]:
    return {"GET", "POST", "DELETE"} & set(row.replace("`", " ").split())


def test_no_page_is_empty() -> None:
    short = [page.name for page in pages() if len(page.read_text("utf-8").split()) < _WORDS]

    assert short == []


def test_every_operation_is_in_the_table_of_operations() -> None:
    named = {part[1] for _, rest in tables.rows("operations") if (part := re.match(r" `([^`]+)` \|", rest))}

    assert named == set(all_names())


def test_every_word_of_the_script_language_is_on_a_page() -> None:
    assert set(chain(PATTERNS, REPLIES)) - code_spans() == set()
