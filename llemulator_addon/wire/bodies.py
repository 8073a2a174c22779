"""Reading request bodies: pydantic's findings in the words of OpenAI's own validation errors."""

from collections.abc import Mapping
from decimal import Decimal
from threading import Lock
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.wire import errors
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.json_bytes import read as read_json

_BUILDING = Lock()


class RequestBody(BaseModel):
    """A body, or a part of one. Unknown fields are accepted: they may be newer than this program."""

    # Built when it is first used: a program rarely asks every endpoint.
    model_config = ConfigDict(extra="allow", strict=True, frozen=True, defer_build=True)


def read_object(request: Request) -> Mapping[str, Any]:
    """Read the JSON object that a request carries; raises `RequestRefused`."""
    if request.json is not None:
        return request.json
    try:
        value = read_json(request.body)
    except ValueError:
        raise RequestRefused(errors.not_json()) from None
    if not isinstance(value, dict):
        raise RequestRefused(errors.not_json())
    return value


def read_body[B: RequestBody](shape: type[B], body: Mapping[str, Any], *, lenient: bool = False) -> B:
    """Understand a body; raises `RequestRefused` with the first thing that is wrong, in OpenAI's words.

    Leniently, a parameter that is wrong counts as not given, so that only a required one is refused.
    """
    if not shape.__pydantic_complete__:
        with _BUILDING:  # two threads may be the first to use it
            shape.model_rebuild()
    try:
        return shape.model_validate(body)
    except ValidationError as error:
        found = error.errors(include_url=False)
    if lenient and (understood := _drop_wrong(shape, body, found)) is not None:
        return understood
    raise RequestRefused(_failure(found[0]))


def drop_ignored(asked: RequestBody, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a body without the parameters that counted as not given when it was read leniently."""
    fields = type(asked).model_fields
    given = {(fields[name].alias or name) if name in fields else name for name in asked.model_fields_set}
    return {name: value for name, value in body.items() if name in given}


def _drop_wrong[B: RequestBody](shape: type[B], body: Mapping[str, Any], found: list[ErrorDetails]) -> B | None:
    wrong = {error["loc"][0] for error in found}
    try:
        return shape.model_validate({key: value for key, value in body.items() if key not in wrong})
    except ValidationError:
        return None


def _failure(found: ErrorDetails) -> Failure:
    param = _param(found["loc"])
    given: dict[str, Any] = found.get("ctx", {})
    match found["type"]:
        case "missing":
            return errors.missing(param)
        case "literal_error":
            return errors.invalid_value(param, str(found["input"]), _split_expected(given["expected"]))
        case "greater_than_equal":
            return _out_of_range(param, "below", given["ge"], found["input"])
        case "less_than_equal":
            return _out_of_range(param, "above", given["le"], found["input"])
        case "too_short":
            return errors.empty_array(param)
        case "too_long":
            return errors.array_too_long(param, given["max_length"], given["actual_length"])
        case "string_too_long":
            return errors.text_too_long(param, given["max_length"], len(found["input"]))
        case kind:
            return errors.wrong_type(param, _EXPECTED.get(kind, "another value"), kind_of(found["input"]))


def _param(place: tuple[int | str, ...]) -> str:
    """Spell a place as OpenAI does: `messages[0].content`."""
    spelled = ""
    for step in place:
        if isinstance(step, int):
            spelled += f"[{step}]"
        elif step not in _UNION_BRANCHES and not step.startswith("["):
            spelled += f".{step}" if spelled else step
    return spelled


# pydantic names the branch of a union in the place of an error; OpenAI does not. Branches that we name ourselves are
# in brackets, so that no field has their name.
_UNION_BRANCHES = frozenset({"str", "bool", "int", "float", "dict[str,any]"})

_EXPECTED = {
    "text_or_parts": "one of a string or array of objects",
    "text_or_texts": "one of a string or array of strings",
    "text_or_object": "one of a string or object",
    "string_type": "a string",
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a decimal",
    "bool_type": "a boolean",
    "list_type": "an array",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}


def _out_of_range(param: str, side: str, limit: float, got: float) -> Failure:
    number = "integer" if isinstance(got, int) and isinstance(limit, int) else "decimal"
    return errors.out_of_range(param, number, side, _plain(limit), _plain(got))


def _plain(number: float) -> str:
    return format(Decimal(str(number)).normalize(), "f")


def _split_expected(expected: str) -> tuple[str, ...]:
    return tuple(word.strip().strip("'") for word in expected.replace(" or ", ", ").split(", "))


def kind_of(value: object) -> str:
    """Name the type of a JSON value as OpenAI does."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a decimal"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"
