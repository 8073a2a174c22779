"""The types of JSON values, as JSON schemas name them."""

from collections.abc import Mapping
from typing import Any

TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")


def is_kind(value: Any, kind: str) -> bool:  # noqa: ANN401 - any JSON
    """Whether a value is of a JSON type."""
    match kind:
        case "object":
            return isinstance(value, Mapping)
        case "array":
            return isinstance(value, list)
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
        case "integer":
            return is_number(value) and value.is_integer()
        case "number":
            return is_number(value)
        case _:
            return False


def is_number(value: object) -> bool:
    """Whether a value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)
