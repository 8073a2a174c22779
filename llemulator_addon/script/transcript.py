"""`transcript`: the words that are heard in a sound, for transcriptions and translations."""

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from llemulator_addon.core.reply import Transcript
from llemulator_addon.script.model import ScriptPart

_LONGEST = 1e6
"""Seconds."""
Seconds = Annotated[float, Field(ge=0, le=_LONGEST)]


class SegmentPart(ScriptPart):
    """A part of a transcript with its times in seconds, and who speaks."""

    text: str
    start: Seconds
    end: Seconds
    speaker: str | None = None


class TranscriptPart(ScriptPart):
    """The words, or the segments that they are in; missing times follow from the file."""

    text: str | None = None
    language: str = "english"
    duration: Seconds | None = None
    segments: Annotated[list[SegmentPart], Field(min_length=1, max_length=10_000)] | None = None

    @model_validator(mode="after")
    def _has_words(self) -> Self:
        if self.text is None and self.segments is None:
            message = 'give "text" or "segments"'
            raise ValueError(message)
        return self

    def read(self) -> Transcript:
        """Return the transcript."""
        segments = tuple(each.model_dump(exclude_none=True) for each in self.segments or ())
        text = " ".join(each["text"].strip() for each in segments) if self.text is None else self.text
        return Transcript(text=text, language=self.language, duration=self.duration, segments=segments)


def _put_text(value: object) -> object:
    """Let a text stand for the transcript that it is."""
    return {"text": value} if isinstance(value, str) else value


TranscriptSpec = Annotated[TranscriptPart, BeforeValidator(_put_text, json_schema_input_type=str | TranscriptPart)]
