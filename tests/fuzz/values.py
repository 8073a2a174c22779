"""Scripts, bodies and texts that nobody would write: real ones with a few things changed, and trees of anything."""

import copy
import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from hypothesis import strategies as st

from llemulator_addon.script.faults import FAULTS
from llemulator_addon.script.patterns import COMBINING, PATTERNS
from llemulator_addon.script.reader import value_of
from llemulator_addon.script.replies import REPLIES
from llemulator_addon.script.schema import schema
from llemulator_addon.script.script_error import ScriptError
from tests.project.pages import blocks, tracked

type Json = Any


def _keys(part: Json) -> Iterator[str]:
    match part:
        case {"properties": dict() as properties, **rest}:
            yield from properties
            yield from _keys([*properties.values(), *rest.values()])
        case dict():
            yield from _keys(list(part.values()))
        case list():
            for member in part:
                yield from _keys(member)
        case _:
            pass


WORDS = tuple(sorted({*_keys(schema()), *PATTERNS, *COMBINING, *REPLIES, *FAULTS}))
"""Every key of the script language."""

_FULL = {
    "reset": True,
    "seed": 7,
    "serialize": False,
    "upstream": {"own-model": "http://127.0.0.1:9/v1"},
    "models": ["gpt-4o", "gpt-4o-mini", "text-embedding-3-small"],
    "defaults": {
        "on_unmatched": "simulate",
        "manual": {"timeout_s": 5},
        "stream": {"ttft_ms": 1, "tokens_per_second": 50, "jitter": 0.1, "chunk_by": "word"},
        "faults": [{"latency_ms": 5}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "cached_tokens": 0, "reasoning_tokens": 0},
    },
    "responses": [
        "first",
        {"pattern": "(?i)help", "response": "I can help", "times": 2},
        {"error": "Slow", "status": 429, "optional": True},
        {"match": {"model": "gpt-4*"}, "response": {"json": {"a": 1}}},
    ],
    "rules": [
        {
            "name": "everything",
            "match": {
                "endpoint": "chat.completions",
                "method": "POST",
                "path": "/v1/*",
                "model": "gpt-4o*",
                "user_text": "(?P<word>\\w+)",
                "system_text": "",
                "any_text": ".",
                "turn": 1,
                "answered": {"at_most": 9},
                "text": "a",
                "json_path_regex": {"$..a": "^b"},
                "stream": False,
                "header": {"x-test": "*"},
                "json": {"temperature": 0},
                "json_path": {"$..a[0]": 1, "$['b'][*]": [1]},
                "any_of": [{"has_tool": "a"}, {"tool_result": {"name": "a", "pattern": "b"}}],
                "all_of": [{}],
                "not": {"turn": 9},
            },
            "reply": [
                {
                    "template": True,
                    "text": "{{ captures.word|upper }} {% for m in prompt.messages %}{{ m.text }}{% endfor %}",
                },
                {"reasoning": ["a", "b"], "text": "c", "finish_reason": "length", "usage": {"completion_tokens": 1}},
                {"refusal": "no", "model": "other", "logprobs": [{"token": "no", "logprob": -1}]},
                {"text": "a", "system_fingerprint": None},
                {"tool_calls": [{"name": "a", "arguments": {"b": [1]}, "id": "c"}, {"name": "d", "input": "e"}]},
                {"choices": ["a", {"json": [1]}]},
                {"text": "ab", "logprobs": [{"token": "ab", "logprob": -1, "top_logprobs": {"c": -2}}], "usage": None},
                {"audio": {"transcript": "a", "data": "AAEC", "id": "b", "expires_at": 1}, "service_tier": "flex"},
                {
                    "text": "a",
                    "moderation": {"input": {"violence": 0.9}, "output": {"hate": True}},
                    "headers": {"x": "y"},
                },
                {
                    "side_by_side": [1, 2],
                    "blocks": [
                        {"reasoning": {"summary": ["a"], "content": ["b"], "encrypted_content": "c", "id": "rs_1"}},
                        {
                            "message": {
                                "parts": [
                                    {"text": "a", "annotations": [{"type": "url_citation"}], "annotations_at": [0]},
                                    {"refusal": "b"},
                                ],
                                "id": "msg_1",
                                "status": "incomplete",
                            }
                        },
                        {"tool_call": {"name": "a", "caller": "b", "status": "in_progress", "item_id": "fc_1"}},
                    ],
                },
                {
                    "blocks": [
                        {"reasoning": "a"},
                        {"hosted_call": {"type": "web_search_call", "action": {"type": "search", "query": "q"}}},
                        {"tool_call": {"name": "a", "arguments": "{"}},
                    ]
                },
            ],
            "times": 9,
            "priority": -1,
            "state": {"requires": "started", "becomes": "started"},
            "stream": {"ttft_ms": 1.5, "tokens_per_second": 1000, "jitter": 1, "chunk_by": 3},
            "faults": [
                {"cut_after": {"fraction": 0.5, "how": "reset"}},
                {"stall": {"after_sends": 1, "seconds": 0.5}},
                {"malformed_event": {"at": 2}},
                {"duplicate_event": {"at": 1}},
                {"extra_event": {"at": 1, "event": "keepalive", "data": {"type": "keepalive"}, "comment": "c"}},
                {"split_bytes": {"size": "random", "wait_ms": 0.1}},
                {"error_event": {"at": 3, "message": "m", "type": "t", "code": "c", "param": "p"}},
                {"failure": {"status": 500, "probability": 0.1, "for_seconds": 3, "headers": {"a": "b"}}},
                {"rate_limit": {"requests_per_minute": 60, "tokens_per_minute": 1000}},
            ],
            "optional": True,
        },
        {"faults": [{"connect": {"status": 502, "host": "*"}}], "times": 1},
        {"faults": [{"tls": "handshake_failure"}]},
        {
            "match": {"path": "/v1/models"},
            "reply": {"raw": {"status": 207, "headers": {"X": "y"}, "json": {"a": None}}},
        },
        {"match": {"endpoint": "embeddings"}, "reply": {"raw": {"base64": "AAEC"}}},
        {"reply": {"embedding": [[0.5], {"near": "a", "similarity": 0.5}]}},
        {"reply": {"moderation": [{"violence": 1}, {"flagged": True}]}},
        {"match": {"endpoint": "moderations"}, "reply": {"failure": {"status": 418, "retry_after": 0.25}}},
        {"reply": {"raw": {"sse": [{"event": "a", "data": {"b": 1}, "id": "c", "retry": 5}, {"data": "[DONE]"}]}}},
        {"reply": "x", "faults": [{"http2": "goaway"}]},
    ],
}
"""A script with every word of the language."""


@cache
def scripts() -> tuple[Json, ...]:
    """Return real scripts: those to start from, those of the documentation, and one with every word."""
    texts = [file.read_text("utf-8") for file in tracked("scripts/*.yaml")]
    texts += [block.text for block in blocks("yaml") if block.page == "docs/script.md"]
    return (_FULL, *(value for text in texts if isinstance(value := _value(text), dict)))


def _value(text: str) -> Json:
    try:
        return value_of(text, "yaml")
    except ScriptError:
        return None


# Values that a reader may fall over ----------------------------------------------------------------------------------


def _nested(depth: int, kind: str) -> Json:
    value: Json = None
    for _ in range(depth):
        value = [value] if kind == "list" else {kind: value}
    return value


_NUMBERS = (
    0,
    -1,
    1,
    2,
    1 << 31,
    1 << 63,
    -(1 << 63),
    10**30,
    10**399,
    10**401,
    0.0,
    -0.0,
    1e-300,
    1e300,
    5e-324,
    0.1,
    1e16,
)
_TEXTS = (
    *(
        "",
        " ",
        "\n",
        "\r\n",
        "\0",
        "\ud800",
        "\udfff\ud83d",
        "é",
        "e\u0301",
        "\U0001d4b3",
        "\u202eabc",
        "\ufeff",
        "\u2028",
        "ﬃß",
    ),
    *(
        "null",
        "true",
        "1",
        "1e3",
        "-",
        "*",
        "[",
        "(",
        "(?P<a>",
        "\\",
        ".*" * 50,
        "(a|b)*c{3,900}",
        "(?i)\\pL",
        "[^\\x00]",
    ),
    *("$", "$.", "$..", "$[", "$[99999999999]", "$['a", "$.a[*]..b", "$..*..*..*"),
    *(
        "{{",
        "{{ x }}",
        "{% for",
        "{{ body }}",
        "{{ prompt.messages|tojson }}",
        "{{ captures[1] }}",
        "{#",
        "{{ '\\ud800' }}",
    ),
    *(
        "chat.completions",
        "responses",
        "started",
        "gpt-4o",
        "server-error",
        "/v1/chat/completions",
        "POST",
        "x-test",
        "close",
    ),
    *("a: b", "data: x\n\ndata: y", "\r\nSet-Cookie: a=b", "http://[::1", "%", "%zz", "../../etc/passwd", "__class__"),
    "a" * 5_000,
)
_ODD: tuple[Json, ...] = (
    *(None, True, False, [], {}, [[]], [{}], {"": None}, {"__proto__": 1}, {"a": {"a": {"a": 1}}}),
    *(_nested(depth, kind) for depth in (20, 99, 101, 150) for kind in ("list", "not", "any_of", "a")),
    [0] * 2_000,
    *_NUMBERS,
    *_TEXTS,
)

LEAVES = (
    st.sampled_from(_ODD).map(copy.deepcopy)
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
)
"""Any value, most of them odd."""


def trees(keys: st.SearchStrategy[str]) -> st.SearchStrategy[Json]:
    """Return trees of anything."""
    return st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5),
        max_leaves=25,
    )


# Changing something --------------------------------------------------------------------------------------------------


def places(value: Json, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield every place in a value; the empty one is the value itself."""
    yield place
    match value:
        case dict():
            for key, member in value.items():
                yield from places(member, (*place, key))
        case list():
            for number, member in enumerate(value):
                yield from places(member, (*place, number))
        case _:
            pass


def changed(originals: Callable[[], tuple[Json, ...]], keys: st.SearchStrategy[str]) -> st.SearchStrategy[Json]:
    """Return one of the originals with a few of its members changed, taken away, moved or given others beside them."""

    @st.composite
    def changing(draw: st.DrawFn) -> Json:
        value = copy.deepcopy(originals()[draw(st.integers(0, len(originals()) - 1))])
        for _ in range(draw(st.integers(0, 4))):
            all_places = list(places(value))
            if place := all_places[draw(st.integers(0, len(all_places) - 1))]:
                _change(draw, _at(value, place[:-1]), place[-1], keys)
        return value

    return changing()


def _at(value: Json, place: tuple[Any, ...]) -> Json:
    for step in place:
        value = value[step]
    return value


def _change(draw: st.DrawFn, holder: Json, last: Any, keys: st.SearchStrategy[str]) -> None:  # noqa: ANN401
    match draw(st.sampled_from(("put", "put", "put", "drop", "add", "swap", "wrap"))):
        case "put":
            holder[last] = draw(LEAVES)
        case "drop":
            del holder[last]
        case "add" if isinstance(holder, dict):
            holder[draw(keys)] = draw(LEAVES)
        case "swap":
            members = list(holder.values()) if isinstance(holder, dict) else holder
            holder[last] = copy.deepcopy(members[draw(st.integers(0, len(members) - 1))])
        case "wrap":
            inner = copy.deepcopy(holder[last])
            holder[last] = {draw(keys): inner} if draw(st.booleans()) else [inner] * draw(st.integers(1, 3))
        case _:
            holder.insert(last, draw(LEAVES))


_KEYS = st.sampled_from(WORDS) | st.sampled_from(_TEXTS) | st.text(max_size=10)

SCRIPTS = changed(scripts, _KEYS) | trees(_KEYS)
"""JSON values that are scripts, nearly, or not at all."""


def spelled(value: Json) -> str:
    """Spell as Python does, which lets through what JSON has no word for: NaN, half a surrogate pair."""
    return json.dumps(value)


# Text ----------------------------------------------------------------------------------------------------------------

_LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
ODD_TEXTS = (
    *(
        "",
        " ",
        "\0",
        "\t",
        "\ufeff",
        "---",
        "...",
        "---\n---\n",
        "%YAML 9.9\n---\na",
        "%TAG ! x",
        "&a *a",
        "*a",
        "!",
        "!!",
    ),
    "&a [*a]",
    "&a {rules: *a}",
    "a: &a\n  b: *a",
    "rules: &a\n- reply: x\n- *a",
    _LAUGHS + "rules: *i",
    _LAUGHS + "responses: [*i]",
    "<<: {responses: x}",
    "a: &a {responses: x}\n<<: *a",
    "<<: [1]",
    "<<: *a",
    "{<<: {reply: a}, rules: [{<<: {reply: b}}]}",
    "responses: 2024-01-01",
    "responses: 2024-01-01T00:00:00.000000000000001+99:99",
    "responses: 9999-99-99",
    "responses: 2024-02-30 25:61:61",
    "responses: !!binary aGVsbG8=",
    "responses: !!binary '%%%'",
    "responses: !!set {a, b}",
    "responses: !!omap [a: b]",
    "responses: !!pairs [a: b]",
    "responses: !!python/object/apply:os.system [true]",
    "responses: !!python/name:os.system",
    "responses: !!timestamp x",
    "responses: !!int x",
    "responses: !!float x",
    "responses: !!bool x",
    "responses: !!null x",
    "responses: !!map x",
    "responses: !!seq x",
    "responses: !<tag:x> y",
    "responses: !!str [a]",
    "seed: 0b1",
    "seed: 0o9",
    "seed: 0x",
    "seed: 1_000_",
    "seed: 190:20:30",
    "seed: .inf",
    "seed: .nan",
    "seed: -.INF",
    "seed: " + "9" * 5_000,
    '{"seed": ' + "9" * 5_000 + "}",
    '{"seed": 1e999}',
    '{"seed": NaN}',
    '{"responses": "a", "responses": "b"}',
    "responses: a\nresponses: b",
    "? [a, b]\n: c",
    "? {a: b}\n: c",
    "1: a",
    "null: a",
    "true: a",
    "rules: [{1: a}]",
    "responses: {1: a}",
    "responses: {null: a}",
    "responses: {2024-01-01: a}",
    "responses: {a: a, a: b}",
    "responses: |\n  a\n b",
    "responses: >9\n a",
    "responses: 'a",
    'responses: "\\x"',
    'responses: "\\ud800"',
    'responses: "\\Uffffffff"',
    '{"responses": "\\ud800"}',
    '{"responses": "\\u0000"}',
    "[" * 5_000,
    "{a: " * 2_000,
    "- " * 2_000,
    "[" * 200 + "]" * 200,
    '{"a":' * 150 + "1" + "}" * 150,
    "? " * 500,
    "#",
    "@a",
    "`a",
    "%a",
    "a: b: c",
    "a:\n\t- b",
    "responses: [a, b",
    "responses: a # b",
    "\x85",
    "\u2028",
    "a\r\nb\rc",
)
"""YAML and JSON with what these languages have, and few know."""

_LINES = st.lists(
    st.sampled_from(("rules:", "- reply: x", "  match:", "    user_text: a", "responses:", "- a", "  b: &c", "  d: *c"))
    | st.sampled_from(ODD_TEXTS).filter(lambda text: len(text) < 100)
    | st.text(max_size=12),
    max_size=8,
).map("\n".join)

TEXTS = st.sampled_from(ODD_TEXTS) | _LINES | SCRIPTS.map(spelled) | st.text(max_size=100)
"""Text that may be a script in JSON or YAML."""


def broken(texts: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    """Return texts as bytes, of which a few may be others."""

    @st.composite
    def breaking(draw: st.DrawFn) -> bytes:
        text = bytearray(draw(texts).encode("utf-8", "surrogatepass"))
        for _ in range(draw(st.sampled_from((0, 0, 0, 1, 1, 2, 5)))):
            place = draw(st.integers(0, len(text)))
            text[place : place + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
        return bytes(text)

    return breaking()
