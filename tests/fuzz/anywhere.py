"""Any JSON at any place of real bodies and queries, sent to servers that answer in every way that there is.

By hand: `python -m tests.fuzz.anywhere COUNT SEED` tells what was raised, each kind once.
"""

import asyncio
import json
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any, NamedTuple

from llemulator_addon.admin import ROUTES
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Steps
from llemulator_addon.script.faults import FAULTS
from llemulator_addon.wire.described.operations import index_operations
from llemulator_addon.wire.endpoints import OPERATIONS
from tests.fuzz import surviving
from tests.fuzz.described import bodies_of, is_form, posted
from tests.fuzz.real import ADMIN, BODIES
from tests.fuzz.values import places, scripts
from tests.playing import body_of, emulator, request
from tests.wire.forms import File, form

type Json = Any

_SPELLED = (
    *("1e400", "-1e400", "1E-400", "NaN", "Infinity", "-Infinity", "-0", "9" * 400, "-" + "9" * 5_000, "0.1e1"),
    *('{"a":1,"a":2}', '{"type":"text","type":[]}', '{"":{"":[]}}', '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"'),
    *('{"\\ud800":1}', '["\\ud83d"]', "[" * 90 + "]" * 90, '{"a":' * 90 + "1" + "}" * 90, "[" * 300 + "]" * 300),
    *('{"type":"object","properties":[]}', '{"$ref":"#"}', '{"$ref":[]}', '{"enum":{}}', '{"required":1}'),
    *("18446744073709551616", "1.0", "2.5", '"1"', "1e2", '"' + "a" * 3_000 + '"', '"\\ud83d\\ude00"'),
)
"""JSON, and what some take for it, that Python's own writer cannot spell or that no program writes."""
_ODD: tuple[Json, ...] = (
    *(None, True, False, 0, 1, -1, 2, 1 << 31, 1 << 63, 1 << 64, 10**30, 0.0, -0.5, 1e16, 1e300, 5e-324),
    *(
        "",
        " ",
        "\0",
        "a\r\nb: c",
        "a",
        "auto",
        "é",
        "\U0001d4b3",
        "function",
        "text",
        "message",
        "required",
        "gpt-4o",
        "json",
    ),
    *([], {}, [[]], [{}], [None], [0], [True], ["a"], ["a", 1], [[1], "a"], [1, [2]], [1.5], {"": None}, {"a": {}}),
    *({"type": {}}, {"type": []}, [{"type": {}}], [{"type": []}], {"type": None}, {"name": []}, {"id": {}}),
    *({"role": []}, [{"role": {}}], {"format": []}, {"effort": []}, {"url": []}, {"__proto__": 1}, {"1": "a"}),
)
_KEYS = tuple(
    sorted(
        {
            step
            for bodies in (*BODIES.values(), *ADMIN.values())
            for body in bodies
            for place in places(body)
            for step in place
            if isinstance(step, str)
        }
        | {"", "$ref", "allOf", "oneOf", "const", "pattern", "format", "anyOf", "not", "enum", "x", "\0", "é"}
    )
)


class _Spelled(str):
    """Stands for JSON that is put in as it is."""

    __slots__ = ()


def any_body(random: Random, bodies: tuple[Json, ...]) -> bytes:
    """Return one of some bodies with one to four things changed somewhere in it, spelled."""
    body = deepcopy(random.choice(bodies))
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4))):
        body = _changed(random, body)
    return _bytes_of(body)


def _any_fields(random: Random, bodies: tuple[Json, ...]) -> Iterator[tuple[str, str | File]]:
    """Yield the fields of one of some bodies with one thing changed somewhere in it."""
    body = _changed(random, deepcopy(random.choice(bodies)))
    for name, value in body.items() if isinstance(body, dict) else ():
        for each in value if isinstance(value, list) else (value,):
            is_file = isinstance(each, dict) and "filename" in each
            text = each if isinstance(each, str) else json.dumps(each)
            yield (
                _sendable(name),
                (_sendable(str(each["filename"])), text.encode("utf-8", "replace")) if is_file else text,
            )


def _sendable(name: str) -> str:
    return "".join(letter for letter in name if letter.isprintable() and letter != '"')


def _changed(random: Random, body: Json) -> Json:
    place = random.choice(list(places(body)))
    if not place:
        return _any(random, body) if random.random() < 0.3 else body
    holder = body
    for step in place[:-1]:
        holder = holder[step]
    _change(random, holder, place[-1], body)
    return body


def _change(random: Random, holder: Json, last: Any, body: Json) -> None:  # noqa: ANN401
    match random.randrange(10):
        case 0:
            del holder[last]
        case 1:
            holder[last] = [holder[last]] * random.randint(1, 3)
        case 2:
            holder[last] = {random.choice(_KEYS): holder[last]}
        case 3 if isinstance(holder, dict):
            holder[random.choice(_KEYS)] = _any(random, body)
        case 3:
            holder.insert(last, _any(random, body))
        case 4 if isinstance(holder, dict):
            holder[random.choice(_KEYS)] = holder.pop(last)
        case 5:
            holder[last] = _nested(random, holder[last])
        case _:
            holder[last] = _any(random, body)


def _nested(random: Random, value: Json) -> Json:
    for _ in range(random.choice((2, 20, 90, 200))):
        value = [value] if random.random() < 0.5 else {"type": value}
    return value


def _any(random: Random, body: Json) -> Json:
    """Return any value: an odd one, one that stands elsewhere in the body, or a small tree of these."""
    match random.randrange(8):
        case 0 | 1:
            return _Spelled(random.choice(_SPELLED))
        case 2:
            value = body
            for step in random.choice(list(places(body))):
                value = value[step]
            return deepcopy(value)
        case 3:
            return [_any(random, None) for _ in range(random.randint(0, 3))]
        case 4:
            return {random.choice(_KEYS): _any(random, None) for _ in range(random.randint(0, 3))}
        case _:
            return deepcopy(random.choice(_ODD))


def _bytes_of(body: Json) -> bytes:
    spelled: list[str] = []

    def marked(value: Json) -> Json:
        match value:
            case _Spelled():
                spelled.append(value)
                return f"@@{len(spelled) - 1}@@"
            case dict():
                return {key: marked(member) for key, member in value.items()}
            case list():
                return [marked(member) for member in value]
            case _:
                return value

    text = json.dumps(marked(body))
    for number, value in enumerate(spelled):
        text = text.replace(f'"@@{number}@@"', value)
    return text.encode()


# Requests ------------------------------------------------------------------------------------------------------------

_POSTED = {name: each.path for name, each in posted().items()}
_BY_TABLE = tuple(name for name in _POSTED if name in index_operations())
_BY_CODE = tuple(name for name in _POSTED if name not in index_operations())
_SHOWN = [each.path for each in OPERATIONS.values() if each.method != "POST"]
_OF_QUERIES = (
    *("limit", "after", "before", "order", "include[]", "include", "stream", "starting_after", "model", "metadata[a]"),
    *("format", "since", "status", "unmatched", "endpoint", "rule", "api-version", "include_obfuscation", "x", ""),
)
_IN_QUERIES = (
    *("0", "1", "2", "-1", "1.5", "9" * 30, "9" * 5_000, "true", "false", "x", "", "5xx", "429", "har", "full", "²"),
    *("desc", "asc", "\ud800", "1e9", "%", "\0", "null", "[]", "chat.completions", "message.output_text.logprobs"),
)
_IDS = ("resp_1", "conv_1", "msg_1", "gpt-4o", "1", "", "%00", "%ff", "é", "9" * 5_000, "..", "%2f")


class Known(NamedTuple):
    """Ids that the server gave out."""

    ids: list[str]


def any_request(random: Random, known: Known) -> Request:
    """Return a request to any endpoint, or to any admin route but those that end the session."""
    match random.randrange(20):
        case 0:
            path = random.choice(list(ADMIN))
            body = any_body(random, ADMIN[path])
            place = path.replace("{number}", random.choice(("1", "2", "x", "9" * 5_000)))
            return _asked("POST", place.replace("{address}", random.choice(("10.0.0.1", "x"))), body, ())
        case 1:
            path = random.choice(_LOOKED_AT)
            return _asked("GET", path.replace("{number}", random.choice(_IDS) or "1"), b"", _query(random))
        case 2 | 3:
            path = _filled(random, random.choice(_SHOWN), known)
            method = random.choice(("GET", "GET", "GET", "DELETE"))
            return _asked(method, f"/v1{path}", b"", _query(random))
        case _:
            # Half of all asks a model, where most is read.
            name = random.choice(
                random.choices((("chat.completions", "responses"), _BY_CODE, _BY_TABLE), (11, 7, 2))[0]
            )
            path = f"/v1{_filled(random, _POSTED[name], known)}"
            if is_form(name) and random.random() < 0.9:
                return form(path, *_any_fields(random, bodies_of(name)))
            return _asked("POST", path, any_body(random, bodies_of(name)), ())


_LOOKED_AT = [path for path, route in ROUTES.items() if route.get is not None and not path.endswith("live")]


def _filled(random: Random, path: str, known: Known) -> str:
    while "{" in path:
        name = random.choice(known.ids[-50:]) if known.ids and random.random() < 0.8 else random.choice(_IDS)
        path = path.partition("{")[0] + name + path.partition("}")[2]
    return path


def _query(random: Random) -> tuple[tuple[str, str], ...]:
    return tuple((random.choice(_OF_QUERIES), random.choice(_IN_QUERIES)) for _ in range(random.randint(0, 3)))


def _asked(method: str, path: str, body: bytes, query: tuple[tuple[str, str], ...]) -> Request:
    asked = request(method, path.partition("?")[0], body=body)
    return Request(method=method, path=asked.path, headers=asked.headers, query=query, body=body)


# Servers -------------------------------------------------------------------------------------------------------------

_PATTERNS: Json = {
    "endpoint": "chat.completions",
    "method": "POST",
    "path": "/v1/*",
    "model": "gpt-4o*",
    "user_text": "(?P<word>\\w+)",
    "system_text": "brief",
    "any_text": "Go",
    "transcript": "a",
    "event": "response.create",
    "turn": 1,
    "answered": {"at_least": 1},
    "text": "a",
    "json_path_regex": {"$..content": "a"},
    "stream": True,
    "header": {"content-type": "*"},
    "has_tool": "a",
    "tool_result": {"name": "a", "pattern": "x"},
    "json": {"messages": [{"role": "system"}], "n": 2, "input": [{"type": "message"}], "metadata": {"a": "b"}},
    "json_path": {"$..type": "function", "$.messages[0].content": "a", "$['input'][*].role": "user"},
    "any_of": [{"json": {"tools": []}}, {"user_text": "^$"}],
    "all_of": [{"any_text": "a"}, {"json_path": {"$.tool_choice.type": "function"}}],
    "not": {"json": {"stream": True}},
}
_REPLIES: tuple[Json, ...] = (
    "Hello there",
    {"template": True, "text": "{{ prompt.text }} {{ body }} {{ prompt.tools }} {{ captures }}"},
    {"reasoning": "r", "text": "t"},
    {"refusal": "no"},
    {"tool_calls": [{"name": "a", "arguments": {"b": [1]}}]},
    {"json": {"violence": 0.9}},
    {"failure": {"status": 500}},
    {"choices": ["a", "b"]},
    {"transcript": {"segments": [{"text": "a", "start": 0, "end": 1}]}},
    {"vector_store": [{"file": "a.md", "text": "a"}]},
    {"files": [{"filename": "a.md", "text": "a"}]},
)
_ALL_FAULTS: tuple[Json, ...] = (
    {"cut_after": {"fraction": 0.5, "how": "reset"}},
    {"stall": {"after_sends": 1, "seconds": 0.5}},
    {"malformed_event": {"at": 2}},
    {"duplicate_event": {"at": 1}},
    {"error_event": {"at": 3, "message": "m"}},
    {"failure": {"status": 500, "probability": 0.1}},
    {"rate_limit": {"requests_per_minute": 6_000, "tokens_per_minute": 100_000}},
    {"latency_ms": 5},
    {"extra_event": {"at": 2, "event": "keepalive", "data": {"type": "keepalive"}}},
    {"split_bytes": {"size": "random", "wait_ms": 0.01}},
)


def _by_each_pattern() -> Json:
    alone = [
        {"match": {word: wanted}, "reply": _REPLIES[number % len(_REPLIES)], "times": 50}
        for number, (word, wanted) in enumerate(_PATTERNS.items())
    ]
    return {"rules": alone, "defaults": {"on_unmatched": "error"}}


def _near_misses() -> Json:
    never = {"header": {"x-never": "1"}}
    rules = [{"match": {word: wanted, **never}, "reply": "x"} for word, wanted in _PATTERNS.items() if word != "header"]
    return {"rules": rules, "defaults": {"on_unmatched": "error"}}


def _with_faults() -> Json:
    assert {next(iter(fault)) for fault in _ALL_FAULTS} <= set(FAULTS)
    rules = [{"reply": _REPLIES[number % 6], "faults": [fault], "times": 5} for number, fault in enumerate(_ALL_FAULTS)]
    return {"rules": rules * 4, "defaults": {"on_unmatched": "echo", "faults": [{"latency_ms": 1}]}}


SCRIPTS: dict[str, Json] = {
    "echo": {"defaults": {"on_unmatched": "echo"}},
    "simulate": {"defaults": {"on_unmatched": "simulate"}},
    "each pattern": _by_each_pattern(),
    "near misses": _near_misses(),
    "faults": _with_faults(),
    "every word": scripts()[0],
    "every reply": {"rules": [{"reply": reply, "times": 7} for reply in _REPLIES] * 9},
    "upstream": {"upstream": {"*": "http://127.0.0.1:9/v1"}, "responses": {"zz": "a"}},
    "manual": {"defaults": {"on_unmatched": "manual"}, "rules": [{"match": {"stream": True}, "reply": "a"}]},
}
"""A server for each plays it by default."""


class Raised(NamedTuple):
    """What a request raised."""

    error: Exception
    asked: Request


def fuzz(name: str, count: int, seed: int, *, lenient: bool = False) -> Iterator[Raised]:
    """Send requests to a server that plays a script, and look at all that there is to see of them now and then."""
    return iter(asyncio.run(_fuzzed(Random(f"{name}/{seed}"), name, count, lenient=lenient)))


async def _fuzzed(random: Random, name: str, count: int, *, lenient: bool) -> list[Raised]:
    raised: list[Raised] = []
    known, number = Known([]), 0
    while number < count:
        server = emulator(SCRIPTS[name], debug=True, ca_certificate=b"PEM", lenient=lenient)
        many = [any_request(random, known) for _ in range(min(100, count - number))]
        number += len(many)
        for asked in (*many, *surviving.looks()):
            try:
                for steps in await surviving.steps_of(server, asked):
                    surviving.can_be_sent(steps)
                    _remember(steps, known)
                    assert b"llemulator_bug" not in body_of(steps)[:400]
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told
                raised.append(Raised(error, asked))
    return raised


def _remember(steps: Steps, known: Known) -> None:
    for prefix in (b'"id": "', b'"id":"'):
        begins = body_of(steps)[:400].partition(prefix)[2]
        if begins:
            known.ids.append(begins.partition(b'"')[0].decode("ascii", "ignore").replace("{", ""))


def main(count: int, seed: int) -> None:
    """Fuzz every server in turn, and tell what was raised, each kind once."""
    kinds: Counter[str] = Counter()
    for lenient in (False, True):
        for name in SCRIPTS:
            for error, asked in fuzz(name, count // (2 * len(SCRIPTS)), seed, lenient=lenient):
                where = traceback.extract_tb(error.__traceback__)[-1]
                kind = f"{type(error).__name__} {where.filename.rpartition('llemulator_addon/')[2]}:{where.lineno}"
                kinds[kind] += 1
                if kinds[kind] == 1:
                    print("=" * 100, name, "lenient" if lenient else "")  # noqa: T201
                    print(asked.method, asked.path, asked.query, asked.body[:1500])  # noqa: T201
                    traceback.print_exception(error, limit=-8)
    print(count, "requests, seed", seed, "raised:", sum(kinds.values()), dict(kinds))  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
