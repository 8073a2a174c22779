from typing import Any

import pytest

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.wire.bodies import check_body, read_object
from llemulator_addon.wire.checking import (
    Fields,
    Letters,
    array,
    boolean,
    choose_by_kind,
    decimal,
    either,
    integer,
    one_of,
    spell,
    text,
)
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.shared_fields import METADATA

INNER = Fields(checks={"name": text(least=1, most=3, of=Letters("^[a-c]+$", "abc"))}, needs=("name",))
ASKED = Fields(
    checks={
        "model": text(),
        "parts": array(INNER, least=1, most=2),
        "share": decimal(0, 1),
        "count": integer(1, 8),
        "flag": boolean,
        "kind": one_of("a", "b", "c"),
        "table": METADATA,
        "stop": either("a string or array of strings", a_text=text(), an_array=array(text())),
        "shape": choose_by_kind(
            {"round": Fields(checks={}), "square": Fields(checks={"side": integer()}, needs=("side",))}
        ),
        "closed": Fields(checks={"open": boolean}, closed=True, never=("answered",)),
    },
    needs=("model",),
    refuses_null=("flag",),
)
"""A body with something of every kind."""


def _refusal(body: dict[str, Any]) -> Failure:
    with pytest.raises(RequestRefused) as caught:
        check_body(ASKED, body)
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
            "Invalid type for 'table': expected a metadata object, but got an array instead.",
        ),
        (
            {"model": "m", "table": {"a" * 65: "b"}},
            "table",
            "string_above_max_length",
            (
                "Invalid 'table': property name too long. Expected a property name with maximum length 64, but got a "
                "property name with length 65 instead."
            ),
        ),
        (
            {"model": "m", "flag": None},
            "flag",
            "invalid_type",
            "Invalid type for 'flag': expected a boolean, but got null instead.",
        ),
        (
            {"model": "m", "stop": {}},
            "stop",
            "invalid_type",
            "Invalid type for 'stop': expected one of a string or array of strings, but got an object instead.",
        ),
        (
            {"model": "m", "shape": {"type": "flat"}},
            "shape.type",
            "invalid_value",
            "Invalid value: 'flat'. Supported values are: 'round' and 'square'.",
        ),
        (
            {"model": "m", "shape": {"type": "square"}},
            "shape.side",
            "missing_required_parameter",
            "Missing required parameter: 'shape.side'.",
        ),
        (
            {"model": "m", "closed": {"shut": 1}},
            "closed.shut",
            "unknown_parameter",
            "Unknown parameter: 'closed.shut'.",
        ),
        (
            {"model": "m", "closed": {"answered": None}},
            "closed.answered",
            "unknown_parameter",
            "Unknown parameter: 'closed.answered'.",
        ),
        (
            {"model": "m", "parts": [{"name": ""}]},
            "parts[0].name",
            "empty_string",
            (
                "Invalid 'parts[0].name': empty string. Expected a string with minimum length 1, but got an empty "
                "string instead."
            ),
        ),
        (
            {"model": "m", "parts": [{"name": "a\n"}]},
            "parts[0].name",
            "invalid_value",
            (
                "Invalid 'parts[0].name': string does not match pattern. Expected a string that matches the pattern "
                "'^[a-c]+$'."
            ),
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
    body: dict[str, Any] = {"model": "m", "new": 1, "parts": [{"name": "a", "newer": 2}]}

    assert check_body(ASKED, body) == body


def test_leniently_what_is_wrong_is_not_given_and_what_is_missing_is_still_missing() -> None:
    assert check_body(ASKED, {"model": "m", "count": 99, "kind": "z"}, lenient=True) == {"model": "m"}
    with pytest.raises(RequestRefused):
        check_body(ASKED, {"count": 1}, lenient=True)


def test_a_place_is_spelled_with_brackets_or_with_dots_too() -> None:
    place = ((((None, "messages"), 0), "content"), 2)

    assert (spell(place), spell(place, dotted=True)) == ("messages[0].content[2]", "messages.[0].content.[2]")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b'{"a": NaN}', b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(RequestRefused) as caught:
        read_object(Request(method="POST", path="/v1/any", body=body))

    assert caught.value.failure.message.startswith("We could not parse the JSON body of your request. (HINT: ")
    assert (caught.value.failure.status, caught.value.failure.param, caught.value.failure.code) == (400, None, None)
