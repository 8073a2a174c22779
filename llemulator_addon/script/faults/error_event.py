"""`error_event`: a stream that fails in the middle."""

from dataclasses import dataclass
from typing import Any, override

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.steps import Send, Steps
from llemulator_addon.script.fault import Fault, Scene
from llemulator_addon.script.faults.malformed_event import AtEventPart
from llemulator_addon.script.faults.sends import after_send, sends
from llemulator_addon.script.replies.failure import usual
from llemulator_addon.wire import json_bytes, sse
from llemulator_addon.wire.errors import error_object


class ErrorEventPart(AtEventPart):
    """In place of which event it comes, and what it says; unless given, what OpenAI says when a server fails."""

    message: str | None = None
    type: str | None = None
    code: str | None = None
    param: str | None = None

    def failure(self) -> Failure:
        """Return the failure."""
        server = usual(500)
        return Failure(
            status=server.status,
            message=self.message or server.message,
            type=self.type or server.type,
            code=self.code or "server_error",
            param=self.param,
        )


@dataclass(frozen=True, slots=True)
class ErrorEvent(Fault):
    """In place of an event comes an error, in the endpoint's own form, and the stream ends.

    Answers in one piece stay whole.
    """

    wanted: ErrorEventPart

    @property
    @override
    def reach(self) -> int:
        """Up to there."""
        return self.wanted.at

    @override
    def rewrite(self, steps: Steps, scene: Scene) -> Steps:
        """End with the error."""
        behind = after_send(steps, self.wanted.at) if scene.events else None
        if behind is None:
            return steps
        before = steps[: behind - 1]
        sent = sends(before)
        return (*before, *map(Send, _error_events(self.wanted.failure(), scene.endpoint, sent)))


def _error_events(failure: Failure, endpoint: str | None, sent: tuple[Send, ...]) -> tuple[bytes, ...]:
    error = error_object(failure)
    if endpoint != "responses":
        # Chat and legacy completions: the chunk is the error, and no [DONE] follows.
        return (sse.unnamed({"error": error}),)
    # The error is nested: both SDKs raise for that form. Recorded: response.failed comes after it.
    event = {"type": "error", "sequence_number": len(sent), "error": error}
    if (response := _response(sent)) is None:
        return (sse.named(event),)
    failed = {
        **response,
        "status": "failed",
        "error": {"code": error["code"], "message": error["message"]},
        "usage": None,
    }
    last = {"type": "response.failed", "response": failed, "sequence_number": len(sent) + 1}
    return (sse.named(event), sse.named(last))


def _response(sent: tuple[Send, ...]) -> dict[str, Any] | None:
    """Return the response as the stream's first event has it."""
    if not sent:
        return None
    event = json_bytes.read(sent[0].piece.partition(b"data: ")[2].strip())
    return event.get("response") if isinstance(event, dict) else None
