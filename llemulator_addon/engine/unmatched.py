"""Lets the fallback answer a request that no rule answered."""

from typing import assert_never

from llemulator_addon.core.choices import OnUnmatched
from llemulator_addon.core.reply import ModelOutput
from llemulator_addon.engine import fallback
from llemulator_addon.engine.admission import admit
from llemulator_addon.engine.decided_answer import Decided, Person
from llemulator_addon.engine.file_search import call_file_search
from llemulator_addon.engine.near_miss import NearMiss, near_miss
from llemulator_addon.engine.session import Session
from llemulator_addon.engine.written_replies import write_reply
from llemulator_addon.script.pacing import Pacing
from llemulator_addon.script.pattern import Candidate
from llemulator_addon.script.reply import Ready
from llemulator_addon.wire.answer import Endpoint
from llemulator_addon.wire.models import SIMULATED_MODEL


def fall_back(session: Session, asked: Candidate, endpoint: Endpoint) -> Decided:
    """Answer a request as the session's fallback does; one for `gpt-sim-1` is always simulated."""
    missed = near_miss(session, asked)
    by_name = asked.prompt.model == SIMULATED_MODEL
    chosen: OnUnmatched = "simulate" if by_name else session.on_unmatched
    defaults = session.settings.defaults
    faults = () if chosen in _FAILING else defaults.faults
    admitted = admit(session, faults, "", asked)
    reply, pacing = (admitted.refused, None) if admitted.refused else _choose_reply(chosen, session, asked, missed)
    pacing = pacing or defaults.pacing
    if isinstance(reply, ModelOutput):
        reply = call_file_search(session, asked.prompt, reply)
    return Decided(
        session=admitted.session,
        answer=reply if isinstance(reply, Person) else write_reply(session, asked, endpoint, reply, pacing),
        pacing=pacing,
        limits=admitted.headers,
        refused_by=admitted.refused_by,
        faults=faults,
        endpoint=endpoint.name,
        prompt=asked.prompt,
        unmatched=None if by_name else missed.sentence,
    )


_FAILING: tuple[OnUnmatched, ...] = ("error", "upstream")
"""Those that only say why nothing answers: no fault acts on that."""


def _choose_reply(
    chosen: OnUnmatched, session: Session, asked: Candidate, missed: NearMiss
) -> tuple[Ready | Person, Pacing | None]:
    """Return what a fallback answers, and its pacing where that is not the session's."""
    match chosen:
        case "error":
            return fallback.fail_unmatched(missed), None
        case "echo":
            return fallback.echo(asked.prompt), None
        case "simulate":
            from llemulator_addon.simulate.answer import simulate_answer  # noqa: PLC0415 - takes long to import

            made = simulate_answer(asked.prompt, session.stamp, session.simulation, asked.request.headers)
            return made.reply, made.pacing
        case "manual":
            return Person(asked.prompt), None
        case "upstream":
            return fallback.no_upstream(missed, asked.prompt.model), None
        case never:
            assert_never(never)
