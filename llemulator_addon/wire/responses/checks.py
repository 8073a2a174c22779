"""Refusals of the Responses API for a body, in its order and words.

Types, ranges, closed lists and their order follow answers of the real API that were published in 2026-08. A parameter
that this program does not know is accepted, because it may be newer, unless it is Chat's or a slip of the pen.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from llemulator_addon.wire import errors
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.image_input import refuse_image
from llemulator_addon.wire.members import objects_in, spell_number
from llemulator_addon.wire.responses import response_errors

Check = Callable[[str, Any], None]
"""Takes the parameter's name and its value, which is not null; raises `RequestRefused`."""


def check(body: Mapping[str, Any], *, needs_model: bool = True) -> None:
    """Refuse the first thing that is wrong with a body; raises `RequestRefused`."""
    _check_model(body, needed=needs_model)
    _check_unknown(body)
    for name, parameter in _IN_ORDER:
        if body.get(name) is not None:
            parameter(name, body[name])
    if body.get("stream_options") is not None and not body.get("stream"):
        raise RequestRefused(errors.only_with("stream_options", "stream"))
    _check_choice(body)


def understood(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a body without what would be refused: leniently a parameter that is wrong counts as not given.

    A conversation and tools stay as they are; their readers skip values of a wrong type.
    """
    wrong = {name for name, parameter in _IN_ORDER if name not in _READ_LENIENTLY and _refuses(parameter, name, body)}
    return {name: value for name, value in body.items() if name not in wrong} if wrong else body


_READ_LENIENTLY = frozenset({"input", "previous_response_id", "conversation", "instructions", "tools"})


def _refuses(parameter: Check, name: str, body: Mapping[str, Any]) -> bool:
    try:
        if body.get(name) is not None:
            parameter(name, body[name])
    except RequestRefused:
        return True
    return False


def check_input(name: str, given: Any) -> None:  # noqa: ANN401 - a checker takes anything
    """Check `input`: one text, or items."""
    if isinstance(given, str):
        return
    if not isinstance(given, list):
        raise RequestRefused(errors.wrong_type(name, "one of a string or array of input items", _kind(given)))
    check_items(name, given)


def check_items(name: str, given: Iterable[Any]) -> None:
    """Check the items of an input or of a conversation."""
    for at, item in enumerate(given):
        _item(f"{name}[{at}]", item)


def check_metadata(name: str, given: Any) -> None:  # noqa: ANN401 - a checker takes anything
    """Check `metadata`."""
    if not isinstance(given, dict):
        raise RequestRefused(errors.wrong_type(name, "a metadata object", _kind(given)))
    if len(given) > _MOST_METADATA:
        raise RequestRefused(response_errors.too_many_properties(name, _MOST_METADATA, len(given)))
    for key, value in given.items():
        _text(f"{name}.{key}", value)


# Whole bodies -------------------------------------------------------------------------------------------------------


def _check_choice(body: Mapping[str, Any]) -> None:
    """Refuse the choice of a tool that is not there; a stored prompt and what was said may bring tools of their own."""
    choice, tools = body.get("tool_choice"), body.get("tools") or []
    if any(body.get(name) is not None for name in _BRINGING) or _BRINGING_ITEMS & _kinds(body):
        return
    if choice == "required" and not tools:
        raise RequestRefused(response_errors.refuse_required_without_tools())
    if not isinstance(choice, dict) or choice["type"] not in _NAMED:
        return
    if (choice["type"], choice["name"]) not in {(tool["type"], tool.get("name")) for tool in _flat(tools)}:
        raise RequestRefused(response_errors.choice_not_found(choice["type"]))


_NAMED = frozenset({"function", "custom"})
_BRINGING = ("prompt", "previous_response_id", "conversation")
_BRINGING_ITEMS = frozenset({"additional_tools", "tool_search_output"})


def _kinds(body: Mapping[str, Any]) -> set[Any]:
    return {item.get("type") for item in objects_in(body, "input")}


def _flat(tools: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    """Yield tools, and those within namespaces."""
    for tool in tools:
        yield tool
        if tool["type"] == "namespace":
            yield from tool["tools"]


def _check_model(body: Mapping[str, Any], *, needed: bool) -> None:
    if "model" not in body:
        if needed:
            raise RequestRefused(errors.missing("model"))
        return
    _text("model", body["model"])


def _check_unknown(body: Mapping[str, Any]) -> None:
    for name in body:
        if name in _KNOWN:
            continue
        if name == "messages":
            raise RequestRefused(response_errors.messages_instead_of_input())
        meant = [known for known in _near(name) if known not in body]
        if name in _OF_CHAT or meant:
            raise RequestRefused(response_errors.unknown_parameter(name, tuple(meant)))


def _near(name: str) -> list[str]:
    """Return the known names within two letters of a name, the nearest first."""
    far = {known: _distance(name, known) for known in sorted(_KNOWN) if abs(len(known) - len(name)) <= _SLIP}
    return sorted((known for known in far if far[known] <= _SLIP), key=far.__getitem__)


_SLIP = 2


def _distance(one: str, other: str) -> int:
    """Count the letters to put in, take out or change."""
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        above, row = row, [at]
        for column, wanted in enumerate(other, 1):
            row.append(min(above[column] + 1, row[-1] + 1, above[column - 1] + (letter != wanted)))
    return row[-1]


# Values -------------------------------------------------------------------------------------------------------------


def _text(name: str, given: Any) -> None:  # noqa: ANN401 - a checker takes anything
    if not isinstance(given, str):
        raise RequestRefused(errors.wrong_type(name, "a string", _kind(given)))


def _boolean(name: str, given: Any) -> None:  # noqa: ANN401 - a checker takes anything
    if not isinstance(given, bool):
        raise RequestRefused(errors.wrong_type(name, "a boolean", _kind(given)))


def _object(name: str, given: Any) -> None:  # noqa: ANN401 - a checker takes anything
    if not isinstance(given, dict):
        raise RequestRefused(errors.wrong_type(name, "an object", _kind(given)))


def _number(kind: str, least: float, most: float | None) -> Check:
    takes = (int, float) if kind == "decimal" else (int,)

    def parameter(name: str, given: Any) -> None:  # noqa: ANN401 - a checker takes anything
        if isinstance(given, bool) or not isinstance(given, takes):
            raise RequestRefused(
                errors.wrong_type(name, "a decimal" if kind == "decimal" else "an integer", _kind(given))
            )
        if given < least:
            raise RequestRefused(errors.out_of_range(name, kind, "below", spell_number(least), spell_number(given)))
        if most is not None and given > most:
            raise RequestRefused(errors.out_of_range(name, kind, "above", spell_number(most), spell_number(given)))

    return parameter


def _one_of(*values: str, or_else: str = "") -> Check:
    """Check a closed list; `or_else` is what else the parameter may be, in front of the list."""
    *most, last = (f"'{value}'" for value in values)
    listed = f"{', '.join(most)}{',' if len(most) > 1 else ''} or {last}" if most else last

    def parameter(name: str, given: Any) -> None:  # noqa: ANN401 - a checker takes anything
        if not isinstance(given, str):
            raise RequestRefused(errors.wrong_type(name, f"one of {or_else}{listed}", _kind(given)))
        if given not in values:
            raise RequestRefused(errors.invalid_value(name, given, values))

    return parameter


def _list_of(what: str, member: Check) -> Check:
    def parameter(name: str, given: Any) -> None:  # noqa: ANN401 - a checker takes anything
        if not isinstance(given, list):
            raise RequestRefused(errors.wrong_type(name, f"an array of {what}", _kind(given)))
        for at, each in enumerate(given):
            member(f"{name}[{at}]", each)

    return parameter


def _needs(name: str, given: Mapping[str, Any], *keys: str) -> None:
    for key in keys:
        if given.get(key) is None:
            raise RequestRefused(errors.missing(f"{name}.{key}"))


def _members(name: str, given: Mapping[str, Any], known: Mapping[str, Check]) -> None:
    """Check an object whose members are all known."""
    for key, value in given.items():
        if key not in known:
            raise RequestRefused(response_errors.unknown_parameter(f"{name}.{key}"))
        if value is not None:
            known[key](f"{name}.{key}", value)


def _kind(given: object) -> str:
    match given:
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a decimal"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:  # null too, as it was measured for `model`
            return "an object"


# Parameters ---------------------------------------------------------------------------------------------------------


def _reasoning(name: str, given: Any) -> None:  # noqa: ANN401 - a checker takes anything
    _object(name, given)
    known = {"effort": _effort, "summary": _SUMMARY, "generate_summary": _SUMMARY, "context": _text, "mode": _text}
    _members(name, given, known)


def _effort(name: str, given: Any) -> None:  # noqa: ANN401 - a checker takes anything
    if isinstance(given, int) and not isinstance(given, bool):
        expected = "one of 'minimal', 'low', 'medium', or 'high'"
        raise RequestRefused(errors.wrong_type(name, expected, _kind(given)))
    if not isinstance(given, str):
        expected = "one of one of 'none', 'minimal', 'low', 'medium', 'high', 'xhigh', or 'max' or integer"
        raise RequestRefused(errors.wrong_type(name, expected, _kind(given)))
    _one_of("none", "minimal", "low", "medium", "high", "xhigh", "max")(name, given)


_SUMMARY = _one_of("concise", "detailed", "auto")


def _words(name: str, given: Any) -> None:  # noqa: ANN401 - a checker takes anything
    """Check `text`: its format and its verbosity."""
    _object(name, given)
    if given.get("verbosity") is not None:
        _one_of("low", "medium", "high")(f"{name}.verbosity", given["verbosity"])
    wanted = given.get("format")
    if wanted is None:
        return
    _object(f"{name}.format", wanted)
    _needs(f"{name}.format", wanted, "type")
    _one_of("json_object", "json_schema", "text")(f"{name}.format.type", wanted["type"])
    if wanted["type"] == "json_schema":
        _needs(f"{name}.format", wanted, "name", "schema")
        _object(f"{name}.format.schema", wanted["schema"])


def _stream_options(name: str, given: Any) -> None:  # noqa: ANN401 - a checker takes anything
    _object(name, given)
    _members(name, given, {"include_obfuscation": _boolean, **_OF_SIMULATED_STREAMS})


_OF_SIMULATED_STREAMS = dict.fromkeys(
    ("delay_min_ms", "delay_max_ms", "tokens_per_second"), _number("decimal", 0, None)
)
"""Not the API's: the settings of simulated streams."""


def _tool(name: str, given: Any) -> None:  # noqa: ANN401 - a checker takes anything
    _object(name, given)
    _needs(name, given, "type")
    _text(f"{name}.type", given["type"])
    _needs(name, given, *_NEEDED_BY_TOOLS.get(given["type"], ()))
    if given.get("name") is not None:
        _text(f"{name}.name", given["name"])
    if given["type"] == "namespace":
        _list_of("tools", _tool)(f"{name}.tools", given["tools"])


_NEEDED_BY_TOOLS = {
    "function": ("name",),
    "custom": ("name",),
    "file_search": ("vector_store_ids",),
    "mcp": ("server_label",),
    "code_interpreter": ("container",),
    "namespace": ("name", "description", "tools"),
}


def _tool_choice(name: str, given: Any) -> None:  # noqa: ANN401 - a checker takes anything
    if not isinstance(given, dict):
        _one_of("none", "auto", "required", or_else="an object or ")(name, given)
        return
    _needs(name, given, "type")
    _text(f"{name}.type", given["type"])
    if given["type"] in _NAMED:
        _needs(name, given, "name")
        _text(f"{name}.name", given["name"])


def _conversation(name: str, given: Any) -> None:  # noqa: ANN401 - a checker takes anything
    match given:
        case str():
            return
        case dict():
            _needs(name, given, "id")
            _text(f"{name}.id", given["id"])
        case _:
            raise RequestRefused(errors.wrong_type(name, "one of a string or object", _kind(given)))


# Items --------------------------------------------------------------------------------------------------------------


def _item(name: str, given: Any) -> None:  # noqa: ANN401 - a checker takes anything
    _object(name, given)
    if given.get("type") is not None:
        _text(f"{name}.type", given["type"])
    kind = given.get("type") or ("message" if "role" in given or "id" not in given else "item_reference")
    if kind not in _NEEDED_BY_ITEMS:
        raise RequestRefused(errors.invalid_value(name, str(kind), tuple(sorted(_NEEDED_BY_ITEMS))))
    if kind == "message":
        _message(name, given)
    for key in _NEEDED_BY_ITEMS[kind]:
        _needs(name, given, key)
        if key in _TEXTS:
            _text(f"{name}.{key}", given[key])


_TEXTS = frozenset({"call_id", "name", "arguments", "input", "id", "encrypted_content"})
_NEEDED_BY_ITEMS: Mapping[str, tuple[str, ...]] = {
    "message": (),
    "item_reference": ("id",),
    "reasoning": ("summary",),
    "function_call": ("call_id", "name", "arguments"),
    "function_call_output": ("call_id", "output"),
    "custom_tool_call": ("call_id", "name", "input"),
    "custom_tool_call_output": ("call_id", "output"),
    "computer_call_output": ("call_id", "output"),
    "local_shell_call_output": ("output",),
    "shell_call_output": ("call_id", "output"),
    "apply_patch_call_output": ("call_id",),
    "mcp_approval_response": ("approval_request_id", "approve"),
    "compaction": ("encrypted_content",),
    **dict.fromkeys(
        (
            *("additional_tools", "apply_patch_call", "code_interpreter_call", "compaction_trigger", "computer_call"),
            *("configuration_update", "file_search_call", "image_generation_call", "local_shell_call"),
            *("mcp_approval_request", "mcp_call", "mcp_list_tools", "program", "program_output", "shell_call"),
            *("tool_search_call", "tool_search_output", "web_search_call"),
        ),
        (),
    ),
}
"""Required fields by type of item. The types are those of the SDK 3.52; the last ones are only ever sent back."""


def _message(name: str, given: Mapping[str, Any]) -> None:
    _needs(name, given, "role")
    if given["role"] not in _ROLES:
        raise RequestRefused(errors.invalid_value(name, str(given["role"]), _ROLES))
    if "tool_calls" in given:  # what a conversation of chat completions brings along
        raise RequestRefused(response_errors.unknown_parameter(f"{name}.tool_calls"))
    _needs(name, given, "content")
    content = given["content"]
    if isinstance(content, str):
        return
    if not isinstance(content, list):
        raise RequestRefused(
            errors.wrong_type(f"{name}.content", "one of a string or array of objects", _kind(content))
        )
    for at, part in enumerate(content):
        _part(f"{name}.content[{at}]", part, str(given["role"]))


_ROLES = ("assistant", "system", "developer", "user")


def _part(name: str, given: Any, role: str) -> None:  # noqa: ANN401 - a checker takes anything
    _object(name, given)
    _needs(name, given, "type")
    types = _SPOKEN if role == "assistant" else _GIVEN
    if given["type"] not in types:
        raise RequestRefused(errors.invalid_value(name, str(given["type"]), types))
    if given["type"] in {"input_text", "output_text"}:
        _needs(name, given, "text")
        _text(f"{name}.text", given["text"])
    if given["type"] == "input_image" and given.get("image_url") is not None:
        _image(f"{name}.image_url", given["image_url"])


def _image(name: str, given: Any) -> None:  # noqa: ANN401 - a checker takes anything
    _text(name, given)
    if (failure := refuse_image(given, name, f"Invalid '{name}'.")) is not None:
        raise RequestRefused(failure)


_SPOKEN = ("output_text", "refusal")
_GIVEN = (
    *("input_text", "input_image", "output_text", "refusal", "input_file", "computer_screenshot", "summary_text"),
)

# Tables -------------------------------------------------------------------------------------------------------------

_MOST_METADATA = 16

_INCLUDES = (
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
)

# Before an unknown response or conversation is looked at, everything else must be right.
_IN_ORDER: tuple[tuple[str, Check], ...] = (
    ("input", check_input),
    ("previous_response_id", _text),
    ("conversation", _conversation),
    ("prompt", _object),
    ("moderation", _object),
    ("include", _list_of("texts", _one_of(*_INCLUDES))),
    ("tools", _list_of("tools", _tool)),
    ("tool_choice", _tool_choice),
    ("metadata", check_metadata),
    ("text", _words),
    ("temperature", _number("decimal", 0, 2)),
    ("top_p", _number("decimal", 0, 1)),
    ("presence_penalty", _number("decimal", -2, 2)),
    ("frequency_penalty", _number("decimal", -2, 2)),
    ("parallel_tool_calls", _boolean),
    ("stream", _boolean),
    ("stream_options", _stream_options),
    ("background", _boolean),
    ("max_output_tokens", _number("integer", 16, None)),
    ("max_tool_calls", _number("integer", 1, None)),
    ("reasoning", _reasoning),
    ("user", _text),
    ("safety_identifier", _text),
    ("prompt_cache_options", _object),
    ("prompt_cache_key", _text),
    ("prompt_cache_retention", _one_of("in_memory", "24h")),
    ("truncation", _one_of("auto", "disabled")),
    ("instructions", _text),
    ("store", _boolean),
    ("service_tier", _one_of("auto", "default", "fast", "flex", "priority")),
    ("top_logprobs", _number("integer", 0, 20)),
    ("context_management", _list_of("objects", _object)),
)

_KNOWN = frozenset({"model", "access_programs", "background_options", "image", *(name for name, _ in _IN_ORDER)})
_OF_CHAT = frozenset(
    {
        *(
            "audio",
            "frequency_penalty",
            "function_call",
            "functions",
            "logit_bias",
            "logprobs",
            "max_completion_tokens",
        ),
        *("max_tokens", "modalities", "n", "prediction", "reasoning_effort", "response_format", "seed", "stop"),
        *("verbosity", "web_search_options"),
    }
)
