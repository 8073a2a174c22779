"""`docs/architecture.md` is a map of the tree: it names each package, and no file that is not there."""

import re
from pathlib import Path

from tests.project.pages import ROOT, tracked

_PACKAGE = ROOT / "llemulator_addon"
_TEXT = (ROOT / "docs/architecture.md").read_text("utf-8")
_PATH = re.compile(r"(?:[a-z_0-9.]+/)+(?:[a-z_0-9.]+)?|[a-z_0-9]+\.(?:py|md|yaml|json)")


def _paths() -> set[str]:
    """Return the code spans of the page that are paths; without blocks, whose lines are code."""
    prose = re.sub(r"^```.*?^```", "", _TEXT, flags=re.MULTILINE | re.DOTALL)
    return {span for span in re.findall(r"`([^`\n]+)`", prose) if _PATH.fullmatch(span)}


def _there() -> set[str]:
    """Return the paths of all files and folders, and each of their endings: the page may leave out what is around."""
    files = {file.relative_to(ROOT).as_posix() for file in tracked()}
    folders = {f"{folder.as_posix()}/" for file in files for folder in Path(file).parents if folder != Path()}
    parts = (path.split("/") for path in files | folders)
    return {"/".join(steps[start:]) for steps in parts for start in range(len(steps))}


def test_every_path_on_the_page_is_there() -> None:
    assert sorted(_paths() - _there()) == []


def test_every_package_is_on_the_page() -> None:
    folders = {file.parent.relative_to(_PACKAGE).as_posix() for file in tracked("llemulator_addon/**.py")} - {"."}
    named = {path.rstrip("/").removeprefix("llemulator_addon/") for path in _paths()}

    assert [folder for folder in sorted(folders) if not any(_ends_in(folder, name) for name in named)] == []


def _ends_in(folder: str, name: str) -> bool:
    return f"/{folder}".endswith(f"/{name}")
