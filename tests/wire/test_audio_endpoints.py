import json
from base64 import b64decode, b64encode
from io import BytesIO
from typing import Any

import pytest
from openai.types.audio import (
    Transcription,
    TranscriptionDiarized,
    TranscriptionTextDeltaEvent,
    TranscriptionTextDoneEvent,
    TranscriptionVerbose,
    Translation,
    TranslationVerbose,
)

from llemulator_addon.emulator import Emulator
from llemulator_addon.wire import audio
from llemulator_addon.wire.audio_lengths import EXTENSIONS, measure
from tests.playing import body_of, emulator, headers_of, json_of, play, post, request, status
from tests.wire.answering import client
from tests.wire.forms import form
from tests.wire.shapes import assert_described, assert_sdk, events

_SPEECH = "/v1/audio/speech"
_HEARD = "/v1/audio/transcriptions"
_TYPES = {"mp3": "audio/mpeg", "opus": "audio/opus", "aac": "audio/aac", "flac": "audio/flac", "wav": "audio/wav"}
_SAID = "Hello there. How are you?"


def _hear(content: bytes, *fields: tuple[str, str], server: Emulator | None = None, path: str = _HEARD) -> Any:  # noqa: ANN401
    """Transcribe a sound; return the steps of the answer."""
    asked = fields if any(name == "model" for name, _ in fields) else (("model", "whisper-1"), *fields)
    name = "a.wav" if content[:4] == b"RIFF" else "a.mp3"
    return play(server or emulator(), form(path, ("file", (name, content)), *asked))[0]


# Speech ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "kind"), [*_TYPES.items(), ("pcm", "audio/pcm")])
def test_speech_is_sent_in_each_format_and_carries_its_text(name: str, kind: str) -> None:
    asked = {"model": "gpt-4o-mini-tts", "input": _SAID, "voice": "alloy", "response_format": name}

    (steps,) = play(emulator(), post(_SPEECH, asked))

    assert (status(steps), headers_of(steps)["content-type"]) == (200, kind)
    assert audio.hear(body_of(steps)) == _SAID


def test_mp3_is_what_is_sent_by_default_and_slow_speech_is_longer() -> None:
    asked = {"model": "tts-1", "input": _SAID, "voice": "nova"}

    usual, slow = (
        body_of(steps) for steps in play(emulator(), post(_SPEECH, asked), post(_SPEECH, {**asked, "speed": 0.5}))
    )

    assert usual.startswith(b"ID3")
    assert (measure(slow) or 0) / (measure(usual) or 1) == pytest.approx(2, rel=0.05)


def test_a_stream_of_speech_is_the_file_in_events() -> None:
    asked = {"model": "gpt-4o-mini-tts", "input": _SAID, "voice": "alloy", "response_format": "wav"}

    whole, streamed = play(emulator(), post(_SPEECH, asked), post(_SPEECH, {**asked, "stream_format": "sse"}))
    *deltas, done = events(body_of(streamed))

    assert b"".join(b64decode(each["audio"]) for each in deltas) == body_of(whole)
    assert {each["type"] for each in deltas} == {"speech.audio.delta"}
    assert len(deltas) > 1
    assert done["usage"]["total_tokens"] == done["usage"]["input_tokens"] + done["usage"]["output_tokens"]
    assert_described("SpeechAudioDeltaEvent", deltas[0])
    assert_described("SpeechAudioDoneEvent", done)


def test_a_script_may_give_the_file_other_words_or_a_failure() -> None:
    match = {"endpoint": "audio.speech"}
    server = emulator(
        {
            "rules": [
                {
                    "match": match,
                    "reply": {"audio": {"transcript": "a", "data": b64encode(b"RIFF").decode()}},
                    "times": 1,
                },
                {"match": match, "reply": "Other words", "times": 1},
                {"match": match, "reply": {"failure": {"status": 429}}},
            ]
        }
    )
    asked = post(_SPEECH, {"model": "tts-1", "input": "Hi", "voice": "alloy"})

    given, spoken, failed = play(server, asked, asked, asked)

    assert (body_of(given), audio.hear(body_of(spoken)), status(failed)) == (b"RIFF", "Other words", 429)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "model"),
        ({"model": "tts-1", "voice": "alloy"}, "input"),
        ({"model": "tts-1", "input": "", "voice": "alloy"}, "input"),
        ({"model": "tts-1", "input": "a" * 4_097, "voice": "alloy"}, "input"),
        ({"model": "tts-1", "input": "a", "voice": "bob"}, "voice"),
        ({"model": "tts-1", "input": "a", "voice": "alloy", "response_format": "ogg"}, "response_format"),
        ({"model": "tts-1", "input": "a", "voice": "alloy", "speed": 5}, "speed"),
        ({"model": "tts-1", "input": "a", "voice": "alloy", "stream_format": "sse"}, "stream_format"),
    ],
)
def test_wrong_speech_is_refused(body: dict[str, Any], param: str) -> None:
    (steps,) = play(emulator(), post(_SPEECH, body))

    assert (status(steps), json_of(steps)["error"]["param"]) == (400, param)


# Transcriptions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", _TYPES)
def test_our_own_speech_is_heard_as_it_was_said(name: str) -> None:
    server = emulator()
    asked = {"model": "gpt-4o-mini-tts", "input": _SAID, "voice": "alloy", "response_format": name}
    (spoken,) = play(server, post(_SPEECH, asked))

    extension = "ogg" if name == "opus" else "mp3" if name == "aac" else name
    sent = form(_HEARD, ("model", "gpt-4o-transcribe"), ("file", (f"a.{extension}", body_of(spoken))))

    assert json_of(play(server, sent)[0])["text"] == _SAID


def test_the_script_says_what_is_heard() -> None:
    server = emulator({"rules": [{"reply": {"transcript": "From the script."}}]})

    heard = json_of(_hear(audio.wav("Hello"), server=server))
    translated = json_of(_hear(audio.wav("Hello"), server=server, path="/v1/audio/translations"))
    (chatting,) = play(
        server, post("/v1/chat/completions", {"model": "gpt-4o", "messages": [{"role": "user", "content": "a"}]})
    )

    assert heard == {"text": "From the script.", "usage": {"type": "duration", "seconds": 1}}
    assert translated == {"text": "From the script."}
    assert status(chatting) == 400


def test_a_rule_that_names_the_endpoint_answers_with_its_text_by_the_name_of_the_file() -> None:
    match = {"endpoint": "audio.transcriptions", "json_path": {"$.file.filename": "a.wav"}}
    server = emulator({"rules": [{"match": match, "reply": "Matched."}]})

    assert json_of(_hear(audio.wav("Hello"), server=server))["text"] == "Matched."
    assert json_of(_hear(audio.FORMATS["mp3"]("Hello"), server=server))["text"] == "Hello"


def test_each_format_has_the_same_words() -> None:
    sound = audio.wav(_SAID)
    plain = {name: body_of(_hear(sound, ("response_format", name))).decode() for name in ("text", "srt", "vtt")}

    assert plain == {
        "text": f"{_SAID}\n",
        "srt": "1\n00:00:00,000 --> 00:00:00,240\nHello there.\n\n2\n00:00:00,240 --> 00:00:00,500\nHow are you?\n\n",
        "vtt": "WEBVTT\n\n00:00:00.000 --> 00:00:00.240\nHello there.\n\n"
        "00:00:00.240 --> 00:00:00.500\nHow are you?\n\n",
    }
    assert headers_of(_hear(sound, ("response_format", "srt")))["content-type"] == "text/plain; charset=utf-8"


def test_verbose_json_has_segments_words_and_the_length_of_the_file() -> None:
    fields = [
        ("response_format", "verbose_json"),
        *(("timestamp_granularities[]", name) for name in ("word", "segment")),
    ]

    told = json_of(_hear(audio.wav(_SAID), *fields))

    assert (told["task"], told["language"], told["duration"], told["text"]) == ("transcribe", "english", 0.5, _SAID)
    assert [each["word"] for each in told["words"]] == _SAID.split()
    assert [(each["text"], each["start"], each["end"]) for each in told["segments"]] == [
        ("Hello there.", 0.0, 0.24),
        (" How are you?", 0.24, 0.5),
    ]
    assert_sdk(TranscriptionVerbose, told, beyond={"task"})
    assert_described("CreateTranscriptionResponseVerboseJson", told)


def test_a_script_gives_language_duration_and_who_speaks() -> None:
    segments = [{"text": "Hi.", "start": 0, "end": 1, "speaker": "agent"}, {"text": "Yes?", "start": 1, "end": 9}]
    server = emulator(
        {"rules": [{"reply": {"transcript": {"segments": segments, "language": "german", "duration": 9}}, "times": 9}]}
    )

    verbose = json_of(_hear(audio.wav("a"), ("response_format", "verbose_json"), server=server))
    speakers = json_of(
        _hear(
            audio.wav("a"), ("response_format", "diarized_json"), ("model", "gpt-4o-transcribe-diarize"), server=server
        )
    )

    assert (verbose["language"], verbose["duration"], verbose["text"]) == ("german", 9, "Hi. Yes?")
    assert [(each["speaker"], each["text"], each["end"]) for each in speakers["segments"]] == [
        ("agent", "Hi.", 1),
        ("A", "Yes?", 9),
    ]
    assert_sdk(TranscriptionDiarized, speakers)
    assert_described("CreateTranscriptionResponseDiarizedJson", speakers)


def test_a_stream_of_a_transcript_has_its_tokens_and_their_probabilities() -> None:
    fields = (("model", "gpt-4o-transcribe"), ("stream", "true"), ("include[]", "logprobs"))

    *deltas, done = events(body_of(_hear(audio.wav(_SAID), *fields)))

    assert "".join(each["delta"] for each in deltas) == done["text"] == _SAID
    assert [each["logprobs"][0] for each in deltas] == done["logprobs"]
    assert done["usage"]["output_tokens"] == len(deltas)
    assert_sdk(TranscriptionTextDeltaEvent, deltas[0])
    assert_sdk(TranscriptionTextDoneEvent, done)
    assert_described("TranscriptTextDoneEvent", done)


def test_whisper_does_not_stream() -> None:
    assert json_of(_hear(audio.wav(_SAID), ("stream", "true")))["text"] == _SAID


def test_translations_have_their_own_shapes() -> None:
    path = "/v1/audio/translations"
    brief = json_of(_hear(audio.wav(_SAID), path=path))
    verbose = json_of(_hear(audio.wav(_SAID), ("response_format", "verbose_json"), path=path))

    assert brief == {"text": _SAID}
    assert verbose["task"] == "translate"
    assert_sdk(Translation, brief)
    assert_sdk(TranslationVerbose, verbose, beyond={"task"})
    assert_described("CreateTranslationResponseVerboseJson", verbose)


def test_any_other_sound_is_named_by_its_file() -> None:
    silence = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\x80\x3e\0\0" + bytes(
        16_000
    )

    told = json_of(_hear(silence, ("response_format", "verbose_json")))

    assert (told["text"], told["duration"]) == ("This is the sound of a.wav.", 1.0)


@pytest.mark.parametrize(
    ("name", "content", "model", "code", "message"),
    [
        (
            *("a.txt", b"text", "whisper-1", 400),
            f"Invalid file format. Supported formats: {list(EXTENSIONS)}",
        ),
        ("a.mp3", b"no sound", "gpt-4o-transcribe", 400, "Audio file might be corrupted or unsupported"),
        (
            *("a.wav", audio.wav("")[:1_000], "whisper-1", 400),
            "Audio file is too short. Minimum audio length is 0.1 seconds.",
        ),
        (
            *("a.wav", bytes(26_214_401), "whisper-1", 413),
            "Maximum content size limit (26214400) exceeded (26214401 bytes read)",
        ),
    ],
)
def test_a_wrong_sound_is_refused(name: str, content: bytes, model: str, code: int, message: str) -> None:
    (steps,) = play(emulator(), form(_HEARD, ("model", model), ("file", (name, content))))

    assert (status(steps), json_of(steps)["error"]["message"]) == (code, message)


def test_newer_models_have_no_subtitles() -> None:
    steps = _hear(audio.wav("Hello"), ("model", "gpt-4o-transcribe"), ("response_format", "srt"))

    assert json_of(steps)["error"]["message"] == (
        "response_format 'srt' is not compatible with model 'gpt-4o-transcribe'. Use 'json' or 'text' instead."
    )


def test_a_transcription_needs_a_form_and_chat_takes_none() -> None:
    as_json, as_form = play(
        emulator(), post(_HEARD, {"model": "whisper-1"}), form("/v1/chat/completions", ("model", "gpt-4o"))
    )

    assert json_of(as_json)["error"]["code"] == "unsupported_content_type"
    assert json_of(as_form)["error"]["message"].startswith("We could not parse the JSON body")


def test_the_official_sdk_speaks_and_hears() -> None:
    official = client(emulator(), strict=False)

    with official.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="alloy", input=_SAID, response_format="wav"
    ) as speech:
        sound = BytesIO(speech.read())
    sound.name = "speech.wav"
    transcription = official.audio.transcriptions.create(model="whisper-1", file=sound)
    sound.seek(0)
    text = official.audio.transcriptions.create(model="whisper-1", file=sound, response_format="srt")

    assert isinstance(transcription, Transcription)
    assert (transcription.text, str(text).splitlines()[2]) == (_SAID, "Hello there.")


def test_the_journal_has_the_question_and_the_answer() -> None:
    server = emulator()
    _hear(audio.wav("Hello"), server=server)

    (shown,) = json_of(play(server, request("GET", "/_emulator/requests?format=full"))[0])["data"]

    assert (shown["endpoint"], shown["model"]) == ("audio.transcriptions", "whisper-1")
    assert shown["request"]["body"]["file"]["filename"] == "a.wav"
    assert json.dumps(shown["answer"]["body"]).startswith('{"text": "Hello"')
