"""The answer that was decided, and the steps in which it is played."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, assert_never

from llemulator_addon.core.answer_tokens import NO_USAGE, AnswerTokens
from llemulator_addon.core.capacity import UNLIMITED
from llemulator_addon.core.outcome import Load
from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.resources import Resources, TooLarge
from llemulator_addon.core.steps import Head, Headers, PlayedAnswer, Step, Steps
from llemulator_addon.core.upstream import Upstream
from llemulator_addon.engine import fallback, paced_steps
from llemulator_addon.engine.failing_models import Silence
from llemulator_addon.engine.paced_steps import steps_of, with_headers
from llemulator_addon.engine.session import Session
from llemulator_addon.script.fault import Fault, Scene
from llemulator_addon.script.faults import changes_answers, name_fault
from llemulator_addon.script.pacing import Pacing
from llemulator_addon.wire import errors
from llemulator_addon.wire.answer import Answer, Body, EventStream, LongBody
from llemulator_addon.wire.cors import add_cors, add_cors_to_head
from llemulator_addon.wire.endpoints import ENDPOINTS
from llemulator_addon.wire.realtime.opening import Opening


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """An upstream answers."""

    to: Upstream
    path: str
    body: bytes
    model: str


@dataclass(frozen=True, slots=True)
class Person:
    """A person answers."""

    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Accepted:
    """WebSocket is spoken from now on."""

    head: Head
    opening: Opening


class Decided(NamedTuple):
    """The values found on the way to an answer."""

    session: Session
    answer: Answer | Failure | Silence | Elsewhere | Person | Accepted
    pacing: Pacing = Pacing()
    limits: Headers = ()
    """`x-ratelimit-*`, where a fault counts."""
    faults: tuple[Fault, ...] = ()
    refused_by: Fault | None = None
    """The fault that answers in place of the rule."""
    endpoint: str | None = None
    prompt: Prompt | None = None
    rule: str | None = None
    unmatched: str | None = None
    takes_turn: bool = True


def play(decided: Decided, session: Session, request: Request) -> tuple[PlayedAnswer, Resources]:
    """Return an answer as the client gets it, and what the session keeps once it is given.

    What is too large to be kept is given all the same, and a header says that it is not kept.
    """
    told, resources, answer = _tell(decided, session, request), decided.session.resources, decided.answer
    if isinstance(answer, WRITTEN) and answer.keeps:
        try:
            resources = resources.put(*answer.keeps)
        except TooLarge:
            reason = fallback.too_large_to_keep(resources.size_limit).message
            told = _add_headers(told, ((_NOT_KEPT, reason),))
    return told, resources


WRITTEN = (Body, EventStream, LongBody)
"""The answers that are written here."""
_NOT_KEPT = "x-llemulator-not-kept"


def _add_headers(told: PlayedAnswer, given: Headers) -> PlayedAnswer:
    whole = told.whole
    made = whole and (lambda: (each for step in whole() for each in with_headers((step,), given)))
    return told._replace(steps=with_headers(told.steps, given), whole=made)


def _tell(decided: Decided, session: Session, request: Request) -> PlayedAnswer:
    """Return an answer as it is played; nothing where it comes from elsewhere."""
    answer, pacing = decided.answer, _choose_pacing(decided, session, request)
    tokens: AnswerTokens | None
    named = decided.endpoint or ""
    match answer:
        case Elsewhere() | Person():
            return PlayedAnswer(())
        case Accepted():
            return PlayedAnswer((answer.head,))
        case Silence():
            return PlayedAnswer(add_cors(answer.steps(), request))
        case Failure():
            steps = with_headers(errors.steps_of(answer, session.stamp, named), decided.limits)
            tokens = AnswerTokens(NO_USAGE)
        case Body():
            steps = tuple(steps_of(answer, session.stamp, pacing, limits=decided.limits, endpoint=named))
            tokens = _note_tokens(answer)
        case EventStream() | LongBody():
            make = partial(steps_of, answer, session.stamp, pacing, limits=decided.limits, endpoint=named)
            of_sends: list[int] = []
            told = paced_steps.begin_answer(partial(make, tokens=of_sends), answer.size)
            tokens = _note_tokens(answer, of_sends)
            if told.whole is not None and (decided.faults or "origin" in request.headers):
                make = partial(_rewritten_while_made, decided, session, request)
                names = tuple(name_fault(fault) for fault in decided.faults if changes_answers(fault))
                return paced_steps.begin_answer(make, answer.size)._replace(faults=names)
            if told.whole is not None:
                return told._replace(whole=make, tokens=tokens)
            steps = told.steps
        case never:
            assert_never(never)
    steps, faults = _rewrite(steps, decided, session)
    return PlayedAnswer(add_cors(steps, request), tokens=None if faults else tokens, faults=faults)


def _rewrite(steps: Steps, decided: Decided, session: Session) -> tuple[Steps, tuple[str, ...]]:
    """Let the faults rewrite an answer; return the names of those that changed it, too."""
    scene, names = _scene(decided, session), list[str]()
    for fault in decided.faults:
        rewritten = fault.rewrite(steps, scene)
        if rewritten != steps:
            names.append(name_fault(fault))
        steps = rewritten
    return steps, tuple(names)


def _note_tokens(answer: Body | EventStream | LongBody, of_sends: Sequence[int] = ()) -> AnswerTokens | None:
    return None if answer.usage is None else AnswerTokens(answer.usage, of_sends)


def _choose_pacing(decided: Decided, session: Session, request: Request) -> Pacing:
    """Return the pacing that was decided, or that of the model server that makes the answer."""
    answer = decided.answer
    if not isinstance(answer, WRITTEN) or answer.demand is None:
        return decided.pacing
    capacity = session.capacity_for(request) or UNLIMITED
    return paced_steps.pace_by_capacity(decided.pacing, capacity, answer.demand, session.stamp)


def find_load(decided: Decided, session: Session, request: Request) -> Load | None:
    """Return the work that an answer is for a model server."""
    answer, capacity = decided.answer, session.capacity_for(request)
    if not isinstance(answer, WRITTEN) or answer.demand is None or capacity is None:
        return None
    return Load(answer.demand, capacity, is_shared=session.own_capacity is None)


def _scene(decided: Decided, session: Session, size: int = 0) -> Scene:
    endpoint = ENDPOINTS.get(decided.endpoint or "")
    break_off = errors.break_off if endpoint is None else endpoint.break_off
    return Scene(events=isinstance(decided.answer, EventStream), break_off=break_off, stamp=session.stamp, size=size)


def _rewritten_while_made(decided: Decided, session: Session, request: Request) -> Iterator[Step]:
    answer = decided.answer
    assert isinstance(answer, EventStream | LongBody)  # noqa: S101 - nothing else is made while it is sent
    pacing = _choose_pacing(decided, session, request)
    steps = steps_of(answer, session.stamp, pacing, limits=decided.limits, endpoint=decided.endpoint or "")
    scene = _scene(decided, session, answer.size)
    for fault in decided.faults:
        steps = fault.rewrite_made(steps, scene)
    return (add_cors_to_head(step, request) if isinstance(step, Head) else step for step in steps)
