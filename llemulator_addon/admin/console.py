"""The console's page and its files, as they were built."""

from urllib.parse import unquote

from llemulator_addon.admin.route import AdminCall
from llemulator_addon.core.console_file import ConsoleFile
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.steps import Head, Headers, Send, Steps
from llemulator_addon.wire.errors import INVALID, RequestRefused

PATH = "/_emulator/console"
PAGE = "index.html"

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing of another host, and no script or style within the page (Content Security Policy, level 3)."""
_GUARDS: Headers = (
    ("content-security-policy", _POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
)
_A_YEAR = "public, max-age=31536000, immutable"
_NOT_BUILT = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>llemulator</title>
<h1>llemulator runs, but its console was not built</h1>
<p>The console is built from a clone with Node 20 or newer: run <code>make console</code>, then open this page again.
A wheel and the image have it.</p>
<p><a href="/_emulator/openapi.json">The admin routes</a> work without it.</p>
</html>
"""


def show_page(call: AdminCall) -> Steps:
    """Answer with the page; if it was not built, with how to build it."""
    page = call.server.console(PAGE)
    body = _NOT_BUILT if page is None else page.content
    return _answer(ConsoleFile(body, "text/html; charset=utf-8"), "no-store")


def show(call: AdminCall) -> Steps:
    """Answer with a file of the console. Its name has a digest of its content, so it may be kept for a year."""
    name = unquote(call.request.path.removeprefix(f"{PATH}/"))
    found = call.server.console(name)
    if found is None:
        raise RequestRefused(
            Failure(status=404, type=INVALID, code="file_not_found", message=f"The console has no file {name[:80]}.")
        )
    return _answer(found, "no-store" if name == PAGE else _A_YEAR)


def _answer(file: ConsoleFile, keeping: str) -> Steps:
    headers: Headers = (
        ("content-type", file.content_type),
        ("content-length", str(len(file.content))),
        ("cache-control", keeping),
        *_GUARDS,
    )
    return (Head(200, headers), Send(file.content))
