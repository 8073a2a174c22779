"""From an endpoint's answer to steps in time."""

from collections.abc import Callable, Iterator, MutableSequence
from dataclasses import replace
from itertools import chain
from typing import assert_never

from llemulator_addon.core.answer_tokens import NOT_NOTED
from llemulator_addon.core.capacity import Capacity
from llemulator_addon.core.model_server import Demand
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import Head, Headers, PlayedAnswer, Send, Step, Steps, Wait
from llemulator_addon.script.keepalive import fill_silences
from llemulator_addon.script.pacing import Pacing
from llemulator_addon.wire import headers
from llemulator_addon.wire.answer import Answer, Body, EventStream, LongBody

MADE_AT_ONCE = 256 << 10
"""Bytes of a body that are made at once, before anything of it is sent. The rest is made while it is sent."""


def steps_of(  # noqa: PLR0913 - one for each thing that an answer is sent with
    answer: Answer,
    stamp: Stamp,
    pacing: Pacing,
    *,
    limits: Headers = (),
    endpoint: str = "",
    tokens: MutableSequence[int] = NOT_NOTED,
) -> Iterator[Step]:
    """Return head and body; a stream's pieces wait for their tokens. `limits` are `x-ratelimit-*`, where they count.

    Another answer waits for all of its tokens, if a model server makes them. `tokens` takes how many tokens each send
    of a stream brings, as the steps are made.
    """
    match answer:
        case Body(status=204):
            return iter((Head(answer.status, _replace_headers(headers.describe_nothing(stamp), answer.headers)),))
        case Body():
            head = headers.describe_body(stamp, answer.body, answer.content_type, limits=limits, endpoint=endpoint)
            first = Head(answer.status, _replace_headers(head, answer.headers))
            return iter((*_wait_for_all(answer.demand, pacing), first, Send(answer.body)))
        case LongBody():
            head = headers.describe_long_body(stamp, answer.content_type, limits=limits, endpoint=endpoint)
            first = Head(200, _replace_headers(head, answer.headers))
            return chain((*_wait_for_all(answer.demand, pacing), first), map(Send, answer.pieces))
        case EventStream():
            head = headers.describe_events(stamp, limits=limits, endpoint=endpoint)
            first = Head(answer.status, _replace_headers(head, _replace_headers(answer.headers, limits)))
            paced = _pace(answer, stamp, pacing, tokens)
            return chain((first,), fill_silences(paced, tokens) if answer.keeps_alive else paced)
        case never:
            assert_never(never)


BEGUN = 32 << 10
"""Bytes that are made at once of an answer that is expected to be longer: the journal keeps them."""


def begin_answer(make: Callable[[], Iterator[Step]], expected: int = 0) -> PlayedAnswer:
    """Make an answer as far as it fits at once; the whole of a longer one is made again while it is sent.

    `expected` is its size in bytes, as it was estimated; 0: not estimated, because it is small.
    """
    steps, first = make(), list[Step]()
    size, most = 0, MADE_AT_ONCE if expected <= MADE_AT_ONCE else BEGUN
    for step in steps:
        first.append(step)
        if isinstance(step, Send):
            size += len(step.piece)
            if size > most:
                break
    else:
        return PlayedAnswer(tuple(first))
    if next(steps, None) is None:
        return PlayedAnswer(tuple(first))
    return PlayedAnswer(tuple(first), make)


def with_headers(steps: Steps, given: Headers) -> Steps:
    """Return the steps with headers put into their head."""
    return tuple(
        Head(step.status, _replace_headers(step.headers, given)) if isinstance(step, Head) else step for step in steps
    )


def _replace_headers(usual: Headers, given: Headers) -> Headers:
    """Put headers in place of the usual ones of the same name."""
    if not given:
        return usual
    names = {name.lower() for name, _ in given}
    return (*(pair for pair in usual if pair[0] not in names), *given)


def pace_by_capacity(pacing: Pacing, capacity: Capacity, demand: Demand, stamp: Stamp) -> Pacing:
    """Return the pacing of an answer that a model server makes; what the script says of it goes before.

    The first token comes when the prompt is worked on: `prefill-overhead` and `prefill-time-per-token` of
    llm-d-inference-sim, without what is cached.
    """
    jitter = pacing.jitter or capacity.jitter
    prefill = (capacity.ttft_ms + capacity.prefill_ms_per_token * max(0, demand.prompt - demand.cached)) / 1000
    return replace(
        pacing,
        ttft=pacing.ttft or prefill * (1 + jitter * (2 * stamp.fraction("prefill") - 1)),
        tokens_per_second=pacing.tokens_per_second or capacity.tokens_per_second,
        jitter=jitter,
        under_load=True,
    )


def _wait_for_all(demand: Demand | None, pacing: Pacing) -> tuple[Step, ...]:
    """Wait for the first token and for those behind it, before anything is sent."""
    if demand is None or not pacing.under_load:
        return ()
    behind = max(0, demand.answer - 1) / pacing.tokens_per_second if pacing.tokens_per_second else 0.0
    seconds = pacing.ttft + behind
    return (Wait(seconds, under_load=True),) if seconds else ()


def _pace(answer: EventStream, stamp: Stamp, pacing: Pacing, tokens: MutableSequence[int]) -> Iterator[Step]:
    """Wait for the first token behind what is announced, and before each later piece for its tokens."""
    spoken = False
    for number, piece in enumerate(answer.pieces):
        if number == answer.announced and pacing.ttft:
            yield Wait(pacing.ttft, pacing.under_load)
        if piece.tokens and spoken and pacing.tokens_per_second:
            seconds = piece.tokens / pacing.tokens_per_second * _jitter(stamp, pacing, number)
            yield Wait(seconds, pacing.under_load)
        spoken = spoken or piece.tokens > 0
        tokens.append(piece.tokens)
        yield Send(piece.piece)


def _jitter(stamp: Stamp, pacing: Pacing, number: int) -> float:
    if not pacing.jitter:
        return 1.0
    return 1 + pacing.jitter * (2 * stamp.fraction(f"jitter/{number}") - 1)
