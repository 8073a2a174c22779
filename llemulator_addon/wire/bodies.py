"""Reading request bodies."""

from llemulator_addon.core.json_type import JsonObject
from llemulator_addon.core.request import Request
from llemulator_addon.wire import errors
from llemulator_addon.wire.checking import Fields
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.json_bytes import read as read_json


def read_object(request: Request) -> JsonObject:
    """Read the JSON object that a request carries; raises `RequestRefused`."""
    if request.json is not None:
        return request.json
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
