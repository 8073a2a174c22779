"""Who chooses how answers are made up: the body, a header, the script or the server, in this order."""

from collections.abc import Mapping
from typing import Any

import pytest

from llemulator_addon.core.choices import Length, ToolStrategy
from llemulator_addon.core.steps import Wait
from llemulator_addon.script.reader import value_of
from tests.playing import TOKEN, body_of, chat, emulator, json_of, load, play, post
from tests.project.pages import blocks

_TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("get_weather", "send_email", "add_numbers")
]
_WITH_CITY = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]
_RANGES: Mapping[Length, tuple[int, int]] = {"short": (120, 450), "medium": (450, 1500), "long": (1500, 5000)}


def _said(
    script: Mapping[str, Any] | None, server: Mapping[str, str | None], headers: Mapping[str, str], **body: object
) -> Any:  # noqa: ANN401
    """Return the message of a simulated answer."""
    running = emulator(on_unmatched="simulate", **server)
    if script is not None:
        load(running, script)
    asked = {"model": "gpt-4o", "messages": [{"role": "user", "content": "What is the weather in Oslo?"}], **body}
    (steps,) = play(running, post("/v1/chat/completions", asked, headers=headers))
    return json_of(steps)["choices"][0]["message"]


def _script(**simulate: str) -> dict[str, Any]:
    return {"responses": [], "defaults": {"on_unmatched": "simulate", "simulate": simulate}}


@pytest.mark.parametrize(
    ("body", "header", "script", "server", "chosen"),
    [
        ("long", "short", "short", "short", "long"),
        (None, "long", "short", "short", "long"),
        (None, None, "long", "short", "long"),
        (None, None, None, "long", "long"),
        (None, None, "medium", None, "medium"),
        (None, "short", None, None, "short"),
    ],
)
def test_the_length(
    body: str | None, header: str | None, script: str | None, server: Length | None, chosen: Length
) -> None:
    message = _said(
        _script(response_length=script) if script else None,
        {"response_length": server},
        {"x-llemulator-response-length": header} if header else {},
        **({"response_length": body} if body else {}),
    )

    least, most = _RANGES[chosen]
    assert least <= len(message["content"]) <= most


@pytest.mark.parametrize(
    ("body", "header", "script", "server", "called"),
    [
        ("sequence", "contextual", "contextual", "contextual", ["get_weather"]),
        (None, None, None, None, ["get_weather"]),
        (None, "sequence", "contextual", "contextual", ["get_weather"]),
        (None, None, "sequence", "contextual", ["get_weather"]),
        (None, None, None, "sequence", ["get_weather"]),
    ],
)
def test_the_strategy(
    body: str | None, header: str | None, script: str | None, server: ToolStrategy | None, called: list[str]
) -> None:
    def turn(results: list[dict[str, Any]]) -> Any:  # noqa: ANN401 - a message
        return _said(
            _script(tool_strategy=script) if script else None,
            {"tool_strategy": server},
            {"x-llemulator-tool-strategy": header} if header else {},
            messages=[{"role": "user", "content": "What is the weather in Oslo?"}, *results],
            tools=_TOOLS,
            **({"tool_strategy": body} if body else {}),
        )

    turns, results = [], list[dict[str, Any]]()
    while calls := (message := turn(results)).get("tool_calls"):
        turns.append([call["function"]["name"] for call in calls])
        results += [message, *({"role": "tool", "tool_call_id": call["id"], "content": "{}"} for call in calls)]

    in_sequence = "sequence" in (body, header, script, server)
    assert turns == ([["get_weather"], ["send_email"], ["add_numbers"]] if in_sequence else [called])


def test_by_chance_each_tool_is_called_now_and_then_and_sometimes_none() -> None:
    server = emulator(on_unmatched="simulate", tool_strategy="random")

    answers = play(server, *(chat("Hello", tools=_TOOLS) for _ in range(60)))

    called = [tuple(call["function"]["name"] for call in json_of(steps)["choices"][0]["message"].get("tool_calls", ()))
              for steps in answers]  # fmt: skip
    assert {name for names in called for name in names} == {"get_weather", "send_email", "add_numbers"}
    assert () in called
    assert any(len(names) == 2 for names in called)


@pytest.mark.long
def test_the_scripts_on_the_page_do_what_it_says() -> None:
    pages = (block for block in blocks("yaml") if block.page == "docs/simulation.md")
    plain, chosen = (value_of(block.text, "yaml") for block in pages)
    assert isinstance(plain, dict)
    assert isinstance(chosen, dict)

    assert _said(plain, {}, {}, messages=[{"role": "user", "content": "hello"}])["content"] == "Hi!"
    assert 1500 <= len(_said(chosen, {}, {})["content"]) <= 5000
    assert len(_said(chosen, {}, {}, tools=_TOOLS)["tool_calls"]) == 1


@pytest.mark.parametrize("name", ["response_length", "tool_strategy"])
def test_what_there_is_not_is_refused_in_a_script_with_its_place(name: str) -> None:
    (refused,) = play(emulator(), post("/_emulator/script", _script(**{name: "huge"}), token=TOKEN))

    assert json_of(refused)["error"]["param"] == f"defaults.simulate.{name}"


@pytest.mark.long
@pytest.mark.parametrize("limit", [16, 17, 40, 60, 5000])
@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi"}]}, "max_tokens"),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi"}]}, "max_completion_tokens"),
        ("/v1/responses", {"input": "Hi"}, "max_output_tokens"),
        ("/v1/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": "Hi"}, "max_tokens"),
    ],
)
def test_no_answer_is_charged_with_more_tokens_than_the_request_allows(
    path: str, body: dict[str, Any], name: str, limit: int
) -> None:
    server = emulator(on_unmatched="simulate")
    limit = min(limit, 3000) if "prompt" in body else limit

    answers = [json_of(steps) for steps in play(server, *[post(path, {"model": "gpt-4o", name: limit, **body})] * 20)]

    charged = [answer["usage"].get("output_tokens", answer["usage"].get("completion_tokens")) for answer in answers]
    ended = [answer["choices"][0]["finish_reason"] if "choices" in answer else answer["status"] for answer in answers]
    assert max(charged) <= limit
    assert {count for how, count in zip(ended, charged, strict=True) if how in {"length", "incomplete"}} <= {limit}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi"}]}),
        ("/v1/responses", {"input": "Hi"}),
        ("/v1/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": "Hi"}),
    ],
)
def test_every_endpoint_that_streams_is_paced_as_the_request_asks(path: str, body: dict[str, Any]) -> None:
    options = ({"tokens_per_second": 50}, {"delay_min_ms": 10, "delay_max_ms": 30})
    asked = [post(path, {"model": "gpt-4o", "stream": True, **body, "stream_options": each}) for each in options]

    at_a_rate, with_delays = (
        [step.seconds for step in steps if isinstance(step, Wait)]
        for steps in play(emulator(on_unmatched="simulate"), *asked)
    )

    assert set(at_a_rate) == {0.02}
    assert len(set(with_delays)) > 1
    assert all(0.01 <= seconds <= 0.03 for seconds in with_delays)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("limit", [1, 3, 6, 400])
def test_calls_of_tools_are_cut_where_the_request_allows_no_more(limit: int, *, stream: bool) -> None:
    server = emulator(on_unmatched="simulate")
    asked = chat("What is the weather in Oslo?", tools=_WITH_CITY, max_tokens=limit)

    answer = json_of(play(server, asked)[0])

    choice = answer["choices"][0]
    (arguments,) = [call["function"]["arguments"] for call in choice["message"].get("tool_calls", ())] or [""]
    assert answer["usage"]["completion_tokens"] <= limit
    assert choice["finish_reason"] == ("tool_calls" if limit == 400 else "length")
    assert '{"city":"Oslo"}'.startswith(arguments)
    (steps,) = play(server, chat("What is the weather in Oslo?", tools=_WITH_CITY, max_tokens=limit, stream=stream))
    assert (b'"finish_reason":"length"' in body_of(steps).replace(b": ", b":")) == (limit != 400)
