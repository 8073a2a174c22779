"""A request that waited for a person gets its answer. Pure."""

from dataclasses import dataclass
from typing import Literal, assert_never

from llemulator_addon.core.outcome import Ask
from llemulator_addon.core.reply import Failure, Says
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import Steps, Told
from llemulator_addon.engine import fallback
from llemulator_addon.engine.decide import Decided, played, written
from llemulator_addon.engine.session import Session
from llemulator_addon.script.fault import Fault
from llemulator_addon.script.pacing import Pacing
from llemulator_addon.script.pattern import Asked
from llemulator_addon.script.replies.raw import Raw
from llemulator_addon.script.reply import Ready, Reply, filled
from llemulator_addon.script.template import Template
from llemulator_addon.script.templates.problems import TemplateProblem
from llemulator_addon.wire import errors
from llemulator_addon.wire.cors import readable
from llemulator_addon.wire.endpoints import ENDPOINTS
from llemulator_addon.wire.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a person answers."""

    reply: Reply | Literal["echo", "simulate"]
    pacing: Pacing | None = None
    """None: as the session's defaults say."""
    faults: tuple[Fault, ...] | None = None
    """None: as the session's defaults say."""


def answered_by_person(session: Session, ask: Ask, given: Given) -> tuple[Session, Told]:
    """Return the answer, and the session that has it in its journal. Raises `Refused` where it cannot be given."""
    # Ids and times are those of the turn in which it was asked.
    then = session.changed(turn=ask.turn)
    reply, paced = _reply(then, ask, given)
    pacing = given.pacing or paced or session.defaults.pacing
    decided = Decided(
        session=then,
        answer=written(then, ask.prompt, ENDPOINTS[ask.prompt.endpoint], reply, pacing),
        pacing=pacing,
        faults=session.defaults.faults if given.faults is None else given.faults,
        endpoint=ask.prompt.endpoint,
        prompt=ask.prompt,
    )
    told, resources = played(decided, then, ask.request)
    return _noted(session, ask, told, resources=resources), told


def nobody_answered(session: Session, *, ask: Ask) -> tuple[Session, Told]:
    """Give up to wait for a person, and say so to the client."""
    told = Told(_failing(session, ask, fallback.nobody_answered(ask.seconds)))
    return _noted(session, ask, told), told


def no_room(session: Session, *, ask: Ask, limit: int) -> tuple[Session, Told]:
    """Refuse a request for which there is no room to wait."""
    told = Told(_failing(session, ask, fallback.no_room_to_wait(limit)))
    return _noted(session, ask, told), told


def forgotten(session: Session, ask: Ask) -> Steps:
    """Answer a request whose session was forgotten while it waited."""
    return _failing(session, ask, fallback.session_forgotten("a person's answer"))


def _failing(session: Session, ask: Ask, failure: Failure) -> Steps:
    return readable(errors.steps_of(failure, Stamp(session.seed, ask.turn)), ask.request)


def _noted(session: Session, ask: Ask, told: Told, **more: object) -> Session:
    """Note the answer; a session that began after the request knows nothing of it."""
    if session.life != ask.life:
        return session
    journal = session.journal.answered(ask.number, told.steps, goes_on=told.rest is not None)
    return session.changed(journal=journal, **more)


def _reply(session: Session, ask: Ask, given: Given) -> tuple[Ready, Pacing | None]:
    match given.reply:
        case "echo":
            return fallback.echo(ask.prompt), None
        case "simulate":
            from llemulator_addon.simulate.answer import simulated  # noqa: PLC0415 - takes long to import

            made = simulated(ask.prompt, session.stamp, session.simulation, ask.request.headers)
            return made.reply, made.pacing
        case Template():
            return _filled(session, ask, given.reply), None
        case Says() | Failure() | Raw():
            return given.reply, None
        case never:
            assert_never(never)


def _filled(session: Session, ask: Ask, template: Template) -> Ready:
    asked = Asked(ask.prompt, ask.request, session.state)
    try:
        return filled(template, asked, {}, 1, session.stamp)
    except TemplateProblem as problem:
        raise Refused(fallback.answer_cannot_be_filled(problem)) from None
