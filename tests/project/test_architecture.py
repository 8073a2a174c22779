"""`docs/architecture.md` is a map of the tree: it names each package, and no file that is not there."""

import ast
import re
from pathlib import Path

from tests.project.pages import ROOT, additions, tracked

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


def test_each_list_of_what_to_add_names_things_that_stand_in_the_files_of_that_list() -> None:
    missing = {
        cells[0]: [name for name in _names(cells[1]) if name not in _defined(_paths_in(cells[1]))]
        for cells in additions()
    }

    assert len(missing) > 10
    assert {addition: names for addition, names in missing.items() if names} == {}


def _names(cell: str) -> list[str]:
    """Return the tables and types that a list of files names."""
    return re.findall(r"`([A-Z][A-Za-z_]+)`", cell)


def _paths_in(cell: str) -> list[str]:
    return [span for span in re.findall(r"`([^`]+)`", cell) if _PATH.fullmatch(span)]


def _defined(paths: list[str]) -> set[str]:
    """Return what is defined at the top of a list's modules, and of the modules in its folders."""
    inside = [path for path in paths if path.endswith(("/", ".py"))]
    files = [file for path in inside for file in tracked(f"llemulator_addon/{path}") if file.suffix == ".py"]
    found = set[str]()
    for node in (node for file in files for node in ast.parse(file.read_text("utf-8")).body):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
            case ast.ClassDef(name=name) | ast.TypeAlias(name=ast.Name(id=name)):
                found.add(name)
            case _:
                pass
    return found


def _ends_in(folder: str, name: str) -> bool:
    return f"/{folder}".endswith(f"/{name}")
