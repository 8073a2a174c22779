"""A request that waited for a person gets its answer. Pure."""

from dataclasses import dataclass, replace
from typing import Literal, assert_never

from llemulator_addon.core.outcome import Ask
from llemulator_addon.core.reply import Failure, ModelOutput
from llemulator_addon.core.resources import Resources
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import PlayedAnswer, Steps
from llemulator_addon.engine import fallback
from llemulator_addon.engine.decide import decide_held
from llemulator_addon.engine.decided_answer import WRITTEN, Decided, play
from llemulator_addon.engine.journal import NOTHING, Basis
from llemulator_addon.engine.prompt_caching import keep_prompt_cache
from llemulator_addon.engine.session import Session
from llemulator_addon.engine.written_replies import write_reply
from llemulator_addon.script.fault import Fault
from llemulator_addon.script.faults import name_fault
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

    reply: ScriptReply | Literal["echo", "simulate", "rules"]
    """`rules`: what the rules of now answer."""
    pacing: Pacing | None = None
    """None: as the session's defaults say."""
    faults: tuple[Fault, ...] | None = None
    """None: as the session's defaults say."""


def answer_by_person(session: Session, ask: Ask, given: Given) -> tuple[Session, PlayedAnswer]:
    """Return the session with the answer in its journal, and the answer; raises `RequestRefused`."""
    # Ids and times are those of the turn in which it was asked.
    decided = _decide(session.change(turn=ask.turn), ask, given)
    if isinstance(decided.answer, WRITTEN) and decided.answer.demand is not None:
        # A person answered, and no model server.
        decided = decided._replace(answer=replace(decided.answer, demand=None))
    told, resources = play(decided, decided.session, ask.request)
    faults = told.faults if decided.refused_by is None else (name_fault(decided.refused_by), *told.faults)
    basis = Basis(rule=decided.rule, unmatched=decided.unmatched, faults=faults)
    after = session
    if session.life == ask.exchange.life:
        after = keep_prompt_cache(decided.session, decided.answer).change(turn=session.turn)
    return _note(after, ask, told, basis, resources), told


def _decide(session: Session, ask: Ask, given: Given) -> Decided:
    if given.reply == "rules":
        decided = decide_held(session, ask.prompt, ask.request)
        pacing = given.pacing or decided.pacing
        return decided._replace(pacing=pacing, faults=decided.faults if given.faults is None else given.faults)
    defaults = session.settings.defaults
    reply, paced = _choose_reply(session, ask, given.reply)
    pacing = given.pacing or paced or defaults.pacing
    asked = Candidate(ask.prompt, ask.request, session.progress.state)
    return Decided(
        session=session,
        answer=write_reply(session, asked, ENDPOINTS[ask.prompt.endpoint], reply, pacing),
        pacing=pacing,
        faults=defaults.faults if given.faults is None else given.faults,
        endpoint=ask.prompt.endpoint,
        prompt=ask.prompt,
    )


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


def _note(
    session: Session, ask: Ask, told: PlayedAnswer, basis: Basis = NOTHING, resources: Resources | None = None
) -> Session:
    """Note the answer; a session that began after the request knows nothing of it."""
    if session.life != ask.exchange.life:
        return session
    goes_on = told.whole is not None
    journal = session.journal.note_answer(ask.exchange.number, told.steps, basis, goes_on=goes_on)
    return session.change(journal=journal, resources=session.resources if resources is None else resources)


def _choose_reply(
    session: Session, ask: Ask, reply: ScriptReply | Literal["echo", "simulate"]
) -> tuple[Ready, Pacing | None]:
    """Return what is answered, and its pacing where that is not the session's."""
    match reply:
        case "echo":
            return fallback.echo(ask.prompt), None
        case "simulate":
            from llemulator_addon.simulate.answer import simulate_answer  # noqa: PLC0415 - takes long to import

            made = simulate_answer(ask.prompt, session.stamp, session.simulation, ask.request.headers)
            return made.reply, made.pacing
        case Template():
            return _fill(session, ask, reply), None
        case ModelOutput() | Failure() | Raw():
            return reply, None
        case never:
            assert_never(never)


def _fill(session: Session, ask: Ask, template: Template) -> Ready:
    asked = Candidate(ask.prompt, ask.request, session.progress.state)
    try:
        return fill_reply(template, asked, {}, 1, session.stamp)
    except TemplateProblem as problem:
        raise RequestRefused(fallback.answer_cannot_be_filled(problem)) from None
