"""`docs/faults.md` shows `expected.yaml`; `make generated` writes it there."""

from io import StringIO
from itertools import groupby
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from conformance.faults.case import Ask, Case, ClientName, Seen, cases

_PAGE = Path(__file__).parents[2] / "docs/faults.md"
_MARK = "<!-- below: written by `make generated` from conformance/faults/expected.yaml -->\n"


def made() -> str:
    """Return the page: what stands above the mark, and below it the cases."""
    return _PAGE.read_text("utf-8").partition(_MARK)[0] + _MARK + _shown()


def _shown() -> str:
    return "".join(
        f"\n## `{fault}`\n{''.join(map(_section, group))}" for fault, group in groupby(cases(), lambda case: case.fault)
    )


def _section(case: Case) -> str:
    parts = (
        f"### {case.name[0].upper()}{case.name[1:]}",
        f"```yaml\n{_yaml(case.script)}```",
        "" if case.asks == [Ask()] else _asked(case.asks),
        f"| client | text | ends with | requests |\n|---|---|---|---|\n{_rows(case)}",
        case.note,
    )
    return "".join(f"\n{part}\n" for part in parts if part)


def _asked(asks: list[Ask]) -> str:
    """Return the line about the requests, of a case with any but one stream of chat."""
    said = [_one_asked(ask) for ask in asks]
    if len(said) > 1 and len(set(said)) == 1:
        return f"Requested {len(said)} times: {said[0]}."
    return f"Requested: {'; then '.join(said)}."


def _one_asked(ask: Ask) -> str:
    words = [f"after {ask.advance_s:g} seconds of the session's clock,"] if ask.advance_s else []
    words += ["a stream" if ask.stream else "a JSON answer"]
    usual = Ask()
    words += ["of Responses"] if ask.endpoint == "responses" else []
    words += [f"with `max_completion_tokens` {ask.max_tokens}"] if ask.max_tokens else []
    words += [f"with a timeout of {ask.timeout_s:g} s"] if ask.timeout_s != usual.timeout_s else []
    words += [f"with {ask.retries or 'no'} retries"] if ask.retries != usual.retries else []
    return " ".join(words)


def _rows(case: Case) -> str:
    alike = groupby(case.sees.items(), key=lambda item: item[1])
    return "\n".join(_row([name for name, _ in group], seen) for seen, group in alike)


def _row(names: list[ClientName], seen: list[Seen]) -> str:
    cells = [_cell(each) for each in zip(*map(_told, seen), strict=True)]
    return f"| {', '.join(names)} | {' | '.join(cells)} |"


def _told(seen: Seen) -> tuple[str, str, str]:
    exits = seen.exit if isinstance(seen.exit, tuple) else filter(None, (seen.exit,))
    exited = " or ".join(f"exit {status}" for status in exits)
    parts = (f"`{seen.raises}`" if seen.raises else "", seen.status or "", exited)
    return seen.text, " ".join(str(part) for part in parts if part), str(seen.requests)


def _cell(parts: tuple[str, ...]) -> str:
    """Put together what came of each ask, or say it once where it is always the same."""
    return ", then ".join(part or "-" for part in (parts[:1] if len(set(parts)) == 1 else parts))


def _yaml(script: dict[str, Any]) -> str:
    text = StringIO()
    yaml = YAML()
    yaml.default_flow_style = None
    yaml.width = 120
    yaml.dump(script, text)
    return text.getvalue()
