"""What a person reads when something is amiss."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import indent, wrap

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

    def bold(self, text: str) -> str:
        """For names."""
        return self._in("1", text)

    def faint(self, text: str) -> str:
        """For what is beside the point."""
        return self._in("2", text)

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.coloured else text


def explained(findings: Sequence[Finding], exchanges: Sequence[Exchange], ink: Ink) -> str:
    """Tell what is amiss, and what was asked."""
    many = "one thing" if len(findings) == 1 else f"{len(findings)} things"
    told = "\n".join(_told(finding, ink) for finding in findings)
    return f"llemulator found {many} amiss:\n\n{told}\n{asked(exchanges, ink)}"


def asked(exchanges: Sequence[Exchange], ink: Ink) -> str:
    """Show what was asked and what answered, a line each, the last ones of many."""
    if not exchanges:
        return "Nothing was asked."
    left_out = len(exchanges) - _SHOWN
    head = f"What was asked ({len(exchanges)}{f', the last {_SHOWN} of which are shown' if left_out > 0 else ''}):"
    return "\n".join((head, *(f"  {_line(exchange, ink)}" for exchange in exchanges[-_SHOWN:])))


def _told(finding: Finding, ink: Ink) -> str:
    sentences = _sentences(finding.sentence)
    return f"  {ink.red(finding.name)}\n" + indent("\n".join(sentences), "    ") + "\n"


def _sentences(text: str) -> Iterable[str]:
    """Put the nearest rule or request, and each difference, on a line of its own."""
    for mark in (" No rule matches. The closest is ", " Every rule that matches is used up: ", " The nearest is "):
        first, found, rest = text.partition(mark)
        if found:
            name, colon, differences = rest.partition(": ")
            yield from wrap(first, _WIDTH)
            yield from wrap(f"{mark.strip()} {name}{colon.strip()}", _WIDTH)
            for difference in differences.split("; ") if colon else ():
                yield from wrap(difference, _WIDTH, initial_indent="  - ", subsequent_indent="    ")
            return
    yield from wrap(text, _WIDTH)


def _line(exchange: Exchange, ink: Ink) -> str:
    words = " ".join((exchange.user_text or "").split())
    text = f'"{words[:_WORDS]}{"…" if len(words) > _WORDS else ""}"' if words else ""
    what = " ".join(filter(None, (exchange.endpoint or f"{exchange.method} {exchange.path}", exchange.model, text)))
    return f"{exchange.number:>3}  {what}  {_answer(exchange, ink)}"


def _answer(exchange: Exchange, ink: Ink) -> str:
    if exchange.unmatched:
        return ink.red(f"{exchange.status} no rule")
    by = f' rule "{exchange.rule}"' if exchange.rule else ""
    how = (exchange.ending or {}).get("how", "whole")
    ended = {"cut": ", cut", "client_left": ", the client left"}.get(how, "")
    return f"{ink.green(str(exchange.status) if exchange.status else 'cut')}{ink.faint(by + ended)}"
