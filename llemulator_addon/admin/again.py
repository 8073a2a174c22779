"""`/_emulator/requests/{number}/again`: a recorded request is decided again, as if its client had repeated it."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from llemulator_addon.admin.journal import find_exchange
from llemulator_addon.admin.route import AdminCall, json_answer
from llemulator_addon.core.outcome import Ending, Play
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import ExchangeId
from llemulator_addon.core.steps import Cut, Send, Steps
from llemulator_addon.engine.decide import decide
from llemulator_addon.engine.session import Session
from llemulator_addon.live.threads import LARGE, run_in_thread
from llemulator_addon.wire.errors import INVALID, RequestRefused


async def ask(call: AdminCall) -> Steps:
    """Ask a recorded request again, and return the number under which the new exchange is recorded.

    The rules of now answer it, also if the session holds all requests, and it counts as any request. Nothing is sent to
    the client, and nothing to an upstream or a person: a request that these would answer is refused.
    """
    exchange = find_exchange(call, (await call.server.store.read(call.key)).journal, parts_after=1)
    if len(exchange.body) != exchange.body_bytes:
        raise RequestRefused(_refuse("body_not_kept", "the journal keeps only the beginning of its body"))
    request = replace(exchange.request, at=call.request.at, skips_hold=True)
    transition = partial(_decide_again, request=request)
    asked = await call.server.store.change_beside(call.key, transition, _run)
    call.server.news.tell("begun", call.key, asked)
    call.server.news.tell("ended", call.key, asked)
    return json_answer({"object": "request.again", "number": asked.number, "again": exchange.number})


async def _run[R](work: Callable[[], R]) -> R:
    return await run_in_thread(work, LARGE)


def _decide_again(session: Session, *, request: Request) -> tuple[Session, ExchangeId]:
    after, outcome = decide(session, request)
    if not isinstance(outcome, Play):
        raise RequestRefused(_refuse("not_answered_here", "no rule answers it, but a person, an upstream or a talk"))
    number = after.journal.recorded
    return after.change(journal=after.journal.note_end(number, _end(outcome.steps))), ExchangeId(
        session.key, after.life, number
    )


def _end(steps: Steps) -> Ending:
    cut = next((place for place, step in enumerate(steps) if isinstance(step, Cut)), None)
    pieces = [step.piece for step in steps[:cut] if isinstance(step, Send)]
    return Ending(
        how="whole" if cut is None else "cut", bytes_sent=sum(map(len, pieces)), sends=len(pieces), seconds=0.0
    )


def _refuse(code: str, why: str) -> Failure:
    return Failure(status=409, type=INVALID, code=code, message=f"The request cannot be asked again: {why}.")
