"""What came of a run: of all sessions together, whatever tokens the program used. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rpds import HashTrieMap

from llemulator_addon.adapters.hosts import Hosts
from llemulator_addon.adapters.run.runtimes import runtime_of, why_not
from llemulator_addon.adapters.verdict_files import Told
from llemulator_addon.admin.exchange_json import in_full
from llemulator_addon.admin.verify import FINDINGS
from llemulator_addon.admin.verify import shown as as_shown
from llemulator_addon.client import Exchange, Finding, HostEgress, RuleUse, Verdict, exchange_from, verdict_from
from llemulator_addon.engine.journal import Journal
from llemulator_addon.engine.session import Session
from llemulator_addon.verification.verify import Wanted, verify
from llemulator_addon.wire.redaction import redact_text, redact_texts

_COUNTED = ("unmatched", "unused")
_SHOWN_AT_MOST = 10

ARGUED = Wanted(ignored=frozenset(FINDINGS) - {*_COUNTED})
"""How the client behaved is no matter of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known when the program has ended."""

    sessions: Sequence[Session]
    """One among them is that of requests without a token."""
    hosts: Sequence[HostEgress]
    distrusted: Sequence[str] = ()
    """Hosts for which a client broke off the TLS handshake."""
    token: str = ""
    """The program's own; it is not shown."""
    now: float = 0.0

    @property
    def requests(self) -> int:
        """How many there were to OpenAI's hosts."""
        return sum(session.journal.recorded for session in self.sessions)


def told(seen: Seen) -> Told:
    """Return the verdict on all sessions, with what it rests on. Exchanges are numbered through."""
    sessions = tuple(_numbered_through(seen.sessions))
    verdicts = [(session, _verdict(session, seen)) for session in sessions]
    findings = (
        *(finding for _, verdict in verdicts for finding in verdict.findings if finding.name == "unmatched"),
        *_forgotten(sessions),
        *_by_default(sessions),
        *_unused(verdicts),
    )
    return Told(
        verdict=Verdict(
            passed=not findings,
            findings=findings,
            requests=seen.requests,
            answered=sum(verdict.answered for _, verdict in verdicts),
            unmatched=sum(session.journal.unmatched for session in sessions),
        ),
        rules=tuple(_shown(rule, seen.token) for rule in _rules(sessions)),
        exchanges=tuple(each for session in sessions for each in _exchanges(session, seen.token)),
        hosts=tuple(replace(each, host=redact_text(each.host, seen.token)) for each in seen.hosts),
    )


def lines(seen: Seen, told: Told, *, strict: bool) -> Iterator[str]:
    """Yield what the user reads in the end; each rule that was not used only where that matters."""
    verdict = told.verdict
    shown = [finding for finding in verdict.findings if strict or finding.name == "unmatched"]
    if seen.requests:
        yield f"{_times(seen.requests, 'request')} answered, {verdict.unmatched} of them by no rule"
    if seen.hosts:
        # Few hand anything on: the column is there for those who do.
        forwards = any(each.forwarded for each in seen.hosts)
        yield f"{'answered':>10} {'passed':>8} {'refused':>8}{f' {"forwarded":>9}' if forwards else ''}  host"
        for each in told.hosts:
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
        yield f"{_times(unused, 'rule')} of the script did not answer, or not as often as it says; --strict tells which"


def why_nothing_came(  # noqa: PLR0913, PLR0917 - all of this is asked
    seen: Seen, command: Sequence[str], program: Path, environment: Mapping[str, str], hosts: Hosts, status: int
) -> Iterator[str]:
    """Yield what the user reads where no request came to OpenAI's hosts; nothing where one did."""
    if seen.requests:
        return
    if seen.distrusted:
        yield f"the program does not trust the certificate for {', '.join(seen.distrusted)}: it broke off the handshake"
        return
    yield "nothing came through the proxy for a host of OpenAI's; if it should have, likely reasons are"
    if status:
        yield f"  - the program ended with {status}, before it asked"
    for reason in why_not(runtime_of(command, program), environment, hosts):
        yield f"  - {reason}"


def _times(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def _verdict(session: Session, seen: Seen) -> Verdict:
    return verdict_from(as_shown(verify(session, ARGUED, now=seen.now), (), session.name, seen.token))


def _shown(rule: RuleUse, token: str) -> RuleUse:
    return replace(rule, name=redact_text(rule.name, token), written=redact_texts(rule.written, token))


# Sessions -------------------------------------------------------------------------------------------------------------


def _numbered_through(sessions: Iterable[Session]) -> Iterator[Session]:
    """Yield sessions whose exchanges have numbers of their own, in the order in which their first ones came."""
    before = 0
    for session in sorted(sessions, key=_began):
        exchanges = tuple(session.journal)
        numbers = range(before + 1, before + len(exchanges) + 1)
        kept = {number: each._replace(number=number) for number, each in zip(numbers, exchanges, strict=True)}
        before += len(exchanges)
        journal = Journal(
            entries=HashTrieMap(kept),
            first=numbers.start,
            recorded=before,
            unmatched=session.journal.unmatched,
            limit=before + 1,
        )
        yield replace(session, journal=journal)


def _began(session: Session) -> float:
    return next((exchange.at for exchange in session.journal), 0.0)


def _exchanges(session: Session, token: str) -> Iterator[Exchange]:
    connections: set[str] = set()
    for exchange in session.journal:
        yield exchange_from(in_full(exchange, token, is_new=exchange.connection not in connections))
        connections.add(exchange.connection)


# Findings -------------------------------------------------------------------------------------------------------------


def _forgotten(sessions: Iterable[Session]) -> Iterator[Finding]:
    """Yield how many no rule answered of those that made room in the journal."""
    for session in sessions:
        kept = sum(each.unmatched is not None for each in session.journal)
        if session.on_unmatched == "error" and (count := session.journal.unmatched - kept):
            yield Finding(
                name="unmatched",
                sentence=f"{_times(count, 'request')} before that, which the journal no longer has, no rule answered;"
                " --journal-entries and --journal-size say how many it keeps.",
                rule=None,
                requests=(),
                evidence={"count": count},
            )


def _by_default(sessions: Iterable[Session]) -> Iterator[Finding]:
    """Yield what was answered without anybody having said how: neither a rule, nor a chosen fallback."""
    for session in sessions:
        chosen = session.defaults.on_unmatched or session.policy.on_unmatched or session.upstreams.anything
        if session.owner == "nobody" and chosen is None and (count := session.journal.unmatched):
            yield Finding(
                name="unmatched",
                sentence=f"{_times(count, 'request')} of one token found no script, and the fallback"
                f" ({session.on_unmatched}) answered.",
                rule=None,
                requests=tuple(each.number for each in session.journal if each.unmatched is not None),
                evidence={"count": count},
            )


def _unused(verdicts: Sequence[tuple[Session, Verdict]]) -> Iterator[Finding]:
    """Yield rules that were not used: those of a token's own script, and those of the default script.

    The latter are counted by each token for itself; such a rule is used if one token used it up.
    """
    by_default = [_unused_in(verdict) for session, verdict in verdicts if session.owner == "server"]
    for name in by_default[0] if by_default else ():
        if all(name in each for each in by_default):
            yield max((each[name] for each in by_default), key=_usefulness)
    for session, verdict in verdicts:
        if session.owner == "token":
            yield from _unused_in(verdict).values()


def _unused_in(verdict: Verdict) -> Mapping[str, Finding]:
    return {finding.rule or "": finding for finding in verdict.findings if finding.name == "unused"}


def _usefulness(finding: Finding) -> tuple[int, int]:
    return finding.evidence["answered"], len(finding.requests)


def _rules(sessions: Iterable[Session]) -> Iterator[RuleUse]:
    """Yield the rules; those of the default script once, with what all tokens together used of them."""
    of_server = [session.rules_with_use() for session in sessions if session.owner == "server"]
    for uses in zip(*of_server, strict=True):
        rule = uses[0][0]
        yield RuleUse(name=rule.name, answered=sum(count for _, count in uses), left=None, written=rule.written)
    for session in sessions:
        for position, (rule, answered) in enumerate(session.rules_with_use() if session.owner == "token" else ()):
            yield RuleUse(name=rule.name, answered=answered, left=session.times_left(position), written=rule.written)
