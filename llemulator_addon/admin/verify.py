"""`/_emulator/verify`: whether a session went as it should."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from llemulator_addon.admin.questions import forget_waiting
from llemulator_addon.admin.route import AdminCall, RequestBody, json_answer
from llemulator_addon.core.egress import HostEgress
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Steps
from llemulator_addon.core.unclaimed import Unclaimed
from llemulator_addon.engine.session import Session
from llemulator_addon.live.threads import run_in_thread
from llemulator_addon.script import json_text
from llemulator_addon.script.effort import effort
from llemulator_addon.script.globs import fits
from llemulator_addon.script.match import Match
from llemulator_addon.script.model import Count, ScriptPart
from llemulator_addon.script.script_error import ScriptError, join_place, problem, read_as
from llemulator_addon.script.searching import TooMuchSearching
from llemulator_addon.verification.costs import Total, add_up, find_overrun, show_cost
from llemulator_addon.verification.finding import Finding, once_or_times
from llemulator_addon.verification.verdicts import VERDICTS
from llemulator_addon.verification.verify import Expectation, Verified, Wanted, verify
from llemulator_addon.wire import json_bytes
from llemulator_addon.wire.bodies import read_object
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.redaction import Token, redact_texts

FINDINGS: dict[str, str] = {
    "unmatched": "a request that no rule answered",
    "unsupported": "a request whose path or method is not supported, and that no rule answered",
    "unused": "a rule that did not answer, or not as often as it may",
    "expectation": "requests of a kind that came too seldom or too often",
    "order": "requests that did not come in the order wanted",
    "cost": "tokens that cost more than they may, or whose price is not known",
    "egress": "a host that was reached past the program, or refused",
    "unclaimed": "a request under no token, or one for which nobody loaded a script",
    **{name: (verdict.__doc__ or "").partition("\n")[0] for name, verdict in VERDICTS.items()},
}
"""Kinds of findings by the name under which they can be switched off."""


def _read_text(value: object) -> object:
    return {"user_text": value} if isinstance(value, str) else value


MatchOrText = Annotated[Match, BeforeValidator(_read_text)]


class ExpectationPart(ScriptPart):
    """How many requests match: exactly `count`, or `at_least`, or `at_most`; without any of them at least one."""

    name: str | None = None
    match: MatchOrText = Field(default_factory=Match)
    count: Count | None = None
    at_least: Count | None = None
    at_most: Count | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if self.count is not None and (self.at_least is not None or self.at_most is not None):
            message = '"count" excludes "at_least" and "at_most"'
            raise ValueError(message)
        return self

    def expectation(self) -> Expectation:
        """Return it."""
        least = self.count if self.count is not None else self.at_least
        most = self.count if self.count is not None else self.at_most
        return Expectation(
            name=self.name or _describe(self.match),
            patterns=self.match.patterns(),
            at_least=least if least is not None else int(most is None),
            at_most=most,
        )


class EgressPart(ScriptPart):
    """Which hosts may have been reached past the program."""

    allow: list[str] = Field(default_factory=list)


class VerifyPart(ScriptPart):
    """Checks in addition to those of the script itself."""

    expectations: list[ExpectationPart] = Field(default_factory=list)
    order: list[MatchOrText] = Field(default_factory=list)
    max_cost_usd: Annotated[float, Field(ge=0)] | None = None
    """The most that the tokens of all requests together may cost at OpenAI's prices."""
    egress: EgressPart | bool = False
    unclaimed: Count | None = None
    """The number of an unclaimed request: later ones, of no session, are findings too."""
    ignore: list[str] = Field(default_factory=list)
    reset: bool = False
    """Forget the session afterwards, if there are no findings."""

    def read_wanted(self) -> Wanted:
        """Return it; raises `ScriptError` for the name of a finding that there is not."""
        for number, name in enumerate(self.ignore):
            if name not in FINDINGS:
                known = ", ".join(FINDINGS)
                raise problem(join_place("ignore", number), f'there is no finding "{name}"; there are {known}')
        return Wanted(
            expectations=tuple(part.expectation() for part in self.expectations),
            order=tuple(Expectation(name=_describe(match), patterns=match.patterns()) for match in self.order),
            ignored=frozenset(self.ignore),
        )


BODY = RequestBody(name="Verify", schema=VerifyPart.model_json_schema)


async def show(call: AdminCall) -> Steps:
    """List the findings: unmatched requests, unused rules, expectations that failed, and how the client behaved."""
    size = len(call.request.body)
    part, wanted = await run_in_thread(partial(_read_body, call.request), size)
    session = await call.server.store.read(call.key)
    run = partial(run_in_thread, size=size + session.journal.size)
    of_the_server = (
        *_find_egress(call.server.egress(), part.egress),
        *_find_unclaimed(call.server.unclaimed(), part.unclaimed),
    )
    prices = call.server.prices()

    def judge(session: Session) -> dict[str, object]:
        verified = _verify(session, wanted, call.request)
        total = add_up(session.journal, prices)
        found = (*verified.findings, *_find_overrun(total, part.max_cost_usd), *of_the_server)
        counted = tuple(finding for finding in found if finding.name not in wanted.ignored)
        return show_verdict(replace(verified, findings=counted), total, session.key.name, call.token)

    def judge_and_forget(session: Session) -> tuple[Session, dict[str, object]]:
        verdict = judge(session)
        return call.server.fresh(session.key) if verdict["passed"] else session, verdict

    if not part.reset:
        return json_answer(await run(partial(judge, session)))
    # One change: nothing that comes meanwhile is forgotten unseen.
    verdict = await call.server.store.change_beside(call.key, judge_and_forget, run)
    if verdict["passed"]:
        await forget_waiting(call.server, call.key)
    return json_answer(verdict)


def _read_body(request: Request) -> tuple[VerifyPart, Wanted]:
    try:
        json_text.check_bounds(request.body)
        with effort():
            part = read_as(VerifyPart, read_object(request) if request.body.strip() else {}, "")
        return part, part.read_wanted()
    except ScriptError as error:
        raise RequestRefused(_refuse(error.place, str(error))) from None


def _verify(session: Session, wanted: Wanted, request: Request) -> Verified:
    try:
        return verify(session, wanted, now=request.at)
    except TooMuchSearching as error:
        raise RequestRefused(_refuse("", str(error))) from None


def _refuse(place: str, message: str) -> Failure:
    return Failure(status=400, type=INVALID, code="invalid_expectation", param=place or None, message=message)


def show_verdict(verified: Verified, total: Total, session: str, token: Token) -> dict[str, object]:
    """Show the result, without secrets."""
    findings = [
        {
            "name": finding.name,
            "sentence": finding.sentence,
            "rule": finding.rule,
            "requests": list(finding.exchanges),
            "evidence": dict(finding.evidence),
        }
        for finding in verified.findings
    ]
    return {
        "object": "verdict",
        "session": session,
        "passed": not findings,
        "findings": redact_texts(findings, token),
        "counts": {
            "requests": verified.requests,
            "answered": verified.answered,
            "unmatched": verified.unmatched,
        },
        "cost": {"usd": show_cost(total.usd), "unpriced": len(total.unpriced)},
    }


def _find_overrun(total: Total, most: float | None) -> Iterator[Finding]:
    if most is not None and (found := find_overrun(total, Decimal(str(most)))) is not None:
        yield found


def _find_egress(report: Iterable[HostEgress], part: EgressPart | bool) -> Iterator[Finding]:  # noqa: FBT001 - as in JSON
    """Yield hosts that were reached or refused, of the whole server: whose request it was cannot be told."""
    if part is False:
        return
    allowed = part.allow if isinstance(part, EgressPart) else []
    for host in report:
        if not (host.passed or host.refused) or any(fits(glob, host.host) for glob in allowed):
            continue
        done = [
            f"{word} {once_or_times(count)}"
            for word, count in (("reached", host.passed), ("refused", host.refused))
            if count
        ]
        yield Finding(
            name="egress",
            sentence=f"The host {host.host} was {' and '.join(done)}; only OpenAI's hosts are answered here.",
            evidence={"host": host.host, "passed": host.passed, "refused": host.refused},
        )


def _find_unclaimed(requests: Iterable[Unclaimed], since: int | None) -> Iterator[Finding]:
    """Yield requests of nobody's session, of the whole server: equal ones once, with the last of them as evidence."""
    if since is None:
        return
    alike: dict[tuple[str, ...], list[Unclaimed]] = {}
    for each in requests:
        if each.number > since:
            alike.setdefault((each.method, each.host, each.path, each.digest), []).append(each)
    for some in alike.values():
        last = some[-1]
        done = "was made" if len(some) == 1 else f"was made {once_or_times(len(some))}"
        yield Finding(
            name="unclaimed",
            sentence=f"{last.method} {last.host}{last.path} with {last.key} {done} outside of any session.",
            evidence=last._asdict(),
        )


def _describe(match: Match) -> str:
    written = match.model_dump(exclude_unset=True, by_alias=True)
    return f"A request that matches {json_bytes.compact(written).decode()}" if written else "A request"
