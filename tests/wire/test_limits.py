"""What one request may carry."""

import json
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llemulator_addon.wire import limits
from tests.playing import emulator, json_of, play, post
from tests.wire.test_json_bytes import values

_HELLO = {"role": "user", "content": "Hello"}


def _signs(value: object) -> int:
    match value:
        case dict():
            return 1 + len(value) + max(len(value) - 1, 0) + sum(map(_signs, value.values()))
        case list():
            return 1 + max(len(value) - 1, 0) + sum(map(_signs, value))
        case _:
            return 0


def _counted(body: bytes) -> int:
    found = 0
    for found in limits.values_in(body):  # noqa: B007 - the last count is that of all
        pass
    return found


@given(values, st.integers(0, 70_000))
def test_values_are_counted_outside_of_strings_wherever_the_parts_are_cut(value: object, before: int) -> None:
    body = json.dumps({"a": 'x\\",[{:' * (before // 9) + "y" * (before % 9), "b": value}).encode()

    assert _counted(body) == _signs({"a": "", "b": value})


def test_a_large_body_of_too_many_values_is_refused_before_it_is_read() -> None:
    server = emulator(request_values=50_000)
    asked = post("/v1/chat/completions", {"model": "gpt-4o", "messages": [_HELLO] * 20_000})

    (answer,) = play(server, asked)

    error = json_of(answer)["error"]
    assert (error["code"], error["message"].partition(";")[0]) == (
        "request_too_large",
        "The JSON of this request has more values than llemulator's limit of 50000",
    )


def test_a_large_body_that_is_no_json_is_refused_as_a_small_one() -> None:
    bodies = (b" " * 300_000, b"[" * 300_000, b'{"a": ' + b"9" * 300_000 + b"}", b'{"a": "' + b"\\" * 300_000)
    asked = [post("/v1/chat/completions") for _ in bodies]
    small, *large = play(
        emulator(),
        *(
            type(each)(**{**_fields(each), "body": body})
            for each, body in zip([*asked, asked[0]], [b"{", *bodies], strict=True)
        ),
    )

    assert [json_of(each) for each in large] == [json_of(small)] * len(bodies)


def _fields(request: Any) -> dict[str, Any]:  # noqa: ANN401 - a request
    return {name: getattr(request, name) for name in ("method", "path", "headers")}


@pytest.mark.parametrize(
    ("path", "body", "param", "most"),
    [
        ("/v1/chat/completions", {"messages": [_HELLO] * 2_049}, "messages", 2_048),
        ("/v1/chat/completions", {"messages": [_HELLO], "tools": [{"type": "function"}] * 129}, "tools", 128),
        ("/v1/responses", {"input": [_HELLO] * 16_385}, "input", 16_384),
        ("/v1/responses/input_tokens", {"input": [_HELLO] * 16_385}, "input", 16_384),
    ],
)
def test_an_array_of_too_many_members_is_refused(path: str, body: dict[str, Any], param: str, most: int) -> None:
    (answer,) = play(emulator(), post(path, {"model": "gpt-4o", **body}))

    assert json_of(answer)["error"] == {
        "message": f"Invalid '{param}': array too long. Expected an array with maximum length {most}, but got an array "
        f"with length {most + 1} instead.",
        "type": "invalid_request_error",
        "param": param,
        "code": "array_above_max_length",
    }


@pytest.mark.parametrize("path", ["/v1/embeddings", "/v1/completions"])
def test_more_inputs_than_there_may_be_are_refused_before_their_tokens_are_counted(path: str) -> None:
    names = {
        "/v1/embeddings": ("text-embedding-3-small", "input"),
        "/v1/completions": ("gpt-3.5-turbo-instruct", "prompt"),
    }
    model, name = names[path]
    texts = [f"{number} {'word ' * 100}" for number, _ in zip(count(), range(2_049), strict=False)]

    (answer,) = play(emulator(), post(path, {"model": model, name: texts}))

    assert json_of(answer)["error"]["message"].startswith(f"'$.{name}' is invalid.")


@pytest.mark.long
@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/v1/chat/completions", {"messages": [_HELLO, {"role": "user", "content": "LONG"}]}, "messages[1].content"),
        (
            "/v1/chat/completions",
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "LONG"}]}]},
            "messages[0].content[0].text",
        ),
        ("/v1/responses", {"input": "LONG"}, "input"),
        ("/v1/responses", {"input": [{"role": "user", "content": "LONG"}]}, "input[0].content"),
        ("/v1/responses/input_tokens", {"input": "LONG"}, "input"),
        ("/v1/embeddings", {"input": "LONG"}, "input"),
        ("/v1/moderations", {"input": ["Hello", "LONG"]}, "input[1]"),
    ],
)
def test_a_text_of_too_many_characters_is_refused(path: str, body: dict[str, Any], param: str) -> None:
    long = json.loads(json.dumps(body).replace("LONG", "a" * 10_485_761))

    (answer,) = play(emulator(), post(path, {"model": "gpt-4o", **long}))

    assert json_of(answer)["error"] == {
        "message": f"Invalid '{param}': string too long. Expected a string with maximum length 10485760, but got a "
        "string with length 10485761 instead.",
        "type": "invalid_request_error",
        "param": param,
        "code": "string_above_max_length",
    }


def test_an_image_may_be_longer_than_a_text() -> None:
    body = {"image_url": {"url": "a" * 10_485_761}}

    assert limits.refusal("chat.completions", body, 10_485_800) is None
    assert limits.refusal("chat.completions", {"image_url": {"url": "a" * 20_971_521}}, 20_971_600) is not None
