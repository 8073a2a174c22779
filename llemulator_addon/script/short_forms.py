"""Short forms: a value alone stands for a list of one, or for a part that has it as its only field."""

from collections.abc import Callable

from pydantic import BeforeValidator


def list_of_one(is_alone: Callable[[object], bool], written: object) -> BeforeValidator:
    """Return the validator that puts a value alone into a list; `written` is the type of all forms, for the schema."""

    def put_in_list(value: object) -> object:
        return [value] if is_alone(value) else value

    return BeforeValidator(put_in_list, json_schema_input_type=written)


def part_with(field: str, is_alone: Callable[[object], bool], written: object) -> BeforeValidator:
    """Return the validator that makes a value alone the field of a part; `written` is the type of all forms."""

    def put_in_part(value: object) -> object:
        return {field: value} if is_alone(value) else value

    return BeforeValidator(put_in_part, json_schema_input_type=written)


def is_text(value: object) -> bool:
    """Return whether a value is a text."""
    return isinstance(value, str)
