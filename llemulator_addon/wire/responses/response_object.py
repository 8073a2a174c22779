"""The response object, finished and at the other moments of its life."""

from collections.abc import Iterator, Mapping
from typing import Any

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Failure, ModelOutput, Moderation
from llemulator_addon.wire import moderation
from llemulator_addon.wire.api_dates import Api, Feature
from llemulator_addon.wire.models import resolve_alias
from llemulator_addon.wire.responses import echoed_parameters
from llemulator_addon.wire.responses.output import Writing, output_of
from llemulator_addon.wire.usage import Counted, count_usage

Response = Mapping[str, Any]
"""As it is sent in events; JSON bodies say in `billing` who pays."""


def write_finished(prompt: Prompt, says: ModelOutput, writing: Writing) -> dict[str, object]:
    """Return the response at its end, with its keys in the order of the recordings of 2026-07."""
    body, choice, api = prompt.body, says.choice(0), writing.manner.api
    reason = _INCOMPLETE.get(choice.finish_reason or "stop")
    is_whole = reason is None and choice.says_why
    created = writing.manner.stamp.created
    output = output_of(choice, writing)
    options = echoed_parameters.cache_options(prompt, api)
    response: dict[str, object] = {
        "id": writing.ids.make("resp", "itself"),
        "object": "response",
        "created_at": created,
        "status": "completed" if is_whole else "incomplete",
        "access_programs": None,
        "background": bool(body.get("background")),
        "completed_at": created + 1 if is_whole else None,
        **_conversation(body),
        "error": None,
        "frequency_penalty": _decimal(body, "frequency_penalty", 0.0),
        "incomplete_details": {"reason": reason} if reason else None,
        "instructions": echoed_parameters.instructions(body),
        "max_output_tokens": body.get("max_output_tokens"),
        "max_tool_calls": body.get("max_tool_calls"),
        "model": says.model or (resolve_alias(prompt.model) if writing.manner.dated_models else prompt.model),
        "moderation": _moderate(prompt, says),
        "output": output,
        "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
        "presence_penalty": _decimal(body, "presence_penalty", 0.0),
        "previous_response_id": body.get("previous_response_id"),
        **({"prompt": body["prompt"]} if isinstance(body.get("prompt"), dict) else {}),
        "prompt_cache_key": body.get("prompt_cache_key"),
        **({"prompt_cache_options": options} if options else {}),
        "prompt_cache_retention": echoed_parameters.cache_retention(prompt, api),
        "reasoning": echoed_parameters.reasoning(prompt, api),
        "safety_identifier": body.get("safety_identifier"),
        "service_tier": says.service_tier or _tier_served(body),
        "store": body.get("store") is not False,
        "temperature": _decimal(body, "temperature", 1.0),
        "text": echoed_parameters.text(body, api),
        "tool_choice": echoed_parameters.tool_choice(body),
        "tool_usage": _tool_usage(output),
        "tools": echoed_parameters.tools(prompt, api, output),
        "top_logprobs": body.get("top_logprobs") or 0,
        "top_p": echoed_parameters.top_p(prompt),
        "truncation": body.get("truncation") or "disabled",
        "usage": usage(_charge(prompt, says), api) if says.usage.shown else None,
        "user": body.get("user"),
        "metadata": body.get("metadata") or {},
    }
    for key in _list_missing(prompt.model, api):
        del response[key]
    return response


def _list_missing(model: str, api: Api) -> Iterator[str]:
    """Yield the keys that a response of an earlier day does not have yet."""
    yield from (key for key, feature in _BY_DATE.items() if feature not in api)
    if not echoed_parameters.names_access_programs(model):
        yield "access_programs"
    if not echoed_parameters.counts_tool_usage(model, api):
        yield "tool_usage"


_BY_DATE: Mapping[str, Feature] = {
    "completed_at": "completed_at",
    "frequency_penalty": "penalties",
    "max_tool_calls": "max_tool_calls",
    "moderation": "moderation",
    "presence_penalty": "penalties",
    "prompt_cache_key": "prompt_cache_key",
    "prompt_cache_retention": "prompt_cache_retention",
    "safety_identifier": "safety_identifier",
    "top_logprobs": "top_logprobs",
}


def write_begun(response: Response, status: str, *, tier: str = "auto") -> dict[str, object]:
    """Return the response before anything was said; `tier` is the one that was asked for."""
    begun = {
        **response,
        "status": status,
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "moderation": None,
        "output": [],
        "service_tier": tier,
        "tool_usage": _NO_TOOLS_USED,
        "usage": None,
    }
    return {key: value for key, value in begun.items() if key in response}


def write_failed(response: Response, failure: Failure) -> dict[str, object]:
    """Return the response that an error ended."""
    return write_begun(response, "failed", tier=str(response.get("service_tier", "auto"))) | {
        "error": {"code": failure.code or "server_error", "message": failure.message}
    }


def write_billed(response: Response, api: Api) -> dict[str, object]:
    """Return the response as JSON bodies have it.

    Recorded: no event has `billing`, and no body of a response that is queued or in progress.
    """
    if "billing" not in api or response["status"] in {"queued", "in_progress"}:
        return dict(response)
    billed: dict[str, object] = {}
    for key, value in response.items():
        billed[key] = value
        if key == "background":
            billed["billing"] = {"payer": "developer"}
    return billed


def usage(of: Counted, api: Api) -> dict[str, object]:
    """Spell token counts; `cache_write_tokens` is required by the SDK 3.52."""
    written = {"cache_write_tokens": 0} if "cache_write_tokens" in api else {}
    return {
        "input_tokens": of.prompt,
        "input_tokens_details": {**written, "cached_tokens": of.cached, **of.of_prompt},
        "output_tokens": of.completion,
        "output_tokens_details": {"reasoning_tokens": of.reasoning, **of.of_completion},
        "total_tokens": of.total,
    }


def _charge(prompt: Prompt, says: ModelOutput) -> Counted:
    """Count the tokens. Recorded, 36 of 40: the output of a response is one token more than its text.

    That is taken for the sign of its end, which an answer that the limit cut does not have.
    """
    of = count_usage(prompt, says)
    if says.usage.completion_tokens is not None or says.choice(0).finish_reason == "length":
        return of
    return of._replace(completion=of.completion + 1)


def _moderate(prompt: Prompt, says: ModelOutput) -> dict[str, object] | None:
    """Return the verdicts on input and output, if the request asks for them (recorded)."""
    asked = prompt.body.get("moderation")
    if not isinstance(asked, dict):
        return None
    model = str(asked.get("model") or moderation.DEFAULT)
    scripted = says.moderation or Moderation()
    given = moderation.join_texts((prompt.user_text,))
    said = moderation.join_texts((says.choice(0).text,))
    return {
        "input": moderation.result(model, given, scripted.input),
        "output": moderation.result(model, said, scripted.output),
    }


_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


def _conversation(body: Mapping[str, object]) -> dict[str, object]:
    name = conversation_id(body)
    return {"conversation": {"id": name}} if name else {}


def conversation_id(body: Mapping[str, object]) -> str | None:
    """Return the id of the conversation that a request belongs to."""
    given = body.get("conversation")
    name = given.get("id") if isinstance(given, dict) else given
    return name if isinstance(name, str) and name else None


def tier_asked(body: Mapping[str, object]) -> str:
    """Return the service tier that a request asks for."""
    asked = body.get("service_tier")
    return asked if isinstance(asked, str) else "auto"


def _tier_served(body: Mapping[str, object]) -> str:
    asked = tier_asked(body)
    return "default" if asked == "auto" else asked


def _decimal(body: Mapping[str, object], key: str, usual: float) -> float:
    given = body.get(key)
    return float(given) if isinstance(given, int | float) else usual


_NO_TOOLS_USED = {
    "image_gen": {
        "input_tokens": 0,
        "input_tokens_details": {"image_tokens": 0, "text_tokens": 0},
        "output_tokens": 0,
        "output_tokens_details": {"image_tokens": 0, "text_tokens": 0},
        "total_tokens": 0,
    },
    "web_search": {"num_requests": 0},
}


def _tool_usage(output: list[dict[str, Any]]) -> dict[str, object]:
    searches = sum(item["type"] == "web_search_call" and item["action"].get("type") == "search" for item in output)
    return {**_NO_TOOLS_USED, "web_search": {"num_requests": searches}}
