"""Members that are the same on every endpoint: names, keys, metadata and their lengths.

Sources: OpenAI's description (lengths of `safety_identifier`, `prompt_cache_key`, call ids and names of items), its
reference (metadata: 16 pairs, 64 and 512 characters), and public reports of the messages.
"""

from string import ascii_letters, digits

from llemulator_addon.core.json_type import JSON
from llemulator_addon.core.reply import Failure
from llemulator_addon.wire.checking import Check, Letters, Place, one_of, spell, table, text
from llemulator_addon.wire.errors import INVALID, RequestRefused

NAME = Letters("^[a-zA-Z0-9_-]+$", f"{ascii_letters}{digits}_-")
"""The letters of names of tools, schemas and authors."""

MOST_OF_A_NAME, MOST_OF_AN_ITEMS_NAME = 64, 128
"""Characters: of what a request offers, and in the items of a conversation or a namespace."""

FUNCTION_NAME = text(least=1, most=MOST_OF_A_NAME, of=NAME)
ITEM_NAME = text(least=1, most=MOST_OF_AN_ITEMS_NAME, of=NAME)
SHORT_KEY = text(most=64)
"""`prompt_cache_key`, `safety_identifier`, `user`."""
CALL_ID = text(least=1, most=64)
RETENTION = one_of("in_memory", "24h", or_else="")
VERBOSITY = one_of("low", "medium", "high", or_else="")


def an_id(begins: str) -> Check:
    """Take the id of an item or a file. The limit and all messages are reported of Responses."""
    short = text(most=64)

    def check(place: Place, given: JSON) -> None:
        short(place, given)
        if not given or not NAME.make_up(str(given)):
            raise _refuse_id(
                place,
                given,
                "contains letters, numbers, underscores, or dashes, but this value contained additional characters",
            )
        if not str(given).startswith(begins):
            raise _refuse_id(place, given, f"begins with '{begins}'")

    return check


def _refuse_id(place: Place, given: JSON, expected: str) -> RequestRefused:
    param = spell(place)
    message = f"Invalid '{param}': '{given}'. Expected an ID that {expected}."
    return RequestRefused(Failure(status=400, type=INVALID, param=param, code="invalid_value", message=message))


_MOST_OF_A_KEY = 64


def refuse_long_key(place: Place, name: str) -> None:
    """Refuse a key of metadata or attributes that is too long."""
    if len(name) <= _MOST_OF_A_KEY:
        return
    # No report of this refusal is known; the words are made after those of values.
    param = spell(place)
    raise RequestRefused(
        Failure(
            status=400,
            type=INVALID,
            param=param,
            code="string_above_max_length",
            message=f"Invalid '{param}': property name too long. Expected a property name with maximum length "
            f"{_MOST_OF_A_KEY}, but got a property name with length {len(name)} instead.",
        )
    )


METADATA = table(text(most=512), expected="a metadata object", most=16, refuse_key=refuse_long_key)
