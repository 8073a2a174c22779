"""What mitmproxy does not document for addons is used in one package, and nothing else changes mitmproxy."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.project.pages import ROOT, tracked

_INTERNALS = ROOT / "llemulator_addon/adapters/mitmproxy/internals"

_DOCUMENTED: Mapping[str, frozenset[str] | None] = {
    "mitmproxy": frozenset(("ctx", "flow", "http", "tls")),
    "mitmproxy.addonmanager": frozenset(("Loader",)),
    "mitmproxy.certs": None,
    "mitmproxy.connection": None,
    "mitmproxy.exceptions": None,
    # Where the names of the certificates' files come from, which the page on certificates lists.
    "mitmproxy.options": frozenset(("CONF_BASENAME",)),
    "mitmproxy.proxy": frozenset(("mode_specs", "server_hooks", "layer")),
    "mitmproxy.proxy.context": None,
}
"""The modules of the page "API Reference" of mitmproxy's documentation and the types of its event hooks; which names of
each may be imported, None for all."""


def _outside() -> list[Path]:
    """Return the other files that may import mitmproxy, which an import contract names."""
    files = tracked(
        "llemulator_addon/adapters/mitmproxy/*.py", "llemulator_addon/addon.py", "llemulator_addon/__main__.py"
    )
    return [file for file in files if _INTERNALS not in file.parents]


def test_private_parts_of_mitmproxy_are_imported_in_one_package_only() -> None:
    found = {
        file.relative_to(ROOT).as_posix(): sorted(_private(ast.parse(file.read_text("utf-8")))) for file in _outside()
    }

    assert {file: names for file, names in found.items() if names} == {}


def test_the_list_of_what_is_documented_names_only_what_is_used() -> None:
    used = {module for file in _outside() for module, _ in _imported(ast.parse(file.read_text("utf-8")))}

    assert sorted(_DOCUMENTED.keys() - used) == []


def test_nothing_outside_that_package_changes_mitmproxy_or_reads_its_private_names() -> None:
    found = {
        file.relative_to(ROOT).as_posix(): sorted(_changes(ast.parse(file.read_text("utf-8")))) for file in _outside()
    }

    assert {file: lines for file, lines in found.items() if lines} == {}


def test_each_replacement_in_mitmproxy_names_its_price() -> None:
    functions = [
        node
        for file in sorted(_INTERNALS.glob("*.py"))
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and any(map(_is_change, ast.walk(node)))
    ]

    assert functions
    assert [node.name for node in functions if "Price:" not in (ast.get_docstring(node) or "")] == []


def _imported(tree: ast.AST) -> Iterator[tuple[str, str | None]]:
    """Yield the module and the name of each import from mitmproxy; no name where the module itself is imported."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((alias.name, None) for alias in names if alias.name.split(".")[0] == "mitmproxy")
            case ast.ImportFrom(module=str(module), names=names, level=0) if module.split(".")[0] == "mitmproxy":
                yield from ((module, alias.name) for alias in names)
            case _:
                pass


def _private(tree: ast.AST) -> set[str]:
    names = set[str]()
    for module, name in _imported(tree):
        documented = _DOCUMENTED.get(module, frozenset[str]())
        if name is None or name.startswith("_") or (documented is not None and name not in documented):
            names.add(f"{module}.{name}" if name else module)
    names.update(
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "layer" and node.attr != "NextLayer"
    )
    return names


def _changes(tree: ast.AST) -> set[str]:
    return {ast.unparse(node) for node in ast.walk(tree) if _is_change(node) or _reads_private(node)}


def _is_change(node: ast.AST) -> bool:
    """Whether a statement replaces something of a module or a class of mitmproxy, or how Python collects garbage."""
    match node:
        case ast.Assign(targets=[ast.Subscript(value=ast.Attribute(value=ast.Name(id="sys"), attr="modules"))]):
            return True
        case ast.Assign(targets=[ast.Attribute(value=ast.Attribute(value=ast.Name(id="http")))]):
            return True
        case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=name))]):
            return name[:1].isupper()  # a class
        case ast.Call(func=ast.Attribute(value=ast.Name(id="gc"))):
            return True
        case ast.Call(func=ast.Name(id="setattr")):
            return True
        case _:
            return False


def _reads_private(node: ast.AST) -> bool:
    """Whether an attribute that begins with an underscore is read by its name as text, which no linter sees."""
    match node:
        case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(name)), *_]):
            return name.startswith("_") and not name.startswith("__")
        case _:
            return False
