"""Writes a verdict as text: JUnit's XML for build servers, JSON for programs, HTML for people. Pure."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from html import escape
from xml.sax.saxutils import quoteattr

from llemulator_addon.client import Exchange, Finding, HostEgress, RuleUse, Verdict
from llemulator_addon.core.outcome import ENDING_WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """A verdict, with the rules, requests and hosts that it is about."""

    verdict: Verdict
    rules: tuple[RuleUse, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    hosts: tuple[HostEgress, ...] = ()


def write_junit(report: RunReport) -> str:
    """Write JUnit's XML: one case for each rule and each request, and one for each other finding."""
    cases = [*_cases_of_rules(report), *_cases_of_requests(report), *_other_cases(report)]
    failures = sum("<failure" in case for case in cases)
    head = f'<testsuite name="llemulator" tests="{len(cases)}" failures="{failures}" errors="0" skipped="0">'
    lines = ('<?xml version="1.0" encoding="utf-8"?>', "<testsuites>", head, *cases, "</testsuite>", "</testsuites>")
    return "".join(f"{line}\n" for line in lines)


def write_json(report: RunReport) -> str:
    """Write JSON."""
    return json.dumps(asdict(report), indent=2, ensure_ascii=False) + "\n"


def write_html(report: RunReport) -> str:
    """Write one HTML page that loads no other file."""
    verdict = report.verdict
    costs = [each.cost_usd for each in report.exchanges if each.cost_usd is not None]
    head = "No findings" if verdict.passed else _count(len(verdict.findings), "finding")
    return _PAGE.format(
        head=escape(head),
        kind="good" if verdict.passed else "bad",
        counts=f"{_count(verdict.requests, 'request')}, {verdict.unmatched} of them unmatched"
        + (f"; the tokens of {_count(len(costs), 'answer')} cost {sum(costs):.6f} USD" if costs else ""),
        findings=_table(("finding", "description"), map(_finding_row, verdict.findings)),
        rules=_table(("rule", "answered"), map(_rule_row, report.rules)),
        requests=_table(
            ("", "endpoint", "model", "user text", "answered by", "status"), map(_request_row, report.exchanges)
        ),
        hosts=_table(
            ("host", "answered", "passed", "refused", "forwarded", "with a key"),
            (
                _row(
                    each.host,
                    *map(_Number, (each.answered, each.passed, each.refused, each.forwarded, each.with_key)),
                )
                for each in report.hosts
            ),
        ),
    )


REPORTS: Mapping[str, Callable[[RunReport], str]] = {".xml": write_junit, ".json": write_json, ".html": write_html}
"""Writers, by the suffix of the file's name."""


def _cases_of_rules(report: RunReport) -> Iterable[str]:
    about = {finding.rule: finding for finding in report.verdict.findings if finding.name == "unused"}
    return (_case("rules", rule.name, about.get(rule.name)) for rule in report.rules)


def _cases_of_requests(report: RunReport) -> Iterable[str]:
    unmatched = [finding for finding in report.verdict.findings if finding.name == "unmatched" and finding.requests]
    about = {finding.requests[0]: finding for finding in unmatched}
    for each in report.exchanges:
        name = f"{each.number} {each.endpoint or each.path} {each.user_text or ''}"
        yield _case("requests", name.strip(), about.get(each.number))


def _other_cases(report: RunReport) -> Iterable[str]:
    for finding in report.verdict.findings:
        if finding.name not in {"unused", "unmatched"}:
            yield _case("findings", finding.name, finding)


def _case(kind: str, name: str, finding: Finding | None) -> str:
    named = f"<testcase classname={quoteattr(f'llemulator.{kind}')} name={quoteattr(_printable(name))}"
    if finding is None:
        return f"{named}/>"
    why = quoteattr(_printable(finding.sentence))
    return f"{named}><failure type={quoteattr(finding.name)} message={why}/></testcase>"


def _printable(text: str) -> str:
    """Drop characters that XML does not allow (XML 1.0, 2.2)."""
    return "".join(character for character in text if character.isprintable() or character in "\t\n")


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


# The page -------------------------------------------------------------------------------------------------------------


def _finding_row(finding: Finding) -> str:
    """Put each difference on its own line, and link the requests that the finding names."""
    said = finding.sentence
    for mark in (" No rule matches.", " Every rule that matches", " The nearest is ", " The oldest requests "):
        said = said.replace(mark, f"\n{mark.strip()}{' ' if mark.endswith(' ') else ''}")
    links = "".join(f' <a href="#request-{number}">{number}</a>' for number in finding.requests)
    return f'<tr><td class="bad">{escape(finding.name)}</td><td class="said">{escape(said)}{links}</td></tr>'


def _rule_row(rule: RuleUse) -> str:
    times = rule.written.get("times")
    answered = _Number(rule.answered if times is None else f"{rule.answered} of {times}")
    is_unused = not rule.answered and not rule.written.get("optional")
    return _row(rule.name, answered, kind="bad" if is_unused else "")


def _request_row(each: Exchange) -> str:
    ended = ENDING_WORDS.get((each.ending or {}).get("how", ""), "")
    by = "no rule" if each.unmatched else each.rule or each.upstream or ""
    return _row(
        _Number(each.number),
        each.endpoint or f"{each.method} {each.path}",
        each.model or "",
        each.user_text or "",
        by,
        f"{each.status or 'no answer'}{ended}",
        name=f"request-{each.number}",
        kind="bad" if each.unmatched else "",
    )


@dataclass(frozen=True, slots=True)
class _Number:
    """A cell with a number, aligned to the right."""

    shown: object


def _row(*cells: object, name: str = "", kind: str = "") -> str:
    marks = f"{f' id={quoteattr(name)}' if name else ''}{f' class={quoteattr(kind)}' if kind else ''}"
    return f"<tr{marks}>{''.join(map(_cell, cells))}</tr>"


def _cell(cell: object) -> str:
    return f'<td class="number">{escape(str(cell.shown))}' if isinstance(cell, _Number) else f"<td>{escape(str(cell))}"


def _table(names: Iterable[str], rows: Iterable[str]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "\n".join(rows)
    return f"<table><tr>{head}</tr>\n{body}\n</table>" if body else "<p>None.</p>"


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>llemulator: {head}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem }}
table {{ border-collapse: collapse }}
th, td {{ border-bottom: 1px solid #8884; padding: .3rem .8rem .3rem 0; text-align: left; vertical-align: top }}
td {{ overflow-wrap: anywhere }} td:first-child, th {{ white-space: nowrap }}
.number {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }}
.said {{ white-space: pre-line }} .said a {{ color: inherit }}
.good {{ color: light-dark(#17692b, #7fd492) }} .bad {{ color: light-dark(#a11, #ff8f8f) }}
</style>
<h1 class="{kind}">{head}</h1>
<p>{counts}.</p>
<h2>Findings</h2>{findings}
<h2>Rules</h2>{rules}
<h2>Requests</h2>{requests}
<h2>Egress, of all tokens</h2>{hosts}
</html>
"""
