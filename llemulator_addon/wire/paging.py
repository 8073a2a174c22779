"""Lists as OpenAI pages them: `after`, `before`, `limit` and `order` of the query, one page with its cursors."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from llemulator_addon.core.reply import Failure
from llemulator_addon.wire import errors
from llemulator_addon.wire.answer import Call
from llemulator_addon.wire.errors import RequestRefused

Order = Literal["asc", "desc"]
Listed = Mapping[str, Any]
"""A member of a list. It has an `id`, by which a page begins and ends."""

LIMIT = 20
MOST = 100


def page(
    call: Call, oldest_first: Iterable[Listed], *, order: Order = "desc", limit: int = LIMIT, most: int = MOST
) -> dict[str, Any]:
    """Return the page that a request asks for; `order` and `limit` are what holds when it does not say.

    Raises `RequestRefused` for an invalid limit or order, and for an unknown cursor. A lenient call gets the usual page
    instead; after an unknown cursor it gets an empty page, so that no client pages forever.
    """
    asked = _read_page(call, order, limit, most)
    items = list(oldest_first)
    if asked.order == "desc":
        items.reverse()
    found, has_more = _cut(items, asked, lenient=call.lenient)
    return {
        "object": "list",
        "data": found,
        "first_id": found[0]["id"] if found else None,
        "last_id": found[-1]["id"] if found else None,
        "has_more": has_more,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The fields of a query for a page."""

    after: str | None
    before: str | None
    limit: int
    order: Order


def _read_page(call: Call, order: Order, limit: int, most: int) -> _Asked:
    query = call.request.query_value
    return _Asked(
        after=query("after"),
        before=query("before"),
        limit=_limit(query("limit"), limit, most, lenient=call.lenient),
        order=_order(query("order"), order, lenient=call.lenient),
    )


def _limit(given: str | None, usual: int, most: int, *, lenient: bool) -> int:
    if given is None:
        return usual
    number = _integer(given)
    if number is not None and 1 <= number <= most:
        return number
    if lenient:
        return usual if number is None else min(max(number, 1), most)
    if number is None:
        raise RequestRefused(errors.wrong_type("limit", "an integer", "a string"))
    bound, edge = ("below", 1) if number < 1 else ("above", most)
    raise RequestRefused(errors.out_of_range("limit", "integer", bound, str(edge), str(number)))


def _integer(given: str) -> int | None:
    digits = given.removeprefix("-")
    return int(given) if digits.isascii() and digits.isdigit() and len(digits) < _TOO_LONG else None


_TOO_LONG = 19


def _order(given: str | None, usual: Order, *, lenient: bool) -> Order:
    match given:
        case "asc" | "desc":
            return given
        case None:
            return usual
        case _ if lenient:
            return usual
        case _:
            raise RequestRefused(errors.invalid_value("order", given, ("asc", "desc")))


def _cut(items: list[Listed], asked: _Asked, *, lenient: bool) -> tuple[list[Listed], bool]:
    """Take what lies between the cursors, and from it the end that is next to the cursor that was given."""
    if any(_place(items, cursor, lenient=lenient) is None for cursor in (asked.after, asked.before) if cursor):
        return [], False
    start = _place(items, asked.after, lenient=lenient)
    stop = _place(items, asked.before, lenient=lenient)
    between = items[0 if start is None else start + 1 : len(items) if stop is None else stop]
    has_more = len(between) > asked.limit
    if stop is not None and start is None:
        return between[-asked.limit :], has_more
    return between[: asked.limit], has_more


def _place(items: list[Listed], cursor: str | None, *, lenient: bool) -> int | None:
    if not cursor:
        return None
    place = next((number for number, item in enumerate(items) if item["id"] == cursor), None)
    if place is None and not lenient:
        raise RequestRefused(_unknown_cursor(cursor))
    return place


def _unknown_cursor(cursor: str) -> Failure:
    # No recording of this refusal is known.
    return Failure(status=404, type=errors.INVALID, message=f"No object found with id '{cursor}'.")
