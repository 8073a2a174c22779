"""An admin page."""

from tests.admin import test_openapi
from tests.playing import body_of, emulator, headers_of, play, request
from tests.project import test_readme
from tests.project.additions import Addition, Replacing, insert

_PAGE = '''"""`/_emulator/hello`: a page for a browser."""

from llemulator_addon.admin.route import AdminCall, answer
from llemulator_addon.core.steps import Steps

PRODUCES = "text/html"

def show(call: AdminCall) -> Steps:
    """Greet."""
    return answer(f"<h1>Hello from {call.server.version}</h1>".encode(), PRODUCES)
'''
_LINES = """
from llemulator_addon.admin import added

ROUTES: dict[str, Route] = {
    "/_emulator/hello": Route(get=added.show, needs_token=False, produces=added.PRODUCES),
"""


def show() -> None:
    """Use it."""
    (answer,) = play(emulator(version="1.2"), request("GET", "/_emulator/hello", token=None))

    assert body_of(answer) == b"<h1>Hello from 1.2</h1>"
    assert headers_of(answer)["content-type"] == "text/html"
    test_openapi.test_it_has_every_route_and_method()
    test_openapi.test_a_route_produces_what_it_says("/_emulator/hello")
    test_openapi.test_every_operation_has_a_name_of_its_own_and_says_what_it_does()
    test_readme.test_the_table_of_routes_has_every_path_and_every_method()


ADDITION = Addition(
    row="an admin page",
    show=show,
    edits={
        "admin/NAME.py": _PAGE,
        "admin/__init__.py": [Replacing("\nROUTES: dict[str, Route] = {\n", _LINES)],
        "docs/admin.md": [insert("| `GET /_emulator/hello` | a greeting |\n", before="| `POST /_emulator/script` |")],
    },
)
