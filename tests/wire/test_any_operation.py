"""No request to any operation makes an error of ours, whatever its body, path and query are."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llemulator_addon.wire.described.table import Described, read_table
from tests.playing import body_of, emulator, headers_of, play, request, status
from tests.wire.described.requests import make_body

_EXAMPLE = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
_SCRIPT: Any = {
    "legacy": True,
    "resources": {
        "files": [
            {"id": "file-1", "filename": "rules.md", "purpose": "assistants", "text": "Returns are free."},
            {"id": "file-2", "filename": "a.jsonl", "purpose": "fine-tune", "text": f"{json.dumps(_EXAMPLE)}\n" * 10},
            {"id": "file-3", "filename": "b.jsonl", "purpose": "batch", "text": "{}\n"},
        ],
        "vector_stores": [{"id": "vs_1", "files": ["file-1"]}],
        "fine_tuned_models": ["ft:gpt-4o-mini:acme::abc"],
        "webhook_endpoints": [{"url": "http://127.0.0.1:9/", "secret": "whsec_bXktc2VjcmV0"}],
    },
}
_TEXT = st.sampled_from(("file-1", "file-2", "file-3", "vs_1", "gpt-4o-mini", "auto")) | st.text(max_size=6)
_LEAF = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | _TEXT
)
_JSON = st.recursive(
    _LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3), max_leaves=8
)
_ROWS = read_table().operations


def _names(described: Described) -> list[str]:
    shapes = described.body if isinstance(described.body, list) else [described.body]
    return [member.name for each in shapes if isinstance(each, int) for member in read_table().members(each)]


@st.composite
def _requests(draw: st.DrawFn) -> tuple[str, str, bytes]:
    """Draw a method, a path with its query, and a body."""
    described = draw(st.sampled_from(_ROWS))
    segments = (
        quote(draw(_TEXT) or "x", safe="") if each.startswith("{") else each for each in described.path.split("/")
    )
    query = draw(st.dictionaries(st.sampled_from(("after", "limit", "order", "filter", "name")), _TEXT, max_size=2))
    asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
    names = [*_names(described), "metadata", "stream"]
    changes = draw(st.dictionaries(st.sampled_from(names), _JSON, max_size=4))
    body = b"" if described.method == "GET" else json.dumps({**make_body(described), **changes}).encode()
    return described.method, f"/v1{'/'.join(segments)}?{asked}", body


def _check(drawn: list[tuple[str, str, bytes]], *, lenient: bool) -> None:
    server = emulator(_SCRIPT, lenient=lenient, webhooks=("http://127.0.0.1:9",))
    for number, (method, path, body) in enumerate(drawn):
        (steps,) = play(server, request(method, path, body=body, at=float(number * 5)))
        assert status(steps) < 500, (method, path, body, body_of(steps))
        if status(steps) >= 400 and "json" in headers_of(steps).get("content-type", ""):
            assert set(json.loads(body_of(steps))["error"]) == {"message", "type", "param", "code"}


@pytest.mark.hypothesis
@pytest.mark.parametrize("lenient", [False, True])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=st.lists(_requests(), min_size=1, max_size=8))
def test_no_requests_make_an_error_of_ours(*, lenient: bool, drawn: list[tuple[str, str, bytes]]) -> None:
    _check(drawn, lenient=lenient)


@pytest.mark.slow
@pytest.mark.parametrize("lenient", [False, True])
@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=st.lists(_requests(), min_size=5, max_size=15))
def test_ten_thousand_requests_make_no_error_of_ours(*, lenient: bool, drawn: list[tuple[str, str, bytes]]) -> None:
    _check(drawn, lenient=lenient)
