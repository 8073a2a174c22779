"""The filters and tests that a template has; names and meanings are Jinja's."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from llemulator_addon.script.templates.budget import Budget
from llemulator_addon.script.templates.problems import TemplateProblem


def text_of(value: object, budget: Budget) -> str:
    """Return a text as it is, and everything else as JSON."""
    if isinstance(value, str):
        return value
    budget.read(value)
    return budget.make(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")))


def number_of(value: object) -> int | float:
    """Return a value that must be a number of reasonable size."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TemplateProblem(f"a number is needed, not {type(value).__name__}")
    if not -_HUGE < value < _HUGE:
        raise TemplateProblem("a number is too large")
    return value


_HUGE = 1 << 63


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TemplateProblem(f"a text is needed, not {type(value).__name__}")
    return value


def _list(value: object) -> list[Any]:
    match value:
        case list() | tuple() | str():
            return list(value)
        case Mapping():
            return list(value)
        case _:
            raise TemplateProblem(f"a list is needed, not {type(value).__name__}")


def _make_text_filter(change: Callable[[str], str]) -> Callable[..., Any]:
    return lambda budget, value: budget.make(change(_text(value)))


def _replace(budget: Budget, value: object, old: object, new: object) -> str:
    text, old, new = _text(value), _text(old), _text(new)
    budget.room_for(len(text) + text.count(old) * len(new))
    return budget.make(text.replace(old, new))


def _join(budget: Budget, value: object, between: object = "") -> str:
    parts = [text_of(part, budget) for part in _list(value)]
    joint = _text(between)
    budget.room_for(sum(map(len, parts)) + len(joint) * len(parts))
    return budget.make(joint.join(parts))


def _split(budget: Budget, value: object, between: object = None) -> list[str]:
    parts = _text(value).split(None if between is None else _text(between) or None)
    budget.step(len(parts))
    for part in parts:
        budget.make(part)
    return parts


def _truncate(budget: Budget, value: object, length: object = 255, end: object = "…") -> str:
    text, length, end = _text(value), int(number_of(length)), _text(end)
    return text if len(text) <= length else budget.make(text[: max(0, length - len(end))] + end)


def _int(_: Budget, value: Any, default: Any = 0) -> Any:  # noqa: ANN401
    try:
        return number_of(int(value if len(str(value)) <= _DIGITS else "x"))
    except (TypeError, ValueError, OverflowError):
        return default


def _float(_: Budget, value: Any, default: Any = 0.0) -> Any:  # noqa: ANN401
    try:
        return number_of(float(value))
    except (TypeError, ValueError, OverflowError):
        return default


_DIGITS = 30


def _round(_: Budget, value: object, digits: object = 0) -> float:
    return round(float(number_of(value)), max(-30, min(30, int(number_of(digits)))))


def _length(_: Budget, value: object) -> int:
    if not isinstance(value, str | list | tuple | Mapping):
        raise TemplateProblem(f"{type(value).__name__} has no length")
    return len(value)


def _sort(budget: Budget, value: object) -> list[Any]:
    parts = _list(value)
    # As many comparisons as sorting may need.
    for _ in range(len(parts).bit_length()):
        budget.read(parts)
    return sorted(parts)


def _ends(position: int) -> Callable[..., Any]:
    def end(_: Budget, value: object) -> Any:  # noqa: ANN401
        parts = value if isinstance(value, str | list | tuple) else _list(value)
        if not parts:
            raise TemplateProblem("there is nothing to take the first or last of")
        return parts[position]

    return end


def _reverse(budget: Budget, value: object) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return budget.make(value[::-1])
    return _list(value)[::-1]


def _items(budget: Budget, value: object) -> list[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        raise TemplateProblem(f"an object is needed, not {type(value).__name__}")
    budget.step(len(value))
    return list(value.items())


def _tojson(budget: Budget, value: object) -> str:
    budget.read(value)
    return budget.make(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


FILTERS: dict[str, Callable[..., Any]] = {
    "abs": lambda _, value: abs(number_of(value)),
    "capitalize": _make_text_filter(str.capitalize),
    "first": _ends(0),
    "float": _float,
    "int": _int,
    "items": _items,
    "join": _join,
    "last": _ends(-1),
    "length": _length,
    "list": lambda _, value: _list(value),
    "lower": _make_text_filter(str.lower),
    "max": lambda budget, value: max(_sort(budget, value), default=None),
    "min": lambda budget, value: min(_sort(budget, value), default=None),
    "replace": _replace,
    "reverse": _reverse,
    "round": _round,
    "sort": _sort,
    "split": _split,
    "string": lambda budget, value: text_of(value, budget),
    "sum": lambda _, value: number_of(sum(map(number_of, _list(value)))),
    "title": _make_text_filter(str.title),
    "tojson": _tojson,
    "trim": _make_text_filter(str.strip),
    "truncate": _truncate,
    "upper": _make_text_filter(str.upper),
    "wordcount": lambda _, value: len(_text(value).split()),
}
"""Given the budget and the value; `default` is not among them, because it is given what is not there."""


TESTS: dict[str, Callable[[Any], bool]] = {
    "even": lambda value: number_of(value) % 2 == 0,
    "false": lambda value: value is False,
    "mapping": lambda value: isinstance(value, Mapping),
    "none": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "odd": lambda value: number_of(value) % 2 == 1,
    "sequence": lambda value: isinstance(value, list | tuple),
    "string": lambda value: isinstance(value, str),
    "true": lambda value: value is True,
}
"""Given a value that is there; `defined` and `undefined` are known too."""
