"""Responses of each kind of reply and family, and how they differ from recordings."""

from typing import Any

import pytest

from tests.wire.responding import SPOKEN
from tests.wire.shapes import Differences, differences

# Beyond the SDK's types, but recorded.
ECHOED = ("frequency_penalty", "presence_penalty", "store")
# The recordings of models that reason asked for all of this.
ALL: dict[str, Any] = {
    "reasoning": {"summary": "auto"},
    "include": ["reasoning.encrypted_content", "code_interpreter_call.outputs"],
}
ASKED: dict[str, dict[str, Any]] = {"gpt-4o": {}, "gpt-5": ALL, "gpt-5.6": ALL}
cases = pytest.mark.parametrize("model", ASKED)
spoken = pytest.mark.parametrize("said", SPOKEN)


def recorded_response(response: dict[str, Any], *, model: str) -> Differences:
    """How a body differs from recordings; what another family's recordings have counts as seen."""
    kind = "json response standard" if model == "gpt-4o" else "json response reasoning"
    kinds = ("json response", "json response standard", "json response reasoning")
    found = differences(kind, response)
    never = set.intersection(*(set(differences(each, response).never) for each in kinds))
    return Differences(missing=found.missing, wrong=found.wrong, never=tuple(sorted(never)))


def never_recorded(differing: Differences) -> set[str]:
    return {path.split(">")[0].removeprefix("output[]<") for path in differing.never}


def without_nulls(response: dict[str, Any]) -> dict[str, Any]:
    """Without what is null in recordings, and described as a string or an object."""
    return {key: value for key, value in response.items() if key not in {"user", "usage"} or value is not None}


# Recorded without fields that the SDK's types and OpenAI's description want, or not typed at all.
UNTYPED = {
    "response.apply_patch_call_operation_diff.delta",
    "response.apply_patch_call_operation_diff.done",
}


def beyond(event: dict[str, Any]) -> set[str]:
    found = {"obfuscation"} if "obfuscation" in event and "shell_call_command" not in event["type"] else set()
    if "response" in event:
        found |= {f"response.{key}" for key in ECHOED}
        types = [item["type"] for item in event["response"]["output"]]
        found |= {"response.output.status"} if "custom_tool_call" in types else set()
    if event.get("item", {}).get("type") == "custom_tool_call":
        found.add("item.status")
    return found
