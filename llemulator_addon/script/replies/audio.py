"""`audio`: words that the model says aloud in chat, with their sound."""

import binascii
from base64 import b64decode
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from llemulator_addon.core.reply import Block, Sound, Text
from llemulator_addon.script.model import ScriptPart


def is_base64(text: str) -> str:
    """Return a text that is Base64; raises ValueError."""
    try:
        b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        message = "expected Base64"
        raise ValueError(message) from None
    return text


Base64 = Annotated[str, AfterValidator(is_base64)]


_LONGEST = 20
"""Seconds of a tone."""


class AudioPart(ScriptPart):
    """Its words, and its bytes in Base64 in the format that the request asks for; else a tone is made."""

    transcript: str
    data: Base64 | None = None
    file: Annotated[str, Field(min_length=1)] | None = None
    """A stored file of the session with its bytes, by id or name."""
    seconds: Annotated[float, Field(gt=0, le=_LONGEST)] | None = None
    """How long the tone is; default: as long as the words."""
    id: str | None = None
    expires_at: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _has_one_sound(self) -> Self:
        given = [name for name in ("data", "file", "seconds") if getattr(self, name) is not None]
        if self.file is not None and len(given) > 1:
            message = f"{' and '.join(given)} exclude each other"
            raise ValueError(message)
        return self


def audio(wanted: AudioPart) -> tuple[Block, ...]:
    """Say these words aloud, if the request asks for audio; else as text."""
    sound = Sound(
        data=wanted.data, id=wanted.id, expires_at=wanted.expires_at, seconds=wanted.seconds, file=wanted.file
    )
    return (Text(wanted.transcript, sound=sound),)
