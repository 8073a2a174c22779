# ruff: noqa: ISC004 - a message goes over two lines
import json
from collections.abc import Mapping
from typing import Any

import pytest

from llemulator_addon.core.choices import Length
from llemulator_addon.core.prompt import CalledTool, Message, Prompt
from llemulator_addon.core.reply import Failure, HostedCall, ModelOutput
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.script.pacing import Pacing
from llemulator_addon.script.simulate_defaults import Simulating
from llemulator_addon.simulate.answer import LENGTH_HEADER, TOOLS_HEADER, Simulated, simulate, simulate_answer
from llemulator_addon.simulate.settings import SimulationSettings
from llemulator_addon.simulate.stream_timing import PROFILES, Physics, Profile
from llemulator_addon.simulate.text import CHARACTERS
from llemulator_addon.wire import tokens

_TEXT = {"type": "string"}
EVENT = {
    "type": "object",
    "properties": {"name": _TEXT, "date": _TEXT, "participants": {"type": "array", "items": _TEXT}},
    "required": ["name", "date", "participants"],
    "additionalProperties": False,
}


def _asked(said: str, /, model: str = "gpt-4o", choices: int = 1, **body: object) -> Prompt:
    messages = (Message(role="user", text=said),)
    return Prompt(endpoint="chat.completions", model=model, messages=messages, choices=choices, body=body)


def _says(prompt: Prompt, stamp: Stamp = Stamp(1, 0), settings: SimulationSettings | None = None) -> ModelOutput:  # noqa: B008 - frozen
    reply = simulate(prompt, stamp, settings or SimulationSettings())
    assert isinstance(reply, ModelOutput)
    return reply


def _text(prompt: Prompt, stamp: Stamp = Stamp(1, 0), settings: SimulationSettings | None = None) -> str:  # noqa: B008 - frozen
    return _says(prompt, stamp, settings).choices[0].text


# Text ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", ["short", "medium", "long"])
def test_the_request_chooses_the_length(length: Length) -> None:
    least, most = CHARACTERS[length]

    assert least <= len(_text(_asked("What is a monad?", response_length=length))) <= most


@pytest.mark.parametrize(
    ("body", "header", "script", "chosen"),
    [
        ("short", "long", "long", "short"),
        (None, "Short ", "long", "short"),
        (None, None, "short", "short"),
        (None, "", None, "medium"),
    ],
)
def test_the_body_goes_before_a_header_that_before_the_script_and_that_before_the_server(
    body: str | None, header: str | None, script: Length | None, chosen: Length
) -> None:
    settings = SimulationSettings(asked=Simulating(response_length="medium")).apply_script(
        Simulating(response_length=script)
    )
    headers = {} if header is None else {LENGTH_HEADER: header}

    reply = simulate(_asked("Why?", response_length=body), Stamp(1, 0), settings, headers)

    least, most = CHARACTERS[chosen]
    assert isinstance(reply, ModelOutput)
    assert least <= len(reply.choices[0].text) <= most


@pytest.mark.parametrize(
    ("body", "headers", "param", "known"),
    [
        ({"response_length": "huge"}, {}, "response_length", "'short', 'medium', and 'long'"),
        ({}, {LENGTH_HEADER: "huge"}, LENGTH_HEADER, "'short', 'medium', and 'long'"),
        ({"tool_strategy": "huge"}, {}, "tool_strategy", "'contextual', 'random', and 'sequence'"),
        ({}, {TOOLS_HEADER: "huge"}, TOOLS_HEADER, "'contextual', 'random', and 'sequence'"),
    ],
)
def test_a_length_or_a_strategy_that_there_is_not_is_refused(
    body: Mapping[str, Any], headers: Mapping[str, str], param: str, known: str
) -> None:
    assert simulate_answer(_asked("Why?", **body), Stamp(1, 0), SimulationSettings(), headers).reply == Failure(
        status=400,
        type="invalid_request_error",
        code="invalid_value",
        param=param,
        message=f"Invalid value: 'huge'. Supported values are: {known}.",
    )


@pytest.mark.parametrize("limit", ["max_tokens", "max_completion_tokens", "max_output_tokens"])
def test_a_text_never_has_more_tokens_than_the_request_allows(limit: str) -> None:
    body: dict[str, Any] = {"response_length": "long", limit: 20}
    choice = _says(_asked("What is a monad?", **body)).choices[0]

    assert tokens.count(choice.text, "o200k_base") <= 20
    assert choice.finish_reason == "length"


def test_a_text_that_is_within_the_limit_ends_by_itself() -> None:
    assert _says(_asked("What is a monad?", max_tokens=4000)).choices[0].finish_reason is None


def test_a_text_ends_before_a_stop_sequence() -> None:
    whole = _text(_asked("What is a monad?"))

    assert _text(_asked("What is a monad?", stop=[" a "])) == whole[: whole.index(" a ")]


def test_the_seed_of_the_request_goes_before_the_session_and_its_turns() -> None:
    seeded = _asked("What is a monad?", seed=7)

    assert _text(seeded, Stamp(1, 0)) == _text(seeded, Stamp(2, 5))
    assert _text(seeded) != _text(_asked("What is a monad?", seed=8))


def test_without_a_seed_in_the_request_the_session_and_its_turn_decide() -> None:
    asked = _asked("What is a monad?")

    assert _text(asked, Stamp(1, 0)) == _text(asked, Stamp(1, 0))
    assert len({_text(asked, Stamp(seed, turn)) for seed in range(3) for turn in range(3)}) == 9


def test_each_choice_has_a_text_of_its_own() -> None:
    says = _says(_asked("What is a monad?", choices=3))

    assert len({choice.text for choice in says.choices}) == 3


# JSON ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"response_format": {"type": "json_schema", "json_schema": {"name": "event", "schema": EVENT, "strict": True}}},
        {"response_format": {"type": "json_schema", "schema": EVENT}},
        {"text": {"format": {"type": "json_schema", "name": "event", "schema": EVENT, "strict": True}}},
    ],
)
def test_the_text_is_json_for_the_schema_with_what_the_user_said(body: dict[str, Any]) -> None:
    asked = _asked("Alice and Bob are going to a science fair on May 5th, 2025.", **body)

    value = json.loads(_text(asked))

    assert value.keys() == {"name", "date", "participants"}
    assert value["date"] == "2025-05-05"
    assert value["participants"] == ["Alice", "Bob"]


def test_json_without_a_schema_is_an_object_with_the_names_that_were_asked_for() -> None:
    asked = _asked("Give me JSON with keys name, age and city", response_format={"type": "json_object"})

    value = json.loads(_text(asked))

    assert list(value) == ["name", "age", "city"]
    assert isinstance(value["age"], int)


def test_json_without_a_schema_and_without_names_is_an_object_all_the_same() -> None:
    value = json.loads(_text(_asked("Something as JSON", response_format={"type": "json_object"})))

    assert list(value) == ["title", "summary", "key_points"]


@pytest.mark.parametrize(
    ("shown", "kind"), [('{ "title": "your concise title here" }', str), ('{ "tags": ["tag1", "tag2", "tag3"] }', list)]
)
def test_a_task_of_a_chat_program_gets_json_as_it_shows(shown: str, kind: type) -> None:
    task = f"""### Task:
Generate something about the chat history.
### Output:
JSON format: {shown}
### Chat History:
<chat_history>
USER: How do I bake sourdough bread?
ASSISTANT: You need flour, water and salt.
</chat_history>"""

    value = json.loads(_text(_asked(task)))

    assert list(value) == list(json.loads(shown))
    assert all(isinstance(member, kind) and member for member in value.values())


def test_a_title_is_about_the_conversation() -> None:
    task = 'Return JSON: {"title": "x"}\n<chat_history>\nUSER: How do I bake bread?\n</chat_history>'

    assert "Baking Bread" in json.loads(_text(_asked(task)))["title"]


def test_json_after_a_tool_has_the_values_of_its_result() -> None:
    prompt = Prompt(
        endpoint="chat.completions",
        model="gpt-4o",
        messages=(
            Message(role="user", text="How is the weather in Oslo?"),
            Message(role="assistant", called=(CalledTool(id="call_1", name="get_weather", arguments="{}"),)),
            Message(role="tool", answers="call_1", text='{"weather": {"temperature_c": -3.5, "sky": "clear"}}'),
        ),
        body={
            "text": {
                "format": {
                    "type": "json_schema",
                    "name": "w",
                    "schema": {
                        "type": "object",
                        "properties": {"city": _TEXT, "sky": _TEXT, "temperatureC": {"type": "number"}},
                        "required": ["city", "sky", "temperatureC"],
                    },
                }
            }
        },
    )

    assert json.loads(_text(prompt)) == {"city": "Oslo", "sky": "clear", "temperatureC": -3.5}


# Tools of OpenAI's own -----------------------------------------------------------------------------------------------


def test_a_hosted_tool_that_is_forced_is_shown_before_the_text() -> None:
    blocks = _says(_asked("News?", tool_choice={"type": "web_search_preview"})).choices[0].blocks

    assert blocks[0] == HostedCall(type="web_search_call")


# Physics -------------------------------------------------------------------------------------------------------------


def _pacing(prompt: Prompt, **of_server: Any) -> Pacing | None:  # noqa: ANN401 - fields of `Physics`
    return simulate_answer(prompt, Stamp(1, 0), SimulationSettings(physics=Physics(**of_server))).pacing


def test_a_generated_stream_is_not_paced_unless_somebody_asks() -> None:
    assert _pacing(_asked("Hi")) is None


@pytest.mark.parametrize(
    ("options", "pacing"),
    [
        ({"tokens_per_second": 40}, Pacing(tokens_per_second=40)),
        ({"delay_min_ms": 10, "delay_max_ms": 30}, Pacing(ttft=0.02, tokens_per_second=50, jitter=0.5)),
        ({"delay_min_ms": 25, "delay_max_ms": 25}, Pacing(ttft=0.025, tokens_per_second=40)),
        ({"delay_max_ms": 20}, Pacing(ttft=0.01, tokens_per_second=100, jitter=1.0)),
        (
            {"delay_min_ms": 10, "delay_max_ms": 30, "tokens_per_second": 40},
            Pacing(ttft=0.02, tokens_per_second=40, jitter=0.5),
        ),
    ],
)
def test_the_request_or_the_server_paces_a_generated_stream(options: dict[str, float], pacing: Pacing) -> None:
    assert _pacing(_asked("Hi", stream_options=options)) == pacing
    assert _pacing(_asked("Hi"), **options) == pacing


def test_the_request_goes_before_the_server() -> None:
    paced = _pacing(_asked("Hi", stream_options={"tokens_per_second": 10}), tokens_per_second=90, profile="large")

    assert paced == Pacing(tokens_per_second=10)


@pytest.mark.parametrize(
    ("model", "profile"),
    [
        ("gpt-4o-mini", "small"),
        ("gpt-4.1-nano", "small"),
        ("gpt-4o", "large"),
        ("o3", "reasoning"),
        ("my-own", "large"),
    ],
)
def test_a_profile_by_the_name_of_the_model_paces_where_it_is_asked_for(model: str, profile: Profile) -> None:
    assert _pacing(_asked("Hi", model=model), profile="auto") == PROFILES[profile]


@pytest.mark.parametrize(
    ("options", "param", "message"),
    [
        (
            {"delay_min_ms": -1},
            "stream_options.delay_min_ms",
            "Invalid 'stream_options.delay_min_ms': decimal below minimum value. Expected a value >= 0, but got -1 "
            "instead.",
        ),
        (
            {"delay_min_ms": 9, "delay_max_ms": 3},
            "stream_options.delay_max_ms",
            "Invalid 'stream_options.delay_max_ms': decimal below minimum value. Expected a value >= 9, but got 3 "
            "instead.",
        ),
        (
            {"tokens_per_second": 0},
            "stream_options.tokens_per_second",
            "Invalid 'stream_options.tokens_per_second': decimal below minimum value. Expected a value > 0, but got 0 "
            "instead.",
        ),
    ],
)
def test_a_pace_that_makes_no_sense_is_refused(options: dict[str, float], param: str, message: str) -> None:
    answer = simulate_answer(_asked("Hi", stream_options=options), Stamp(1, 0), SimulationSettings())

    assert answer == Simulated(
        Failure(
            status=400,
            type="invalid_request_error",
            code="decimal_below_min_value",
            param=param,
            message=message,
        )
    )
