"""The report at the end of a run."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field

from llemulator_addon.adapters.terminal import printable
from llemulator_addon.core.egress import HostEgress

PROPERTY = "llemulator"
"""The name of the property that carries a test's row in its report, also from a worker of pytest-xdist."""


COLOURED = "llemulator_coloured"
"""The key under which a worker learns whether the terminal has colours."""

SEEN = "llemulator_seen"
"""The key under which a worker returns its report."""


_FATES = ("answered", "passed", "refused", "forwarded")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """The numbers of one test."""

    answered: int = 0
    unmatched: int = 0
    unused: int = 0
    verdicts: tuple[str, ...] = ()
    """Names of failed client checks."""
    strays: tuple[str, ...] = ()
    """Requests that it made outside of any session, described."""

    def to_json(self) -> str:
        """Return JSON."""
        return json.dumps(asdict(self))


def row_from(text: str) -> ResultRow:
    """Read what `ResultRow.to_json` wrote."""
    values = json.loads(text)
    return ResultRow(**{**values, "verdicts": tuple(values["verdicts"]), "strays": tuple(values["strays"])})


@dataclass(slots=True)
class Report:
    """The rows of a run, by test, and its traffic."""

    rows: dict[str, ResultRow] = field(default_factory=dict)
    hosts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By host and fate."""

    def add_egress(self, hosts: Iterable[HostEgress]) -> None:
        """Add the traffic of one proxy."""
        for host in hosts:
            for fate in _FATES:
                self.hosts[host.host, fate] += getattr(host, fate)

    def to_json(self) -> str:
        """Return JSON."""
        hosts = [{"host": host, "fate": fate, "count": count} for (host, fate), count in self.hosts.items()]
        return json.dumps({"rows": {test: row.to_json() for test, row in self.rows.items()}, "hosts": hosts})

    def add(self, written: str) -> None:
        """Add another report, as its `to_json` wrote it."""
        other = json.loads(written)
        self.rows |= {test: row_from(row) for test, row in other["rows"].items()}
        for seen in other["hosts"]:
            self.hosts[seen["host"], seen["fate"]] += seen["count"]

    def strays(self) -> Iterator[str]:
        """Yield each request outside of any session, with its test."""
        for test, row in self.rows.items():
            for stray in row.strays:
                yield printable(f"{test}: {stray}")

    def table(self) -> Iterator[str]:
        """Yield the lines of the table."""
        yield f"{'answered':>8} {'unmatched':>9} {'unused':>6}  test"
        for test, row in sorted(self.rows.items()):
            verdicts = f"  [{', '.join(sorted(set(row.verdicts)))}]" if row.verdicts else ""
            yield f"{row.answered:>8} {row.unmatched:>9} {row.unused:>6}  {test}{verdicts}"
        total = (sum(getattr(row, name) for row in self.rows.values()) for name in ("answered", "unmatched", "unused"))
        answered, unmatched, unused = total
        yield f"{answered:>8} {unmatched:>9} {unused:>6}  all of {len(self.rows)}"
        yield from self._egress()

    def _egress(self) -> Iterator[str]:
        hosts = sorted({host for host, _ in self.hosts})
        # Few forward requests: the column is shown only if there are any.
        forwards = any(count for (_, fate), count in self.hosts.items() if fate == "forwarded")
        if hosts:
            yield ""
            yield f"{'answered':>8} {'passed':>9} {'refused':>7}{f' {"forwarded":>9}' if forwards else ''}  host"
        for host in hosts:
            answered, passed, refused, forwarded = (self.hosts[host, fate] for fate in _FATES)
            yield f"{answered:>8} {passed:>9} {refused:>7}{f' {forwarded:>9}' if forwards else ''}  {printable(host)}"
