"""What a person reads when something is amiss."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from textwrap import indent, wrap

from llemulator_addon.adapters.terminal import printable
from llemulator_addon.client import Exchange, Finding

_WIDTH = 110
_SHOWN = 20
_WORDS = 60


@dataclass(frozen=True, slots=True)
class Ink:
    """Colours, where the terminal has them."""

    coloured: bool

    def red(self, text: str) -> str:
        """For what is amiss."""
        return self._in("31;1", text)

    def green(self, text: str) -> str:
        """For what is well."""
        return self._in("32", text)

    def faint(self, text: str) -> str:
        """For what is beside the point."""
        return self._in("2", text)

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.coloured else text


def explained(findings: Sequence[Finding], exchanges: Sequence[Exchange], ink: Ink) -> str:
    """Tell what is amiss, and what was asked."""
    many = "one thing" if len(findings) == 1 else f"{len(findings)} things"
    told: set[str] = set()
    parts = [_told(finding, told, ink) for finding in findings]
    return f"llemulator found {many} amiss:\n\n{'\n'.join(parts)}\n{asked(exchanges, ink)}"


def asked(exchanges: Sequence[Exchange], ink: Ink) -> str:
    """Show what was asked and what answered, a line each, the last ones of many."""
    if not exchanges:
        return "Nothing was asked. A client reads the environment when it is made: was it made before the test?"
    left_out = len(exchanges) - _SHOWN
    head = f"What was asked ({len(exchanges)}{f', the last {_SHOWN} of which are shown' if left_out > 0 else ''}):"
    return "\n".join((head, *(f"  {_line(exchange, ink)}" for exchange in exchanges[-_SHOWN:])))


def _told(finding: Finding, told: set[str], ink: Ink) -> str:
    """Tell a finding; differences that were told before, of the same rule and request, are not told again."""
    sentences = _sentences(printable(finding.sentence), told)
    return f"  {ink.red(finding.name)}\n" + indent("\n".join(sentences), "    ") + "\n"


def _sentences(text: str, told: set[str]) -> Iterable[str]:
    """Put the nearest rule or request, and each difference, on a line of its own."""
    if (found := _NEAREST.search(text)) is None:
        return wrap(text, _WIDTH)
    differences = text[found.end() :]
    head = [*wrap(text[: found.start()], _WIDTH), *wrap(found[0].strip(), _WIDTH)]
    if differences in told:
        return [*head, "  (see above)"]
    told.add(differences)
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
    ended = {"cut": ", cut", "client_left": ", the client left"}.get(how, "")
    return f"{ink.green(str(exchange.status) if exchange.status else 'cut')}{ink.faint(by + ended)}"
