"""Steering: what a user adds while a response is being made becomes the input of the one after it.

A response is not ended early for it, which OpenAI's may be. The events are those of the SDK's types.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from llemulator_addon.core.request import Request
from llemulator_addon.wire.errors import INVALID
from llemulator_addon.wire.json_bytes import compact
from llemulator_addon.wire.members import object_in, text_in
from llemulator_addon.wire.talks import read_event

MOST_STEERS = 16
"""Of one response."""
_REQUIRED: Mapping[str, tuple[str, str, str]] = {
    "function_call": ("function_call_output", "call_id", "call_id"),
    "custom_tool_call": ("custom_tool_call_output", "call_id", "call_id"),
    "shell_call": ("shell_call_output", "call_id", "call_id"),
    "apply_patch_call": ("apply_patch_call_output", "call_id", "call_id"),
    "computer_call": ("computer_call_output", "call_id", "call_id"),
    "mcp_approval_request": ("mcp_approval_response", "approval_request_id", "id"),
}
"""The result that a client brings for an item: its type, and the name of its id there and in the item."""
_NOTED = tuple(
    f'{{"type":"{kind}"'
    for kind in (
        "response.created",
        "response.output_item.done",
        "response.completed",
        "response.incomplete",
        "response.failed",
        "error",
    )
)


class Steer(NamedTuple):
    """Words that a user added."""

    id: str
    given: str | list[Any]

    def list_items(self) -> list[Any]:
        """Return it as input items."""
        return [{"role": "user", "content": self.given}] if isinstance(self.given, str) else list(self.given)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveResponse:
    """A response that is being made, or waits for the results of its tools."""

    id: str = ""
    """Empty until the client knows it."""
    steers: tuple[Steer, ...] = ()
    required: tuple[Mapping[str, str], ...] = ()
    """The results that its client has to bring."""
    is_whole: bool = False

    def note(self, text: str) -> "ActiveResponse":
        """Return it after a message of its answer."""
        event = read_event(text.encode()) if text.startswith(_NOTED) else None
        if not isinstance(event, dict):
            return self
        match event.get("type"):
            case "response.created":
                return replace(self, id=text_in(object_in(event, "response"), "id") or "")
            case "response.output_item.done":
                return self._note_item(object_in(event, "item"))
            case "response.completed":
                return replace(self, is_whole=True)
            case _:
                return self

    def _note_item(self, item: Mapping[str, Any]) -> "ActiveResponse":
        kind = str(item.get("type"))
        if kind.endswith("_output"):  # the server has brought it itself
            left = tuple(each for each in self.required if each.get("call_id") != item.get("call_id"))
            return replace(self, required=left)
        if (stub := _REQUIRED.get(kind)) is None:
            return self
        of_result, name, named = stub
        required = {"type": of_result, name: str(item.get(named))}
        if kind == "function_call":
            required["name"] = str(item.get("name"))
        return replace(self, required=(*self.required, required))

    @property
    def size(self) -> int:
        """Bytes of what was added."""
        return sum(len(compact(steer.given)) for steer in self.steers)


def is_right(event: Mapping[str, Any]) -> bool:
    """Whether an event names a response, and only a user's words are added."""
    given = event.get("input")
    if not isinstance(event.get("previous_response_id"), str) or not given:
        return False
    return isinstance(given, str) or (isinstance(given, list) and all(map(_is_of_user, given)))


def _is_of_user(item: object) -> bool:
    if not isinstance(item, Mapping) or item.get("type", "message") != "message" or item.get("role") != "user":
        return False
    return isinstance(item.get("content"), str | list)


def may_be_steered(request: Request) -> bool:
    """Whether something may be added to the response of a request (the SDK's `ResponseSteerEvent`)."""
    body = request.json or {}
    return not (request.warms_up or body.get("conversation") or body.get("context_management"))


def make_successor(request: Request, response: ActiveResponse) -> Request:
    """Return the request that goes on from a response with what was added, with the settings of the one before."""
    items = [item for steer in response.steers for item in steer.list_items()]
    body = {**(request.json or {}), "input": items, "previous_response_id": response.id}
    return replace(request, json=body, body=compact({"type": "response.create", **body}))


def add_steers(request: Request, steers: Sequence[Steer]) -> Request:
    """Return a request of the client with what was added before it."""
    body = request.json or {}
    given = body.get("input")
    own = [{"role": "user", "content": given}] if isinstance(given, str) else given if isinstance(given, list) else []
    return replace(request, json={**body, "input": [*(item for each in steers for item in each.list_items()), *own]})


def spell_accepted(steer: Steer, response_id: str, stream_id: str | None) -> str:
    """Spell that something is added to a response."""
    return _spell("accepted", stream_id, steer={"id": steer.id, "previous_response_id": response_id})


def spell_pending(steer: Steer, response: ActiveResponse, stream_id: str | None) -> str:
    """Spell that something waits for the results of tools."""
    return _spell(
        "pending",
        stream_id,
        reason="waiting_for_required_input",
        required_input=list(response.required),
        steer={"id": steer.id, "previous_response_id": response.id},
    )


def spell_failed(code: str, event: Mapping[str, Any], steer_id: str | None = None, stream_id: str | None = None) -> str:
    """Spell that nothing is added; `event` is the client's."""
    steer = {name: event.get(name) for name in ("previous_response_id", "input")}
    if steer_id is not None:
        steer["id"] = steer_id
    error = {"type": INVALID, "code": code, "message": _MESSAGES[code]}
    return _spell("failed", stream_id, error=error, steer=steer)


_MESSAGES = {
    "invalid_input": "'previous_response_id' must be a string, and 'input' a text or a list of user messages.",
    "response_already_completed": "The response is completed; send its continuation with response.create.",
    "response_not_active": "The response ended before the input was used.",
    "response_not_found": "There is no such response on this connection.",
    "steering_not_supported": "Steering is not supported for this response.",
    "too_many_pending_steers": f"At most {MOST_STEERS} inputs may wait for a response.",
}


def _spell(kind: str, stream_id: str | None, **fields: object) -> str:
    lane = {} if stream_id is None else {"stream_id": stream_id}
    return compact({"type": f"response.steer.{kind}", "sequence_number": 0, **fields, **lane}).decode()
