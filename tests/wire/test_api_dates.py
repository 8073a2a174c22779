"""Fields that came or went on a day for every model, and answers as the API gave them on that day."""

from collections.abc import Iterable
from typing import Any

import pytest

from llemulator_addon.core.reply import HostedCall, Reasoning, Text
from llemulator_addon.wire.api_dates import FEATURES, LATEST, api_on, begin_of, day_at
from tests.wire.responding import streamed, whole

DAYS = ["2025-06-01", "2025-08-10", "2025-11-10", "2026-03-01", "2026-05-15", "2026-06-15", "2026-07-01", LATEST]


def function(tool: str = "f", **more: object) -> dict[str, Any]:
    """A tool as a request has it."""
    return {"type": "function", "name": tool, "parameters": {"type": "object", "properties": {}}, **more}


def first_days(key: Iterable[str], *, model: str) -> str | None:
    """The first of the days on which a response has a key, or a key of a key."""
    for day in DAYS:
        found: Any = whole(Text("Hi"), model=model, day=day)
        for step in key:
            found = found.get(step, {}) if isinstance(found, dict) else {}
        if found != {}:
            return day
    return None


def test_every_feature_is_there_from_a_day_on_which_its_source_shows_it() -> None:
    for feature, lasting in FEATURES.items():
        assert feature in api_on(lasting.since)
        assert lasting.until is None or feature not in api_on(lasting.until)


def test_a_day_is_that_of_its_seconds_in_utc() -> None:
    assert day_at(begin_of("2026-06-30")) == "2026-06-30"
    assert day_at(begin_of("2026-06-30") - 1) == "2026-06-29"
    assert day_at(1e12) == LATEST


@pytest.mark.parametrize("model", ["gpt-4o", "o3", "gpt-5", "gpt-5.2", "gpt-5.4"])
@pytest.mark.parametrize(
    ("key", "since"),
    [
        (("text", "verbosity"), "2025-08-10"),
        (("billing",), "2025-11-10"),
        (("completed_at",), "2026-03-01"),
        (("prompt_cache_key",), "2025-08-10"),
        (("prompt_cache_retention",), "2025-11-10"),
        (("tool_usage", "web_search"), "2026-07-01"),
        (("usage", "input_tokens_details", "cache_write_tokens"), LATEST),
    ],
)
def test_a_field_is_there_from_its_day_on_for_every_model(model: str, key: tuple[str, ...], since: str) -> None:
    assert first_days(key, model=model) == since


@pytest.mark.parametrize(("model", "since"), [("gpt-4o", None), ("o3", "2026-07-01"), ("gpt-5.4", "2026-07-01")])
def test_every_model_that_reasons_says_its_mode_since_the_end_of_june_2026(model: str, since: str | None) -> None:
    assert first_days(("reasoning", "mode"), model=model) == since


@pytest.mark.parametrize(
    ("model", "day", "retention"),
    [
        ("gpt-5.2", "2026-03-01", None),
        ("gpt-5.2", "2026-05-15", "in_memory"),
        ("gpt-5.2", "2026-06-30", "24h"),
        ("gpt-5.4", LATEST, "24h"),
        ("gpt-5.5", "2026-05-15", "24h"),
        ("gpt-4o", LATEST, "in_memory"),
    ],
)
def test_a_prompt_is_cached_for_as_long_as_it_was_on_that_day(model: str, day: str, retention: str | None) -> None:
    assert whole(Text("Hi"), model=model, day=day)["prompt_cache_retention"] == retention


def test_reasoning_has_empty_content_since_june_2026_in_streams_too() -> None:
    items = [
        [event["item"] for event in streamed(Reasoning("Hm."), Text("Hi"), model="gpt-5", day=day) if "item" in event]
        for day in ("2026-06-08", "2026-06-09")
    ]

    assert [["content" in item for item in told[:2]] for told in items] == [[False, False], [True, True]]
    assert [item["content"] for item in items[1][:2]] == [[], []]


def test_functions_are_said_back_with_an_output_schema_since_july_2026_in_namespaces_too() -> None:
    tools = [function(), {"type": "namespace", "name": "n", "description": "N", "tools": [function("g")]}]
    before, since = (whole(Text("Hi"), tools=tools, day=day)["tools"] for day in ("2026-07-09", "2026-07-10"))

    assert "output_schema" not in before[0]
    assert "output_schema" not in before[1]["tools"][0]
    assert since[0]["output_schema"] is None
    assert since[1]["tools"][0]["output_schema"] is None


def test_tools_are_said_back_functions_first_and_namespaces_last() -> None:
    namespace = {"type": "namespace", "name": "n", "description": "N", "tools": []}
    tools = [namespace, {"type": "tool_search"}, function("f"), function("g")]

    told = whole(Text("Hi"), model="gpt-5.4", tools=tools)["tools"]

    assert [tool.get("name", tool["type"]) for tool in told] == ["f", "g", "tool_search", "n"]


def test_a_function_that_a_search_has_loaded_stands_in_a_namespace_of_its_name() -> None:
    waiting = function("f", description="F", defer_loading=True)
    found = HostedCall(type="tool_search_output", fields={"tools": [waiting]})
    asked: dict[str, Any] = {"model": "gpt-5.4", "tools": [{"type": "tool_search"}, waiting, function("g")]}

    told = whole(HostedCall(type="tool_search_call"), found, Text("Hi"), **asked)["tools"]
    before = whole(HostedCall(type="tool_search_call"), found, Text("Hi"), **asked, day="2026-04-30")["tools"]

    assert [tool.get("name", tool["type"]) for tool in told] == ["g", "tool_search", "f"]
    assert (told[2]["type"], told[2]["description"]) == ("namespace", "F")
    assert [(tool["name"], "defer_loading" in tool) for tool in told[2]["tools"]] == [("f", False)]
    assert [tool.get("name", tool["type"]) for tool in before] == ["f", "g", "tool_search"]


@pytest.mark.parametrize(
    ("day", "url"), [("2025-11-05", "https://dice.example/<redacted>"), ("2025-11-06", "https://dice.example/mcp")]
)
def test_the_url_of_a_remote_server_is_said_back_in_full_since_november_2025(day: str, url: str) -> None:
    tool = {"type": "mcp", "server_label": "dice", "server_url": "https://dice.example/mcp"}

    assert whole(Text("Hi"), tools=[tool], day=day)["tools"][0]["server_url"] == url


def test_a_connector_is_said_back_without_its_authorization() -> None:
    tool = {"type": "mcp", "server_label": "mail", "connector_id": "connector_gmail", "authorization": "secret"}

    (told,) = whole(Text("Hi"), tools=[tool])["tools"]

    assert (told["authorization"], told["server_url"]) == ("<redacted>", None)


@pytest.mark.parametrize(
    ("tool", "day", "added"),
    [
        ({}, "2026-04-30", {"filters": None}),
        ({}, LATEST, {"return_token_budget": "default"}),
        ({"external_web_access": False}, LATEST, {"external_web_access": False, "search_content_types": ["text"]}),
    ],
)
def test_a_web_search_is_said_back_as_on_that_day(tool: dict[str, Any], day: str, added: dict[str, Any]) -> None:
    (told,) = whole(Text("Hi"), tools=[{"type": "web_search", **tool}], day=day)["tools"]

    assert {key: told[key] for key in told if key not in {"type", "search_context_size", "user_location"}} == added


def test_an_image_tool_is_said_back_with_its_model_and_without_fidelity() -> None:
    tool = {"type": "image_generation", "input_fidelity": "high"}
    now, before = (whole(Text("Hi"), tools=[tool], day=day)["tools"][0] for day in (LATEST, "2026-01-01"))

    assert (now["model"], "input_fidelity" in now) == ("gpt-image-2", False)
    assert "model" not in before


def test_a_response_is_moderated_when_the_request_asks_for_it() -> None:
    asked: dict[str, Any] = {"input": "How do I kill a process?", "moderation": {"model": "omni-moderation-latest"}}
    moderation = whole(Text("With a signal."), **asked)["moderation"]

    assert {side: (found["type"], found["flagged"]) for side, found in moderation.items()} == {
        "input": ("moderation_result", True),
        "output": ("moderation_result", False),
    }
    assert whole(Text("Hi"))["moderation"] is None


def test_the_caching_that_a_request_asks_for_is_said_back() -> None:
    asked: dict[str, Any] = {"prompt_cache_options": {"mode": "explicit"}}

    assert whole(Text("Hi"), model="gpt-5.6", **asked)["prompt_cache_options"] == {"mode": "explicit", "ttl": "30m"}


@pytest.mark.parametrize(
    ("tool", "day", "action"),
    [
        ("web_search_preview", LATEST, {"type": "search"}),
        ("web_search", LATEST, None),
        ("web_search", "2025-12-01", {"type": "search"}),
    ],
)
def test_a_web_search_is_announced_with_its_action_by_the_older_tool_and_earlier(
    tool: str, day: str, action: dict[str, str] | None
) -> None:
    told = streamed(HostedCall(type="web_search_call"), Text("Hi"), tools=[{"type": tool}], day=day)

    assert next(event["item"] for event in told if "item" in event).get("action") == action


def test_streams_of_an_early_day_are_not_padded_and_have_no_log_probabilities() -> None:
    told = streamed(Text("Hi"), day="2025-06-01")

    assert [event.keys() & {"obfuscation", "logprobs"} for event in told] == [set()] * len(told)
