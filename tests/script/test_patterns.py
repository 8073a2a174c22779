"""The words of `match`: when each holds, and what it says where it does not."""

from pathlib import Path

import pytest

from llemulator_addon.core.prompt import CalledTool, Message, Prompt, Tool
from llemulator_addon.core.request import Request
from llemulator_addon.script import patterns as package
from llemulator_addon.script.match import Match
from llemulator_addon.script.pattern import Candidate
from llemulator_addon.script.patterns import COMBINING, PATTERNS
from llemulator_addon.script.patterns.all_of import captures, holds
from llemulator_addon.script.patterns.all_of import difference as differences
from llemulator_addon.script.reader import read_script
from llemulator_addon.script.script_error import ScriptError
from tests.playing import chat, emulator, texts

_PROMPT = Prompt(
    endpoint="chat.completions",
    model="gpt-4o-mini",
    messages=(
        Message(role="system", text="You are a helpful assistant."),
        Message(role="user", text="What is the weather in Oslo?"),
        Message(role="assistant", called=(CalledTool(id="call_1", name="get_weather", arguments="{}"),)),
        Message(role="tool", text="It will rain.", answers="call_1"),
    ),
    tools=(Tool(name="get_weather"), Tool(name="", kind="web_search")),
    stream=True,
    body={
        "model": "gpt-4o-mini",
        "temperature": 0,
        "top_p": 1.0,
        "store": False,
        "metadata": {"user": "ann", "team": "a"},
        "tools": [{"type": "function", "function": {"name": "get_weather"}}, {"type": "web_search"}],
        "a b": [1, [2, 3]],
    },
)
_REQUEST = Request(
    method="POST",
    path="/v1/chat/completions",
    headers={"x-test": "abc-1", "authorization": "Bearer sk-secret"},
)
_ASKED = Candidate(_PROMPT, _REQUEST)


@pytest.mark.parametrize(
    "match",
    [
        {},
        {"text": "What is the weather in Oslo?"},
        {"answered": 1},
        {"answered": {"at_least": 1, "at_most": 3}},
        {"model": ["o3", "gpt-4o-*"]},
        {"tool_result": {"id": "call_1", "name": "get_weather"}},
        {"json_path_regex": {"$.metadata.*": "^an", "$.tools[*].type": "func"}},
        {"endpoint": "chat.completions"},
        {"method": "POST", "path": "/v1/chat/completions"},
        {"path": "/v1/*"},
        {"model": "gpt-4o-mini"},
        {"model": "gpt-4o*"},
        {"model": "gpt-?o-mini"},
        {"user_text": "weather in (Oslo|Bergen)"},
        {"user_text": "(?i)WHAT"},
        {"system_text": "helpful"},
        {"any_text": "rain"},
        {"any_text": "^You"},
        {"tool_result": {}},
        {"tool_result": {"name": "get_weather"}},
        {"tool_result": {"name": "get_weather", "pattern": "rain"}},
        {"has_tool": "get_weather"},
        {"has_tool": "web_search"},
        {"turn": 1},
        {"stream": True},
        {"header": {"X-Test": "abc-1"}},
        {"header": {"x-test": "abc-*", "authorization": "Bearer *"}},
        {"json": {"temperature": 0}},
        {"json": {"temperature": 0.0, "top_p": 1, "store": False, "metadata": {"user": "ann"}}},
        {"json": {"a b": [1, [2, 3]]}},
        {"json_path": {"$.tools[0].type": "function"}},
        {"json_path": {"$.tools[-1].type": "web_search", "$['a b'][1][0]": 2}},
        {"json_path": {"$.tools[*].type": "web_search"}},
        {"json_path": {"$..name": "get_weather"}},
        {"json_path": {'$.metadata["team"]': "a"}},
        {"json_path": {"$": {"temperature": 0}}},
        {"any_of": [{"model": "o3"}, {"user_text": "Oslo"}]},
        {"all_of": [{"user_text": "weather"}, {"user_text": "Oslo"}]},
        {"not": {"model": "o3"}},
        {"not": {"model": "gpt-4o-mini", "turn": 5}},
        {"not": {"any_of": [{"not": {"stream": True}}]}},
    ],
    ids=str,
)
def test_a_match_holds(match: object) -> None:
    assert holds(Match.model_validate(match).patterns(), _ASKED)


@pytest.mark.parametrize(
    ("match", "difference"),
    [
        ({"endpoint": "responses"}, 'endpoint is "responses", the request asks chat.completions'),
        ({"method": "GET"}, "method is GET, the request's is POST"),
        ({"path": "/v1/files/*"}, 'path is "/v1/files/*", the request\'s is "/v1/chat/completions"'),
        ({"model": "gpt-4?"}, 'model is "gpt-4?", the request asks "gpt-4o-mini"'),
        (
            {"user_text": "(?i)snow"},
            'user_text "(?i)snow" is not found in the last user message, "What is the weather in Oslo?"',
        ),
        (
            {"system_text": "rude"},
            'system_text "rude" is not found in the system messages, "You are a helpful assistant."',
        ),
        ({"any_text": "snow"}, 'any_text "snow" is not found in any message; the last is, "It will rain."'),
        (
            {"tool_result": {"name": "get_weather", "pattern": "sun"}},
            (
                'tool_result with name "get_weather" and pattern "sun" is not the end of the conversation: '
                '"get_weather" gave "It will rain."'
            ),
        ),
        (
            {"has_tool": "search"},
            'has_tool "search" is not offered; the request offers get_weather, function, web_search',
        ),
        ({"turn": 2}, "turn is 2, the conversation has 1 user messages"),
        ({"answered": 2}, "answered is at_least 2 and at_most 2, the conversation has 1 answers"),
        ({"answered": {"at_most": 0}}, "answered is at_most 0, the conversation has 1 answers"),
        ({"text": "weather"}, 'text is "weather", the last user message is "What is the weather in Oslo?"'),
        ({"model": ["o3", "gpt-5*"]}, 'model is "o3" or "gpt-5*", the request asks "gpt-4o-mini"'),
        (
            {"tool_result": {"id": "call_2"}},
            'tool_result with id "call_2" is not the end of the conversation: "get_weather" gave "It will rain."',
        ),
        (
            {"json_path_regex": {"$.metadata.user": "^b"}},
            'json_path_regex $.metadata.user "^b" is not found in "ann"',
        ),
        (
            {"json_path_regex": {"$.temperature": "0"}},
            'json_path_regex $.temperature "0" is not found in any text there',
        ),
        ({"stream": False}, "stream is false, the request asks for a stream"),
        ({"header": {"x-test": "abd"}}, 'header x-test is "abd", the request has "abc-1"'),
        ({"header": {"x-other": "*"}}, 'header x-other is "*", the request has none'),
        ({"header": {"authorization": "Bearer x"}}, "header authorization is not the one that is wanted"),
        ({"json": {"temperature": 1}}, "json $.temperature is the number 1, the request has the number 0"),
        ({"json": {"store": 0}}, "json $.store is the number 0, the request has false"),
        ({"json": {"n": 1}}, "json $.n is the number 1, the request has none"),
        ({"json": {"a b": [1]}}, "json $.a b has 1 elements, the request's has 2"),
        (
            {"json_path": {"$.tools[0].type": "web_search"}},
            'json_path $.tools[0].type is "web_search", the request has "function"',
        ),
        ({"json_path": {"$.x[3].y": 1}}, "json_path $.x[3].y is the number 1, the request has none"),
        (
            {"any_of": [{"turn": 2}, {"stream": False}]},
            (
                "none of any_of holds (turn is 2, the conversation has 1 user messages; "
                "stream is false, the request asks for a stream)"
            ),
        ),
        ({"all_of": [{"turn": 1}, {"turn": 2}]}, "turn is 2, the conversation has 1 user messages"),
        ({"not": {"turn": 1}}, "the match under `not` holds"),
        (
            {"model": "o3", "turn": 2},
            'model is "o3", the request asks "gpt-4o-mini" and turn is 2, the conversation has 1 user messages',
        ),
    ],
    ids=str,
)
def test_a_match_that_does_not_hold_says_what_differs(match: object, difference: str) -> None:
    patterns = Match.model_validate(match).patterns()

    assert not holds(patterns, _ASKED)
    assert differences(patterns, _ASKED) == difference


def test_no_tool_gave_a_result_where_the_user_spoke_last() -> None:
    asked = Candidate(Prompt(endpoint="responses", model="o3", messages=(Message(role="user", text="Hi"),)), _REQUEST)
    (pattern,) = Match.model_validate({"tool_result": {}}).patterns()

    assert not pattern.holds(asked)
    assert pattern.difference(asked) == ("tool_result is not the end of the conversation: the last message is of user")


def test_groups_catch_by_name_and_number() -> None:
    match = {"user_text": r"(?P<what>\w+) in (\w+)", "any_of": [{"turn": 9}, {"any_text": "(?P<sky>rain|sun)"}]}

    assert captures(Match.model_validate(match).patterns(), _ASKED) == {
        "0": "weather in Oslo",
        "1": "weather",
        "2": "Oslo",
        "what": "weather",
        "sky": "rain",
    }


def test_each_word_is_in_a_file_of_its_own_that_is_in_the_table() -> None:
    files = {file.stem for file in Path(package.__path__[0]).glob("*.py")}
    modules = {made.__module__.rpartition(".")[2] for made in (*PATTERNS.values(), *COMBINING.values())}

    # `state` and `own_result` are of a rule and not of its `match`; `regex_pattern` is what some words have in common.
    assert files - modules == {"__init__", "regex_pattern", "state", "own_result"}


def test_a_rule_with_a_pattern_answers_only_what_it_matches() -> None:
    server = emulator(
        {
            "rules": [
                {"match": {"model": "gpt-4o", "stream": False, "json": {"temperature": 0}}, "reply": "cold"},
                {"match": {"model": "gpt-4o"}, "reply": "warm"},
                {"match": {"not": {"model": "gpt-4o"}}, "reply": "other"},
            ]
        }
    )

    assert texts(server, chat(temperature=0), chat(temperature=1), chat(model="gpt-4")) == ["cold", "warm", "other"]


_URL = "data:image/png;base64,iVBORw0KGgo="
_PARTS = [
    {"type": "text", "text": "What is in "},
    {"type": "text", "text": "this picture?"},
    {"type": "image_url", "image_url": {"url": _URL}},
]


@pytest.mark.parametrize(
    ("match", "holds"),
    [
        ({"user_text": "in this picture"}, True),
        ({"user_text": "(?s)in .this"}, True),
        ({"text": "What is in this picture?"}, True),
        ({"text": "this picture?"}, False),
        ({"json_path_regex": {"$.messages[-1].content[*].image_url.url": "^data:image/png"}}, True),
        ({"json_path_regex": {"$.messages[-1].content[*].image_url.url": "^data:image/jpeg"}}, False),
    ],
    ids=str,
)
def test_a_text_sent_in_parts_is_found_as_one(match: object, *, holds: bool) -> None:
    rules = [{"match": match, "reply": "found"}, {"reply": "not found"}]
    asked = chat(messages=[{"role": "user", "content": _PARTS}])

    assert texts(emulator({"rules": rules}), asked) == ["found" if holds else "not found"]


@pytest.mark.parametrize(
    ("messages", "pattern"),
    [
        (["Describe the picture", "and be brief"], "Describe"),
        (["Describe the picture", "and be brief"], "^and be brief$"),
        (["Describe the picture", "and be brief"], "picture\\s+and"),
        (["Describe it", [_PARTS[2]]], "^Describe it$"),
    ],
    ids=str,
)
def test_a_turn_sent_as_two_messages_is_found_as_one(messages: list[object], pattern: str) -> None:
    asked = chat(messages=[{"role": "user", "content": content} for content in messages])

    assert texts(emulator({"rules": [{"match": {"user_text": pattern}, "reply": "found"}]}), asked) == ["found"]


def test_what_the_user_said_before_an_answer_is_another_turn() -> None:
    said = [("user", "weather"), ("assistant", "Sunny."), ("user", "thanks")]
    asked = chat(messages=[{"role": role, "content": text} for role, text in said])
    rules = [{"match": {"user_text": "weather"}, "reply": "found"}, {"reply": "not found"}]

    assert texts(emulator({"rules": rules}), asked) == ["not found"]


def test_the_rule_with_the_highest_priority_answers_first() -> None:
    rules = [
        {"match": {"user_text": "Hi"}, "reply": "first"},
        {"match": {"user_text": "Hi"}, "reply": "urgent", "priority": 5, "times": 1},
        {"reply": "more urgent", "priority": 7, "times": 1},
        {"reply": "last resort", "priority": -1},
    ]

    assert texts(emulator({"rules": rules}), *[chat()] * 3, chat("Bye")) == [
        "more urgent",
        "urgent",
        "first",
        "last resort",
    ]


@pytest.mark.parametrize(
    "match",
    [{"answered": {}}, {"answered": -1}, {"answered": True}, {"model": []}, {"json_path_regex": {"$.a": "("}}],
    ids=str,
)
def test_words_without_a_meaning_are_refused(match: object) -> None:
    with pytest.raises(ScriptError):
        read_script({"rules": [{"match": match, "reply": "x"}]})
