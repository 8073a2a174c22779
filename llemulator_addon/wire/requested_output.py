"""The form of answer that a request asks for: a schema, JSON, tools; the same for chat completions and Responses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from llemulator_addon.core.prompt import Prompt, Tool
from llemulator_addon.wire.members import object_in, objects_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """The JSON that an answer's text must be."""

    kind: Literal["json_schema", "json_object"]
    schema: Any = None
    name: str = ""
    strict: bool = False
    on_responses: bool = False


def read_format(prompt: Prompt) -> Format | None:
    """Return the format that the request asks for: `response_format`, or `text.format` of Responses.

    A schema may be in `json_schema`, as in chat completions, or next to `type`, as in Responses.
    """
    text = prompt.body.get("text")
    on_responses = isinstance(text, Mapping) and isinstance(text.get("format"), Mapping)
    asked = text["format"] if isinstance(text, Mapping) and on_responses else prompt.body.get("response_format")
    if not isinstance(asked, Mapping) or asked.get("type") not in ("json_schema", "json_object"):
        return None
    if asked["type"] == "json_object":
        return Format(kind="json_object", on_responses=on_responses)
    nested = asked.get("json_schema")
    holder = nested if isinstance(nested, Mapping) and ("schema" in nested or "name" in nested) else asked
    schema = holder.get("schema", nested if holder is asked else None)
    name = str(holder.get("name") or "response")
    return Format(
        kind="json_schema", schema=schema, name=name, strict=holder.get("strict") is True, on_responses=on_responses
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedFunction:
    """A function as the body offers it."""

    name: str
    parameters: Mapping[str, Any] | None
    strict: bool
    param: str
    """The place of its parameters, as errors name it."""
    on_responses: bool = False


def list_functions(prompt: Prompt) -> Iterator[OfferedFunction]:
    """Yield the functions that the body offers: in `tools`, in the form of either endpoint, and then in `functions`."""
    yield from _list_of_tools(prompt.body, "tools")
    for number, function in enumerate(objects_in(prompt.body, "functions")):
        yield _read_function(function, f"functions[{number}].parameters")


def _list_of_tools(holder: Mapping[str, object], place: str) -> Iterator[OfferedFunction]:
    for number, tool in enumerate(objects_in(holder, "tools")):
        at, kind, nested = f"{place}[{number}]", tool.get("type", "function"), tool.get("function")
        if kind == "namespace":
            yield from _list_of_tools(tool, f"{at}.tools")
        elif kind == "function" and isinstance(nested, Mapping):
            yield _read_function(nested, f"{at}.function.parameters")
        elif kind == "function":
            yield _read_function(tool, f"{at}.parameters", on_responses=True)


def _read_function(function: Mapping[str, object], param: str, *, on_responses: bool = False) -> OfferedFunction:
    parameters = function.get("parameters")
    return OfferedFunction(
        name=str(function.get("name")),
        parameters=parameters if isinstance(parameters, Mapping) else None,
        strict=function.get("strict") is True,
        param=param,
        on_responses=on_responses,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """Which tools an answer may, or must, call."""

    tools: tuple[Tool, ...] = ()
    """Those that may be called."""
    must: bool = False
    """Whether at least one must be called."""
    named: bool = False
    """Whether the request names the one."""
    parallel: bool = True
    """Whether several may be called at once."""
    hosted: str | None = None
    """A tool of OpenAI's own that must be used, by its type."""


def tool_use(prompt: Prompt) -> ToolUse:
    """Read `tools`, `tool_choice` and `parallel_tool_calls`, and the older `function_call`."""
    callable_tools = tuple(tool for tool in prompt.tools if tool.kind in ("function", "custom"))
    parallel = prompt.body.get("parallel_tool_calls") is not False and "functions" not in prompt.body
    match prompt.body.get("tool_choice", prompt.body.get("function_call")):
        case "none":
            return ToolUse()
        case "required" | "any":
            return ToolUse(tools=callable_tools, must=bool(callable_tools), parallel=parallel)
        case Mapping() as choice:
            return _read_choice(choice, callable_tools, parallel=parallel)
        case _:
            return ToolUse(tools=callable_tools, parallel=parallel)


def _read_choice(choice: Mapping[str, object], tools: tuple[Tool, ...], *, parallel: bool) -> ToolUse:
    if choice.get("type") == "allowed_tools":
        allowed = object_in(choice, "allowed_tools") or choice
        names = {_name(tool) for tool in objects_in(allowed, "tools")}
        kept = tuple(tool for tool in tools if tool.name in names)
        return ToolUse(tools=kept, must=allowed.get("mode") == "required" and bool(kept), parallel=parallel)
    name = _name(choice)
    named = tuple(tool for tool in tools if tool.name == name)
    if named:
        return ToolUse(tools=named, must=True, named=True, parallel=False)
    kind = choice.get("type")
    return ToolUse(hosted=kind if isinstance(kind, str) and kind not in ("function", "custom") else None)


def _name(chosen: Mapping[str, object]) -> str | None:
    """Return the name in `{"name"}`, `{"function": {"name"}}` or `{"custom": {"name"}}`."""
    for nested in (chosen.get("function"), chosen.get("custom"), chosen):
        if isinstance(nested, Mapping) and isinstance(nested.get("name"), str):
            name: str = nested["name"]
            return name
    return None
