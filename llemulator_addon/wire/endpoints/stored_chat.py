"""Chat completions that were created with `store: true`: list, retrieve, update, delete, and their messages."""

from collections.abc import Iterator, Mapping
from typing import Any

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.resources import Kept
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.wire.answer import Answer, Call, Operation, Served, show_kept
from llemulator_addon.wire.bodies import check_body, read_object
from llemulator_addon.wire.checking import Fields
from llemulator_addon.wire.errors import INVALID
from llemulator_addon.wire.json_bytes import pretty
from llemulator_addon.wire.paging import page
from llemulator_addon.wire.shared_fields import METADATA

KIND = "chat.completion"


def keep(prompt: Prompt, completion: Mapping[str, Any], request_id: str) -> Kept:
    """Return a completion as it is stored: with the parameters and the messages of its request."""
    body = prompt.body
    stored = {
        "object": "chat.completion",
        "id": completion["id"],
        "model": completion["model"],
        "created": completion["created"],
        "request_id": request_id,
        "tool_choice": body.get("tool_choice"),
        "usage": completion["usage"],
        "seed": body.get("seed"),
        "top_p": _or(body.get("top_p"), 1.0),
        "temperature": _or(body.get("temperature"), 1.0),
        "presence_penalty": _or(body.get("presence_penalty"), 0.0),
        "frequency_penalty": _or(body.get("frequency_penalty"), 0.0),
        "system_fingerprint": completion["system_fingerprint"],
        "input_user": body.get("user"),
        "service_tier": completion["service_tier"],
        "tools": body.get("tools"),
        "metadata": body.get("metadata") or {},
        "choices": completion["choices"],
        "response_format": body.get("response_format"),
    }
    return Kept(KIND, completion["id"], {"completion": stored, "messages": tuple(_messages(prompt, completion["id"]))})


def list_completions(call: Call) -> Served:
    """List what is stored, oldest first unless asked otherwise; `model` and `metadata[…]` filter."""
    stored = (value["completion"] for value in call.resources.list_kind(KIND))
    return _serve(page(call, [each for each in stored if _is_wanted(call, each)], order="asc"))


def retrieve_completion(call: Call) -> Served:
    """Show one."""
    return _unknown(call) if (found := _find(call)) is None else _serve(found["completion"])


def update_completion(call: Call) -> Served:
    """Change its metadata, which is all that can be changed."""
    asked = check_body(_UPDATE, read_object(call.request), lenient=call.lenient)
    if (found := _find(call)) is None:
        return _unknown(call)
    changed = {**found["completion"], "metadata": asked.get("metadata") or {}}
    resources = call.resources.put(Kept(KIND, changed["id"], {**found, "completion": changed}))
    return Served(answer=_body(changed), resources=resources)


def delete_completion(call: Call) -> Served:
    """Forget one."""
    completion_id = call.params["completion_id"]
    if _find(call) is None:
        return _unknown(call)
    deleted = {"object": "chat.completion.deleted", "id": completion_id, "deleted": True}
    return Served(answer=_body(deleted), resources=call.resources.remove(KIND, completion_id))


def list_messages(call: Call) -> Served:
    """List the messages of the request that made one."""
    return _unknown(call) if (found := _find(call)) is None else _serve(page(call, found["messages"], order="asc"))


LIST = Operation(name="chat.completions.list", method="GET", path="/chat/completions", serve=list_completions)
RETRIEVE = Operation(
    name="chat.completions.retrieve", method="GET", path="/chat/completions/{completion_id}", serve=retrieve_completion
)
UPDATE = Operation(
    name="chat.completions.update", method="POST", path="/chat/completions/{completion_id}", serve=update_completion
)
DELETE = Operation(
    name="chat.completions.delete", method="DELETE", path="/chat/completions/{completion_id}", serve=delete_completion
)
MESSAGES = Operation(
    name="chat.completions.messages.list",
    method="GET",
    path="/chat/completions/{completion_id}/messages",
    serve=list_messages,
)


_UPDATE = Fields(checks={"metadata": METADATA})


def _messages(prompt: Prompt, completion_id: str) -> Iterator[dict[str, object]]:
    for number, message in enumerate(prompt.body["messages"]):
        content = message.get("content")
        parts = content if isinstance(content, list) else None
        yield {
            "id": f"{completion_id}-{number}",
            "role": message.get("role"),
            "content": prompt.messages[number].text if parts else content,
            "name": message.get("name"),
            "content_parts": [part for part in parts if part.get("type") in _PARTS] if parts else None,
            **{key: message[key] for key in ("tool_calls", "tool_call_id", "refusal") if message.get(key) is not None},
        }


_PARTS = ("text", "image_url")
"""The parts that `content_parts` may hold, by the API."""


def _is_wanted(call: Call, completion: Mapping[str, Any]) -> bool:
    model = call.request.query_value("model")
    if model is not None and completion["model"] != model:
        return False
    wanted = ((name[9:-1], value) for name, value in call.request.query if name.startswith("metadata["))
    return all(completion["metadata"].get(key) == value for key, value in wanted)


def _find(call: Call) -> Mapping[str, Any] | None:
    completion_id = call.params["completion_id"]
    found = call.resources.get(KIND, completion_id)
    if found is None and call.lenient:
        return _simulate(completion_id, call.stamp)
    return found


def _simulate(completion_id: str, stamp: Stamp) -> Mapping[str, object]:
    message: dict[str, object] = {"role": "assistant", "content": "", "refusal": None, "annotations": []}
    completion = {
        "id": completion_id,
        "created": stamp.created,
        "model": "gpt-4o",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        "service_tier": "default",
        "system_fingerprint": None,
    }
    prompt = Prompt(endpoint="chat.completions", model="gpt-4o", body={"messages": []})
    return keep(prompt, completion, f"req_{stamp.hex('simulated', 32)}").value


def _serve(value: object) -> Served:
    return Served(answer=_body(value))


def _body(value: object) -> Answer:
    return show_kept(value, pretty, b"\n")


def _unknown(call: Call) -> Served:
    # No recording of this refusal is known; the words are those of other resources.
    message = f"No chat completion found with id '{call.params['completion_id']}'."
    return Served(answer=Failure(status=404, type=INVALID, message=message))


def _or(value: object, otherwise: float) -> object:
    return otherwise if value is None else value
