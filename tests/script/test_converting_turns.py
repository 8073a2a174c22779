"""Converted fixtures of aimock answer on both endpoints, over several turns, as aimock itself does."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llemulator_addon.core.request import Request
from llemulator_addon.script.converting import CONVERTERS
from tests.playing import emulator, json_of, play, post, status

Messages = list[dict[str, Any]]
Fixture = Mapping[str, Any]

CALL = {"toolCalls": [{"name": "get_weather", "arguments": "{}"}]}
LEGS: list[Fixture] = [
    {"match": {"userMessage": "weather", "hasToolResult": False}, "response": CALL},
    {"match": {"userMessage": "weather", "hasToolResult": True}, "response": {"content": "Sunny"}},
]
TURNS: list[Fixture] = [
    {"match": {"userMessage": "a", "turnIndex": 0}, "response": {"content": "first"}},
    {"match": {"userMessage": "a", "turnIndex": 2}, "response": {"content": "third"}},
    {"match": {"userMessage": "a"}, "response": {"content": "any"}},
]
TOOLS = [{"type": "function", "function": {"name": "get_weather"}}]


def _user(text: str) -> Messages:
    return [{"role": "user", "content": text}]


def _called(result: str, call_id: str = "call_1") -> Messages:
    call = {"id": call_id, "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    return [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call_id, "content": result},
    ]


def _said(text: str) -> Messages:
    return [{"role": "assistant", "content": text}]


def _items(messages: Messages) -> Iterable[dict[str, Any]]:
    """Return a conversation as Responses have it."""
    for message in messages:
        for call in message.get("tool_calls", ()):
            yield {"type": "function_call", "call_id": call["id"], **call["function"]}
        if message["role"] == "tool":
            yield {"type": "function_call_output", "call_id": message["tool_call_id"], "output": message["content"]}
        elif message.get("content") is not None:
            yield {"role": message["role"], "content": message["content"]}


def _asked(messages: Messages, path: str, model: str, kind: str | None) -> Request:
    if path == "/v1/responses":
        format_: dict[str, Any] = {"text": {"format": {"type": kind}}} if kind else {}
        tools = [{"type": "function", "name": "get_weather", "parameters": {}}]
        return post(path, {"model": model, "input": list(_items(messages)), "tools": tools, **format_})
    form = {"response_format": {"type": kind}} if kind else {}
    return post(path, {"model": model, "messages": messages, "tools": TOOLS, **form})


def _ours(fixtures: list[Fixture], requests: Iterable[Request]) -> list[str]:
    converted = CONVERTERS["aimock"]({"fixtures": fixtures})
    assert converted.lost == ()
    return [_answer(steps) for steps in play(emulator(converted.script), *requests)]


def _answer(steps: Any) -> str:  # noqa: ANN401
    body = json_of(steps)
    if status(steps) != 200:
        return "nothing"
    if "output" in body:
        (item,) = [item for item in body["output"] if item["type"] != "reasoning"]
        return str(item["content"][0]["text"]) if item["type"] == "message" else "call"
    message = body["choices"][0]["message"]
    return "call" if message.get("tool_calls") else str(message["content"])


def _theirs(fixtures: list[Fixture], asked: list[Messages], model: str, kind: str | None) -> list[str]:
    """Answer as `src/router.ts` of aimock does, with a count for each fixture of a sequence."""
    counts: dict[str, int] = {}
    return [_choose(fixtures, messages, model, kind, counts) for messages in asked]


def _choose(fixtures: list[Fixture], messages: Messages, model: str, kind: str | None, counts: dict[str, int]) -> str:
    found = [each for each in fixtures if _holds(each["match"], messages, model, kind)]
    found = [each for each in found if each["match"].get("sequenceIndex") in {None, counts.get(_same(each), 0)}]
    if not found:
        return "nothing"
    chosen = _by_turn(found, sum(message["role"] == "assistant" for message in messages))
    if "sequenceIndex" in chosen["match"]:
        counts[_same(chosen)] = counts.get(_same(chosen), 0) + 1
    return "call" if "toolCalls" in chosen["response"] else str(chosen["response"]["content"])


def _same(fixture: Fixture) -> str:
    return json.dumps({key: value for key, value in fixture["match"].items() if key != "sequenceIndex"})


def _by_turn(found: list[Fixture], answers: int) -> Fixture:
    plain = next((at for at, each in enumerate(found) if "turnIndex" not in each["match"]), None)
    turns = [(each["match"]["turnIndex"], -at) for at, each in enumerate(found) if "turnIndex" in each["match"]]
    if reached := [turn for turn in turns if turn[0] <= answers]:
        turn, at = max(reached)
        return found[plain if turn == answers and plain is not None and plain < -at else -at]
    return found[plain if plain is not None else min((turn, -at) for turn, at in turns)[1]]


def _holds(match: Fixture, messages: Messages, model: str, kind: str | None) -> bool:
    last_user = max((at for at, each in enumerate(messages) if each["role"] == "user"), default=-1)
    has_result = any(each["role"] == "tool" for each in messages[last_user + 1 :])
    last = messages[-1]
    wanted = match.get("model")
    return (
        match.get("userMessage", "") in messages[last_user]["content"]
        and match.get("hasToolResult") in {None, has_result}
        and match.get("toolCallId") in {None, last.get("tool_call_id")}
        and match.get("responseFormat") in {None, kind}
        and (
            wanted is None
            or model == wanted
            or (model.startswith(f"{wanted}-") and model[len(wanted) + 1 :][:1].isdigit())
        )
    )


ONE_CONVERSATION = [
    _user("weather?"),
    [*_user("weather?"), *_called("rain")],
    [*_user("weather?"), *_called("rain"), *_said("Sunny"), *_user("weather again?")],
    [*_user("weather?"), *_called("rain"), *_said("Sunny"), *_user("weather again?"), *_called("sun", "call_2")],
]
FIXTURES: dict[str, tuple[list[Fixture], list[Messages]]] = {
    "two legs of a call": (LEGS, ONE_CONVERSATION),
    "one call for every leg": ([{"match": {"userMessage": "weather"}, "response": CALL}], ONE_CONVERSATION),
    "turns": (
        TURNS,
        [
            _user("a"),
            [*_user("a"), *_said("first"), *_user("a")],
            [*_user("a"), *_said("first"), *_user("a"), *_said("any"), *_user("a")],
        ],
    ),
    "the id of a call": (
        [
            {"match": {"toolCallId": "call_1"}, "response": {"content": "of the first"}},
            {"match": {"toolCallId": "call_2"}, "response": {"content": "of the second"}},
            {"match": {}, "response": CALL},
        ],
        ONE_CONVERSATION,
    ),
    "a sequence": (
        [
            {"match": {"userMessage": "weather", "sequenceIndex": 1}, "response": {"content": "second"}},
            {"match": {"userMessage": "weather", "sequenceIndex": 0}, "response": {"content": "first"}},
            {"match": {"userMessage": "weather"}, "response": {"content": "later"}},
        ],
        ONE_CONVERSATION,
    ),
}


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
@pytest.mark.parametrize(("fixtures", "asked"), FIXTURES.values(), ids=FIXTURES)
def test_fixtures_answer_each_turn_as_their_own_tool_does(
    fixtures: list[Fixture], asked: list[Messages], path: str
) -> None:
    ours = _ours(fixtures, [_asked(messages, path, "gpt-4o", None) for messages in asked])

    assert ours == _theirs(fixtures, asked, "gpt-4o", None)
    assert "nothing" not in ours


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4o-2024-08-06", "gpt-4o-mini", "gpt-4", "gpt-4-0613"])
def test_a_model_means_its_dated_names_too(model: str, path: str) -> None:
    fixtures: list[Fixture] = [
        {"match": {"model": name}, "response": {"content": name}} for name in ("gpt-4o", "gpt-4", "gpt-4o-mini")
    ]

    assert _ours(fixtures, [_asked(_user("Hi"), path, model, None)]) == _theirs(fixtures, [_user("Hi")], model, None)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
@pytest.mark.parametrize("kind", [None, "text", "json_object"])
def test_a_response_format_is_found_on_both_endpoints(kind: str | None, path: str) -> None:
    fixtures: list[Fixture] = [
        {"match": {"responseFormat": "json_object"}, "response": {"content": "{}"}},
        {"match": {"endpoint": "chat"}, "response": {"content": "plain"}},
    ]
    asked = _user("As JSON")

    assert _ours(fixtures, [_asked(asked, path, "gpt-4o", kind)]) == _theirs(fixtures, [asked], "gpt-4o", kind)


_MATCH = st.fixed_dictionaries(
    {},
    optional={
        "userMessage": st.sampled_from(("weather", "again")),
        "hasToolResult": st.booleans(),
        "turnIndex": st.integers(0, 3),
        "toolCallId": st.just("call_1"),
    },
)
_SETS = st.lists(_MATCH, min_size=1, max_size=5).map(
    lambda matches: [
        {"match": each, "response": CALL if at % 3 == 1 else {"content": f"answer {at}"}}
        for at, each in enumerate(matches)
    ]
)


@given(fixtures=_SETS, path=st.sampled_from(("/v1/chat/completions", "/v1/responses")))
@settings(max_examples=60, deadline=None)
def test_any_fixtures_answer_any_turn_as_their_own_tool_does(fixtures: list[Fixture], path: str) -> None:
    ours = _ours(fixtures, [_asked(messages, path, "gpt-4o", None) for messages in ONE_CONVERSATION])

    assert ours == _theirs(fixtures, ONE_CONVERSATION, "gpt-4o", None)


def test_a_limit_of_requests_says_when_to_come_back() -> None:
    fixture = {"match": {}, "response": {"error": {"message": "Wait."}, "status": 429}}

    assert CONVERTERS["aimock"]([fixture]).script["rules"][0]["reply"] == {
        "failure": {"status": 429, "message": "Wait.", "retry_after": 1}
    }


def test_searches_and_reasoning_come_before_what_is_said() -> None:
    fixture = {"match": {}, "response": {"content": "It is Oslo.", "webSearches": ["capital"], "reasoning": "Hm."}}

    assert CONVERTERS["aimock"]([fixture]).script["rules"][0]["reply"] == {
        "blocks": [
            {"reasoning": "Hm."},
            {"hosted_call": {"type": "web_search_call", "action": {"type": "search", "query": "capital"}}},
            {"text": "It is Oslo."},
        ]
    }


def test_counts_of_both_endpoints_are_carried_and_those_of_other_providers_named() -> None:
    usage = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 9, "promptTokenCount": 5}
    converted = CONVERTERS["aimock"]([{"match": {}, "response": {"content": "a", "usage": usage}}])

    assert converted.script["rules"][0]["reply"]["usage"] == {
        "input_tokens": 3,
        "output_tokens": 4,
        "total_tokens": 9,
    }
    assert [str(lost) for lost in converted.lost] == [
        "fixtures[0].response.usage.promptTokenCount: is a count of another provider"
    ]
