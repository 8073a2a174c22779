"""From an endpoint's answer to steps in time."""

from collections.abc import Iterator
from typing import assert_never

from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import Head, Headers, Send, Step, Steps, Wait
from llemulator_addon.script.pacing import Pacing
from llemulator_addon.wire import headers
from llemulator_addon.wire.answer import Answer, Body, Piece, Stream


def steps_of(answer: Answer, stamp: Stamp, pacing: Pacing, *, limits: Headers = ()) -> Steps:
    """Return head and body; a stream's pieces wait for their tokens. `limits` are `x-ratelimit-*`, where they count."""
    match answer:
        case Body(status=204):
            return (Head(answer.status, _given(headers.of_nothing(stamp), answer.headers)),)
        case Body():
            head = headers.of_body(stamp, answer.body, answer.content_type, limits=limits)
            return (Head(answer.status, _given(head, answer.headers)), Send(answer.body))
        case Stream():
            head = headers.of_events(stamp, limits=limits)
            given = _given(answer.headers, limits)
            return (Head(answer.status, _given(head, given)), *_paced(answer.pieces, stamp, pacing))
        case never:
            assert_never(never)


def with_headers(steps: Steps, given: Headers) -> Steps:
    """Return the steps with headers put into their head."""
    return tuple(Head(step.status, _given(step.headers, given)) if isinstance(step, Head) else step for step in steps)


def _given(usual: Headers, given: Headers) -> Headers:
    """Put headers in place of the usual ones of the same name."""
    if not given:
        return usual
    names = {name.lower() for name, _ in given}
    return (*(pair for pair in usual if pair[0] not in names), *given)


def _paced(pieces: tuple[Piece, ...], stamp: Stamp, pacing: Pacing) -> Iterator[Step]:
    """Wait before the first piece for the first token, and before each later one for its tokens."""
    if pacing.ttft:
        yield Wait(pacing.ttft)
    spoken = False
    for number, piece in enumerate(pieces):
        if piece.tokens and spoken and pacing.tokens_per_second:
            yield Wait(piece.tokens / pacing.tokens_per_second * _jitter(stamp, pacing, number))
        spoken = spoken or piece.tokens > 0
        yield Send(piece.piece)


def _jitter(stamp: Stamp, pacing: Pacing, number: int) -> float:
    if not pacing.jitter:
        return 1.0
    return 1 + pacing.jitter * (2 * stamp.fraction(f"jitter/{number}") - 1)
