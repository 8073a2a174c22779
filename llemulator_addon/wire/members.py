"""Members of JSON that a client sent, which may be anything: one of another type counts as not given.

A value of a client is never hashed, compared or walked before its type is known: a list is no key, and a number has no
members.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_OBJECTS = (dict, Mapping)
"""A dict is known at once; to ask whether something else is a mapping takes ten times as long."""


def text_in(holder: object, key: str) -> str | None:
    """Return a member that is text."""
    value = holder.get(key) if isinstance(holder, _OBJECTS) else None
    return value if isinstance(value, str) else None


def object_in(holder: object, key: str) -> Mapping[str, Any]:
    """Return a member that is an object, else an empty one."""
    value = holder.get(key) if isinstance(holder, _OBJECTS) else None
    return value if isinstance(value, _OBJECTS) else {}


def list_in(holder: object, key: str) -> list[object]:
    """Return a member that is a list, else an empty one."""
    value = holder.get(key) if isinstance(holder, _OBJECTS) else None
    return value if isinstance(value, list) else []


def objects_in(holder: object, key: str) -> list[Mapping[str, Any]]:
    """Return the objects among the members of a list."""
    return [each for each in list_in(holder, key) if isinstance(each, _OBJECTS)]


def spell_number(number: float) -> str:
    """Spell a number for a message, however large it is."""
    return str(number) if isinstance(number, int) else format(Decimal(repr(number)).normalize(), "f")


def number_in(holder: object, key: str) -> float | None:
    """Return a member that is a number."""
    value = holder.get(key) if isinstance(holder, _OBJECTS) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
