import json

import pytest

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import Head
from llemulator_addon.wire import errors
from tests.playing import emulator, json_of, play, post, request, status


def test_an_error_has_its_four_keys_in_order_and_is_pretty_printed() -> None:
    assert errors.envelope(errors.missing("input")) == (
        b'{\n  "error": {\n    "message": "Missing required parameter: \'input\'.",\n'
        b'    "type": "invalid_request_error",\n    "param": "input",\n'
        b'    "code": "missing_required_parameter"\n  }\n}\n'
    )


def test_what_is_not_known_is_null_and_not_left_out() -> None:
    assert json.loads(errors.envelope(Failure(status=500, message="Oh."))) == {
        "error": {"message": "Oh.", "type": None, "param": None, "code": None}
    }


def test_an_error_of_azures_gateway_has_code_and_message_alone() -> None:
    assert json.loads(errors.envelope(Failure(status=404, code="No", message="Oh.", bare=True))) == {
        "error": {"code": "No", "message": "Oh."}
    }


def test_headers_of_a_failure_come_behind_its_own() -> None:
    head = errors.steps_of(Failure(status=429, message="Slow.", headers=(("retry-after", "2"),)), Stamp(0, 0))[0]

    assert isinstance(head, Head)
    assert head.status == 429
    assert head.headers[-1] == ("retry-after", "2")
    assert dict(head.headers)["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        (
            "POST",
            "/v1/chat/completions/chat/completions",
            ("Invalid URL (POST /v1/chat/completions/chat/completions)", None),
        ),
        (
            "POST",
            "/v1",
            (
                (
                    "Unknown request URL: POST /v1. Please check the URL for typos, or see the docs at "
                    "https://platform.openai.com/docs/api-reference/."
                ),
                "unknown_url",
            ),
        ),
    ],
)
def test_a_path_that_names_nothing_is_refused_in_the_apis_words(
    method: str, path: str, expected: tuple[str, str | None]
) -> None:
    (steps,) = play(emulator(), request(method, path))

    message, code = expected
    assert status(steps) == 404
    assert json_of(steps) == {
        "error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    }


def test_a_method_that_a_path_does_not_have_is_refused_with_those_that_it_has() -> None:
    (steps,) = play(emulator(), post("/v1/models"))

    assert status(steps) == 405
    assert json_of(steps)["error"]["message"] == (
        "Not allowed to POST on /v1/models. (HINT: Perhaps you meant to use a different HTTP method?)"
    )


def test_a_list_of_values_is_told_as_the_api_does() -> None:
    assert [errors.invalid_value("p", "x", values).message for values in (("a",), ("a", "b"), ("a", "b", "c"))] == [
        "Invalid value: 'x'. Supported values are: 'a'.",
        "Invalid value: 'x'. Supported values are: 'a' and 'b'.",
        "Invalid value: 'x'. Supported values are: 'a', 'b', and 'c'.",
    ]
