"""Numbers within the bounds that a schema gives."""

from collections.abc import Mapping
from fractions import Fraction
from math import ceil, floor
from typing import Any

from llemulator_addon.core.chance import Chance
from llemulator_addon.json_schema.document import Unsatisfiable
from llemulator_addon.json_schema.validate import is_multiple

Flat = Mapping[str, Any]
Usual = tuple[float, float, int]
"""From, to, and decimals."""


def number_within(flat: Flat, usual: Usual, chance: Chance, *, whole: bool) -> float:
    """Return a number that a schema allows, from its usual range where that is possible. Raises `Unsatisfiable`."""
    low, high = _bounds(flat, usual)
    step = Fraction(str(flat["multipleOf"])) if "multipleOf" in flat else None
    if whole:
        step = Fraction(step.numerator) if step else Fraction(1)
    if step is not None:
        return _multiple(flat, step, (low, high), chance, whole=whole)
    return _decimal(flat, low, high, usual[2], chance)


def _multiple(flat: Flat, step: Fraction, within: tuple[Fraction, Fraction], chance: Chance, *, whole: bool) -> float:
    low, high = within
    least, most = ceil(low / step), floor(high / step)
    tries = [chance.integer(least, most) for _ in range(8)] if least <= most else []
    for times in (*tries, *range(least, min(most, least + 64) + 1), 0):
        exact = times * step
        value = int(exact) if whole or exact.denominator == 1 else float(exact)
        if _is_within(value, flat) and ("multipleOf" not in flat or is_multiple(value, flat["multipleOf"])):
            return value
    raise Unsatisfiable("no multiple lies within the bounds")


def _decimal(flat: Flat, low: Fraction, high: Fraction, decimals: int, chance: Chance) -> float:
    low, high = max(low, -_LARGEST), min(high, _LARGEST)
    for digits in (max(decimals, 1), 2, 4, 8, 12):
        scale = 10**digits
        least, most = ceil(low * scale), floor(high * scale)
        for _ in range(4 if least <= most else 0):
            value = float(Fraction(chance.integer(least, most), scale))
            if _is_within(value, flat):
                return value
    middle = float((low + high) / 2)
    if _is_within(middle, flat):
        return middle
    raise Unsatisfiable("no number lies within the bounds")


_LARGEST = Fraction(1.7976931348623157e308)
"""The largest number that a float can be."""


def _bounds(flat: Flat, usual: tuple[float, float, int]) -> tuple[Fraction, Fraction]:
    """Return where a number lies: in its bounds, and in its usual range as far as they leave room for that."""
    low, high = _read_bound(flat, "minimum"), _read_bound(flat, "maximum")
    usual_low, usual_high = Fraction(str(usual[0])), Fraction(str(usual[1]))
    if low is not None and high is not None:
        inner_low, inner_high = max(low, usual_low), min(high, usual_high)
        return (inner_low, inner_high) if inner_high - inner_low >= (high - low) / 10 else (low, high)
    if low is not None:
        return (max(low, usual_low), usual_high) if low < usual_high else (low, low + _room(low))
    if high is not None:
        return (usual_low, min(high, usual_high)) if high > usual_low else (high - _room(high), high)
    step = flat.get("multipleOf")
    return usual_low, max(usual_high, usual_low + 20 * Fraction(str(step))) if step else usual_high


def _room(bound: Fraction) -> Fraction:
    """Return how far from its one bound a number may lie."""
    return max(abs(bound), Fraction(10))


def _read_bound(flat: Flat, word: str) -> Fraction | None:
    exclusive = flat.get(f"exclusive{word.capitalize()}")
    given = [flat[word]] if word in flat else []
    given += [exclusive] if exclusive is not None and not isinstance(exclusive, bool) else []
    bounds = sorted(Fraction(str(value)) for value in given)
    return None if not bounds else bounds[-1] if word == "minimum" else bounds[0]


def _is_within(value: float, flat: Flat) -> bool:
    low, high = flat.get("exclusiveMinimum"), flat.get("exclusiveMaximum")
    strictly_low = flat.get("minimum") if low is True else low
    strictly_high = flat.get("maximum") if high is True else high
    return (
        ("minimum" not in flat or value >= flat["minimum"])
        and ("maximum" not in flat or value <= flat["maximum"])
        and (strictly_low is None or strictly_low is False or value > strictly_low)
        and (strictly_high is None or strictly_high is False or value < strictly_high)
    )
