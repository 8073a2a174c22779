"""`POST /v1/audio/transcriptions` and `/translations`: the words that a script gives are heard in a sound.

No model speaks here, so a rule answers only if it gives a `transcript`, or its `match` names the endpoint or the path.
Without a rule, speech that this program made is heard as it was said; for any other sound a sentence names the file.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from math import ceil
from typing import Any

from llemulator_addon.core.json_type import JsonObject
from llemulator_addon.core.prompt import Message, Prompt
from llemulator_addon.core.reply import Failure, ModelOutput, Transcript
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.wire import audio, errors, tokens
from llemulator_addon.wire.answer import Answer, Body, Call, Endpoint, EventStream, Made, Manner, Piece, cut
from llemulator_addon.wire.audio_lengths import EXTENSIONS, measure
from llemulator_addon.wire.azure import add_model
from llemulator_addon.wire.bodies import check_body, take_file
from llemulator_addon.wire.checking import Fields, anything, array, boolean, decimal, one_of, text
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.json_bytes import pretty
from llemulator_addon.wire.logprobs import each_logprob_of
from llemulator_addon.wire.multipart import files_in, is_form, type_fields
from llemulator_addon.wire.sse import frame_unnamed
from llemulator_addon.wire.transcripts import (
    describe_segment,
    list_segments,
    list_words,
    write_srt,
    write_vtt,
)

NAME, TRANSLATIONS = "audio.transcriptions", "audio.translations"


def read(call: Call, body: JsonObject, *, name: str = NAME) -> Prompt:
    """Understand a body; raises `RequestRefused` in OpenAI's words."""
    if not is_form(call.request):
        raise RequestRefused(errors.not_a_form(call.request.headers.get("content-type", "")))
    typed = add_model(_drop_brackets(type_fields(body, _KINDS)), call.params)
    checked: Any = check_body(_FIELDS[name], typed, lenient=call.lenient)
    sent, model = next(files_in(checked, "file")), checked["model"]
    if not call.lenient:
        _check_file(sent.name, sent.content, model)
        _check_format(model, checked.get("response_format") or "json")
    return Prompt(
        endpoint=name,
        model=model,
        messages=(Message(role="user", text=checked.get("prompt") or ""),),
        # Ignored, as at OpenAI.
        stream=bool(checked.get("stream")) and model != _WHISPER,
        body=checked,
    )


def write(prompt: Prompt, says: ModelOutput, manner: Manner) -> Answer:
    """Write what is heard in the form that is asked for."""
    transcript, seconds = _hear(prompt, says)
    if prompt.stream:
        return EventStream(pieces=Made(partial(_pieces, prompt, transcript, seconds, manner)))
    wanted = prompt.body.get("response_format") or "json"
    match wanted:
        case "text":
            return _plain(f"{transcript.text}\n")
        case "srt":
            return _plain(write_srt(list_segments(transcript, seconds)))
        case "vtt":
            return _plain(write_vtt(list_segments(transcript, seconds)))
        case "verbose_json":
            return _json(_describe_in_full(prompt, transcript, seconds))
        case "diarized_json":
            return _json(_describe_speakers(prompt, transcript, seconds, manner.stamp))
        case _:
            return _json(_describe(prompt, transcript, seconds, manner.stamp))


_WHISPER = "whisper-1"
_KINDS = {"temperature": float, "stream": bool}
_BRACKETS = ("timestamp_granularities", "include", "languages", "keywords", "known_speaker_names")


def _drop_brackets(body: Mapping[str, Any]) -> dict[str, Any]:
    """Put a single value of a member that is a list into one."""
    return {name: [value] if name in _BRACKETS and isinstance(value, str) else value for name, value in body.items()}


_OF_BOTH = {"file": take_file, "model": text(), "prompt": text(), "temperature": decimal(0, 1)}
_FORMATS = ("json", "text", "srt", "verbose_json", "vtt")
_FIELDS = {
    NAME: Fields(
        checks={
            **_OF_BOTH,
            "response_format": one_of(*_FORMATS, "diarized_json"),
            "language": text(),
            "languages": array(text()),
            "keywords": array(text()),
            "include": array(one_of("logprobs")),
            "timestamp_granularities": array(one_of("word", "segment")),
            "stream": boolean,
            "chunking_strategy": anything,
            "known_speaker_names": array(text(), most=4),
        },
        needs=("file", "model"),
    ),
    TRANSLATIONS: Fields(checks={**_OF_BOTH, "response_format": one_of(*_FORMATS)}, needs=("file", "model")),
}

ENDPOINT = Endpoint(
    name=NAME,
    method="POST",
    path="/audio/transcriptions",
    read=read,
    write=write,
    speaks=False,
    takes_forms=True,
    only_openai=True,
)
TRANSLATION = Endpoint(
    name=TRANSLATIONS,
    method="POST",
    path="/audio/translations",
    read=partial(read, name=TRANSLATIONS),
    write=write,
    speaks=False,
    takes_forms=True,
    only_openai=True,
)

# Refusals: reported -------------------------------------------------------------------------------------------------

_LARGEST = 26_214_400
_SHORTEST = 0.1


def _check_file(name: str, content: bytes, model: str) -> None:
    if len(content) > _LARGEST:
        message = f"Maximum content size limit ({_LARGEST}) exceeded ({len(content)} bytes read)"
        raise RequestRefused(Failure(status=413, type="server_error", message=message))
    seconds = measure(content)
    if name.rpartition(".")[2].lower() not in EXTENSIONS or (seconds is None and model == _WHISPER):
        message = f"Invalid file format. Supported formats: {list(EXTENSIONS)}"
        raise RequestRefused(Failure(status=400, type=INVALID, message=message))
    if seconds is None:
        message = "Audio file might be corrupted or unsupported"
        raise RequestRefused(Failure(status=400, type=INVALID, param="file", code="invalid_value", message=message))
    if seconds < _SHORTEST and not content.startswith(_WEBM):
        message = f"Audio file is too short. Minimum audio length is {_SHORTEST} seconds."
        raise RequestRefused(Failure(status=400, type=INVALID, param="file", code="audio_too_short", message=message))


_WEBM = b"\x1a\x45\xdf\xa3"
"""Begins a file that need not say how long it is."""


def _check_format(model: str, wanted: str) -> None:
    supported = _list_formats(model)
    if wanted not in supported:
        *most, last = (f"'{each}'" for each in supported)
        message = f"response_format '{wanted}' is not compatible with model '{model}'. "
        message += f"Use {', '.join(most)} or {last} instead."
        raise RequestRefused(
            Failure(status=400, type=INVALID, param="response_format", code="unsupported_value", message=message)
        )


def _list_formats(model: str) -> tuple[str, ...]:
    if not model.startswith(("gpt-4o", "gpt-transcribe")):
        return _FORMATS
    return ("json", "text", "diarized_json") if model.endswith("diarize") else ("json", "text")


# Writing ------------------------------------------------------------------------------------------------------------


def _hear(prompt: Prompt, says: ModelOutput) -> tuple[Transcript, float]:
    """Return what is heard, and how long it takes."""
    sent = next(files_in(prompt.body, "file"))
    seconds = measure(sent.content) or 0.0
    given = says.transcript or (Transcript(text=words) if (words := says.choice(0).text) else None)
    if given is None:
        said = audio.hear(sent.content)
        given = Transcript(text=f"This is the sound of {sent.name}." if said is None else said)
    return given, seconds if given.duration is None else given.duration


def _plain(said: str) -> Body:
    return Body(body=said.encode("utf-8", "replace"), content_type="text/plain; charset=utf-8")


def _json(value: object) -> Body:
    return Body(body=pretty(value))


def _describe(prompt: Prompt, transcript: Transcript, seconds: float, stamp: Stamp) -> dict[str, object]:
    probabilities = _logprobs(prompt, transcript.text, stamp)
    if prompt.endpoint == TRANSLATIONS:
        return {"text": transcript.text}
    return {
        "text": transcript.text,
        **({} if probabilities is None else {"logprobs": probabilities}),
        "usage": _usage(prompt, transcript, seconds),
    }


def _describe_in_full(prompt: Prompt, transcript: Transcript, seconds: float) -> dict[str, object]:
    wanted = prompt.body.get("timestamp_granularities") or ["segment"]
    temperature = prompt.body.get("temperature") or 0.0
    told: dict[str, object] = {
        "task": "translate" if prompt.endpoint == TRANSLATIONS else "transcribe",
        "language": "english" if prompt.endpoint == TRANSLATIONS else transcript.language,
        "duration": seconds,
        "text": transcript.text,
    }
    if "word" in wanted:
        words = list_words(transcript, seconds)
        told["words"] = [{"word": each.text, "start": each.start, "end": each.end} for each in words]
    if "segment" in wanted:
        segments = enumerate(list_segments(transcript, seconds))
        told["segments"] = [describe_segment(number, each, temperature) for number, each in segments]
    return told if prompt.endpoint == TRANSLATIONS else {**told, "usage": _usage_by_time(seconds)}


def _describe_speakers(prompt: Prompt, transcript: Transcript, seconds: float, stamp: Stamp) -> dict[str, object]:
    return {
        "task": "transcribe",
        "duration": seconds,
        "text": transcript.text,
        "segments": list(_list_speakers(transcript, seconds, stamp)),
        "usage": _usage(prompt, transcript, seconds),
    }


def _list_speakers(transcript: Transcript, seconds: float, stamp: Stamp) -> Iterator[dict[str, object]]:
    for number, each in enumerate(list_segments(transcript, seconds)):
        yield {
            "type": "transcript.text.segment",
            "id": f"seg_{stamp.base62(f'segment {number}', 24)}",
            "start": each.start,
            "end": each.end,
            "text": each.text,
            "speaker": each.speaker or "A",
        }


def _usage(prompt: Prompt, transcript: Transcript, seconds: float) -> dict[str, object]:
    if prompt.model == _WHISPER:
        return _usage_by_time(seconds)
    heard = ceil(seconds * _TOKENS_OF_A_SECOND)
    asked = tokens.count(prompt.user_text, "o200k_base") if prompt.user_text else 0
    told = tokens.count(transcript.text, "o200k_base")
    return {
        "type": "tokens",
        "total_tokens": heard + asked + told,
        "input_tokens": heard + asked,
        "input_token_details": {"text_tokens": asked, "audio_tokens": heard},
        "output_tokens": told,
    }


_TOKENS_OF_A_SECOND = 10


def _usage_by_time(seconds: float) -> dict[str, object]:
    return {"type": "duration", "seconds": ceil(seconds)}


def _logprobs(prompt: Prompt, said: str, stamp: Stamp) -> list[dict[str, object]] | None:
    if "logprobs" not in (prompt.body.get("include") or ()):
        return None
    found = each_logprob_of(tokens.pieces(said, "o200k_base"), 0, stamp)
    return [{name: each[name] for name in ("token", "logprob", "bytes")} for each in found]


def _pieces(prompt: Prompt, transcript: Transcript, seconds: float, manner: Manner) -> Iterator[Piece]:
    given = iter(_logprobs(prompt, transcript.text, manner.stamp) or ())
    by_token = manner.chunk_by == "token"
    if prompt.body.get("response_format") == "diarized_json":
        for segment in _list_speakers(transcript, seconds, manner.stamp):
            yield Piece(frame_unnamed(segment), 1)
    else:
        for delta, count in cut(transcript.text, "o200k_base", manner.chunk_by):
            event: dict[str, object] = {"type": "transcript.text.delta", "delta": delta}
            if by_token and (found := next(given, None)) is not None:
                event["logprobs"] = [found]
            yield Piece(frame_unnamed(event), count)
    done: dict[str, object] = {"type": "transcript.text.done", "text": transcript.text}
    if (probabilities := _logprobs(prompt, transcript.text, manner.stamp)) is not None:
        done["logprobs"] = probabilities
    yield Piece(frame_unnamed({**done, "usage": _usage(prompt, transcript, seconds)}))
