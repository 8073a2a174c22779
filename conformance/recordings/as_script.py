"""A script that makes llemulator say what a recorded answer says."""

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.recordings.recorded import Recorded, events_of


def as_script(recorded: Recorded) -> dict[str, Any]:
    """Return the script of one rule; the same request then gets the recorded answer, synthesized."""
    answer = recorded.answer
    reply = _of_response(recorded) if recorded.path == "/v1/responses" else _of_completion(answer)
    return {"reset": True, "models": [recorded.request["model"]], "rules": [{"reply": reply}]}


def _of_completion(answer: Mapping[str, Any]) -> dict[str, Any]:
    (choice,) = answer["choices"]
    message = choice["message"]
    reply: dict[str, Any] = {"model": answer["model"], "finish_reason": choice["finish_reason"]}
    if message.get("refusal"):
        reply["refusal"] = message["refusal"]
    elif message.get("content"):
        reply["text"] = message["content"]
    if calls := message.get("tool_calls"):
        reply["tool_calls"] = [_call(call["function"], call["id"]) for call in calls]
    if usage := answer.get("usage"):
        reply["usage"] = {
            "prompt_tokens": usage["prompt_tokens"],
            "completion_tokens": usage["completion_tokens"],
            "cached_tokens": usage["prompt_tokens_details"]["cached_tokens"],
            "reasoning_tokens": usage["completion_tokens_details"]["reasoning_tokens"],
        }
    return reply


def _call(function: Mapping[str, Any], call_id: str) -> dict[str, Any]:
    return {"name": function["name"], "arguments": function["arguments"], "id": call_id}


def _of_response(recorded: Recorded) -> dict[str, Any]:
    answer = recorded.answer
    blocks = [block for item in answer["output"] for block in _blocks(item, recorded)]
    reply: dict[str, Any] = {"model": answer["model"], "blocks": blocks}
    if answer["status"] == "incomplete":
        reason = answer["incomplete_details"]["reason"]
        reply["finish_reason"] = {"max_output_tokens": "length", "content_filter": "content_filter"}[reason]
    if usage := answer.get("usage"):
        reply["usage"] = {
            "prompt_tokens": usage["input_tokens"],
            "completion_tokens": usage["output_tokens"],
            "cached_tokens": usage["input_tokens_details"]["cached_tokens"],
            "reasoning_tokens": usage["output_tokens_details"]["reasoning_tokens"],
        }
    return reply


def _blocks(item: Mapping[str, Any], recorded: Recorded) -> Iterator[dict[str, Any]]:
    match item["type"]:
        case "message":
            for part in item["content"]:
                yield _spoken(part, item)
        case "reasoning":
            yield {"reasoning": [part["text"] for part in item["summary"]] or ""}
        case "function_call":
            namespace = {"namespace": item["namespace"]} if "namespace" in item else {}
            yield {"tool_call": {**_call(item, item["call_id"]), **namespace}}
        case "custom_tool_call":
            yield {"tool_call": {"name": item["name"], "input": item["input"], "id": item["call_id"]}}
        case kind:
            fields = {key: value for key, value in item.items() if key not in {"id", "type", "status"}}
            yield {"hosted_call": {"type": kind, **fields, **_partial_images(item, recorded)}}


def _spoken(part: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    if part["type"] == "refusal":
        return {"refusal": part["refusal"]}
    phase = {"phase": item["phase"]} if item.get("phase") else {}
    return {"message": {"text": part["text"], "annotations": part["annotations"], **phase}}


def _partial_images(item: Mapping[str, Any], recorded: Recorded) -> dict[str, Any]:
    """Return the unfinished images of a stream, which stand in no item."""
    if item["type"] != "image_generation_call" or not recorded.streams:
        return {}
    return {"partial_images": [e["partial_image_b64"] for e in events_of(recorded.body) if "partial_image_b64" in e]}
