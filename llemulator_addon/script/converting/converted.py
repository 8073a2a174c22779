"""The result of converting a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import re2

from llemulator_addon.script.script_error import Problem, kind_of, problem


@dataclass(frozen=True, slots=True)
class Converted:
    """A script, and what is not in it."""

    script: Mapping[str, Any]
    """As JSON; it is a script that can be loaded."""
    lost: tuple[Problem, ...] = ()
    """Places in the converted file whose value could not be carried over, and why."""


def literally(text: str) -> str:
    """Return the regular expression that finds a text as it is."""
    plain = "".join(letter if letter.isalnum() or letter in _PLAIN else re2.escape(letter) for letter in text)
    return str(plain)


# What needs no escaping stays readable.
_PLAIN = frozenset(" '\"!,;:/_-=@#%&<>~")


def require_object(value: object, place: str) -> Mapping[str, object]:
    """Return a value that must be an object; raises `ScriptError`."""
    if not isinstance(value, Mapping):
        raise problem(place, f"expected an object, got {kind_of(value)}")
    return value
