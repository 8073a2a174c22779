"""The parameters of the request in its response, with OpenAI's defaults filled in, in the order of the recordings."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.wire.families import family
from llemulator_addon.wire.members import list_in, object_in

Body = Mapping[str, Any]


def instructions(body: Body) -> Any:  # noqa: ANN401 - a text; or items, where a client sends them
    """Return the instructions, which are never those of an earlier response."""
    return body.get("instructions")


def reasoning(prompt: Prompt) -> dict[str, Any]:
    """Return how the model was to think; `auto` was answered with `detailed` by every model recorded."""
    of = family(prompt.model)
    asked = object_in(prompt.body, "reasoning")
    summary = summary_asked(prompt.body)
    told = {
        "context": asked.get("context") or _turns_seen(prompt.model),
        "effort": asked.get("effort") or (of.reasoning.default if of.reasoning else None),
    }
    mode = {"mode": asked.get("mode") or "standard"} if is_since(prompt.model, _GPT_5_6) else {}
    return told | mode | {"summary": "detailed" if summary == "auto" else summary}


def summary_asked(body: Body) -> str | None:
    """Return which summary of its reasoning the request asks for, if any."""
    asked = object_in(body, "reasoning")
    summary = asked.get("summary") or asked.get("generate_summary")
    return summary if isinstance(summary, str) else None


def includes(body: Body, what: str) -> bool:
    """Whether the request asks for something that is left out otherwise."""
    asked = body.get("include")
    return isinstance(asked, list) and what in asked


def _turns_seen(model: str) -> str | None:
    # Recorded since 2026-06: `current_turn` (gpt-5.1), `all_turns` (gpt-5.6, gpt-6), null (models that do not reason).
    if is_since(model, _GPT_5_6):
        return "all_turns"
    return "current_turn" if family(model).reasoning else None


def text(body: Body) -> dict[str, Any]:
    """Return the format of the text."""
    asked = object_in(body, "text")
    return {"format": _format(object_in(asked, "format")), "verbosity": asked.get("verbosity") or "medium"}


def _format(asked: Body) -> dict[str, Any]:
    if asked.get("type") != "json_schema":
        return {"type": asked.get("type") or "text"}
    return {
        "type": "json_schema",
        "description": asked.get("description"),
        "name": asked.get("name"),
        "schema": asked.get("schema"),
        "strict": bool(asked.get("strict")),
    }


def tool_choice(body: Body) -> Any:  # noqa: ANN401 - a word or an object
    """Return which tools the model was to call."""
    return body.get("tool_choice") or "auto"


def tools(prompt: Prompt) -> list[Any]:
    """Return the tools with their defaults, as recorded for each type; a type that is not known as it was sent.

    Recorded: tools that came with the input stand among them too.
    """
    brought = [tool for item in list_in(prompt.body, "input") for tool in _list_brought(item)]
    # Recorded on gpt-6-astra in 2026-09.
    newer = {"output_schema": None} if is_since(prompt.model, _GPT_6) else {}
    return [_tool(tool, newer) for tool in (*list_in(prompt.body, "tools"), *brought)]


def _list_brought(item: Any) -> list[Any]:  # noqa: ANN401 - what is no item brings nothing
    """Return the tools that an item of the input adds: a developer's, or those that a search of the client found."""
    match item:
        case {"type": "additional_tools", "tools": list(added)}:
            return added
        case {"type": "tool_search_output", "execution": "client", "tools": list(found)}:
            return [_namespace(tool) if isinstance(tool, dict) else tool for tool in found]
        case _:
            return []


def _namespace(tool: Body) -> dict[str, Any]:
    """Return the namespace in which a tool that was found stands, alone and under its own name (recorded)."""
    if tool.get("type") != "function":
        return dict(tool)
    function = _function({key: value for key, value in tool.items() if key != "defer_loading"}, {})
    named = {"description": tool.get("description"), "name": tool.get("name")}
    return {"type": "namespace", **named, "tools": [function]}


def _tool(tool: Any, newer: Body) -> Any:  # noqa: ANN401 - what is no tool is left as it is
    if not isinstance(tool, dict):
        return tool
    match tool.get("type"):
        case "function":
            return _function(tool, newer)
        case "mcp":
            return _mcp(tool)
        case "web_search" | "web_search_2025_08_26" | "web_search_preview" | "web_search_preview_2025_03_11":
            return _web_search(tool)
        case "image_generation":
            # Recorded: `partial_images` is not said back.
            return _fill(_DEFAULTS["image_generation"], {k: v for k, v in tool.items() if k != "partial_images"})
        case str(kind) if kind in _DEFAULTS:
            return _fill(_DEFAULTS[kind], tool)
        case _:
            return tool


_DEFAULTS: Mapping[Any, Mapping[str, Any]] = {
    "custom": {"description": None, "format": {"type": "text"}},
    "file_search": {
        "filters": None,
        "max_num_results": 20,
        "ranking_options": {"ranker": "auto", "score_threshold": 0.0},
    },
    "image_generation": {
        "background": "auto",
        "moderation": "auto",
        "n": 1,
        "output_compression": 100,
        "output_format": "png",
        "quality": "auto",
        "size": "auto",
    },
    "tool_search": {"description": None, "parameters": None},
}


def _fill(defaults: Mapping[str, Any], tool: Body) -> dict[str, Any]:
    """Return the type and then the other keys by name; a null counts as not given."""
    given = {key: value for key, value in tool.items() if value is not None or key not in defaults}
    whole = {**defaults, **given}
    return {"type": tool["type"], **{key: whole[key] for key in sorted(whole) if key != "type"}}


def _function(tool: Body, newer: Body) -> dict[str, Any]:
    """Return a function. Recorded: one that does not say is strict, and its schema is made so."""
    strict = tool.get("strict") is not False
    parameters = tool.get("parameters")
    if tool.get("strict") is None and isinstance(parameters, dict):
        parameters = strictly(parameters)
    return _fill({"description": None, **newer}, {**tool, "parameters": parameters, "strict": strict})


def strictly(schema: Body) -> dict[str, Any]:
    """Return a schema whose objects take exactly the properties that are listed.

    https://platform.openai.com/docs/guides/function-calling#strict-mode: on Responses a schema is brought into that
    form where `strict` is not given.
    """
    made = {key: _strict_members(key, value) for key, value in schema.items()}
    if schema.get("type") == "object" or "properties" in schema:
        made["additionalProperties"] = False
        made["required"] = list(object_in(schema, "properties"))
    return made


def _strict_members(key: str, value: Any) -> Any:  # noqa: ANN401 - any part of a schema
    match value:
        case dict() if key in {"properties", "$defs", "definitions"}:
            return {name: strictly(each) if isinstance(each, dict) else each for name, each in value.items()}
        case dict() if key == "items":
            return strictly(value)
        case list() if key == "anyOf":
            return [strictly(each) if isinstance(each, dict) else each for each in value]
        case _:
            return value


def _mcp(tool: Body) -> dict[str, Any]:
    """Return an MCP server. Recorded: only the host of its URL is sent back, and not its authorization."""
    needed = tool.get("require_approval") or "always"
    if isinstance(needed, dict):
        needed = {"always": needed.get("always"), "never": needed.get("never")}
    headers = tool.get("headers")
    told = {key: value for key, value in tool.items() if key != "authorization"}
    if isinstance(tool.get("server_url"), str):
        told["server_url"] = _only_host(tool["server_url"])
    if isinstance(headers, dict):
        told["headers"] = dict.fromkeys(headers, "<redacted>")
    defaults = {"allowed_tools": None, "headers": None, "server_description": None}
    return _fill(defaults, {**told, "require_approval": needed})


def _only_host(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "<redacted>"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/<redacted>"


def _web_search(tool: Body) -> dict[str, Any]:
    """Return a web search. Recorded: it searches from the United States by default."""
    place = object_in(tool, "user_location")
    country = None if place else "US"
    usual = {"type": "approximate", "city": None, "country": country, "region": None, "timezone": None}
    filters = {} if tool["type"].startswith("web_search_preview") else {"filters": None}
    return _fill({**filters, "search_context_size": "medium"}, {**tool, "user_location": {**usual, **place}})


# What depends on how new a model is ---------------------------------------------------------------------------------

_GPT_6 = ("gpt-6",)
_GPT_5_6 = ("gpt-5.6", "gpt-6", "gpt-daybreak", "gpt-rosalind")
_GPT_5_5 = ("gpt-5.5", *_GPT_5_6)
_GPT_5_2 = ("gpt-5.2", "gpt-5.3", "gpt-5.4", *_GPT_5_5)


def is_since(model: str, families: tuple[str, ...]) -> bool:
    """Whether a model is of one of these families."""
    return family(model).name.startswith(families)


def shows_reasoning_content(model: str) -> bool:
    """Whether a reasoning item has `content`, which is empty (recorded from gpt-5.6 on)."""
    return is_since(model, _GPT_5_6)


def always_encrypts(model: str) -> bool:
    """Whether a reasoning item has `encrypted_content` that nobody asked for (recorded on gpt-6-astra)."""
    return is_since(model, _GPT_6)


def names_access_programs(model: str) -> bool:
    """Whether a response has `access_programs`, null for most accounts (recorded on gpt-6-astra)."""
    return is_since(model, _GPT_6)


def counts_tool_usage(model: str) -> bool:
    """Whether a response has `tool_usage` (recorded from gpt-5.5 on)."""
    return is_since(model, _GPT_5_5)


def top_p(prompt: Prompt) -> float:
    """Return `top_p`, which is 0.98 by itself from gpt-5.2 on (recorded)."""
    asked = prompt.body.get("top_p")
    return float(asked) if asked is not None else (0.98 if is_since(prompt.model, _GPT_5_2) else 1.0)


def cache_retention(prompt: Prompt) -> str:
    """Return how long the prompt is cached by itself: recorded in 2026, `24h` from gpt-5.5 on."""
    asked = prompt.body.get("prompt_cache_retention")
    return str(asked) if asked else ("24h" if is_since(prompt.model, _GPT_5_5) else "in_memory")
