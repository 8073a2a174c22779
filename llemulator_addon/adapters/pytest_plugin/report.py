"""The table at the end of a run."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field

from llemulator_addon.adapters.terminal import printable
from llemulator_addon.core.egress import HostEgress

PROPERTY = "llemulator"
"""Under this name each test's row goes with its report, also from a worker of pytest-xdist."""


COLOURED = "llemulator_coloured"
"""Under this name a worker is told whether the terminal has colours."""

SEEN = "llemulator_seen"
"""Under this name a worker tells what its proxy saw."""


_FATES = ("answered", "passed", "refused", "forwarded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one test did."""

    answered: int = 0
    unmatched: int = 0
    unused: int = 0
    verdicts: tuple[str, ...] = ()
    """Names of what was amiss with how the client behaved."""
    strays: tuple[str, ...] = ()
    """Requests that it made outside of any session, in words."""

    def written(self) -> str:
        """Return it as text."""
        return json.dumps(asdict(self))


def row_from(text: str) -> Row:
    """Read what `Row.written` wrote."""
    values = json.loads(text)
    return Row(**{**values, "verdicts": tuple(values["verdicts"]), "strays": tuple(values["strays"])})


@dataclass(slots=True)
class Report:
    """The rows of a run, by test, and what became of its traffic."""

    rows: dict[str, Row] = field(default_factory=dict)
    hosts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By host and fate."""

    def add_egress(self, hosts: Iterable[HostEgress]) -> None:
        """Count in what one proxy saw."""
        for host in hosts:
            for fate in _FATES:
                self.hosts[host.host, fate] += getattr(host, fate)

    def written(self) -> str:
        """Return it as text."""
        hosts = [{"host": host, "fate": fate, "count": count} for (host, fate), count in self.hosts.items()]
        return json.dumps({"rows": {test: row.written() for test, row in self.rows.items()}, "hosts": hosts})

    def add(self, written: str) -> None:
        """Count in what `written` of another report wrote."""
        other = json.loads(written)
        self.rows |= {test: row_from(row) for test, row in other["rows"].items()}
        for seen in other["hosts"]:
            self.hosts[seen["host"], seen["fate"]] += seen["count"]

    def strays(self) -> Iterator[str]:
        """Yield each request that was made outside of any session, with its test."""
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
        # Few hand anything on: the column is there for those who do.
        forwards = any(count for (_, fate), count in self.hosts.items() if fate == "forwarded")
        if hosts:
            yield ""
            yield f"{'answered':>8} {'passed':>9} {'refused':>7}{f' {"forwarded":>9}' if forwards else ''}  host"
        for host in hosts:
            answered, passed, refused, forwarded = (self.hosts[host, fate] for fate in _FATES)
            yield f"{answered:>8} {passed:>9} {refused:>7}{f' {forwarded:>9}' if forwards else ''}  {printable(host)}"
