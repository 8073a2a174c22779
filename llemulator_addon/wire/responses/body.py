"""The body of `POST /v1/responses`: the table of its members, in the API's order and words.

Types, ranges, closed lists and their order follow answers of the real API that were published in 2026-08. A parameter
that this program does not know is accepted, because it may be newer, unless it is Chat's or a slip of the pen.
"""

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from llemulator_addon.core.json_type import JSON, JsonObject
from llemulator_addon.wire import errors
from llemulator_addon.wire.checking import (
    Check,
    Fields,
    Place,
    an_object,
    anything,
    array,
    boolean,
    decimal,
    either,
    integer,
    one_of,
    refuse_type,
    text,
)
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.members import object_in, objects_in, text_in
from llemulator_addon.wire.responses import response_errors
from llemulator_addon.wire.responses.item_fields import check_item
from llemulator_addon.wire.shared_fields import FUNCTION_NAME, ITEM_NAME, METADATA, RETENTION, SHORT_KEY, VERBOSITY


def check(body: JsonObject, *, needs_model: bool = True) -> None:
    """Refuse the first thing that is wrong with a body; raises `RequestRefused`."""
    _check_model(body, needed=needs_model)
    _check_unknown(body)
    RESPONSES.check(body)
    if body.get("stream_options") is not None and not body.get("stream"):
        raise RequestRefused(errors.only_with("stream_options", "stream"))
    _check_choice(body)


def drop_wrong(body: JsonObject) -> JsonObject:
    """Return a body without what would be refused: leniently a parameter that is wrong counts as not given.

    A conversation and tools stay as they are; their readers skip values of a wrong type.
    """
    return RESPONSES.drop_wrong(body, but=_READ_LENIENTLY)


_READ_LENIENTLY = frozenset({"input", "previous_response_id", "conversation", "instructions", "tools"})

# Whole bodies -------------------------------------------------------------------------------------------------------


def _check_choice(body: JsonObject) -> None:
    """Refuse the choice of a tool that is not there; a stored prompt and what was said may bring tools of their own."""
    choice, tools = body.get("tool_choice"), objects_in(body, "tools")
    if any(body.get(name) is not None for name in _BRINGING) or _BRINGING_ITEMS & _kinds(body):
        return
    if choice == "required" and not tools:
        raise RequestRefused(response_errors.refuse_required_without_tools())
    if (kind := text_in(choice, "type")) not in _NAMED or kind is None:
        return
    if (kind, text_in(choice, "name")) not in {(tool["type"], tool.get("name")) for tool in flatten(tools)}:
        raise RequestRefused(response_errors.choice_not_found(kind))


_NAMED = frozenset({"function", "custom"})
_BRINGING = ("prompt", "previous_response_id", "conversation")
_BRINGING_ITEMS = frozenset({"additional_tools", "tool_search_output"})


def _kinds(body: JsonObject) -> set[str | None]:
    return {text_in(item, "type") for item in objects_in(body, "input")}


def flatten(tools: Iterable[JsonObject]) -> Iterator[JsonObject]:
    """Yield tools, and those within namespaces."""
    for tool in tools:
        yield tool
        if tool["type"] == "namespace":
            yield from objects_in(tool, "tools")


def _check_model(body: JsonObject, *, needed: bool) -> None:
    if "model" not in body:
        if needed:
            raise RequestRefused(errors.missing("model"))
        return
    if body["model"] is None:  # measured so
        raise RequestRefused(errors.wrong_type("model", "a string", "an object"))
    text()((None, "model"), body["model"])


def _check_unknown(body: JsonObject) -> None:
    for name in body:
        if name in _KNOWN:
            continue
        if (moved := _MOVED.get(name)) is not None:
            raise RequestRefused(response_errors.refuse_moved_parameter(name, moved))
        meant = [known for known in _near(name) if known not in body]
        if name in _OF_CHAT or meant:
            raise RequestRefused(errors.unknown_parameter(name, tuple(meant)))


_MOVED = {
    "messages": "input",
    "response_format": "text.format",
    "reasoning_effort": "reasoning.effort",
    "verbosity": "text.verbosity",
}
"""Parameters of chat by their names here. Recorded for the first, reported for the second (mkht/PSOpenAI#44)."""


def _near(name: str) -> list[str]:
    """Return the known names within two letters of a name, the nearest first."""
    far = {known: _distance(name, known) for known in sorted(_KNOWN) if abs(len(known) - len(name)) <= _SLIP}
    return sorted((known for known in far if far[known] <= _SLIP), key=far.__getitem__)


_SLIP = 2


def _distance(one: str, other: str) -> int:
    """Count the letters to put in, take out or change."""
    steps = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    return sum(max(end - start, until - begin) for step, start, end, begin, until in steps if step != "equal")


# Parameters ---------------------------------------------------------------------------------------------------------


def _effort(place: Place, given: JSON) -> None:
    if isinstance(given, int) and not isinstance(given, bool):
        raise refuse_type(place, "one of 'minimal', 'low', 'medium', or 'high'", given)
    if not isinstance(given, str):
        expected = "one of one of 'none', 'minimal', 'low', 'medium', 'high', 'xhigh', or 'max' or integer"
        raise refuse_type(place, expected, given)
    _EFFORTS(place, given)


_EFFORTS = one_of("none", "minimal", "low", "medium", "high", "xhigh", "max")
_SUMMARY = one_of("concise", "detailed", "auto", or_else="")
_REASONING = Fields(
    checks={"effort": _effort, "summary": _SUMMARY, "generate_summary": _SUMMARY, "context": text(), "mode": text()},
    closed=True,
)
_OF_KIND = one_of("json_object", "json_schema", "text", or_else="")
_FORMAT = Fields(checks={"type": _OF_KIND}, needs=("type",), null_is_missing=True)
_NAMED_SCHEMA = Fields(
    checks={"name": FUNCTION_NAME, "schema": an_object}, needs=("name", "schema"), null_is_missing=True
)


def _format(place: Place, given: JSON) -> None:
    _FORMAT(place, given)
    if text_in(given, "type") == "json_schema":
        _NAMED_SCHEMA(place, given)


# The last three are not the API's: how this program is asked to pace what it makes up.
_STREAM_OPTIONS = Fields(
    checks={
        "include_obfuscation": boolean,
        **dict.fromkeys(("delay_min_ms", "delay_max_ms", "tokens_per_second"), decimal(0)),
    },
    closed=True,
)


def _needing(**needed: Check) -> Fields:
    return Fields(checks=needed, needs=tuple(needed), null_is_missing=True)


def _tool(place: Place, given: JSON) -> None:
    _needing(type=text())(place, given)
    kind = text_in(given, "type") or ""
    _TOOLS.get(kind, _OTHER_TOOL)(place, given)


def _check_deferred_tool(place: Place, given: JSON) -> None:
    """Check a tool of a namespace."""
    _needing(type=text())(place, given)
    if text_in(given, "type") in _NAMED:
        _needing(name=ITEM_NAME)(place, given)
    else:
        _tool(place, given)


_OTHER_TOOL = Fields(checks={"name": text()})
_TOOLS: dict[str, Check] = {
    "function": _needing(name=FUNCTION_NAME),
    "custom": _needing(name=FUNCTION_NAME),
    "file_search": _needing(vector_store_ids=anything),
    "mcp": _needing(server_label=anything),
    "code_interpreter": _needing(container=anything),
    "namespace": _needing(name=text(), description=anything, tools=array(_check_deferred_tool, members="tools")),
}


def _tool_choice(place: Place, given: JSON) -> None:
    if not isinstance(given, dict):
        _CHOICES(place, given)
        return
    _needing(type=text())(place, given)
    if given["type"] in _NAMED:
        _needing(name=text())(place, given)


_CHOICES = one_of("none", "auto", "required", or_else="an object or ")

_INCLUDES = one_of(
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
    or_else="",
)

INCLUDED = Fields(checks={"include": array(_INCLUDES, members="texts")})
"""The query of what reads something stored."""

# Before an unknown response or conversation is looked at, everything else must be right.
RESPONSES = Fields(
    checks={
        "input": either("a string or array of input items", a_text=anything, an_array=array(check_item)),
        "previous_response_id": text(),
        "conversation": either("a string or object", a_text=anything, an_object=_needing(id=text())),
        "prompt": an_object,
        "moderation": an_object,
        "include": array(_INCLUDES, members="texts"),
        "tools": array(_tool, members="tools"),
        "tool_choice": _tool_choice,
        "metadata": METADATA,
        "text": Fields(checks={"verbosity": VERBOSITY, "format": _format}),
        "temperature": decimal(0, 2),
        "top_p": decimal(0, 1),
        "presence_penalty": decimal(-2, 2),
        "frequency_penalty": decimal(-2, 2),
        "parallel_tool_calls": boolean,
        "stream": boolean,
        "stream_options": _STREAM_OPTIONS,
        "background": boolean,
        "max_output_tokens": integer(16),
        "max_tool_calls": integer(1),
        "reasoning": _REASONING,
        "user": SHORT_KEY,
        "safety_identifier": SHORT_KEY,
        "prompt_cache_options": an_object,
        "prompt_cache_key": SHORT_KEY,
        "prompt_cache_retention": RETENTION,
        "truncation": one_of("auto", "disabled", or_else=""),
        "instructions": text(),
        "store": boolean,
        "service_tier": one_of("auto", "default", "fast", "flex", "priority", or_else=""),
        "top_logprobs": integer(0, 20),
        "context_management": array(an_object, members="objects"),
    }
)

_KNOWN = frozenset({"model", "access_programs", "background_options", "image", *RESPONSES.checks})
_OF_CHAT = frozenset(
    {
        *("audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs"),
        *("max_completion_tokens", "max_tokens", "modalities", "n", "prediction"),
        *("seed", "stop", "web_search_options"),
    }
)


def effort_of(body: JsonObject) -> str | None:
    """Return the effort that a request names."""
    return text_in(object_in(body, "reasoning"), "effort")
