"""The result of a run: of all sessions together, for all tokens that the program used. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from llemulator_addon.adapters.hosts import Hosts
from llemulator_addon.adapters.run.runtimes import runtime_of, why_not
from llemulator_addon.adapters.verdict_files import RunReport
from llemulator_addon.admin.exchange_json import show_in_full
from llemulator_addon.admin.verify import FINDINGS
from llemulator_addon.client import Exchange, Finding, HostEgress, RuleUse, Verdict, read_exchange
from llemulator_addon.engine.session import Session
from llemulator_addon.verification.finding import Finding as Found
from llemulator_addon.verification.talk_messages import SWITCHED, index_connections
from llemulator_addon.verification.verify import Wanted, verify
from llemulator_addon.wire.prices import Prices
from llemulator_addon.wire.redaction import redact_text, redact_texts

_COUNTED = ("unmatched", "unsupported", "unused")
_SHOWN = frozenset(("unmatched", "unsupported"))
"""Findings that are shown without `--strict`, too."""
_SHOWN_AT_MOST = 10

ARGUED = Wanted(ignored=frozenset(FINDINGS) - {*_COUNTED})
"""`run` does not judge how the client behaved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The sessions and the traffic of a run, after the program has ended."""

    sessions: Sequence[Session]
    """One of them has the requests without a token."""
    hosts: Sequence[HostEgress]
    distrusted: Sequence[str] = ()
    """Hosts for which a client ended the TLS handshake."""
    token: str = ""
    """The program's own token; it is not shown."""
    now: float = 0.0
    prices: Prices = field(default_factory=Prices)

    @property
    def requests(self) -> int:
        """The number of requests to OpenAI's hosts."""
        return sum(session.journal.recorded for session in self.sessions)


def judge(seen: Seen) -> RunReport:
    """Return the verdict on all sessions together, with their rules, exchanges and hosts."""
    sessions = tuple(_number_through(seen.sessions))
    verdicts = [(session, _verdict(session, seen)) for session in sessions]
    findings = (
        *(finding for _, verdict in verdicts for finding in verdict.findings if finding.name in _SHOWN),
        *_find_forgotten(sessions),
        *_find_default_answers(sessions),
        *_find_unused(verdicts),
    )
    return RunReport(
        verdict=Verdict(
            passed=not findings,
            findings=findings,
            requests=seen.requests,
            answered=sum(verdict.answered for _, verdict in verdicts),
            unmatched=sum(session.journal.unmatched for session in sessions),
        ),
        rules=tuple(_redact(rule, seen.token) for rule in _rules(sessions)),
        exchanges=tuple(each for session in sessions for each in _exchanges(session, seen)),
        hosts=tuple(replace(each, host=redact_text(each.host, seen.token)) for each in seen.hosts),
    )


def summarize(seen: Seen, report: RunReport, *, strict: bool) -> Iterator[str]:
    """Yield the lines of the summary; with `strict`, one for each unused rule."""
    verdict = report.verdict
    shown = [finding for finding in verdict.findings if strict or finding.name in _SHOWN]
    if seen.requests:
        answered = _times(seen.requests, "request")
        yield f"{answered} answered, {verdict.unmatched or 'none'} of them unmatched"
        yield from _count_talks(seen.sessions)
    if seen.hosts:
        # Few forward requests: the column is shown only if there are any.
        forwards = any(each.forwarded for each in seen.hosts)
        yield f"{'answered':>10} {'passed':>8} {'refused':>8}{f' {"forwarded":>9}' if forwards else ''}  host"
        for each in report.hosts:
            forwarded = f" {each.forwarded:>9}" if forwards else ""
            yield f"{each.answered:>10} {each.passed:>8} {each.refused:>8}{forwarded}  {each.host}"
        for each in seen.hosts:
            if each.with_key:
                yield f"{_times(each.with_key, 'request')} to {each.host} carried a key that looks like OpenAI's"
    for finding in shown[:_SHOWN_AT_MOST]:
        yield f"{finding.name}: {finding.sentence}"
    if (more := len(shown) - _SHOWN_AT_MOST) > 0:
        yield f"and {more} more; --report FILE.html has all"
    if not strict and (unused := len(verdict.findings) - len(shown)):
        rules = "1 rule was" if unused == 1 else f"{unused} rules were"
        yield f"{rules} never used, or less often than `times` says; use --strict to list them"


def _count_talks(sessions: Iterable[Session]) -> Iterator[str]:
    talks = [each for session in sessions for each in session.journal if each.status == SWITCHED]
    if talks:
        messages = sum(each.messages.recorded for each in talks)
        yield f"{_times(len(talks), 'WebSocket connection')} among them, with {_times(messages, 'message')}"


def explain_no_requests(  # noqa: PLR0913, PLR0917 - the reasons depend on all of this
    seen: Seen, command: Sequence[str], program: Path, environment: Mapping[str, str], hosts: Hosts, status: int
) -> Iterator[str]:
    """Yield likely reasons why no request to OpenAI's hosts arrived; nothing if one did."""
    if seen.requests:
        return
    if seen.distrusted:
        yield f"the program does not trust the certificate for {', '.join(seen.distrusted)}: it ended the TLS handshake"
        return
    yield "no request to OpenAI's hosts came through the proxy; if you expected one, likely reasons are"
    if status:
        yield f"  - the program ended with status {status} before it sent a request"
    for reason in why_not(runtime_of(command, program), environment, hosts):
        yield f"  - {reason}"


def _times(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def _verdict(session: Session, seen: Seen) -> Verdict:
    verified = verify(session, ARGUED, now=seen.now)
    return Verdict(
        passed=not verified.findings,
        findings=tuple(_finding(each, seen.token) for each in verified.findings),
        requests=verified.requests,
        answered=verified.answered,
        unmatched=verified.unmatched,
    )


def _finding(found: Found, token: str) -> Finding:
    return Finding(
        name=found.name,
        sentence=redact_text(found.sentence, token),
        rule=None if found.rule is None else redact_text(found.rule, token),
        requests=tuple(found.exchanges),
        evidence=redact_texts(dict(found.evidence), token),
    )


def _redact(rule: RuleUse, token: str) -> RuleUse:
    return replace(rule, name=redact_text(rule.name, token), written=redact_texts(rule.written, token))


# Sessions -------------------------------------------------------------------------------------------------------------


def _number_through(sessions: Iterable[Session]) -> Iterator[Session]:
    """Yield the sessions by the time of their first request; exchanges are numbered without gaps across sessions."""
    first = 1
    for session in sorted(sessions, key=_began):
        journal = session.journal.renumber(first)
        first = journal.recorded + 1
        yield replace(session, journal=journal)


def _began(session: Session) -> float:
    return next((exchange.at for exchange in session.journal), 0.0)


def _exchanges(session: Session, seen: Seen) -> Iterator[Exchange]:
    connections = index_connections(session.journal)
    for exchange in session.journal:
        yield read_exchange(show_in_full(exchange, seen.token, connections, seen.prices))


# Findings -------------------------------------------------------------------------------------------------------------


def _find_forgotten(sessions: Iterable[Session]) -> Iterator[Finding]:
    """Yield the number of unmatched requests that the journal no longer has."""
    for session in sessions:
        kept = sum(each.unmatched is not None for each in session.journal)
        if session.on_unmatched == "error" and (count := session.journal.unmatched - kept):
            yield Finding(
                name="unmatched",
                sentence=f"{_times(count, 'unmatched request')} before that: the journal no longer has"
                f" {'it' if count == 1 else 'them'}; use --journal-entries and --journal-size to keep more.",
                rule=None,
                requests=(),
                evidence={"count": count},
            )


def _find_default_answers(sessions: Iterable[Session]) -> Iterator[Finding]:
    """Yield requests that a fallback answered although nobody chose one."""
    for session in sessions:
        chosen = (
            session.settings.defaults.on_unmatched or session.policy.on_unmatched or session.settings.upstreams.anything
        )
        if session.script.owner == "nobody" and chosen is None and (count := session.journal.unmatched):
            yield Finding(
                name="unmatched",
                sentence=f"{_times(count, 'request')} of one token had no script: the default fallback"
                f" ({session.on_unmatched}) answered.",
                rule=None,
                requests=tuple(each.number for each in session.journal if each.unmatched is not None),
                evidence={"count": count},
            )


def _find_unused(verdicts: Sequence[tuple[Session, Verdict]]) -> Iterator[Finding]:
    """Yield unused rules: of each token's own script, and of the default script.

    Each token counts the default script for itself: a rule of it is used if one token used it as often as it says.
    """
    by_default = [_index_unused(verdict) for session, verdict in verdicts if session.script.owner == "server"]
    for name in by_default[0] if by_default else ():
        if all(name in each for each in by_default):
            yield max((each[name] for each in by_default), key=_usefulness)
    for session, verdict in verdicts:
        if session.script.owner == "token":
            yield from _index_unused(verdict).values()


def _index_unused(verdict: Verdict) -> Mapping[str, Finding]:
    return {finding.rule or "": finding for finding in verdict.findings if finding.name == "unused"}


def _usefulness(finding: Finding) -> tuple[int, int]:
    return finding.evidence["answered"], len(finding.requests)


def _rules(sessions: Iterable[Session]) -> Iterator[RuleUse]:
    """Yield the rules; those of the default script once, with the uses of all tokens together."""
    of_server = [session.rules_with_use() for session in sessions if session.script.owner == "server"]
    for uses in zip(*of_server, strict=True):
        rule = uses[0][0]
        yield RuleUse(name=rule.name, answered=sum(count for _, count in uses), left=None, written=rule.written)
    for session in sessions:
        for position, (rule, answered) in enumerate(
            session.rules_with_use() if session.script.owner == "token" else ()
        ):
            yield RuleUse(name=rule.name, answered=answered, left=session.times_left(position), written=rule.written)
