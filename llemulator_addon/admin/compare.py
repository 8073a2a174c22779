"""`/_emulator/requests/{number}/rules`: a recorded request, compared with the rules that the session has now."""

from functools import partial
from typing import Literal, TypedDict

from llemulator_addon.admin.journal import find_exchange
from llemulator_addon.admin.route import AdminCall, json_answer
from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.steps import Steps
from llemulator_addon.engine.journal import Exchange
from llemulator_addon.engine.near_miss import Comparison, compare_rules
from llemulator_addon.engine.session import Session
from llemulator_addon.live.threads import LARGE, run_in_thread
from llemulator_addon.script.pattern import Candidate
from llemulator_addon.script.patterns import find_word
from llemulator_addon.script.searching import searching
from llemulator_addon.wire.redaction import Token, redact_texts

_SHOWN = 50


class ShownCheck(TypedDict):
    """One word of a rule's `match`."""

    word: str
    holds: bool
    difference: str | None
    """None where it holds."""


class ComparedRule(TypedDict):
    """A rule next to a request."""

    rule: str
    matches: bool
    used_up: bool
    left: int | None
    """How often it may still answer; None: any number of times."""
    checks: list[ShownCheck]


class ComparedRules(TypedDict):
    """The rules of a session next to a request, the nearest first."""

    object: Literal["comparison"]
    number: int
    answered_by: str | None
    rules: int
    """How many there are."""
    data: list[ComparedRule]


async def show(call: AdminCall) -> Steps:
    """Compare a request with the rules, the nearest rule first: what holds of each, and what differs.

    The rules, their counters and the state are those of now. At most 50 rules are shown.
    """
    session = await call.server.store.read(call.key)
    exchange = find_exchange(call, session.journal, parts_after=1)
    return await run_in_thread(partial(_compare, session, exchange, call.token), LARGE)


def _compare(session: Session, exchange: Exchange, token: Token) -> Steps:
    prompt = exchange.prompt or Prompt(endpoint=exchange.endpoint or "", model="")
    with searching():
        compared = list(compare_rules(session, Candidate(prompt, exchange.request, session.progress.state)))
    shown: ComparedRules = {
        "object": "comparison",
        "number": exchange.number,
        "answered_by": exchange.rule,
        "rules": len(session.script.index.rules),
        "data": [_show_rule(session, each) for each in compared[:_SHOWN]],
    }
    return json_answer(redact_texts(shown, token))


def _show_rule(session: Session, compared: Comparison) -> ComparedRule:
    rule = session.script.index.rules[compared.position]
    return {
        "rule": rule.name,
        "matches": compared.matches,
        "used_up": compared.is_used_up,
        "left": session.times_left(compared.position),
        "checks": [
            {"word": find_word(pattern) or "match", "holds": difference is None, "difference": difference}
            for pattern, difference in compared.checks
        ],
    }
