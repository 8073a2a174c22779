"""Queries of admin routes: what each parameter means, and one check for all of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from llemulator_addon.admin.numbers import is_number
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.wire.errors import INVALID

_SHOWN = 40
"""Characters of a value that a refusal quotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a query."""

    meaning: str
    expected: str
    """The form of its text; completes "expected …"."""
    fits: Callable[[str], bool]
    schema: Mapping[str, Any]
    """Its JSON schema, for the description of the routes."""


Query = Mapping[str, Parameter]
"""The parameters of a query, by name."""


def text(meaning: str) -> Parameter:
    """Return a parameter that takes any text but an empty one."""
    return Parameter(
        meaning=meaning, expected="a text that is not empty", fits=bool, schema={"type": "string", "minLength": 1}
    )


def one_of(meaning: str, *values: str) -> Parameter:
    """Return a parameter that takes some texts only."""
    expected = f"{', '.join(values[:-1])} or {values[-1]}"
    return Parameter(meaning=meaning, expected=expected, fits=values.__contains__, schema={"enum": list(values)})


def whole(meaning: str, **schema: object) -> Parameter:
    """Return a parameter that takes a whole number from 0."""
    return Parameter(
        meaning=meaning,
        expected="a whole number from 0",
        fits=is_number,
        schema={"type": "integer", "minimum": 0, **schema},
    )


def status(meaning: str) -> Parameter:
    """Return a parameter that takes a status, or a class of them; 0 is an answer that was cut before its status."""
    return Parameter(
        meaning=meaning,
        expected="a status such as 429, a class such as 5xx, or 0 for an answer that has no status",
        fits=_is_status,
        schema={"type": "string", "pattern": "^([1-9][0-9][0-9]|[1-9][xX][xX]|0)$"},
    )


def _is_status(given: str) -> bool:
    if given == "0":
        return True
    rest = given[1:].lower()
    return given[:1] in set("123456789") and (rest == "xx" or (len(rest) == 2 and is_number(rest)))  # noqa: PLR2004 - digits


def refusal(request: Request, query: Query) -> Failure | None:
    """Return why a query is not taken: it has a parameter that there is not, or a value in the wrong form."""
    for name, value in request.query:
        if (parameter := query.get(name)) is None:
            return _refuse("unknown_parameter", name, f"Unknown parameter: '{name[:_SHOWN]}'. {_list(query)}")
        if not parameter.fits(value):
            message = f"Invalid value of '{name}' in the query: '{value[:_SHOWN]}'. Expected {parameter.expected}."
            return _refuse("invalid_value", name, message)
    return None


def _list(query: Query) -> str:
    return f"There are: {', '.join(query)}." if query else "This route has no parameters."


def _refuse(code: str, name: str, message: str) -> Failure:
    return Failure(status=400, type=INVALID, code=code, param=name[:_SHOWN], message=message)
