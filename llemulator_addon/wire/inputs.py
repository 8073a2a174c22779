"""Inputs that are a text or several, or the token ids of one or of several."""

from dataclasses import dataclass

from llemulator_addon.core.json_type import JSON
from llemulator_addon.core.reply import Failure
from llemulator_addon.wire import tokens
from llemulator_addon.wire.capabilities import Encoding
from llemulator_addon.wire.errors import INVALID, RequestRefused


@dataclass(frozen=True, slots=True)
class Input:
    """One text, and how many tokens it is."""

    text: str
    tokens: int


def inputs(value: JSON, encoding: Encoding, wrong: Failure) -> tuple[Input, ...]:
    """Read the inputs; raises `RequestRefused` with `wrong` if they have none of the four forms, or an empty array."""
    match value:
        case str():
            return (_read_text(value, encoding),)
        case [str(), *_] if len(texts := [text for text in value if isinstance(text, str)]) == len(value):
            return tuple(_read_text(text, encoding) for text in texts)
        case [int(), *_]:
            return (_read_ids(value, encoding, wrong),)
        case [[_, *_], *_]:
            return tuple(_read_ids(ids, encoding, wrong) for ids in value)
        case _:
            raise RequestRefused(wrong)


def is_longer(value: JSON, most: int) -> bool:
    """Whether there are more inputs than `most`."""
    return isinstance(value, list) and len(value) > most and not isinstance(value[0], int)


def _read_text(text: str, encoding: Encoding) -> Input:
    return Input(text, tokens.count(text, encoding))


def _read_ids(value: object, encoding: Encoding, wrong: Failure) -> Input:
    if not isinstance(value, list) or not value or not all(type(token) is int for token in value):
        raise RequestRefused(wrong)
    try:
        return Input(tokens.decode(value, encoding), len(value))
    except tokens.UnknownToken as unknown:
        # No recording of this refusal is known.
        message = f"Invalid token id {unknown.token}: it is not in the model's vocabulary."
        raise RequestRefused(Failure(status=400, type=INVALID, message=message)) from None
