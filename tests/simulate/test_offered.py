"""Tools are what the request offers, wherever they stand."""

from typing import Any

import pytest

from tests.playing import emulator, json_of, load, play, post

_WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Get the weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
_NAMESPACE = {"type": "namespace", "name": "functions", "description": "Tools", "tools": [_WEATHER]}
_USER = {"role": "user", "content": "What is the weather in Oslo?"}
_ADDED = {"type": "additional_tools", "role": "developer", "tools": [_NAMESPACE]}
_SEARCHED = {
    "type": "tool_search_call",
    "call_id": "call_1",
    "execution": "client",
    "arguments": {"query": "weather"},
    "status": "completed",
}
_FOUND = {"type": "tool_search_output", "call_id": "call_1", "execution": "client", "tools": [_WEATHER]}

_PLACES: list[tuple[dict[str, Any], str | None]] = [
    ({"tools": [_WEATHER], "input": [_USER]}, None),
    ({"tools": [_NAMESPACE], "input": [_USER]}, "functions"),
    ({"input": [_ADDED, _USER]}, "functions"),
    ({"tools": [{"type": "tool_search"}], "input": [_SEARCHED, _FOUND, _USER]}, None),
]


@pytest.mark.parametrize(("body", "namespace"), _PLACES)
def test_simulation_calls_a_tool_wherever_it_stands(body: dict[str, Any], namespace: str | None) -> None:
    (answer,) = play(emulator(on_unmatched="simulate"), post("/v1/responses", {"model": "gpt-5.4", **body}))

    calls = [item for item in json_of(answer)["output"] if item["type"] == "function_call"]
    assert [(call["name"], call.get("namespace"), call["arguments"]) for call in calls] == [
        ("get_weather", namespace, '{"city":"Oslo"}')
    ]


@pytest.mark.parametrize("wanted", ["get_weather", "get_*", "*weather"])
@pytest.mark.parametrize(("body", "namespace"), _PLACES)
def test_has_tool_finds_a_tool_wherever_it_stands(wanted: str, body: dict[str, Any], namespace: str | None) -> None:
    server = emulator()
    load(server, {"rules": [{"match": {"has_tool": wanted}, "reply": "found"}]})

    (answer,) = play(server, post("/v1/responses", {"model": "gpt-5.4", **body}))

    assert json_of(answer)["output"][0]["content"][0]["text"] == "found"
    assert namespace in (None, "functions")


@pytest.mark.parametrize("offered", ["P-get_weather", "mcp__weather__get_weather", "weather__get_weather"])
@pytest.mark.parametrize(("wanted", "found"), [("get_weather", True), ("*get_weather", True), ("weather", False)])
def test_has_tool_takes_a_name_without_its_prefix(offered: str, wanted: str, *, found: bool) -> None:
    server = emulator()
    load(server, {"rules": [{"match": {"has_tool": wanted}, "reply": "found"}, {"reply": "not found"}]})
    tool = {**_WEATHER, "name": offered}

    (answer,) = play(server, post("/v1/responses", {"model": "gpt-5.4", "input": "Hi", "tools": [tool]}))

    assert json_of(answer)["output"][0]["content"][0]["text"] == ("found" if found else "not found")


def test_has_tool_takes_the_name_with_its_namespace() -> None:
    server = emulator()
    load(server, {"rules": [{"match": {"has_tool": "functions.get_weather"}, "reply": "found"}]})

    (answer,) = play(server, post("/v1/responses", {"model": "gpt-5.4", "input": [_ADDED, _USER]}))

    assert json_of(answer)["output"][0]["content"][0]["text"] == "found"
