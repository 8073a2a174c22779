"""A verdict as a file: for a build server (JUnit's XML), for programs (JSON), and for people (HTML). Pure."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from html import escape
from xml.sax.saxutils import quoteattr

from llemulator_addon.client import Exchange, Finding, HostEgress, RuleUse, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is reported."""

    verdict: Verdict
    rules: tuple[RuleUse, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    hosts: tuple[HostEgress, ...] = ()


def as_junit(told: Told) -> str:
    """Report as JUnit's XML: one case for each rule and each request, and one for each other finding."""
    cases = [*_cases_of_rules(told), *_cases_of_requests(told), *_other_cases(told)]
    failures = sum("<failure" in case for case in cases)
    head = f'<testsuite name="llemulator" tests="{len(cases)}" failures="{failures}" errors="0" skipped="0">'
    lines = ('<?xml version="1.0" encoding="utf-8"?>', "<testsuites>", head, *cases, "</testsuite>", "</testsuites>")
    return "".join(f"{line}\n" for line in lines)


def as_json(told: Told) -> str:
    """Report as JSON."""
    return json.dumps(asdict(told), indent=2, ensure_ascii=False) + "\n"


def as_html(told: Told) -> str:
    """Report as one page that needs nothing else."""
    verdict = told.verdict
    head = "Nothing is amiss" if verdict.passed else f"{len(verdict.findings)} findings"
    findings = _table(("finding", "what"), ((each.name, each.sentence) for each in verdict.findings))
    rules = _table(
        ("rule", "answered", "left"),
        ((each.name, each.answered, "" if each.left is None else each.left) for each in told.rules),
    )
    requests = _table(
        ("", "endpoint", "model", "asked", "rule", "status"),
        (
            (
                each.number,
                each.endpoint or each.path,
                each.model or "",
                each.user_text or "",
                each.rule or "",
                each.status,
            )
            for each in told.exchanges
        ),
    )
    hosts = _table(
        ("host", "answered", "passed", "refused", "forwarded"),
        ((each.host, each.answered, each.passed, each.refused, each.forwarded) for each in told.hosts),
    )
    return _PAGE.format(
        head=escape(head), kind="good" if verdict.passed else "bad", findings=findings, rules=rules, requests=requests,
        hosts=hosts,
    )  # fmt: skip


REPORTS: Mapping[str, Callable[[Told], str]] = {".xml": as_junit, ".json": as_json, ".html": as_html}
"""By the ending of the file."""


def _cases_of_rules(told: Told) -> Iterable[str]:
    about = {finding.rule: finding for finding in told.verdict.findings if finding.name == "unused"}
    return (_case("rules", rule.name, about.get(rule.name)) for rule in told.rules)


def _cases_of_requests(told: Told) -> Iterable[str]:
    unmatched = [finding for finding in told.verdict.findings if finding.name == "unmatched" and finding.requests]
    about = {finding.requests[0]: finding for finding in unmatched}
    for each in told.exchanges:
        name = f"{each.number} {each.endpoint or each.path} {each.user_text or ''}"
        yield _case("requests", name.strip(), about.get(each.number))


def _other_cases(told: Told) -> Iterable[str]:
    for finding in told.verdict.findings:
        if finding.name not in {"unused", "unmatched"}:
            yield _case("findings", finding.name, finding)


def _case(kind: str, name: str, finding: Finding | None) -> str:
    named = f"<testcase classname={quoteattr(f'llemulator.{kind}')} name={quoteattr(_printable(name))}"
    if finding is None:
        return f"{named}/>"
    why = quoteattr(_printable(finding.sentence))
    return f"{named}><failure type={quoteattr(finding.name)} message={why}/></testcase>"


def _printable(text: str) -> str:
    """Leave out what XML cannot have (XML 1.0, 2.2)."""
    return "".join(character for character in text if character.isprintable() or character in "\t\n")


def _table(names: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>\n" for row in rows)
    return f"<table><tr>{head}</tr>\n{body}</table>" if body else "<p>None.</p>"


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>llemulator: {head}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #222 }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ border-bottom: 1px solid #ddd; padding: .3rem .6rem; text-align: left; vertical-align: top }}
.good {{ color: #17692b }} .bad {{ color: #a11 }}
</style>
<h1 class="{kind}">{head}</h1>
<h2>Findings</h2>{findings}
<h2>Rules</h2>{rules}
<h2>Requests</h2>{requests}
<h2>Egress, of all tokens</h2>{hosts}
</html>
"""
