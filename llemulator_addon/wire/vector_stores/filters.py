"""`filters` of a search: which attributes a file must have."""

from collections.abc import Callable, Mapping
from typing import Any

from llemulator_addon.core.json_type import JSON
from llemulator_addon.wire.checking import Check, Fields, Place, anything, array, choose_by_kind, text

_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda one, other: one == other,
    "ne": lambda one, other: one != other,
    "gt": lambda one, other: one > other,
    "gte": lambda one, other: one >= other,
    "lt": lambda one, other: one < other,
    "lte": lambda one, other: one <= other,
    "in": lambda one, other: one in other,
    "nin": lambda one, other: one not in other,
}
_ABSENT = frozenset({"ne", "nin"})
"""These hold for a file without the attribute."""


def check_filter(place: Place, given: JSON) -> None:
    """Check a filter and those within; raises `RequestRefused`."""
    _KINDS(place, given)


_ONE = Fields(checks={"key": text(), "value": anything}, needs=("key", "value"))
_LISTED = Fields(checks={"key": text(), "value": array(anything)}, needs=("key", "value"))
_SEVERAL = Fields(checks={"filters": array(check_filter)}, needs=("filters",))
_KINDS: Check = choose_by_kind(
    {
        **dict.fromkeys(("eq", "ne", "gt", "gte", "lt", "lte"), _ONE),
        **dict.fromkeys(("in", "nin"), _LISTED),
        **dict.fromkeys(("and", "or"), _SEVERAL),
    }
)


def fits(given: Any, attributes: Mapping[str, Any]) -> bool:  # noqa: ANN401 - JSON
    """Whether attributes are such as a filter wants them; one that makes no sense fits nothing."""
    match given:
        case {"type": "and", "filters": [*inner]}:
            return all(fits(each, attributes) for each in inner)
        case {"type": "or", "filters": [*inner]}:
            return any(fits(each, attributes) for each in inner)
        case {"type": str(kind), "key": str(key), "value": value} if kind in _COMPARED:
            return _compare(kind, attributes.get(key), value)
        case _:
            return False


def _compare(kind: str, has: Any, value: Any) -> bool:  # noqa: ANN401 - JSON
    if has is None:
        return kind in _ABSENT
    try:
        return _COMPARED[kind](has, value)
    except TypeError:
        # A text is neither above nor below a number.
        return False
