"""What the pages promise is what the code has, and what the code has is on a page."""

from itertools import chain

from llemulator_addon.admin import ROUTES
from llemulator_addon.script.patterns import PATTERNS
from llemulator_addon.script.replies import REPLIES
from llemulator_addon.wire.endpoints import ENDPOINTS, OPERATIONS
from tests.project import tables
from tests.project.pages import ROOT, code_spans

_LINES = 250


def test_the_readme_can_be_read_in_one_go() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) < _LINES


def test_the_table_of_routes_has_every_path_and_every_method() -> None:
    shown = {route.split()[1]: _methods(f"{route} {says}") for route, says in tables.rows("routes")}

    assert shown == {path: set(route.methods) for path, route in ROUTES.items()}


def _methods(row: str) -> set[str]:
    return {"GET", "POST", "DELETE"} & set(row.replace("`", " ").split())


def test_the_table_of_endpoints_is_that_of_the_code() -> None:
    assert [name for name, _ in tables.rows("endpoints")] == list(
        dict.fromkeys([*ENDPOINTS, *(operation.rpartition(".")[0] for operation in OPERATIONS)])
    )


def test_every_word_of_the_script_language_is_on_a_page() -> None:
    assert set(chain(PATTERNS, REPLIES)) - code_spans() == set()
