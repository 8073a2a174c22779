"""Transcripts in the forms that OpenAI writes them: segments and words with their times, subtitles."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from llemulator_addon.core.reply import Transcript
from llemulator_addon.wire import tokens
from llemulator_addon.wire.capabilities import Encoding

_ENDS = (". ", "! ", "? ", "。", "\n")
_ENCODING: Encoding = "o200k_base"


class Span(NamedTuple):
    """A part of a transcript."""

    text: str
    start: float
    end: float
    speaker: str | None = None


def list_segments(transcript: Transcript, seconds: float) -> Sequence[Span]:
    """Return the segments that a script gives; else the sentences, each as long as its share of the characters."""
    if transcript.segments:
        return [_read_given(each) for each in transcript.segments]
    return _spread([sentence for sentence in _split(transcript.text) if sentence.strip()], seconds)


def list_words(transcript: Transcript, seconds: float) -> Sequence[Span]:
    """Return the words, each as long as its share of the characters of its segment."""
    return [
        word
        for segment in list_segments(transcript, seconds)
        for word in _spread(segment.text.split(), segment.end - segment.start, segment.start)
    ]


def _read_given(given: Mapping[str, Any]) -> Span:
    return Span(given["text"], given["start"], given["end"], given.get("speaker"))


def _split(text: str) -> Iterator[str]:
    begin = 0
    for at in range(len(text)):
        if text.startswith(_ENDS, at):
            yield text[begin : at + 1]
            begin = at + 1
    yield text[begin:]


def _spread(parts: Sequence[str], seconds: float, begin: float = 0.0) -> list[Span]:
    whole, spans, at = sum(map(len, parts)) or 1, list[Span](), 0
    for part in parts:
        start, at = begin + seconds * at / whole, at + len(part)
        spans.append(Span(part, round(start, 2), round(begin + seconds * at / whole, 2)))
    return spans


def describe_segment(number: int, segment: Span, temperature: float) -> dict[str, object]:
    """Return a segment as `verbose_json` has it."""
    return {
        "id": number,
        "seek": 0,
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "tokens": list(tokens.ids(segment.text, _ENCODING)),
        "temperature": temperature,
        "avg_logprob": -0.25,
        "compression_ratio": 1.25,
        "no_speech_prob": 0.01,
    }


def write_srt(segments: Sequence[Span]) -> str:
    """Write subtitles as SubRip has them."""
    return "".join(
        f"{number}\n{_spell_time(each.start, ',')} --> {_spell_time(each.end, ',')}\n{each.text.strip()}\n\n"
        for number, each in enumerate(segments, 1)
    )


def write_vtt(segments: Sequence[Span]) -> str:
    """Write subtitles as WebVTT has them."""
    cues = (
        f"{_spell_time(each.start, '.')} --> {_spell_time(each.end, '.')}\n{each.text.strip()}\n\n" for each in segments
    )
    return "WEBVTT\n\n" + "".join(cues)


def _spell_time(seconds: float, point: str) -> str:
    whole, thousandths = divmod(round(seconds * 1_000), 1_000)
    return f"{whole // 3_600:02}:{whole // 60 % 60:02}:{whole % 60:02}{point}{thousandths:03}"
