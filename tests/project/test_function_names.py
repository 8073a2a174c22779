"""A function is named by a verb, and the name of a class or of an alias means one thing."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.project.pages import ROOT, tracked

_FILES = ("llemulator_addon/*.py", "tools/*.py")

_PREPOSITIONS = frozenset(
    "of by in on without from for under over within as at between behind before after inside past beside".split()  # noqa: SIM905 - a list of words
)
"""Not `with` and `to`: `with_name` returns the same value with another name, as in pathlib, and `to_json` converts."""

_PARTICIPLES = frozenset(
    """told found given made kept sent written shown spoken taken known said held begun bound built drawn chosen seen
    gone spelled lost heard torn met paid got done worn thrown bent spent meant thought brought caught sworn
    hidden undone unread frozen""".split()  # noqa: SIM905 - a list of words
)
"""Irregular ones. Those that are verbs too (read, cut, put, set, split, shut, hit, left) may name a function."""

_VERBS = frozenset(("embed", "need", "speed", "feed", "seed", "shed", "proceed", "red"))
"""They end in `ed` and are no participles."""

_HOOKS = frozenset(("done",))
"""mitmproxy's names."""

_PUBLIC = frozenset(("on", "unclaimed"))
"""Names that tests of users have: `llemulator.on(…)`, `client.unclaimed()`."""

_NO_FUNCTIONS = frozenset(("property", "cached_property", "functools.cached_property", "override"))
"""A property is a value, and a noun; the name of an overriding function is another's."""


_CAMEL_CASE = re.compile(r"_?(?:[A-Z][a-z0-9]+)+")
"""An alias is spelled so, and a constant is not."""

_CLIENT = "client.py"
"""Its exchanges, findings and clock are those of the server, as a client sees them."""


def test_a_function_is_named_by_a_verb() -> None:
    found = {
        file.relative_to(ROOT).as_posix(): [name for name in _functions(file) if _is_no_verb(name)]
        for file in tracked(*_FILES)
    }

    assert {file: names for file, names in found.items() if names} == {}


def test_no_class_and_no_alias_has_the_name_of_another_one() -> None:
    places = defaultdict[str, set[str]](set)
    for file in tracked("llemulator_addon/*.py"):
        if file.name != _CLIENT:
            for name in _types(file):
                places[name.lstrip("_")].add(file.relative_to(ROOT).as_posix())

    assert {name: sorted(files) for name, files in places.items() if len(files) > 1} == {}


def _types(file: Path) -> Iterator[str]:
    """Yield the names of classes, and of aliases of types at the top of the module, also private ones."""
    module = ast.parse(file.read_text("utf-8"))
    yield from (node.name for node in ast.walk(module) if isinstance(node, ast.ClassDef))
    for node in module.body:
        match node:
            case ast.TypeAlias(name=ast.Name(id=name)):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                if _CAMEL_CASE.fullmatch(name):
                    yield name
            case _:
                pass


def _functions(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            decorators = {ast.unparse(each).partition("(")[0] for each in node.decorator_list}
            if not decorators & _NO_FUNCTIONS and node.name not in _HOOKS | _PUBLIC:
                yield node.name


def _is_no_verb(name: str) -> bool:
    word = name.strip("_").partition("_")[0]
    return word in _PREPOSITIONS | _PARTICIPLES or (word.endswith("ed") and word not in _VERBS)
