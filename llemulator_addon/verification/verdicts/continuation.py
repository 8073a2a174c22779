"""Whether a client took an answer for complete: it continues the conversation with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from llemulator_addon.verification import delivered
from llemulator_addon.verification.verdicts.client_history import Attempt, ClientHistory
from llemulator_addon.wire.members import text_in

_SHORTEST = 4
"""Characters. A shorter text is in other texts by chance."""


@dataclass(frozen=True, slots=True)
class SaidSoFar:
    """The part of an answer that arrived."""

    text: str
    calls: frozenset[str]
    """Ids of tool calls, and of the response itself."""


def collect_said(attempt: Attempt) -> SaidSoFar:
    """Put together the deltas that came, before an error if there was one."""
    texts: list[str] = []
    ids: set[str] = set()
    for event in delivered.events(attempt.exchange):
        value = event.value
        if is_error(event.name, value):
            break
        if isinstance(value, Mapping):
            texts += _texts(value)
            ids |= set(_ids(value))
    return SaidSoFar("".join(texts), frozenset(ids))


def is_error(name: str, value: object) -> bool:
    """Whether an event says that the stream failed."""
    if name == "error":
        return True
    return isinstance(value, Mapping) and (
        isinstance(value.get("error"), Mapping) or value.get("type") in {"error", "response.failed"}
    )


def goes_on_with(asking: ClientHistory, attempt: Attempt, what: SaidSoFar) -> Attempt | None:
    """Return the first later attempt that carries what an answer said, as a turn of the conversation."""
    for later in asking.attempts:
        if later.number > attempt.number and _carries(later, what):
            return later
    return None


def _carries(later: Attempt, what: SaidSoFar) -> bool:
    prompt = later.exchange.prompt
    if prompt is None:
        return False
    if text_in(prompt.body, "previous_response_id") in what.calls:
        return True
    for message in prompt.messages:
        if message.answers is not None and message.answers in what.calls:
            return True
        text = what.text.strip()
        if message.role == "assistant" and len(text) >= _SHORTEST and message.text.strip() == text:
            return True
    return False


def _texts(value: Mapping[str, object]) -> Iterator[str]:
    if value.get("type") == "response.output_text.delta":
        yield _text(value.get("delta"))
    choices = value.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, Mapping):
            delta = choice.get("delta")
            yield _text(delta.get("content") if isinstance(delta, Mapping) else choice.get("text"))


def _ids(value: Mapping[str, object]) -> Iterator[str]:
    for holder in (value.get("response"), value.get("item")):
        if isinstance(holder, Mapping):
            yield from (_text(holder[key]) for key in ("id", "call_id") if holder.get(key))
    choices = value.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        delta = choice.get("delta") if isinstance(choice, Mapping) else None
        calls = delta.get("tool_calls") if isinstance(delta, Mapping) else None
        for call in calls if isinstance(calls, list) else ():
            if isinstance(call, Mapping) and call.get("id"):
                yield _text(call["id"])


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
