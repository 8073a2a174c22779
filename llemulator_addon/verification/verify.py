"""Checks whether a session went as its script and expectations demand; each problem is a sentence. Pure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.engine.journal import Exchange
from llemulator_addon.engine.session import Session
from llemulator_addon.script.pattern import Candidate, Pattern, differences, hold
from llemulator_addon.script.rule import Rule
from llemulator_addon.script.searching import STEPS, TooMuchSearching, searching
from llemulator_addon.verification.finding import Finding, cite, once_or_times, shorten
from llemulator_addon.verification.talk_messages import list_unknown_types
from llemulator_addon.verification.verdicts import ClientHistory, verdicts

_NEAREST_OF = 200
"""The number of exchanges that are searched for the nearest one to a rule that never answered."""
_TOLD_IN_FULL = 20
"""The number of unused rules that are reported with their nearest request; a script may have thousands."""
_STEPS = 4 * STEPS
"""It looks at all requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """How many requests there are to be of a kind."""

    name: str
    """Their name in a sentence."""
    patterns: tuple[Pattern, ...]
    at_least: int = 0
    at_most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The checks in addition to those of the script itself."""

    expectations: tuple[Expectation, ...] = ()
    order: tuple[Expectation, ...] = ()
    """Requests that are to come one after the other; others may come between them."""
    ignored: frozenset[str] = frozenset()
    """Names of findings that do not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The result."""

    findings: tuple[Finding, ...]
    requests: int
    """How many are in the journal."""
    answered: int
    """How many of them a rule answered."""
    unmatched: int
    """How many no rule answered."""

    @property
    def passed(self) -> bool:
        """Whether there are no findings."""
        return not self.findings


def verify(session: Session, wanted: Wanted, *, now: float) -> Verified:
    """Look for problems; `now` is on the clock of the requests, and the client is taken to be done by then.

    Raises `TooMuchSearching` where it could not be looked for.
    """
    exchanges = tuple(session.journal)
    with searching(_STEPS) as paid:
        unexpected = (
            *_find_unexpected(session, exchanges, wanted.expectations),
            *_out_of_order(exchanges, wanted.order),
        )
    if paid.is_too_much:
        raise TooMuchSearching
    with searching(_STEPS):
        unused = tuple(_find_unused(session, exchanges))
    found = (
        *_find_unmatched(session, exchanges),
        *_find_unsupported(exchanges),
        *_find_unknown_messages(exchanges),
        *unused,
        *unexpected,
        *verdicts(ClientHistory(exchanges=exchanges, now=now)),
    )
    return Verified(
        findings=tuple(finding for finding in found if finding.name not in wanted.ignored),
        requests=len(exchanges),
        answered=sum(exchange.rule is not None for exchange in exchanges),
        unmatched=sum(exchange.unmatched is not None for exchange in exchanges),
    )


# Unmatched ------------------------------------------------------------------------------------------------------------


def _find_unmatched(session: Session, exchanges: Iterable[Exchange]) -> Iterator[Finding]:
    """Yield requests that no rule answered, unless the script or its user chose what answers then."""
    if session.on_unmatched != "error":
        return
    for exchange in exchanges:
        if exchange.unmatched is not None:
            yield Finding(
                name="unmatched",
                sentence=f"{cite(exchange)} was not answered by a rule. {exchange.unmatched}",
                exchanges=(exchange.number,),
            )


def _find_unsupported(exchanges: Iterable[Exchange]) -> Iterator[Finding]:
    """Yield requests whose path or method is not supported; equal ones once."""
    alike: dict[tuple[str, str], list[int]] = {}
    for exchange in exchanges:
        if exchange.is_unsupported:
            alike.setdefault((exchange.method, exchange.path), []).append(exchange.number)
    for (method, path), numbers in alike.items():
        yield Finding(
            name="unsupported",
            sentence=f"{method} {path} is not supported, and no rule answers it; it was sent "
            f"{once_or_times(len(numbers))}. A rule with `path` can answer it.",
            exchanges=tuple(numbers),
        )


def _find_unknown_messages(exchanges: Iterable[Exchange]) -> Iterator[Finding]:
    """Yield messages of WebSocket connections whose type is none that is spoken there; equal ones once."""
    alike: dict[str, list[int]] = {}
    for exchange in exchanges:
        for told in list_unknown_types(exchange.messages):
            alike.setdefault(told, []).append(exchange.number)
    for told, numbers in alike.items():
        yield Finding(
            name="unsupported",
            sentence=f"Messages of the type {shorten(told)} are not supported on WebSocket connections; one was sent "
            f"{once_or_times(len(numbers))}.",
            exchanges=tuple(dict.fromkeys(numbers)),
        )


# Unused ---------------------------------------------------------------------------------------------------------------


def _find_unused(session: Session, exchanges: tuple[Exchange, ...]) -> Iterator[Finding]:
    amiss = (pair for pair in session.rules_with_use() if not pair[0].optional and pair[1] < (pair[0].times or 1))
    for number, (rule, answered) in enumerate(amiss):
        is_looked_for = rule.connection is None and not answered and number < _TOLD_IN_FULL
        nearest = _nearest(rule, exchanges) if is_looked_for else None
        yield Finding(
            name="unused",
            sentence=" ".join(filter(None, (_how_much(rule, answered), nearest and nearest[1]))),
            rule=rule.name,
            exchanges=(nearest[0],) if nearest else (),
            evidence={"answered": answered, "times": rule.times},
        )


def _how_much(rule: Rule, answered: int) -> str:
    did = "acted" if rule.connection else "answered"
    if not answered:
        return f'Rule "{rule.name}" never {did}.'
    return f'Rule "{rule.name}" {did} {once_or_times(answered)} only, of {rule.times} times.'


def _nearest(rule: Rule, exchanges: tuple[Exchange, ...]) -> tuple[int, str] | None:
    """Return the request that came closest to a rule, and what differed; an unmatched one rather than another."""
    asked = [exchange for exchange in exchanges if exchange.prompt is not None][-_NEAREST_OF:]
    if not asked:
        return None
    ranked = [(_differences(rule.patterns, exchange), exchange) for exchange in asked]
    differences, nearest = min(ranked, key=lambda pair: (len(pair[0]), pair[1].unmatched is None))
    if not differences:
        by = f' it was answered by "{nearest.rule}"' if nearest.rule else " another answer was given"
        return nearest.number, f"{cite(nearest)} matches it, but{by}."
    return nearest.number, f"The nearest is {_lower(cite(nearest))}: {'; '.join(differences)}."


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _differences(patterns: Iterable[Pattern], exchange: Exchange) -> list[str]:
    return differences(patterns, _build_candidate(exchange))


def _build_candidate(exchange: Exchange) -> Candidate:
    return Candidate(exchange.prompt or Prompt(endpoint=exchange.endpoint or "", model=""), exchange.request)


# Expectations ---------------------------------------------------------------------------------------------------------


def _find_unexpected(
    session: Session, exchanges: tuple[Exchange, ...], expectations: Iterable[Expectation]
) -> Iterator[Finding]:
    forgotten = session.journal.first > 1
    for expectation in expectations:
        fitting = _fitting(exchanges, expectation)
        if (difference := _difference(expectation, len(fitting))) is not None:
            nearest = None if fitting else _nearest_to(expectation, exchanges)
            yield Finding(
                name="expectation",
                sentence=" ".join(filter(None, (difference, nearest, _FORGOTTEN if forgotten else None))),
                exchanges=tuple(exchange.number for exchange in fitting),
                evidence={
                    "count": len(fitting),
                    "at_least": expectation.at_least,
                    "at_most": expectation.at_most,
                },
            )


_FORGOTTEN = "The oldest requests are no longer in the journal."


def _difference(expectation: Expectation, count: int) -> str | None:
    if expectation.at_least <= count and (expectation.at_most is None or count <= expectation.at_most):
        return None
    return f"{expectation.name} was asked {once_or_times(count)}, expected {_spell(expectation)}."


def _spell(expectation: Expectation) -> str:
    match expectation.at_least, expectation.at_most:
        case least, most if least == most:
            return f"exactly {least}" if least else "never"
        case least, None:
            return f"at least {least}"
        case 0, most:
            return f"at most {most}"
        case least, most:
            return f"{least} to {most} times"


def _nearest_to(expectation: Expectation, exchanges: tuple[Exchange, ...]) -> str | None:
    asked = exchanges[-_NEAREST_OF:]
    if not asked:
        return "There were no requests."
    ranked = [(_differences(expectation.patterns, exchange), exchange) for exchange in asked]
    differences, nearest = min(ranked, key=lambda pair: len(pair[0]))
    return f"The nearest is {_lower(cite(nearest))}: {'; '.join(differences)}."


def _fitting(exchanges: Iterable[Exchange], expectation: Expectation) -> list[Exchange]:
    return [exchange for exchange in exchanges if _fits(expectation)(exchange)]


def _fits(expectation: Expectation) -> Callable[[Exchange], bool]:
    return lambda exchange: hold(expectation.patterns, _build_candidate(exchange))


# Order ----------------------------------------------------------------------------------------------------------------


def _out_of_order(exchanges: tuple[Exchange, ...], order: tuple[Expectation, ...]) -> Iterator[Finding]:
    """Tell the first that did not come after those before it."""
    place, before = 0, ""
    for expectation in order:
        fits = _fits(expectation)
        found = next(islice((at for at in range(place, len(exchanges)) if fits(exchanges[at])), 1), None)
        if found is None:
            earlier = [exchange.number for exchange in exchanges[:place] if fits(exchange)]
            yield Finding(
                name="order",
                sentence=f"{expectation.name} was not asked{before}{_when(earlier)}.",
                exchanges=tuple(earlier),
            )
            return
        place, before = found + 1, f" after {_lower(expectation.name)} (request {exchanges[found].number})"


def _when(earlier: list[int]) -> str:
    if not earlier:
        return ""
    return f", but before it, as request {', '.join(map(str, earlier))}"
