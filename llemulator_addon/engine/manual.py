"""A request that waited for a person gets its answer. Pure."""

from dataclasses import dataclass, replace
from typing import Literal, assert_never

from llemulator_addon.core.outcome import Ask
from llemulator_addon.core.reply import Failure, ModelOutput
from llemulator_addon.core.resources import Resources
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import PlayedAnswer, Steps
from llemulator_addon.engine import fallback
from llemulator_addon.engine.decided_answer import Decided, play
from llemulator_addon.engine.prompt_caching import keep_prompt_cache
from llemulator_addon.engine.session import Session
from llemulator_addon.engine.written_replies import write_reply
from llemulator_addon.script.fault import Fault
from llemulator_addon.script.pacing import Pacing
from llemulator_addon.script.pattern import Candidate
from llemulator_addon.script.replies.raw import Raw
from llemulator_addon.script.reply import Ready, ScriptReply, fill_reply
from llemulator_addon.script.template import Template
from llemulator_addon.script.templates.problems import TemplateProblem
from llemulator_addon.wire import errors
from llemulator_addon.wire.cors import add_cors
from llemulator_addon.wire.endpoints import ENDPOINTS
from llemulator_addon.wire.errors import RequestRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The answer of a person."""

    reply: ScriptReply | Literal["echo", "simulate"]
    pacing: Pacing | None = None
    """None: as the session's defaults say."""
    faults: tuple[Fault, ...] | None = None
    """None: as the session's defaults say."""


def answer_by_person(session: Session, ask: Ask, given: Given) -> tuple[Session, PlayedAnswer]:
    """Return the session with the answer in its journal, and the answer; raises `RequestRefused`."""
    # Ids and times are those of the turn in which it was asked.
    then = session.change(turn=ask.turn)
    reply, paced = _reply(then, ask, given)
    pacing = given.pacing or paced or session.settings.defaults.pacing
    asked = Candidate(ask.prompt, ask.request, then.progress.state)
    answer = write_reply(then, asked, ENDPOINTS[ask.prompt.endpoint], reply, pacing)
    if not isinstance(answer, Failure) and answer.demand is not None:
        answer = replace(answer, demand=None)  # a person answered, and no model server
    decided = Decided(
        session=then,
        answer=answer,
        pacing=pacing,
        faults=session.settings.defaults.faults if given.faults is None else given.faults,
        endpoint=ask.prompt.endpoint,
        prompt=ask.prompt,
    )
    told, resources = play(decided, then, ask.request)
    kept = keep_prompt_cache(session, answer) if session.life == ask.exchange.life else session
    return _note(kept, ask, told, resources=resources), told


def nobody_answered(session: Session, *, ask: Ask) -> tuple[Session, PlayedAnswer]:
    """Stop waiting for a person, and tell the client."""
    told = PlayedAnswer(_failing(session, ask, fallback.nobody_answered(ask.manual_timeout)))
    return _note(session, ask, told), told


def no_room(session: Session, *, ask: Ask, limit: int) -> tuple[Session, PlayedAnswer]:
    """Refuse a request for which there is no room to wait."""
    told = PlayedAnswer(_failing(session, ask, fallback.no_room_to_wait(limit)))
    return _note(session, ask, told), told


def forgotten(session: Session, ask: Ask) -> Steps:
    """Answer a request whose session was forgotten while it waited."""
    return _failing(session, ask, fallback.session_forgotten("a person's answer"))


def _failing(session: Session, ask: Ask, failure: Failure) -> Steps:
    return add_cors(errors.steps_of(failure, Stamp(session.settings.seed, ask.turn)), ask.request)


def _note(session: Session, ask: Ask, told: PlayedAnswer, resources: Resources | None = None) -> Session:
    """Note the answer; a session that began after the request knows nothing of it."""
    if session.life != ask.exchange.life:
        return session
    goes_on = told.whole is not None
    journal = session.journal.note_answer(ask.exchange.number, told.steps, goes_on=goes_on, faults=told.faults)
    return session.change(journal=journal, resources=session.resources if resources is None else resources)


def _reply(session: Session, ask: Ask, given: Given) -> tuple[Ready, Pacing | None]:
    match given.reply:
        case "echo":
            return fallback.echo(ask.prompt), None
        case "simulate":
            from llemulator_addon.simulate.answer import simulate_answer  # noqa: PLC0415 - takes long to import

            made = simulate_answer(ask.prompt, session.stamp, session.simulation, ask.request.headers)
            return made.reply, made.pacing
        case Template():
            return _fill(session, ask, given.reply), None
        case ModelOutput() | Failure() | Raw():
            return given.reply, None
        case never:
            assert_never(never)


def _fill(session: Session, ask: Ask, template: Template) -> Ready:
    asked = Candidate(ask.prompt, ask.request, session.progress.state)
    try:
        return fill_reply(template, asked, {}, 1, session.stamp)
    except TemplateProblem as problem:
        raise RequestRefused(fallback.answer_cannot_be_filled(problem)) from None
