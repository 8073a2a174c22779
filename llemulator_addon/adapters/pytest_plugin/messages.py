"""Failure messages."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from textwrap import indent, wrap

from llemulator_addon.adapters.terminal import printable
from llemulator_addon.client import Exchange, Finding, Refused
from llemulator_addon.core.outcome import ENDING_WORDS

_WIDTH = 110
_SHOWN = 20
_WORDS = 60
NO_REQUESTS = "No requests with the key of this test."


@dataclass(frozen=True, slots=True)
class Ink:
    """Colours, if the terminal has them."""

    coloured: bool

    def red(self, text: str) -> str:
        """For problems."""
        return self._colour("31;1", text)

    def green(self, text: str) -> str:
        """For success."""
        return self._colour("32", text)

    def faint(self, text: str) -> str:
        """For details."""
        return self._colour("2", text)

    def _colour(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.coloured else text


def explain(findings: Sequence[Finding], exchanges: Sequence[Exchange], ink: Ink) -> str:
    """Return the failure message: the findings, and the exchanges."""
    problems = "1 problem" if len(findings) == 1 else f"{len(findings)} problems"
    shown: set[str] = set()
    parts = [_show_finding(finding, shown, ink) for finding in findings]
    is_told = any(finding.name == "unclaimed" for finding in findings)
    requests = NO_REQUESTS if is_told and not exchanges else show_exchanges(exchanges, ink)
    return f"llemulator found {problems}:\n\n{'\n'.join(parts)}\n{requests}"


def is_about_a_client(error: BaseException | None) -> bool:
    """Whether a test may have failed because its client sent nothing here, and not by its script or a typo."""
    return isinstance(error, AssertionError) or not (isinstance(error, Refused) or _is_of_python(error))


def _is_of_python(error: BaseException | None) -> bool:
    return type(error).__module__ == "builtins" and not isinstance(error, OSError)


def show_exchanges(exchanges: Sequence[Exchange], ink: Ink) -> str:
    """Return a line for each request and its answer; of many, the last ones."""
    if not exchanges:
        return f"{NO_REQUESTS} A client reads the environment when it is created: was it created before the test?"
    left_out = len(exchanges) - _SHOWN
    head = f"Requests ({len(exchanges)}{f', the last {_SHOWN} are shown' if left_out > 0 else ''}):"
    return "\n".join((head, *(f"  {_line(exchange, ink)}" for exchange in exchanges[-_SHOWN:])))


def _show_finding(finding: Finding, shown: set[str], ink: Ink) -> str:
    """Return the lines of a finding; differences that were shown before are not repeated."""
    sentences = _sentences(printable(finding.sentence), shown)
    line = f" ({finding.evidence['line']})" if "line" in finding.evidence else ""
    return f"  {ink.red(finding.name)}{line}\n" + indent("\n".join(sentences), "    ") + "\n"


def _sentences(text: str, shown: set[str]) -> Iterable[str]:
    """Put the nearest rule or request, and each difference, on its own line."""
    if (found := _NEAREST.search(text)) is None:
        return wrap(text, _WIDTH)
    differences = text[found.end() :]
    head = [*wrap(text[: found.start()], _WIDTH), *wrap(found[0].strip(), _WIDTH)]
    if differences in shown:
        return [*head, "  (see above)"]
    shown.add(differences)
    parts = (wrap(part, _WIDTH, initial_indent="  - ", subsequent_indent="    ") for part in _APART.split(differences))
    return [*head, *chain.from_iterable(parts)]


# A text that is quoted may have colons and semicolons too.
_RULE = r'No rule matches\. The closest is ".*?"|Every rule that matches is used up'
_NEAREST = re.compile(rf" (?:{_RULE}|The nearest is request \d+ \(.*?\)): ")
_APART = re.compile(r'; (?=(?:[^"]*"[^"]*")*[^"]*$)')


def _line(exchange: Exchange, ink: Ink) -> str:
    words = printable(" ".join((exchange.user_text or "").split()))
    text = f'"{words[:_WORDS]}{"…" if len(words) > _WORDS else ""}"' if words else ""
    what = " ".join(filter(None, (exchange.endpoint or f"{exchange.method} {exchange.path}", exchange.model, text)))
    return f"{exchange.number:>3}  {printable(what)}  {_answer(exchange, ink)}"


def _answer(exchange: Exchange, ink: Ink) -> str:
    if exchange.unmatched:
        return ink.red(f"{exchange.status} no rule")
    by = f' rule "{printable(exchange.rule)}"' if exchange.rule else ""
    how = (exchange.ending or {}).get("how", "whole")
    ended = ENDING_WORDS.get(how, "")
    return f"{ink.green(str(exchange.status) if exchange.status else 'cut')}{ink.faint(by + ended)}"
