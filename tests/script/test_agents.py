"""An agent's turns: who calls a tool, and who answers when the tool's result arrives."""

import json
from typing import Any

import pytest
from openai import OpenAI

from tests.playing import emulator, load
from tests.wire.answering import client as official

_TOOL: Any = {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}
_CALL = {"tool_calls": [{"name": "get_weather", "arguments": {"city": "Oslo"}}]}
_WRONG = {"tool_calls": [{"name": "get_weather", "arguments": {"city": "Nowhere"}}]}
_RESPONSES_TOOLS: Any = [{"type": "function", **_TOOL}]
_MOST_TURNS = 4


def _sdk(*rules: dict[str, Any]) -> OpenAI:
    server = emulator()
    load(server, {"rules": list(rules)}, token="sk-test-1234")
    return official(server)


def _run_chat_agent(sdk: OpenAI, question: str) -> list[str]:
    """Return what the model said in each turn, as an agent's loop would see it."""
    messages: list[Any] = [{"role": "user", "content": question}]
    turns: list[str] = []
    while len(turns) < _MOST_TURNS:
        answer = sdk.chat.completions.create(
            model="gpt-4o", messages=messages, tools=[{"type": "function", "function": _TOOL}]
        )
        message = answer.choices[0].message
        turns.append(message.content or "(call)")
        if not message.tool_calls:
            break
        messages.append(message)
        messages += [{"role": "tool", "tool_call_id": call.id, "content": "rain"} for call in message.tool_calls]
    return turns


def _run_responses_agent(sdk: OpenAI, question: str) -> list[str]:
    """The same with `previous_response_id`: only results are sent, and the call is stored on the server."""
    turns: list[str] = []
    asked: Any = question
    previous: Any = None
    while len(turns) < _MOST_TURNS:
        answer = sdk.responses.create(
            model="gpt-4o", input=asked, previous_response_id=previous, tools=_RESPONSES_TOOLS
        )
        turns.append(answer.output_text or "(call)")
        calls = [item for item in answer.output if item.type == "function_call"]
        if not calls:
            break
        asked = [{"type": "function_call_output", "call_id": call.call_id, "output": "rain"} for call in calls]
        previous = answer.id
    return turns


@pytest.mark.long
@pytest.mark.parametrize("run", [_run_chat_agent, _run_responses_agent])
def test_a_rule_that_calls_a_tool_leaves_its_result_to_the_next_rule(run: Any) -> None:  # noqa: ANN401
    sdk = _sdk(
        {"match": {"user_text": "weather"}, "reply": _CALL},
        {"match": {"tool_result": {"name": "get_weather"}}, "reply": "Take an umbrella."},
    )

    assert run(sdk, "weather?") == ["(call)", "Take an umbrella."]


@pytest.mark.parametrize("run", [_run_chat_agent, _run_responses_agent])
def test_a_rule_that_says_so_calls_its_tool_again_and_again(run: Any) -> None:  # noqa: ANN401
    sdk = _sdk({"match": {"user_text": "weather"}, "reply": _CALL, "calls_again": True})

    assert run(sdk, "weather?") == ["(call)"] * _MOST_TURNS


@pytest.mark.parametrize(
    "rules",
    [
        [{"reply": _CALL, "times": 2}, {"reply": "done"}],
        [{"reply": _CALL, "times": 1}, {"reply": _CALL, "times": 1}, {"reply": "done"}],
        [{"match": {"user_text": "weather"}, "reply": [_CALL, _CALL, "done"]}],
        [
            {"match": {"answered": {"at_most": 1}}, "reply": _CALL},
            {"match": {"answered": 2}, "reply": "done"},
        ],
        [
            {"state": {"becomes": "asked"}, "times": 1, "reply": _CALL},
            {"state": {"requires": "asked", "becomes": "asked again"}, "reply": _CALL},
            {"state": {"requires": "asked again"}, "reply": "done"},
        ],
    ],
)
def test_steps_of_a_sequence_may_call_the_same_tool_twice(rules: list[dict[str, Any]]) -> None:
    assert _run_chat_agent(_sdk(*rules), "weather?") == ["(call)", "(call)", "done"]


@pytest.mark.parametrize(
    "rules",
    [
        [{"match": {"user_text": "weather"}, "reply": [_WRONG, _CALL], "times": 2}],
        [{"match": {"user_text": "weather"}, "reply": reply, "times": 1} for reply in (_WRONG, _CALL)],
        [
            {"match": {"tool_result": {"pattern": "rain"}, "answered": 1}, "reply": _CALL},
            {"match": {"user_text": "weather"}, "reply": _WRONG},
        ],
    ],
    ids=["list", "sequence", "result"],
)
def test_a_model_calls_a_tool_wrongly_and_then_rightly(rules: list[dict[str, Any]]) -> None:
    sdk = _sdk(*rules, {"match": {"tool_result": {}}, "reply": "done"})

    assert _run_chat_agent(sdk, "weather?") == ["(call)", "(call)", "done"]


def test_a_rule_for_all_cities_does_not_answer_the_result_of_the_rule_for_one() -> None:
    sdk = _sdk(
        {"match": {"user_text": "Oslo"}, "reply": _CALL},
        {"match": {"user_text": "weather"}, "reply": _WRONG},
        {"match": {"tool_result": {}}, "reply": "done"},
    )

    assert _run_chat_agent(sdk, "weather in Oslo?") == ["(call)", "done"]


def test_a_result_that_no_rule_takes_is_unmatched_and_the_reason_is_told() -> None:
    sdk = _sdk({"name": "calls", "match": {"user_text": "weather"}, "reply": _CALL})

    with pytest.raises(Exception, match=r'the result of "get_weather", which the rule itself calls') as caught:
        _run_chat_agent(sdk, "weather?")
    assert "calls_again: true" in json.dumps(str(caught.value))
