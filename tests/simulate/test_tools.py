import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from llemulator_addon.core.choices import ToolStrategy
from llemulator_addon.core.prompt import CalledTool, Message, Prompt, Tool
from llemulator_addon.core.reply import ModelOutput, Text, ToolCall
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.script.simulate_defaults import Simulating
from llemulator_addon.simulate.answer import simulate
from llemulator_addon.simulate.settings import SimulationSettings

_TEXT = {"type": "string"}
_NUMBER = {"type": "number"}


def _tool(
    name: str, description: str, required: tuple[str, ...] | None = None, **properties: Mapping[str, Any]
) -> Tool:
    parameters = {
        "type": "object",
        "properties": properties,
        "required": list(properties if required is None else required),
        "additionalProperties": False,
    }
    return Tool(name=name, description=description, parameters=parameters)


WEATHER = _tool(
    "get_weather",
    "Get the current weather for a city.",
    ("city",),
    city=_TEXT,
    unit={"type": "string", "enum": ["celsius", "fahrenheit"]},
)
ADD = _tool("add_numbers", "Add two numbers together", a=_NUMBER, b=_NUMBER)
EMAIL = _tool("send_email", "Send an email", to=_TEXT, body=_TEXT)
FLIGHTS = _tool(
    "search_flights",
    "Search for flights between two cities",
    origin=_TEXT,
    destination=_TEXT,
    departure_date=_TEXT,
    passengers={"anyOf": [{"type": "integer"}, {"type": "null"}]},
)
CALCULATOR = _tool("calculator", "Evaluate a math expression", expression=_TEXT)
SEARCH = _tool("search_web", "Search the web for information", ("query",), query=_TEXT, limit={"type": "integer"})
CONVERT = _tool(
    "convert_currency", "Convert between currencies", amount=_NUMBER, from_currency=_TEXT, to_currency=_TEXT
)
EVENT = _tool(
    "create_event",
    "Create a calendar event",
    title=_TEXT,
    start={"type": "string", "format": "date-time"},
    attendees={"type": "array", "items": _TEXT},
)
FINAL = _tool("final_result", "The final response which ends this conversation", city=_TEXT, sunny={"type": "boolean"})
CUSTOMER = _tool("register_customer", "Register a customer", customer_name=_TEXT)
ALL = (CUSTOMER, WEATHER, ADD, EMAIL, FLIGHTS, CALCULATOR, SEARCH, CONVERT, EVENT)
THREE = (WEATHER, ADD, SEARCH)


def _asked(text: str, *tools: Tool, **body: object) -> Prompt:
    messages = (Message(role="user", text=text),)
    return Prompt(endpoint="chat.completions", model="gpt-4o", messages=messages, tools=tools, body=body)


def _answer(prompt: Prompt, strategy: ToolStrategy = "contextual", seed: int = 1) -> list[tuple[str, Any]] | str:
    """Return the calls of the answer, each with its arguments, or its text."""
    reply = simulate(prompt, Stamp(seed, 0), SimulationSettings(asked=Simulating(tool_strategy=strategy)))
    assert isinstance(reply, ModelOutput)
    blocks = reply.choices[0].blocks
    calls = [block for block in blocks if isinstance(block, ToolCall)]
    if calls:
        return [(call.name, call.arguments if call.custom else json.loads(call.arguments)) for call in calls]
    return "".join(block.text for block in blocks if isinstance(block, Text))


def _calls(prompt: Prompt, strategy: ToolStrategy = "contextual", seed: int = 1) -> list[tuple[str, Any]]:
    answer = _answer(prompt, strategy, seed)
    assert not isinstance(answer, str)
    return answer


def _play(prompt: Prompt, results: Mapping[str, str], strategy: ToolStrategy = "contextual") -> list[Any]:
    """Run an agent: send each call's result, until the model speaks or calls the tool that ends the work."""
    turns: list[Any] = []
    for turn in range(10):
        answer = _answer(prompt, strategy, seed=turn)
        turns.append(answer)
        if isinstance(answer, str) or answer[0][0] == "final_result":
            return turns
        calls = [
            CalledTool(id=f"call_{turn}_{at}", name=name, arguments=json.dumps(arguments))
            for at, (name, arguments) in enumerate(answer)
        ]
        said = Message(role="assistant", called=tuple(calls))
        told = [Message(role="tool", text=results[call.name], answers=call.id) for call in calls]
        prompt = replace(prompt, messages=(*prompt.messages, said, *told))
    pytest.fail("the agent did not come to an end")


RESULTS = {
    "get_weather": '{"temperature": 22, "conditions": "sunny"}',
    "add_numbers": "42.5",
    "search_web": "[]",
    "final_result": "",
}


@pytest.mark.parametrize(
    ("asked", "calls"),
    [
        ("What's the weather in Paris?", [("get_weather", {"city": "Paris"})]),
        (
            "What's the weather in Paris and London, in fahrenheit?",
            [
                ("get_weather", {"city": "Paris", "unit": "fahrenheit"}),
                ("get_weather", {"city": "London", "unit": "fahrenheit"}),
            ],
        ),
        ("Will I need an umbrella in Bergen?", [("get_weather", {"city": "Bergen"})]),
        ("Add 12 and 30.5, please", [("add_numbers", {"a": 12, "b": 30.5})]),
        (
            'Send an email to bob@example.com saying "see you at five"',
            [("send_email", {"to": "bob@example.com", "body": "see you at five"})],
        ),
        (
            "Find me flights from San Francisco to Tokyo on March 4, 2026",
            [
                (
                    "search_flights",
                    {
                        "origin": "San Francisco",
                        "destination": "Tokyo",
                        "departure_date": "2026-03-04",
                        "passengers": None,
                    },
                )
            ],
        ),
        (
            "Register a customer named '你好集团' (Hello)",
            [("register_customer", {"customer_name": "你好集团"})],
        ),
        ("What is 3 * (4 + 5)?", [("calculator", {"expression": "3 * (4 + 5)"})]),
        ("Search the web for the best ramen in Osaka", [("search_web", {"query": "the best ramen in Osaka"})]),
        (
            "Convert 100 USD to EUR",
            [("convert_currency", {"amount": 100, "from_currency": "USD", "to_currency": "EUR"})],
        ),
        (
            'Schedule a meeting with Ana and Bob on May 5, 2026 at 3pm titled "Budget review"',
            [
                (
                    "create_event",
                    {"title": "Budget review", "start": "2026-05-05T15:00:00Z", "attendees": ["Ana", "Bob"]},
                )
            ],
        ),
        (
            "What's the weather in Oslo, and what is 2+2?",
            [("calculator", {"expression": "2+2"}), ("get_weather", {"city": "Oslo"})],
        ),
    ],
)
def test_the_tool_that_fits_is_called_with_what_the_user_said(asked: str, calls: list[tuple[str, Any]]) -> None:
    assert _calls(_asked(asked, *ALL)) == calls


def test_where_no_tool_fits_the_model_speaks() -> None:
    assert isinstance(_answer(_asked("Tell me a joke about penguins", *THREE)), str)


def test_no_tool_is_called_where_the_request_forbids_it() -> None:
    assert isinstance(_answer(_asked("What's the weather in Paris?", *ALL, tool_choice="none")), str)


@pytest.mark.parametrize(
    "choice",
    [
        {"tool_choice": {"type": "function", "function": {"name": "add_numbers"}}},
        {"tool_choice": {"type": "function", "name": "add_numbers"}},
        {"function_call": {"name": "add_numbers"}, "functions": [{"name": "add_numbers"}]},
    ],
)
def test_a_tool_that_is_named_is_called_whatever_the_user_says(choice: dict[str, Any]) -> None:
    calls = _calls(_asked("What's the weather in Paris?", *THREE, **choice))

    assert [name for name, _ in calls] == ["add_numbers"]


def test_where_a_call_is_required_the_best_tool_is_called() -> None:
    calls = _calls(_asked("Good morning", *THREE, tool_choice="required"))
    best = _calls(_asked("Nice weather, isn't it?", *THREE, tool_choice="required"))

    assert len(calls) == 1
    assert [name for name, _ in best] == ["get_weather"]


@pytest.mark.parametrize(
    "allowed",
    [
        {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "search_web"}]},
        {
            "type": "allowed_tools",
            "allowed_tools": {
                "mode": "required",
                "tools": [{"type": "function", "function": {"name": "search_web"}}],
            },
        },
    ],
)
def test_only_tools_that_are_allowed_are_called(allowed: dict[str, Any]) -> None:
    calls = _calls(_asked("What's the weather in Paris?", *THREE, tool_choice=allowed))

    assert [name for name, _ in calls] == ["search_web"]


def test_one_call_at_a_time_where_several_are_not_wanted() -> None:
    prompt = _asked("What's the weather in Paris and London?", *THREE, parallel_tool_calls=False)

    turns = _play(prompt, RESULTS)

    assert [[name for name, _ in turn] for turn in turns[:-1]] == [["get_weather"], ["get_weather"]]
    assert isinstance(turns[-1], str)


@pytest.mark.parametrize("strategy", ["contextual", "random", "sequence"])
@pytest.mark.parametrize("parallel", [True, False])
@pytest.mark.parametrize("asked", ["What's the weather in Paris, and add 12 and 30.5", "Hello", ""])
def test_an_agent_with_three_tools_comes_to_its_end(strategy: ToolStrategy, asked: str, *, parallel: bool) -> None:
    turns = _play(_asked(asked, *THREE, parallel_tool_calls=parallel), RESULTS, strategy)

    assert isinstance(turns[-1], str)
    assert turns[-1]


def test_the_answer_after_a_result_uses_it() -> None:
    *_, said = _play(_asked("What's the weather in Paris?", *THREE), RESULTS)

    assert "22" in said
    assert "sunny" in said


def test_an_agent_that_must_hand_in_a_result_by_a_tool_does_so_in_the_end() -> None:
    prompt = _asked("What's the weather in Paris?", *THREE, FINAL, tool_choice="required")

    turns = _play(prompt, RESULTS)

    assert [[name for name, _ in turn] for turn in turns] == [["get_weather"], ["final_result"]]
    assert turns[-1][0][1]["city"] == "Paris"


def test_in_sequence_each_tool_is_called_once() -> None:
    turns = _play(_asked("Go on", *THREE), RESULTS, "sequence")

    assert [[name for name, _ in turn] for turn in turns[:-1]] == [["get_weather"], ["add_numbers"], ["search_web"]]
    assert isinstance(turns[-1], str)


def test_at_random_every_tool_is_called_by_some_seed() -> None:
    answers = [_answer(_asked("Hello", *THREE), "random", seed) for seed in range(60)]
    called = {name for answer in answers if not isinstance(answer, str) for name, _ in answer}

    assert called == {"get_weather", "add_numbers", "search_web"}
    assert any(isinstance(answer, str) for answer in answers)


def test_arguments_are_valid_for_the_schema_of_the_tool() -> None:
    asked = ("Hi", "Weather?", 'Email bob about "it"', "fly to 12 from 2025-99-99", "Paris, Rome, Oslo and Bergen")
    for tool in ALL:
        choice = {"type": "function", "function": {"name": tool.name}}
        for seed, text in enumerate(asked):
            for _, arguments in _calls(_asked(text, tool, tool_choice=choice), seed=seed):
                validator = Draft202012Validator(tool.parameters, format_checker=Draft202012Validator.FORMAT_CHECKER)
                assert not list(validator.iter_errors(arguments))


def test_a_tool_without_parameters_is_called_with_an_empty_object() -> None:
    assert _answer(_asked("list the users", Tool(name="list_users"))) == [("list_users", {})]


def test_a_custom_tool_gets_text_that_its_grammar_allows() -> None:
    offered = {
        "type": "custom",
        "custom": {
            "name": "run",
            "format": {"type": "grammar", "grammar": {"syntax": "regex", "definition": r"[A-Z]{3}-\d{2}"}},
        },
    }
    prompt = _asked("run it", Tool(name="run", kind="custom"), tools=[offered], tool_choice="required")

    ((name, given),) = _calls(prompt)

    assert name == "run"
    assert (len(given), given[3]) == (6, "-")


def test_the_same_seed_calls_the_same_tools_with_the_same_arguments() -> None:
    prompt = _asked("Hello", *ALL, tool_choice="required")

    assert _answer(prompt, "random", 5) == _answer(prompt, "random", 5)
    assert len({str(_answer(prompt, "random", seed)) for seed in range(20)}) > 5
