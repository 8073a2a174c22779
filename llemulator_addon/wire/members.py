"""Members of JSON that a client sent, which may be anything: one of another type counts as not given.

A value of a client is never hashed, compared or walked before its type is known: a list is no key, and a number has no
members.
"""

from collections.abc import Mapping
from typing import Any


def text_in(holder: object, key: str) -> str | None:
    """Return a member that is text."""
    value = holder.get(key) if isinstance(holder, Mapping) else None
    return value if isinstance(value, str) else None


def object_in(holder: object, key: str) -> Mapping[str, Any]:
    """Return a member that is an object, else an empty one."""
    value = holder.get(key) if isinstance(holder, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def list_in(holder: object, key: str) -> list[Any]:
    """Return a member that is a list, else an empty one."""
    value = holder.get(key) if isinstance(holder, Mapping) else None
    return value if isinstance(value, list) else []


def objects_in(holder: object, key: str) -> list[Mapping[str, Any]]:
    """Return the objects among the members of a list."""
    return [each for each in list_in(holder, key) if isinstance(each, Mapping)]


def spell_number(number: float) -> str:
    """Spell a number for a message, however large it is."""
    return str(number) if isinstance(number, int) else f"{number:g}"
