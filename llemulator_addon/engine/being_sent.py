"""An answer while it is sent, and after: who may not go on meanwhile, and which texts were in it."""

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.request import Request
from llemulator_addon.core.resources import Resources, TooLarge
from llemulator_addon.core.steps import Cut, Head, PlayedAnswer, Send, Wait
from llemulator_addon.engine.journal import Journal
from llemulator_addon.wire.answer import Endpoint
from llemulator_addon.wire.responses import history


def gave(journal: Journal, text: str) -> bool:
    """Whether a text was sent before, in any answer that a journal keeps. Takes as long as to search all of them."""
    wanted = text.encode("utf-8", "surrogatepass")
    sent = (b"".join(step.piece for step in exchange.steps if isinstance(step, Send)) for exchange in journal)
    return any(wanted in body for body in sent)


def hold_conversation(
    resources: Resources, endpoint: Endpoint | None, prompt: Prompt | None, told: PlayedAnswer, at: float
) -> Resources:
    """Keep others from a conversation for as long as an answer takes; `at` is when its request came.

    An answer that is cut, that fails, or whose length is not known holds nothing.
    """
    if endpoint is None or prompt is None or (name := endpoint.find_held(prompt)) is None or told.whole is not None:
        return resources
    seconds = sum(step.seconds for step in told.steps if isinstance(step, Wait))
    is_whole = not any(isinstance(step, Cut) or (isinstance(step, Head) and step.status != _OK) for step in told.steps)
    if not is_whole or not 0 < seconds <= _LONGEST:
        return resources
    try:
        return resources.put(history.hold(name, at + seconds))
    except TooLarge:
        return resources


def forget_failed_turn(before: Resources, resources: Resources, request: Request, told: PlayedAnswer) -> Resources:
    """Forget the response that a WebSocket connection went on from with a request that failed (OpenAI's guide).

    One that is stored is found again all the same. `before` is what was kept before the request.
    """
    named = request.json.get("previous_response_id") if request.talk and request.json else None
    if not isinstance(named, str) or not history.is_last(before, named, request.talk) or not _has_failed(told):
        return resources
    return history.forget_recent(resources, request.talk)


def _has_failed(told: PlayedAnswer) -> bool:
    if any(isinstance(step, Head) and step.status >= _LEAST_ERROR for step in told.steps):
        return True
    sent = b"".join(step.piece for step in told.steps if isinstance(step, Send))
    return any(event in sent for event in _FAILURES)


_FAILURES = (b"event: response.failed\n", b"event: error\n")
_LEAST_ERROR = 400
_OK = 200
_LONGEST = 600.0
"""Seconds; a client gives up before."""
