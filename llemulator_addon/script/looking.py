"""Looking into the body of one request: each place is looked for once, and all looking together has a bound."""

from collections.abc import Mapping

from llemulator_addon.core.work import TooMuchWork, Work
from llemulator_addon.script.paths import PathStep, parse

STEPS = 150_000
"""The most members that all rules together look at for one request."""


class TooMuchLooking(Exception):
    """A pattern takes more steps than one request may cost. The pattern does not hold then."""

    def __init__(self) -> None:
        super().__init__(f"to look into the body takes more than the {STEPS} steps of one request")


class Looking:
    """The values found so far, and the steps that are left. An object, because the patterns of all rules share it."""

    __slots__ = ("_found", "_steps", "_work")

    def __init__(self, steps: int = STEPS) -> None:
        self._steps = steps
        self._work: Work | None = None
        self._found: dict[tuple[PathStep, ...], list[object]] = {}

    def values_at(self, body: object, path: str) -> list[object]:
        """Return the values at the places that a path names, each place once. Raises `TooMuchLooking`."""
        steps = parse(path)
        known = next((end for end in range(len(steps), 0, -1) if steps[:end] in self._found), 0)
        values = self._found[steps[:known]] if known else [body]
        for end in range(known + 1, len(steps) + 1):
            values = self._walk(values, steps[end - 1])
            self._found[steps[:end]] = values
        return values

    def contains(self, value: object, wanted: object) -> bool:
        """Whether a value has all that is wanted: members of objects may be more, elements of lists may not.

        Raises `TooMuchLooking`.
        """
        self._pay(1)
        match wanted:
            case Mapping():
                return isinstance(value, Mapping) and all(
                    key in value and self.contains(value[key], part) for key, part in wanted.items()
                )
            case list():
                return isinstance(value, list) and len(value) == len(wanted) and all(map(self.contains, value, wanted))
            case _:
                return equal(value, wanted)

    def _walk(self, values: list[object], step: PathStep) -> list[object]:
        found: list[object] = []
        for value in self._find_within(values) if step.deep else values:
            taken = _take(value, step.to)
            self._pay(1 + len(taken))
            found += taken
        return found

    def _find_within(self, values: list[object]) -> list[object]:
        """Return the values and all that is within them, in the order written. One within two of them comes once."""
        found: list[object] = []
        seen: set[int] = set()
        left = [value for value in reversed(values) if isinstance(value, _HOLDS_MORE)]
        while left:
            value = left.pop()
            if id(value) in seen:
                continue
            self._pay(1 + len(value))
            seen.add(id(value))
            found.append(value)
            members = value if isinstance(value, list) else list(value.values())
            left += [member for member in reversed(members) if isinstance(member, _HOLDS_MORE)]
        return found

    def _pay(self, steps: int) -> None:
        if self._work is None:  # most requests are not looked into
            self._work = Work(self._steps)
        try:
            self._work.spend(steps)
        except TooMuchWork:
            raise TooMuchLooking from None


_HOLDS_MORE = (dict, list, Mapping)
"""The quickest to be told comes first."""


def equal(value: object, wanted: object) -> bool:
    """Whether two scalars are the same JSON: true is no number, but 1 and 1.0 are the same one."""
    return isinstance(value, bool) is isinstance(wanted, bool) and value == wanted


def _take(value: object, to: str | int | None) -> list[object]:
    if isinstance(value, list):
        if to is None:
            return value
        return [value[to]] if isinstance(to, int) and -len(value) <= to < len(value) else []
    if isinstance(value, (dict, Mapping)):
        if to is None:
            return list(value.values())
        return [value[to]] if isinstance(to, str) and to in value else []
    return []
