"""Places with a comma in them are one place; places in a list are several."""

import pytest

from tests.playing import chat, emulator, json_of, play

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
    },
}


@pytest.mark.parametrize(
    ("question", "places"),
    [
        ("What is the weather in San Francisco, CA?", ["San Francisco, CA"]),
        ("Weather in Washington, D.C.?", ["Washington, D.C."]),
        ("What is the weather in Paris, France?", ["Paris, France"]),
        ("What is the weather like in London, Ontario, Canada today?", ["London, Ontario, Canada"]),
        ("What is the weather in Tokyo, Japan and Seoul, South Korea?", ["Tokyo, Japan", "Seoul, South Korea"]),
        ("What is the weather in Paris, London and Rome?", ["London", "Paris", "Rome"]),
        ("Compare the weather in France, Germany and Italy.", ["France", "Germany", "Italy"]),
    ],
)
def test_a_place_with_its_region_is_one_place_and_a_list_is_several(question: str, places: list[str]) -> None:
    (steps,) = play(emulator(on_unmatched="simulate"), chat(question, tools=[WEATHER]))

    calls = json_of(steps)["choices"][0]["message"]["tool_calls"]
    assert sorted(call["function"]["arguments"] for call in calls) == sorted(
        f'{{"location":"{place}"}}' for place in places
    )
