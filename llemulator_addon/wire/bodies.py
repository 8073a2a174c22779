"""Reading request bodies."""

from collections.abc import Mapping

from llemulator_addon.core.json_type import JSON, JsonObject
from llemulator_addon.core.request import Request
from llemulator_addon.wire import errors
from llemulator_addon.wire.checking import Fields, Place, refuse_type
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.json_bytes import read as read_json
from llemulator_addon.wire.multipart import FieldKind, SentFile, is_form, read_form, type_fields


def read_object(request: Request) -> JsonObject:
    """Read the object that a request carries, as JSON or as a form (`multipart.py`); raises `RequestRefused`."""
    if request.json is not None:
        return request.json
    if is_form(request):
        return read_form(request)
    try:
        value = read_json(request.body)
    except ValueError:
        raise RequestRefused(errors.not_json()) from None
    if not isinstance(value, dict):
        raise RequestRefused(errors.not_json())
    return value


def check_body(fields: Fields, body: JsonObject, *, lenient: bool = False) -> JsonObject:
    """Return a body that is right; raises `RequestRefused` with the first thing that is wrong, in OpenAI's words.

    Leniently, a parameter that is wrong counts as not given, so that only a required one is refused.
    """
    if lenient:
        return fields.drop_wrong(body)
    fields.check(body)
    return body


def read_sent(request: Request, kinds: Mapping[str, FieldKind]) -> JsonObject:
    """Read a body that has to be a form; raises `RequestRefused`. `kinds` are of those members that are no texts."""
    if not is_form(request):
        raise RequestRefused(errors.not_a_form(request.headers.get("content-type", "")))
    return type_fields(read_object(request), kinds)


def take_file(place: Place, given: JSON) -> None:
    """Take a file within a form: a check as those of `checking.py`."""
    if not isinstance(given, SentFile):
        raise refuse_type(place, "a file", given)
