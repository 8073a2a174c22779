"""Filling in a template: walking its tree."""

import operator
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes

from llemulator_addon.script.templates.budget import Budget
from llemulator_addon.script.templates.filters import FILTERS, TESTS, number_of, text_of
from llemulator_addon.script.templates.problems import TemplateProblem
from llemulator_addon.script.templates.source import parse

Names = Mapping[str, Any]
"""The values that templates can name: JSON values."""
Functions = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class Missing:
    """A value that is not there: only `is defined` and `default` may have it."""

    name: str


def fill_in(text: str, names: Names, functions: Functions, budget: Budget) -> str:
    """Fill in a template; raises `TemplateProblem`."""
    try:
        scope: MutableMapping[str, Any] = ChainMap({}, dict(names))
        return "".join(_Filling(functions, budget).body(parse(text).body, scope))
    except RecursionError:
        raise TemplateProblem("it is nested too deeply") from None
    except (TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise TemplateProblem(str(error)) from None


Scope = MutableMapping[str, Any]


class _Filling:
    """One walk. A class, because the budget and the functions belong to all of it."""

    def __init__(self, functions: Functions, budget: Budget) -> None:
        self._functions = functions
        self._budget = budget

    def body(self, body: list[nodes.Node], scope: Scope) -> Iterator[str]:
        """Yield the texts that statements make."""
        for node in body:
            self._budget.step()
            match node:
                case nodes.Output():
                    yield from self._output(node, scope)
                case nodes.If():
                    yield from self._if(node, scope)
                case nodes.For():
                    yield from self._repeat(node, scope)
                case nodes.Assign():
                    self._assign(node.target, self.value(node.node, scope), scope)
                case _:
                    raise TemplateProblem(f"{type(node).__name__.lower()} is not available in templates")

    def _output(self, node: nodes.Output, scope: Scope) -> Iterator[str]:
        for part in node.nodes:
            if isinstance(part, nodes.TemplateData):
                yield self._budget.make(part.data)
            else:
                yield self._budget.make(text_of(self.value(part, scope), self._budget))

    def _if(self, node: nodes.If, scope: Scope) -> Iterator[str]:
        for branch in (node, *node.elif_):
            if self.value(branch.test, scope):
                return self.body(branch.body, scope)
        return self.body(node.else_, scope)

    def _repeat(self, node: nodes.For, scope: Scope) -> Iterator[str]:
        values = self.value(node.iter, scope)
        if not isinstance(values, list | tuple | Mapping | str):
            raise TemplateProblem(f"a loop needs a list, not {type(values).__name__}")
        if not values:
            yield from self.body(node.else_, scope)
        for number, value in enumerate(values):
            self._budget.step()
            inner: Scope = ChainMap({"loop": _loop(number, len(values))}, scope)
            self._assign(node.target, value, inner)
            yield from self.body(node.body, inner)

    def _assign(self, target: nodes.Node, value: Any, scope: Scope) -> None:  # noqa: ANN401
        match target:
            case nodes.Name():
                scope[target.name] = value
            case nodes.Tuple():
                if not isinstance(value, list | tuple) or len(value) != len(target.items):
                    raise TemplateProblem(f"{len(target.items)} names need a list of as many values")
                for name, part in zip(target.items, value, strict=True):
                    self._assign(name, part, scope)
            case _:
                raise TemplateProblem("only names can be set")

    def value(self, node: nodes.Node, scope: Scope) -> Any:  # noqa: ANN401
        """Return what an expression says; raises `TemplateProblem` where that is not there."""
        value = self._maybe(node, scope)
        if isinstance(value, Missing):
            raise TemplateProblem(f"{value.name} is not there")
        return value

    def _maybe(self, node: nodes.Node, scope: Scope) -> Any:  # noqa: ANN401, C901, PLR0912 - one case for each kind of node
        self._budget.step()
        match node:
            case nodes.Const():
                return node.value
            case nodes.Name():
                return scope.get(node.name, Missing(node.name))
            case nodes.Getattr():
                return self._member(node.node, node.attr, scope)
            case nodes.Getitem():
                return self._item(node, scope)
            case nodes.Filter():
                return self._filter(node, scope)
            case nodes.Test():
                return self._test(node, scope)
            case nodes.Call():
                return self._call(node, scope)
            case nodes.Compare():
                return self._compare(node, scope)
            case nodes.And():
                return self.value(node.left, scope) and self.value(node.right, scope)
            case nodes.Or():
                return self.value(node.left, scope) or self.value(node.right, scope)
            case nodes.Not():
                return not self.value(node.node, scope)
            case nodes.CondExpr():
                return self._conditional(node, scope)
            case nodes.Concat():
                return self._budget.make("".join(self._texts(node.nodes, scope)))
            case nodes.Neg():
                return -number_of(self.value(node.node, scope))
            case nodes.Pos():
                return number_of(self.value(node.node, scope))
            case nodes.List() | nodes.Tuple():
                return [self.value(item, scope) for item in node.items]
            case nodes.Dict():
                return dict(self._pair(pair, scope) for pair in node.items)
            case nodes.BinExpr():
                return self._arithmetic(node, scope)
            case _:
                raise TemplateProblem(f"{type(node).__name__.lower()} is not available in templates")

    def _texts(self, parts: list[nodes.Expr], scope: Scope) -> Iterator[str]:
        """Yield texts that are put together, as long as there is room for what they make."""
        length = 0
        for part in parts:
            text = text_of(self.value(part, scope), self._budget)
            length += len(text)
            self._budget.room_for(length)
            yield text

    def _pair(self, pair: nodes.Pair, scope: Scope) -> tuple[str, Any]:
        key = self.value(pair.key, scope)
        if not isinstance(key, str):
            raise TemplateProblem("the keys of an object are texts")
        return key, self.value(pair.value, scope)

    def _member(self, of: nodes.Node, name: Any, scope: Scope) -> Any:  # noqa: ANN401
        value = self._maybe(of, scope)
        if isinstance(value, Missing):
            return Missing(f"{value.name}.{name}")
        if isinstance(value, Mapping):
            return value.get(str(name), Missing(f"{_spell(of)}.{name}")) if _is_key(name) else Missing(_spell(of))
        if isinstance(value, list | tuple | str) and isinstance(name, int) and -len(value) <= name < len(value):
            return value[name]
        return Missing(f"{_spell(of)}.{name}")

    def _item(self, node: nodes.Getitem, scope: Scope) -> Any:  # noqa: ANN401
        if not isinstance(node.arg, nodes.Slice):
            return self._member(node.node, self.value(node.arg, scope), scope)
        value = self.value(node.node, scope)
        if not isinstance(value, list | tuple | str):
            raise TemplateProblem(f"{type(value).__name__} cannot be cut")
        start, stop, step = (
            None if end is None else int(number_of(self.value(end, scope)))
            for end in (node.arg.start, node.arg.stop, node.arg.step)
        )
        part = value[start:stop:step]
        self._budget.step(0 if isinstance(part, str) else len(part))
        return self._budget.make(part) if isinstance(part, str) else part

    def _filter(self, node: nodes.Filter, scope: Scope) -> Any:  # noqa: ANN401
        args, named = self._arguments(node, scope)
        if node.name == "default":
            return self._default(node, scope, *args, **named)
        if node.node is None:
            raise TemplateProblem("a filter needs a value")
        value = self.value(node.node, scope)
        self._budget.read(value)
        return FILTERS[node.name](self._budget, value, *args, **named)

    def _default(self, node: nodes.Filter, scope: Scope, default: Any = "", boolean: Any = False) -> Any:  # noqa: ANN401, FBT002 - as in Jinja
        value = Missing("") if node.node is None else self._maybe(node.node, scope)
        return default if isinstance(value, Missing) or (boolean and not value) else value

    def _test(self, node: nodes.Test, scope: Scope) -> bool:
        if node.name in {"defined", "undefined"}:
            return isinstance(self._maybe(node.node, scope), Missing) is (node.name == "undefined")
        return TESTS[node.name](self.value(node.node, scope))

    def _call(self, node: nodes.Call, scope: Scope) -> Any:  # noqa: ANN401
        args, named = self._arguments(node, scope)
        if not isinstance(node.node, nodes.Name):
            raise TemplateProblem("only functions can be called")
        return self._functions[node.node.name](*args, **named)

    def _arguments(self, node: nodes.Filter | nodes.Call, scope: Scope) -> tuple[list[Any], dict[str, Any]]:
        args = [self.value(argument, scope) for argument in node.args]
        return args, {
            str(keyword.key): self.value(keyword.value, scope)
            for keyword in node.kwargs
            if isinstance(keyword, nodes.Keyword)
        }

    def _conditional(self, node: nodes.CondExpr, scope: Scope) -> Any:  # noqa: ANN401
        if self.value(node.test, scope):
            return self.value(node.expr1, scope)
        return "" if node.expr2 is None else self.value(node.expr2, scope)

    def _compare(self, node: nodes.Compare, scope: Scope) -> bool:
        left = self.value(node.expr, scope)
        for operand in node.ops:
            right = self.value(operand.expr, scope)
            self._budget.read(left)
            self._budget.read(right)
            if not _COMPARING[operand.op](left, right):
                return False
            left = right
        return True

    def _arithmetic(self, node: nodes.BinExpr, scope: Scope) -> Any:  # noqa: ANN401
        left, right = self.value(node.left, scope), self.value(node.right, scope)
        if isinstance(node, nodes.Add) and isinstance(left, str) and isinstance(right, str):
            self._budget.room_for(len(left) + len(right))
            return self._budget.make(left + right)
        return number_of(_CALCULATING[type(node)](number_of(left), number_of(right)))


def _loop(number: int, length: int) -> dict[str, Any]:
    first, last = number == 0, number == length - 1
    return {"index": number + 1, "index0": number, "first": first, "last": last, "length": length}


def _is_key(name: object) -> bool:
    # captures[1] is the first group, as in a regular expression.
    return isinstance(name, str | int) and not isinstance(name, bool)


def _spell(node: nodes.Node) -> str:
    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr():
            return f"{_spell(node.node)}.{node.attr}"
        case _:
            return "…"


_COMPARING: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
    "in": lambda one, other: one in other,
    "notin": lambda one, other: one not in other,
}
_CALCULATING: dict[type, Callable[[Any, Any], Any]] = {
    nodes.Add: operator.add,
    nodes.Sub: operator.sub,
    nodes.Mul: operator.mul,
    nodes.Div: operator.truediv,
    nodes.FloorDiv: operator.floordiv,
    nodes.Mod: operator.mod,
}
