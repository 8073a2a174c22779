from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.wire.bodies import RequestBody, read_body, read_object
from llemulator_addon.wire.errors import RequestRefused


class Inner(RequestBody):
    """A part of a body."""

    name: Annotated[str, Field(max_length=3)]


class Asked(RequestBody):
    """A body with something of every kind."""

    model: str
    parts: Annotated[list[Inner], Field(min_length=1, max_length=2)] | None = None
    share: Annotated[float, Field(ge=0, le=1)] | None = None
    count: Annotated[int, Field(ge=1, le=8)] | None = None
    flag: bool | None = None
    kind: Literal["a", "b", "c"] | None = None
    table: dict[str, str] | None = None


def _refusal(body: dict[str, Any]) -> Failure:
    with pytest.raises(RequestRefused) as caught:
        read_body(Asked, body)
    return caught.value.failure


@pytest.mark.parametrize(
    ("body", "param", "code", "message"),
    [
        ({}, "model", "missing_required_parameter", "Missing required parameter: 'model'."),
        (
            {"model": 1},
            "model",
            "invalid_type",
            "Invalid type for 'model': expected a string, but got an integer instead.",
        ),
        (
            {"model": "m", "parts": [{"name": None}]},
            "parts[0].name",
            "invalid_type",
            "Invalid type for 'parts[0].name': expected a string, but got null instead.",
        ),
        (
            {"model": "m", "parts": [{}]},
            "parts[0].name",
            "missing_required_parameter",
            "Missing required parameter: 'parts[0].name'.",
        ),
        (
            {"model": "m", "parts": "x"},
            "parts",
            "invalid_type",
            "Invalid type for 'parts': expected an array, but got a string instead.",
        ),
        (
            {"model": "m", "share": 1.5},
            "share",
            "decimal_above_max_value",
            "Invalid 'share': decimal above maximum value. Expected a value <= 1, but got 1.5 instead.",
        ),
        (
            {"model": "m", "count": 9},
            "count",
            "integer_above_max_value",
            "Invalid 'count': integer above maximum value. Expected a value <= 8, but got 9 instead.",
        ),
        (
            {"model": "m", "flag": "yes"},
            "flag",
            "invalid_type",
            "Invalid type for 'flag': expected a boolean, but got a string instead.",
        ),
        (
            {"model": "m", "kind": "z"},
            "kind",
            "invalid_value",
            "Invalid value: 'z'. Supported values are: 'a', 'b', and 'c'.",
        ),
        (
            {"model": "m", "table": []},
            "table",
            "invalid_type",
            "Invalid type for 'table': expected an object, but got an array instead.",
        ),
        (
            {"model": "m", "parts": [{"name": "long"}]},
            "parts[0].name",
            "string_above_max_length",
            (
                "Invalid 'parts[0].name': string too long. Expected a string with maximum length 3, but got a string "
                "with length 4 instead."
            ),
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(body: dict[str, Any], param: str, code: str, message: str) -> None:
    assert _refusal(body) == Failure(status=400, type="invalid_request_error", param=param, code=code, message=message)


def test_only_the_first_thing_that_is_wrong_is_told() -> None:
    assert _refusal({"model": 1, "count": "x"}).param == "model"


def test_unknown_fields_are_let_through_at_every_depth() -> None:
    read = read_body(Asked, {"model": "m", "new": 1, "parts": [{"name": "n", "newer": 2}]})

    assert read.model_extra == {"new": 1}


def test_leniently_what_is_wrong_is_not_given_and_what_is_missing_is_still_missing() -> None:
    assert read_body(Asked, {"model": "m", "count": 99, "kind": "z"}, lenient=True).count is None
    with pytest.raises(RequestRefused):
        read_body(Asked, {"count": 1}, lenient=True)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b'{"a": NaN}', b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(RequestRefused) as caught:
        read_object(Request(method="POST", path="/v1/any", body=body))

    assert caught.value.failure.message.startswith("We could not parse the JSON body of your request. (HINT: ")
    assert (caught.value.failure.status, caught.value.failure.param, caught.value.failure.code) == (400, None, None)
