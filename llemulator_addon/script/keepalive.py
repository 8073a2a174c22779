"""The `keepalive` events with which OpenAI's API fills long silences of a stream of Responses.

They are in no description. https://github.com/openai/openai-node/issues/1964 shows one on the wire:
`{"type":"keepalive","sequence_number":466}`; the numbers of later events count on.
"""

from collections.abc import Iterable, Iterator, MutableSequence
from dataclasses import replace

from llemulator_addon.core.answer_tokens import NOT_NOTED
from llemulator_addon.core.steps import Send, Step, Wait
from llemulator_addon.wire import sse
from llemulator_addon.wire.numbering import find_number, renumber

EVERY = 15.0
"""Seconds of silence after which one comes. The interval is not documented."""


def frame_keepalive(number: int) -> bytes:
    """Return the event."""
    return sse.frame({"type": "keepalive", "sequence_number": number})


def fill_silences(steps: Iterable[Step], tokens: MutableSequence[int] = NOT_NOTED) -> Iterator[Step]:
    """Send one after each `EVERY` seconds of silence behind the first numbered event, and count on.

    `tokens` takes the number of tokens of each, which is 0: it is the one that the steps are noted in.
    """
    following, more = None, 0
    for step in steps:
        match step:
            case Wait(seconds) if following is not None and seconds > EVERY:
                left = seconds
                while left > EVERY:
                    yield replace(step, seconds=EVERY)
                    tokens.append(0)
                    yield Send(frame_keepalive(following))
                    following, more, left = following + 1, more + 1, left - EVERY
                yield replace(step, seconds=left)
            case Send(piece):
                sent = renumber(piece, more)
                number = find_number(sent)
                following = following if number is None else number + 1
                yield Send(sent) if more else step
            case _:
                yield step
