"""The page at `/`, and its files."""

from dataclasses import replace

import pytest

from llemulator_addon.core.console_file import ConsoleFile
from llemulator_addon.core.request import Request
from tests.playing import body_of, emulator, headers_of, json_of, play, request, status

_BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def _open(**headers: str) -> Request:
    return replace(request("GET", "/", token=None, headers=headers), host="127.0.0.1")


def _find_file(name: str) -> ConsoleFile | None:
    kinds = {"index.html": "text/html; charset=utf-8", "index-abc.js": "text/javascript; charset=utf-8"}
    return ConsoleFile(name.encode(), kinds[name]) if name in kinds else None


def test_a_browser_gets_the_console_and_a_program_the_description() -> None:
    page, description = play(
        emulator(console=_find_file),
        _open(**_BROWSER),
        _open(accept="*/*"),
    )

    assert body_of(page) == b"index.html"
    assert json_of(description)["service"] == "llemulator"


def test_the_page_may_load_only_files_of_this_server() -> None:
    (page,) = play(emulator(console=_find_file), _open(**_BROWSER))

    policy = headers_of(page)["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_a_file_is_kept_by_the_browser_as_its_name_has_its_digest() -> None:
    (file,) = play(emulator(console=_find_file), request("GET", "/_emulator/console/index-abc.js", token=None))

    assert (status(file), body_of(file)) == (200, b"index-abc.js")
    assert "immutable" in headers_of(file)["cache-control"]
    assert headers_of(file)["content-type"] == "text/javascript; charset=utf-8"


def test_without_built_files_the_page_says_how_to_build_them() -> None:
    (page,) = play(emulator(), _open(**_BROWSER))

    assert b"make console" in body_of(page)


@pytest.mark.parametrize("name", ["nothing.js", "..%2fsecret.js", ".."])
def test_another_file_is_not_found(name: str) -> None:
    (file,) = play(emulator(console=_find_file), request("GET", f"/_emulator/console/{name}", token=None))

    assert (status(file), json_of(file)["error"]["code"]) == (404, "file_not_found")
