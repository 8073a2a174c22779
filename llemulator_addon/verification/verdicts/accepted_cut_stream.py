"""`accepted_cut_stream`: took a stream that was cut for a whole answer."""

from collections.abc import Iterator, Mapping

from llemulator_addon.verification import delivered
from llemulator_addon.verification.finding import Finding, cite
from llemulator_addon.verification.verdicts.client_history import Attempt, ClientHistory
from llemulator_addon.verification.verdicts.continuation import collect_said, goes_on_with, is_error

_LAST_OF_RESPONSES = frozenset(("response.completed", "response.incomplete", "response.failed", "response.cancelled"))


def find_accepted_cut_streams(asking: ClientHistory) -> Iterator[Finding]:
    """Look for streams without their last event whose text or tool calls came back as a turn of the conversation."""
    for attempt in asking.attempts:
        if not _is_cut(attempt):
            continue
        if (later := goes_on_with(asking, attempt, collect_said(attempt))) is not None:
            yield Finding(
                name="accepted_cut_stream",
                sentence=f"The stream of {cite(attempt.exchange)} ended without its last event, and request "
                f"{later.number} goes on with what had come as if it were whole.",
                exchanges=(attempt.number, later.number),
                evidence={"events": len(delivered.events(attempt.exchange))},
            )


def _is_cut(attempt: Attempt) -> bool:
    """Whether the server ended the stream before its last event; a client that left knows that it has not all."""
    ending = attempt.exchange.ending
    if not delivered.is_stream(attempt.exchange) or ending is None or ending.is_open:
        return False
    return not any(_is_last(event) or is_error(event.name, event.value) for event in delivered.events(attempt.exchange))


def _is_last(event: delivered.Event) -> bool:
    if event.text.strip() == "[DONE]" or event.name in _LAST_OF_RESPONSES:
        return True
    value = event.value
    return isinstance(value, Mapping) and value.get("type") in _LAST_OF_RESPONSES
