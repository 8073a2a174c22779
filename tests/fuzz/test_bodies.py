"""Whatever an application, a test or a file sends is answered or refused; none of it is this program's own failure."""

import json
from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llemulator_addon.admin import ROUTES
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Steps
from llemulator_addon.script.converting import CONVERTERS, convert
from llemulator_addon.script.reader import Script, read_script
from llemulator_addon.script.script_error import ScriptError
from llemulator_addon.wire.endpoints import ENDPOINTS, OPERATIONS
from tests.fuzz import surviving
from tests.fuzz.values import ODD_TEXTS, WORDS, Json, broken, changed, spelled, trees
from tests.playing import emulator, request, status

_MANY = settings(
    max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
_FEW = settings(_MANY, max_examples=100)
_TOOL = {"type": "function", "function": {"name": "a", "parameters": {"type": "object", "properties": {"b": {}}}}}
_SCHEMA = {"name": "s", "strict": True, "schema": {"type": "object", "properties": {"a": {"type": "string"}}}}
_BODIES: tuple[Json, ...] = (
    {
        "model": "gpt-4o",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Hi"},
                    {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c", **_TOOL, "function": {"name": "a", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "c", "content": "x"},
            {"role": "user", "content": "Go on", "name": "n"},
        ],
        "tools": [_TOOL],
        "tool_choice": "auto",
        "response_format": {"type": "json_schema", "json_schema": _SCHEMA},
        "n": 2,
        "stream": True,
        "stream_options": {"include_usage": True},
        "logprobs": True,
        "top_logprobs": 2,
        "temperature": 0.5,
        "max_completion_tokens": 9,
        "stop": ["x"],
        "seed": 1,
        "store": True,
        "metadata": {"a": "b"},
        "logit_bias": {"1": 5},
        "modalities": ["text"],
        "user": "u",
    },
    {
        "model": "gpt-4o",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
            {"type": "function_call", "call_id": "c", "name": "a", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": "x"},
            {"type": "reasoning", "id": "rs_1", "summary": []},
        ],
        "instructions": "Be brief.",
        "tools": [
            {"type": "function", "name": "a", "parameters": {"type": "object"}, "strict": False},
            {"type": "web_search"},
        ],
        "tool_choice": {"type": "function", "name": "a"},
        "text": {"format": {"type": "json_schema", **_SCHEMA}, "verbosity": "low"},
        "reasoning": {"effort": "low", "summary": "auto"},
        "stream": True,
        "store": True,
        "background": False,
        "previous_response_id": None,
        "conversation": None,
        "include": ["reasoning.encrypted_content"],
        "metadata": {"a": "b"},
        "max_output_tokens": 20,
        "truncation": "auto",
        "parallel_tool_calls": True,
        "temperature": 1,
        "top_p": 1,
    },
    {
        "model": "gpt-3.5-turbo-instruct",
        "prompt": ["a", "b"],
        "n": 2,
        "best_of": 2,
        "logprobs": 2,
        "echo": True,
        "suffix": "s",
    },
    {"model": "gpt-3.5-turbo-instruct", "prompt": [[1, 2], [3]], "stream": True, "max_tokens": 3},
    {"model": "text-embedding-3-small", "input": ["a", "b"], "dimensions": 8, "encoding_format": "base64"},
    {"model": "text-embedding-3-small", "input": [[1, 2], [3]]},
    {
        "model": "omni-moderation-latest",
        "input": [
            {"type": "text", "text": "a"},
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        ],
    },
    {"items": [{"type": "message", "role": "user", "content": "a"}], "metadata": {"a": "b"}},
    {"metadata": {"a": "b"}},
)
_ADMIN: tuple[Json, ...] = (
    {
        "expectations": [
            {"match": "(?i)a", "count": 1},
            {"name": "n", "match": {"model": "gpt-4o"}, "at_least": 1, "at_most": 3},
        ],
        "order": ["a", {"tool_result": {"name": "b"}}],
        "egress": {"allow": ["*.example.com"]},
        "ignore": ["new_connections"],
    },
    {"advance_s": 60},
    {"at": 1e9},
    {"reset": True},
    {"responses": ["a"]},
)
_AIMOCK: tuple[Json, ...] = (
    {
        "fixtures": [
            {
                "match": {"userMessage": "a", "toolCallId": "c", "toolName": "t", "model": "m", "sequenceIndex": 0},
                "response": {"content": "b", "toolCalls": [{"name": "a", "arguments": "{}"}], "reasoning": "r"},
                "latency": 5,
                "chunkSize": 3,
            },
            {
                "match": {"predicate": "x"},
                "response": {"error": {"message": "m", "type": "t", "code": "c"}, "status": 429},
            },
            {
                "match": {"inputText": "a"},
                "response": {"embedding": [0.1]},
                "truncateAfterChunks": 2,
                "disconnectAfterMs": 9,
            },
        ]
    },
    {
        "responses": {"a": "b"},
        "defaults": {"unknown_response": "c"},
        "settings": {"lag_enabled": True, "lag_factor": 10},
    },
)
_NAMES = sorted({key for body in (*_BODIES, *_ADMIN, *_AIMOCK) for key in body} | set(WORDS))
_KEYS = st.sampled_from(_NAMES) | st.text(max_size=8)


def _any(bodies: tuple[Json, ...]) -> st.SearchStrategy[bytes]:
    values = changed(lambda: bodies, _KEYS) | trees(_KEYS)
    return broken(values.map(spelled) | st.sampled_from(ODD_TEXTS)) | values.map(lambda value: spelled(value).encode())


_IDS = st.sampled_from(
    ("a", "gpt-4o", "1", "resp_1", "%2e%2e", "%00", "%ff", "é", "9" * 5_000, "%7Bid%7D", "~", "%F0%9F%98")
)
_QUERIES = st.dictionaries(
    st.sampled_from(
        [
            *("limit", "after", "before", "order", "include[]", "stream", "starting_after", "model", "metadata[a]"),
            *("format", "since", "status", "unmatched", "endpoint", "rule", "api-version", "x"),
        ]
    ),
    st.sampled_from(
        ("0", "1", "-1", "9" * 5_000, "true", "x", "", "5xx", "har", "full", "²", "desc", "\ud800", "1e9", "%")
    ),
    max_size=3,
)
_MODEL_PATHS = sorted({*(each.path for each in ENDPOINTS.values()), *(each.path for each in OPERATIONS.values())})


def _requests(paths: list[str], bodies: tuple[Json, ...]) -> st.SearchStrategy[Request]:
    any_body = _any(bodies)

    @st.composite
    def asking(draw: st.DrawFn) -> Request:
        path = draw(st.sampled_from(paths))
        while "{" in path:
            path = path.partition("{")[0] + draw(_IDS) + path.partition("}")[2]
        asked = request(
            draw(st.sampled_from(("POST", "POST", "POST", "GET", "DELETE", "HEAD", "PATCH", "\N{DEGREE SIGN}"))),
            draw(st.sampled_from(("", "/v1"))) + path,
            body=draw(any_body),
            headers=draw(st.sampled_from(({}, {"content-type": "text/yaml"}, {"last-event-id": "9" * 5_000}))),
        )
        return Request(**{**_fields(asked), "query": tuple(draw(_QUERIES).items())})

    return asking()


def _fields(asked: Request) -> dict[str, Json]:
    return {name: getattr(asked, name) for name in ("method", "path", "headers", "body", "at")}


_TO_MODELS = _requests(_MODEL_PATHS, _BODIES)
_TO_ADMIN = _requests(sorted(ROUTES), _ADMIN).map(
    lambda asked: Request(**{**_fields(asked), "path": asked.path.removeprefix("/v1"), "query": asked.query})
)


def _answers(requests: list[Request], **settings: Json) -> list[Steps]:
    server = emulator(
        {"responses": {"a": "b"}, "defaults": {"on_unmatched": "simulate"}},
        debug=True,
        ca_certificate=b"PEM",
        **settings,
    )
    return surviving.answered(server, requests)


def _check_models(requests: list[Request], *, lenient: bool) -> None:
    assert all(status(steps) in range(200, 500) for steps in _answers(requests, lenient=lenient))


def _check_admin(requests: list[Request]) -> None:
    asked = [request("POST", "/v1/chat/completions", body=json.dumps(_BODIES[0]).encode()), *requests]
    assert all(status(steps) in range(200, 500) for steps in _answers(asked))


def _check_converting(name: str, value: Json) -> None:
    with suppress(ScriptError):
        assert isinstance(read_script(convert(name, value).script), Script)


@given(st.lists(_TO_MODELS, min_size=1, max_size=3), st.booleans())
@_FEW
def test_any_request_to_any_endpoint_is_answered_or_refused(requests: list[Request], lenient: bool) -> None:  # noqa: FBT001
    _check_models(requests, lenient=lenient)


@given(st.lists(_TO_ADMIN, min_size=1, max_size=3))
@_FEW
def test_any_request_to_an_admin_route_is_answered_or_refused(requests: list[Request]) -> None:
    _check_admin(requests)


@given(st.sampled_from(sorted(CONVERTERS)), changed(lambda: _AIMOCK, _KEYS) | trees(_KEYS))
@_FEW
def test_any_value_is_converted_to_a_script_or_refused(name: str, value: Json) -> None:
    _check_converting(name, value)


@pytest.mark.slow
@given(st.lists(_TO_MODELS, min_size=1, max_size=3), st.booleans())
@_MANY
def test_two_thousand_conversations_are_answered_or_refused(requests: list[Request], lenient: bool) -> None:  # noqa: FBT001
    _check_models(requests, lenient=lenient)


@pytest.mark.slow
@given(st.lists(_TO_ADMIN, min_size=1, max_size=3))
@_MANY
def test_two_thousand_visits_to_admin_routes_are_answered_or_refused(requests: list[Request]) -> None:
    _check_admin(requests)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {**_BODIES[0], "stream_options": "x", "logprobs": "y"}),
        ("/v1/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": "a", "stream": True, "logprobs": "y"}),
        ("/v1/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": "a", "stream": True, "stream_options": 1}),
    ],
)
def test_leniently_a_parameter_of_a_wrong_type_counts_as_not_given(path: str, body: Json) -> None:
    (steps,) = _answers([request("POST", path, body=json.dumps(body).encode())], lenient=True)

    assert status(steps) == 200


def test_every_path_survives_ids_that_nobody_gave() -> None:
    paths = [path.replace("{number}", quote(text)) for path in ROUTES for text in ("1" * 5_000, "²", "%", "..")]

    _check_admin([request("GET", path) for path in paths])
