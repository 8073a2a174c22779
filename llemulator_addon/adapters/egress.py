"""The application's traffic by host: answered, passed on, refused, or forwarded to an upstream."""

from collections import Counter
from collections.abc import Mapping
from typing import Literal, get_args

from llemulator_addon.core.egress import HostEgress

_HOSTS_AT_MOST = 10_000
_LONGEST = 253
"""Characters of a host's name (RFC 1035, 2.3.4)."""
_OTHERS = "(others)"

Fate = Literal["answered", "passed", "refused", "forwarded", "with_key"]


class Egress:
    """Counts by host. The names come from clients, so there are bounds: beyond them, hosts are counted together."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[Fate]] = {}

    def count(self, host: str, fate: Fate) -> None:
        """Count one more."""
        counts = self._counts.get(host)
        if counts is None:
            counts = self._counts.setdefault(self._limit_hosts(host), Counter())
        counts[fate] += 1

    def report(self) -> tuple[HostEgress, ...]:
        """Return the counts so far, by name of the host."""
        return tuple(
            HostEgress(
                host=host,
                answered=counts["answered"],
                passed=counts["passed"],
                refused=counts["refused"],
                forwarded=counts["forwarded"],
                with_key=counts["with_key"],
            )
            for host, counts in sorted(self._counts.items())
        )

    def sum_up(self) -> Mapping[str, int]:
        """Return the counts of all hosts together."""
        sums: Counter[str] = Counter(dict.fromkeys(get_args(Fate), 0))
        for counts in self._counts.values():
            sums.update(counts)
        return sums

    def _limit_hosts(self, host: str) -> str:
        return host if len(self._counts) < _HOSTS_AT_MOST and len(host) <= _LONGEST else _OTHERS
