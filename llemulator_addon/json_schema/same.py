"""Which JSON values are the same: 1 is 1.0 but not true, and the order of members says nothing."""

from collections.abc import Hashable, Mapping

from llemulator_addon.core.work import Work


def same(first: object, second: object) -> bool:
    """Whether two values are the same JSON."""
    if first is second:
        return True
    if isinstance(first, bool) or isinstance(second, bool):
        return False
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    return first == second


def key_of(value: object, work: Work) -> Hashable:
    """Return what is equal for the same values only, so that one among many is found at once."""
    work.spend()
    if isinstance(value, bool):
        return bool, value
    if isinstance(value, list):
        return tuple(key_of(each, work) for each in value)
    if isinstance(value, Mapping):
        return frozenset((key, key_of(member, work)) for key, member in value.items())
    scalar: Hashable = value
    return scalar
