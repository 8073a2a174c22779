"""Reading the text of a template."""

from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache

from jinja2 import Environment, TemplateSyntaxError, nodes

from llemulator_addon.core.work import not_at_once
from llemulator_addon.script.templates.filters import FILTERS, TESTS
from llemulator_addon.script.templates.problems import TemplateProblem

VARIABLES = ("captures", "prompt", "body", "request", "state", "turn", "times")
FUNCTIONS = ("hex", "random", "random_int", "uuid")

_LONGEST = 65_536


def parse(text: str) -> nodes.Template:
    """Read a template; raises `TemplateProblem` if it is not one, or uses an unknown name."""
    if len(text) > _LONGEST:
        raise TemplateProblem(f"it is longer than {_LONGEST} characters")
    if len(text) <= _REMEMBERED:
        return _read_once(text)
    not_at_once()
    return _read(text)


# A tree takes some twenty times the memory of its text.
_REMEMBERED = 4_096


@lru_cache(maxsize=2_048)
def _read_once(text: str) -> nodes.Template:
    return _read(text)


def _read(text: str) -> nodes.Template:
    try:
        tree = _SYNTAX.parse(text)
        _check(tree)
    except TemplateSyntaxError as error:
        raise TemplateProblem(f"{error.message} (line {error.lineno})") from None
    except ValueError as error:
        # Jinja reads a number of any length, Python does not.
        raise TemplateProblem(str(error)) from None
    except RecursionError:
        raise TemplateProblem("it is nested too deeply") from None
    return tree


# Only its reader is used.
_SYNTAX = Environment(trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False)  # noqa: S701

_KNOWN = frozenset(
    {
        *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.For),
        *(nodes.Assign, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg),
        *(nodes.Pos, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Concat),
        *(nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Filter, nodes.Test, nodes.Call, nodes.Keyword),
        *(nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair),
    }
)


def _check(tree: nodes.Template) -> None:
    variables = {*VARIABLES, "loop", *(name.name for name in tree.find_all(nodes.Name) if name.ctx == "store")}
    called = {id(call.node) for call in tree.find_all(nodes.Call)}
    for node in _walk(tree):
        _check_node(node)
        if isinstance(node, nodes.Name) and id(node) not in called and node.name not in variables:
            raise _unknown("variable", node, node.name, tuple(variables - {"loop"}))


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _walk(child)


def _check_node(node: nodes.Node) -> None:
    if type(node) not in _KNOWN:
        raise TemplateProblem(f"{type(node).__name__.lower()} is not available in templates (line {node.lineno})")
    match node:
        case nodes.Filter() if node.name not in {*FILTERS, "default"}:
            raise _unknown("filter", node, node.name, (*FILTERS, "default"))
        case nodes.Test() if node.name not in {*TESTS, "defined", "undefined"}:
            raise _unknown("test", node, node.name, (*TESTS, "defined", "undefined"))
        case nodes.Call(node=nodes.Name(name=name)) if name not in FUNCTIONS:
            raise _unknown("function", node, name, FUNCTIONS)
        case nodes.Call() if not isinstance(node.node, nodes.Name):
            raise TemplateProblem(f"values have no methods; use a filter, such as `| upper` (line {node.lineno})")
        case nodes.For() if node.recursive or node.test is not None:
            raise TemplateProblem(f"a loop has neither `if` nor `recursive` (line {node.lineno})")
        case nodes.Call() | nodes.Filter() | nodes.Test() if node.dyn_args is not None or node.dyn_kwargs is not None:
            raise TemplateProblem(f"arguments are written out, without `*` (line {node.lineno})")
        case _:
            pass


def _unknown(kind: str, node: nodes.Node, name: str | None, known: tuple[str, ...]) -> TemplateProblem:
    near = get_close_matches(str(name), known, n=1, cutoff=0.5)
    hint = f'did you mean "{near[0]}"?' if near else f"known are {', '.join(sorted(known))}"
    return TemplateProblem(f'there is no {kind} "{name}" (line {node.lineno}); {hint}')
