"""The language in which the bodies of all endpoints are described, and how they are checked by it.

A body is `Fields`: a table of its members in the order in which OpenAI refuses them. Each member has a `Check`, which
takes the place of a value and the value, and raises `RequestRefused` in OpenAI's words. `text`, `integer`, `one_of`,
`array` and the others make checks; `Fields` is one itself, for an object within the body. A member that is in no
table is accepted, because it may be newer than this program.

Places are spelled only for a message.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from llemulator_addon.core.json_type import JSON, JsonObject
from llemulator_addon.core.reply import Failure
from llemulator_addon.wire import errors
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.members import spell_number

type Place = tuple[Place, str | int] | None
"""The place around a value, and the member's name or number there; None: the body itself."""
type Check = Callable[[Place, JSON], None]
"""Raises `RequestRefused`. Pure."""


class Letters(NamedTuple):
    """The letters that a text may have."""

    pattern: str
    """As a message says it."""
    letters: str

    def make_up(self, given: str) -> bool:
        """Whether a text is of these letters only."""
        return not given.strip(self.letters)


def spell(place: Place, *, dotted: bool = False) -> str:
    """Spell a place as OpenAI does: `messages[0].content`, or with dots, as some of its refusals have it,
    `messages.[0].content`.
    """  # noqa: D205 - one sentence too long for a line
    spelled = ""
    for step in _list_steps(place):
        if isinstance(step, int):
            spelled += f".[{step}]" if dotted else f"[{step}]"
        else:
            spelled += f".{step}" if spelled else step
    return spelled


def _list_steps(place: Place) -> tuple[str | int, ...]:
    steps: tuple[str | int, ...] = ()
    while place is not None:
        place, step = place
        steps = (step, *steps)
    return steps


def kind_of(value: object) -> str:
    """Name the type of a JSON value as OpenAI does."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a decimal"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"


def refuse(failure: Failure | None) -> None:
    """Raise `RequestRefused`, if there is something to refuse."""
    if failure is not None:
        raise RequestRefused(failure)


def refuse_type(place: Place, expected: str, given: JSON) -> RequestRefused:
    """Return the refusal of a value of another type."""
    return RequestRefused(errors.wrong_type(spell(place), expected, kind_of(given)))


def refuse_missing(place: Place, name: str) -> RequestRefused:
    """Return the refusal of an object without a member."""
    return RequestRefused(errors.missing(spell((place, name))))


# Checks of one value ------------------------------------------------------------------------------------------------


def anything(place: Place, given: JSON) -> None:
    """Take any value."""


def boolean(place: Place, given: JSON) -> None:
    """Take true and false."""
    if not isinstance(given, bool):
        raise refuse_type(place, "a boolean", given)


def an_object(place: Place, given: JSON) -> None:
    """Take any object."""
    if not isinstance(given, dict):
        raise refuse_type(place, "an object", given)


def text(*, least: int = 0, most: int | None = None, of: Letters | None = None) -> Check:
    """Take text with `least` to `most` characters, of these letters."""

    def check(place: Place, given: JSON) -> None:
        if not isinstance(given, str):
            raise refuse_type(place, "a string", given)
        if len(given) < least:
            raise RequestRefused(errors.empty_text(spell(place)))
        if most is not None and len(given) > most:
            raise RequestRefused(errors.text_too_long(spell(place), most, len(given)))
        if of is not None and not of.make_up(given):
            raise RequestRefused(errors.wrong_pattern(spell(place), of.pattern))

    return check


def integer(least: int | None = None, most: int | None = None) -> Check:
    """Take an integer within bounds."""

    def check(place: Place, given: JSON) -> None:
        if isinstance(given, bool) or not isinstance(given, int):
            raise refuse_type(place, "an integer", given)
        _check_range(place, "integer", given, least, most)

    return check


def decimal(least: float | None = None, most: float | None = None) -> Check:
    """Take any number within bounds."""

    def check(place: Place, given: JSON) -> None:
        if isinstance(given, bool) or not isinstance(given, int | float):
            raise refuse_type(place, "a decimal", given)
        _check_range(place, "decimal", given, least, most)

    return check


def _check_range(place: Place, kind: str, given: float, least: float | None, most: float | None) -> None:
    for bound, limit in (("below", least), ("above", most)):
        if limit is not None and (given < limit if bound == "below" else given > limit):
            raise RequestRefused(
                errors.out_of_range(spell(place), kind, bound, spell_number(limit), spell_number(given))
            )


def one_of(*values: str, or_else: str | None = None) -> Check:
    """Take one of a closed list. With `or_else` the refusal of another type lists them, after that text."""

    def check(place: Place, given: JSON) -> None:
        if not isinstance(given, str):
            expected = "a string" if or_else is None else f"one of {or_else}{_list_choices(values)}"
            raise refuse_type(place, expected, given)
        if given not in values:
            raise RequestRefused(errors.invalid_value(spell(place), given, values))

    return check


def _list_choices(values: tuple[str, ...]) -> str:
    *most, last = (f"'{value}'" for value in values)
    return f"{', '.join(most)}{',' if len(most) > 1 else ''} or {last}" if most else last


def either(
    expected: str, *, a_text: Check | None = None, an_array: Check | None = None, an_object: Check | None = None
) -> Check:
    """Take values of several types, each by its own check; `expected` names the types in the refusal of another."""

    def check(place: Place, given: JSON) -> None:
        match given:
            case str() if a_text is not None:
                a_text(place, given)
            case list() if an_array is not None:
                an_array(place, given)
            case dict() if an_object is not None:
                an_object(place, given)
            case _:
                raise refuse_type(place, f"one of {expected}", given)

    return check


# Checks of values within --------------------------------------------------------------------------------------------


def array(of: Check, *, members: str = "", least: int = 0, most: int | None = None) -> Check:
    """Take a list of `least` to `most` members; `members` names them in the refusal of another type."""
    expected = f"an array of {members}" if members else "an array"

    def check(place: Place, given: JSON) -> None:
        if not isinstance(given, list):
            raise refuse_type(place, expected, given)
        if len(given) < least:
            raise RequestRefused(errors.empty_array(spell(place)))
        if most is not None and len(given) > most:
            raise RequestRefused(errors.array_too_long(spell(place), most, len(given)))
        for number, member in enumerate(given):
            of((place, number), member)

    return check


def table(of: Check, *, expected: str, most: int, refuse_key: Callable[[Place, str], None]) -> Check:
    """Take an object with any names, at most `most`; each value is checked, and each name by `refuse_key`."""

    def check(place: Place, given: JSON) -> None:
        if not isinstance(given, dict):
            raise refuse_type(place, expected, given)
        if len(given) > most:
            raise RequestRefused(errors.too_many_properties(spell(place), most, len(given)))
        for name, value in given.items():
            refuse_key(place, name)
            of((place, name), value)

    return check


def choose_by_kind(kinds: Mapping[str, Check], *, name: str = "type", told_at_object: bool = False) -> Check:
    """Take an object of one of several kinds, which a member names.

    An unknown kind is refused at that member, or as Responses do at the object.
    """
    listed = tuple(kinds)

    def check(place: Place, given: JSON) -> None:
        if not isinstance(given, dict):
            raise refuse_type(place, "an object", given)
        kind = given.get(name)
        if kind is None and (told_at_object or name not in given):
            raise refuse_missing(place, name)
        if told_at_object and (not isinstance(kind, str) or kind not in kinds):
            raise RequestRefused(errors.invalid_value(spell(place), str(kind), listed))
        if not isinstance(kind, str):
            raise refuse_type((place, name), "a string", kind)
        if kind not in kinds:
            raise RequestRefused(errors.invalid_value(spell((place, name)), kind, listed))
        kinds[kind](place, given)

    return check


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """An object with named members: a check like the others. A member that is null counts as not given."""

    checks: Mapping[str, Check]
    """In the order in which they are refused."""
    needs: Collection[str] = ()
    """Members that must be there."""
    null_is_missing: bool = False
    """Whether a needed member that is null is missing; otherwise it has a wrong type."""
    refuses_null: Collection[str] = ()
    """Members that may be left out, but not be null."""
    never: Collection[str] = ()
    """Members that are known, and that the API does not take."""
    closed: bool = False
    """Whether other members than the named ones are refused."""

    def __call__(self, place: Place, given: JSON) -> None:
        """Check an object; raises `RequestRefused`."""
        if not isinstance(given, dict):
            raise refuse_type(place, "an object", given)
        self.check(given, place)

    def check(self, given: JsonObject, place: Place = None) -> None:
        """Refuse the first thing that is wrong; raises `RequestRefused`."""
        if not self._is_right(given, place):
            self._check_in_order(given, place)

    def _is_right(self, given: JsonObject, place: Place) -> bool:
        """Look only at the members that are there, which are few of those that may be."""
        checks = self.checks
        try:
            for name, value in given.items():
                check = checks.get(name)
                if name in self.never or (check is None and self.closed):
                    return False
                if check is None:
                    continue
                if value is not None:
                    check((place, name), value)
                elif name in self.needs or name in self.refuses_null:
                    return False
        except RequestRefused:
            # Another member may come first in the table.
            return False
        return all(name in given for name in self.needs)

    def _check_in_order(self, given: JsonObject, place: Place) -> None:
        for name in self.never:
            if name in given:
                raise RequestRefused(errors.unknown_parameter(spell((place, name))))
        for name, check in self.checks.items():
            if (value := given.get(name)) is not None:
                check((place, name), value)
            elif name in self.needs or name in self.refuses_null:
                self._check_null(name, check, given, place)
        if self.closed:
            for name in given:
                if name not in self.checks:
                    raise RequestRefused(errors.unknown_parameter(spell((place, name))))

    def _check_null(self, name: str, check: Check, given: JsonObject, place: Place) -> None:
        if name in self.needs and (self.null_is_missing or name not in given):
            raise refuse_missing(place, name)
        if name in given:
            check((place, name), None)

    def drop_wrong(self, given: JsonObject, *, but: Collection[str] = ()) -> JsonObject:
        """Return a body without the members that are wrong, but for some; raises `RequestRefused` for a needed one."""
        wrong = set()
        for name, check in self.checks.items():
            try:
                Fields(checks={name: check}, needs=self.needs, refuses_null=self.refuses_null).check(given)
            except RequestRefused:
                if name in self.needs:
                    raise
                wrong.add(name)
        return {name: value for name, value in given.items() if name not in wrong or name in but} if wrong else given
