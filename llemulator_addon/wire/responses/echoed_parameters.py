"""The parameters of the request in its response, with OpenAI's defaults filled in, in the order of the recordings."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.wire.api_dates import Api
from llemulator_addon.wire.families import family
from llemulator_addon.wire.members import list_in, object_in

SentObject = Mapping[str, Any]


def instructions(body: SentObject) -> Any:  # noqa: ANN401 - a text; or items, where a client sends them
    """Return the instructions, which are never those of an earlier response."""
    return body.get("instructions")


def reasoning(prompt: Prompt, api: Api) -> dict[str, Any]:
    """Return how the model was to think; `auto` was answered with `detailed` by every model recorded."""
    of = family(prompt.model)
    asked = object_in(prompt.body, "reasoning")
    summary = summary_asked(prompt.body)
    told: dict[str, Any] = {}
    if "reasoning_context" in api:
        told["context"] = asked.get("context") or _turns_seen(prompt.model)
    told["effort"] = asked.get("effort") or (of.reasoning.default if of.reasoning else None)
    # Recorded on every model that reasons, and on no other.
    if "reasoning_mode" in api and of.reasoning:
        told["mode"] = asked.get("mode") or "standard"
    return {**told, "summary": "detailed" if summary == "auto" else summary}


def summary_asked(body: SentObject) -> str | None:
    """Return which summary of its reasoning the request asks for, if any."""
    asked = object_in(body, "reasoning")
    summary = asked.get("summary") or asked.get("generate_summary")
    return summary if isinstance(summary, str) else None


def includes(body: SentObject, what: str) -> bool:
    """Whether the request asks for something that is left out otherwise."""
    asked = body.get("include")
    return isinstance(asked, list) and what in asked


def _turns_seen(model: str) -> str | None:
    # Recorded since 2026-06: `current_turn` (gpt-5.1), `all_turns` (gpt-5.6, gpt-6), null (models that do not reason).
    if is_since(model, _GPT_5_6):
        return "all_turns"
    return "current_turn" if family(model).reasoning else None


def text(body: SentObject, api: Api) -> dict[str, Any]:
    """Return the format of the text."""
    asked = object_in(body, "text")
    verbosity = {"verbosity": asked.get("verbosity") or "medium"} if "verbosity" in api else {}
    return {"format": _format(object_in(asked, "format")), **verbosity}


def _format(asked: SentObject) -> dict[str, Any]:
    if asked.get("type") != "json_schema":
        return {"type": asked.get("type") or "text"}
    return {
        "type": "json_schema",
        "description": asked.get("description"),
        "name": asked.get("name"),
        "schema": asked.get("schema"),
        "strict": bool(asked.get("strict")),
    }


def tool_choice(body: SentObject) -> Any:  # noqa: ANN401 - a word or an object
    """Return which tools the model was to call."""
    return body.get("tool_choice") or "auto"


def tools(prompt: Prompt, api: Api, output: Iterable[SentObject] = ()) -> list[Any]:
    """Return the tools with their defaults, as recorded for each type; a type that is not known as it was sent.

    Recorded: functions come first, then OpenAI's own tools, then namespaces. Tools that came with the input are among
    them, and a function that a search found is in a namespace of its own name. `output` are the items of the
    response, among which its own searches are.
    """
    given = list_in(prompt.body, "input")
    sent = [*list_in(prompt.body, "tools"), *(tool for item in given for tool in _list_added(item))]
    found = [tool for item in (*given, *output) for tool in _list_found(item)]
    loaded = {tool.get("name") for tool in found} if "namespaces_loaded_tools" in api else set()
    waiting = [tool for tool in sent if _is_deferred(tool) and tool.get("name") in loaded]
    told = [_tool(tool, api) for tool in sent if tool not in waiting]
    brought = [tool for item in given if _is_clients(item) for tool in _list_found(item) if tool not in waiting]
    return sorted([*told, *(_namespace(tool, api) for tool in (*waiting, *brought))], key=_rank)


def _rank(tool: Any) -> int:  # noqa: ANN401 - what is no tool is left as it is
    match tool:
        case {"type": "function"}:
            return 0
        case {"type": "namespace"}:
            return 2
        case _:
            return 1


def _is_deferred(tool: Any) -> bool:  # noqa: ANN401 - see `_rank`
    return isinstance(tool, dict) and tool.get("type") == "function" and tool.get("defer_loading") is True


def _list_added(item: Any) -> list[Any]:  # noqa: ANN401 - what is no item brings nothing
    """Return the tools that a developer's item of the input adds."""
    match item:
        case {"type": "additional_tools", "tools": list(added)}:
            return added
        case _:
            return []


def _list_found(item: Any) -> list[SentObject]:  # noqa: ANN401 - see `_list_added`
    """Return the tools that a search found, as its result says."""
    match item:
        case {"type": "tool_search_output", "tools": list(found)}:
            return [tool for tool in found if isinstance(tool, dict)]
        case _:
            return []


def _is_clients(item: Any) -> bool:  # noqa: ANN401 - see `_list_added`
    """Whether an item is the result of a search of the client's, whose tools nobody else named."""
    return isinstance(item, dict) and item.get("execution") == "client"


def _namespace(tool: SentObject, api: Api) -> Any:  # noqa: ANN401 - see `_rank`
    """Return the namespace in which a tool that was found stands, alone and under its own name (recorded)."""
    if tool.get("type") != "function":
        return _tool(dict(tool), api)
    function = _function({key: value for key, value in tool.items() if key != "defer_loading"}, api)
    named = {"description": tool.get("description"), "name": tool.get("name")}
    return {"type": "namespace", **named, "tools": [function]}


def _tool(tool: Any, api: Api) -> Any:  # noqa: ANN401 - see `_rank`
    if not isinstance(tool, dict):
        return tool
    match tool.get("type"):
        case "function":
            return _function(tool, api)
        case "namespace" if isinstance(tool.get("tools"), list) and "output_schema" in api:
            return {**tool, "tools": [_tool(each, api) for each in tool["tools"]]}
        case "mcp":
            return _mcp(tool, api)
        case "web_search" | "web_search_2025_08_26" | "web_search_preview" | "web_search_preview_2025_03_11":
            return _web_search(tool, api)
        case "image_generation":
            return _image_generation(tool, api)
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


def _fill(defaults: Mapping[str, Any], tool: SentObject) -> dict[str, Any]:
    """Return the type and then the other keys by name; a null counts as not given."""
    given = {key: value for key, value in tool.items() if value is not None or key not in defaults}
    whole = {**defaults, **given}
    return {"type": tool["type"], **{key: whole[key] for key in sorted(whole) if key != "type"}}


def _function(tool: SentObject, api: Api) -> dict[str, Any]:
    """Return a function. Recorded: one that does not say is strict, and its schema is made so."""
    strict = tool.get("strict") is not False
    parameters = tool.get("parameters")
    if tool.get("strict") is None and isinstance(parameters, dict) and "parameters_made_strict" in api:
        parameters = strictly(parameters)
    newer = {"output_schema": None} if "output_schema" in api else {}
    return _fill({"description": None, **newer}, {**tool, "parameters": parameters, "strict": strict})


def _image_generation(tool: SentObject, api: Api) -> dict[str, Any]:
    """Return an image tool. Recorded: `partial_images` and `input_fidelity` are not said back."""
    told = {key: value for key, value in tool.items() if key not in {"partial_images", "input_fidelity"}}
    newer = {"model": "gpt-image-2"} if "image_model" in api else {}
    return _fill({**_DEFAULTS["image_generation"], **newer}, told)


def strictly(schema: SentObject) -> dict[str, Any]:
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


def _mcp(tool: SentObject, api: Api) -> dict[str, Any]:
    """Return an MCP server or a connector. Recorded: its authorization and headers are not said back."""
    needed = tool.get("require_approval") or "always"
    if isinstance(needed, dict):
        needed = {"always": needed.get("always"), "never": needed.get("never")}
    headers = tool.get("headers")
    told = {key: value for key, value in tool.items() if key != "authorization"}
    if isinstance(tool.get("server_url"), str) and "mcp_server_url" not in api:
        told["server_url"] = _only_host(tool["server_url"])
    if isinstance(headers, dict):
        told["headers"] = dict.fromkeys(headers, "<redacted>")
    if isinstance(tool.get("connector_id"), str):
        told["server_url"] = None
        told |= {"authorization": "<redacted>"} if tool.get("authorization") is not None else {}
    described = {"server_description": None} if "server_description" in api else {}
    defaults = {"allowed_tools": None, "headers": None, **described}
    return _fill(defaults, {**told, "require_approval": needed})


def _only_host(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "<redacted>"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/<redacted>"


def _web_search(tool: SentObject, api: Api) -> dict[str, Any]:
    """Return a web search. Recorded: it searches from the United States by default."""
    place = object_in(tool, "user_location")
    country = None if place else "US"
    usual = {"type": "approximate", "city": None, "country": country, "region": None, "timezone": None}
    newer = {} if tool["type"].startswith("web_search_preview") else _newer_web_search(tool, api)
    return _fill({**newer, "search_context_size": "medium"}, {**tool, "user_location": {**usual, **place}})


def _newer_web_search(tool: SentObject, api: Api) -> dict[str, Any]:
    filters = {"filters": None} if "web_search_filters" in api else {}
    if "web_search_return_budget" not in api:
        return filters
    # Recorded: a search that may not leave OpenAI's cache says what it looks for instead.
    if tool.get("external_web_access") is False:
        return {**filters, "search_content_types": ["text"]}
    return {**filters, "return_token_budget": "default"}


# What depends on how new a model is ---------------------------------------------------------------------------------

_GPT_6 = ("gpt-6",)
_GPT_5_6 = ("gpt-5.6", "gpt-6", "gpt-daybreak", "gpt-rosalind")
_GPT_5_5 = ("gpt-5.5", *_GPT_5_6)
_GPT_5_2 = ("gpt-5.2", "gpt-5.3", "gpt-5.4", *_GPT_5_5)


def is_since(model: str, families: tuple[str, ...]) -> bool:
    """Whether a model is of one of these families."""
    return family(model).name.startswith(families)


def always_encrypts(model: str) -> bool:
    """Whether a reasoning item has `encrypted_content` that nobody asked for (recorded on gpt-6-astra)."""
    return is_since(model, _GPT_6)


def names_access_programs(model: str) -> bool:
    """Whether a response has `access_programs`, null for most accounts (recorded on gpt-6-astra)."""
    return is_since(model, _GPT_6)


def counts_tool_usage(model: str, api: Api) -> bool:
    """Whether a response has `tool_usage` (recorded on gpt-5.5 earlier than on the others)."""
    return "tool_usage" in api or is_since(model, _GPT_5_5)


def top_p(prompt: Prompt) -> float:
    """Return `top_p`, which is 0.98 by itself from gpt-5.2 on (recorded)."""
    asked = prompt.body.get("top_p")
    return float(asked) if asked is not None else (0.98 if is_since(prompt.model, _GPT_5_2) else 1.0)


def cache_retention(prompt: Prompt, api: Api) -> str | None:
    """Return how long the prompt is cached by itself: `24h` from gpt-5.5 on, and later from gpt-5.2 on (recorded)."""
    asked = prompt.body.get("prompt_cache_retention")
    if asked or "cache_retention_by_itself" not in api:
        return str(asked) if asked else None
    return "24h" if is_since(prompt.model, _GPT_5_2 if "caches_for_a_day" in api else _GPT_5_5) else "in_memory"


def caches_by_breakpoints(prompt: Prompt, api: Api) -> bool:
    """Whether a prompt is cached up to breakpoints, and what is written counts: from gpt-5.6 on (docs)."""
    return is_since(prompt.model, _GPT_5_6) and "cache_write_tokens" in api


def cache_options(prompt: Prompt, api: Api) -> dict[str, Any] | None:
    """Return how the prompt was cached, where the request says how; only models from gpt-5.6 on take it (docs)."""
    asked = prompt.body.get("prompt_cache_options")
    if not isinstance(asked, dict) or not caches_by_breakpoints(prompt, api):
        return None
    return {"mode": "implicit", "ttl": "30m", **asked}
