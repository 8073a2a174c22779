"""The console's files, as the build of `console/` left them in `static/`."""

from importlib.resources import files

from llemulator_addon.core.console_file import ConsoleFile

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


def find_file(name: str) -> ConsoleFile | None:
    """Return a built file by its name, which has no folder; None if there is none.

    It is read each time: only a person who opens the page asks, and may have built it while the server runs.
    """
    kind = _TYPES.get(name[name.rfind(".") :])
    if kind is None or "/" in name or "\\" in name or "\0" in name:
        return None
    try:
        return ConsoleFile((files(__name__) / "static" / name).read_bytes(), kind)
    except OSError:
        return None
