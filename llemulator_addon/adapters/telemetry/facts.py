"""The attributes and events of a span, in the words of OpenTelemetry's semantic conventions. Knows no library.

Of generative AI: https://opentelemetry.io/docs/specs/semconv/gen-ai/; of HTTP: https://opentelemetry.io/docs/specs/semconv/http/.
Where they have no word, it begins with `llemulator.`. All texts are without secrets.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from llemulator_addon.adapters.telemetry.answers import AnswerFacts, count_tokens, read_answer, time_tokens
from llemulator_addon.adapters.telemetry.record import Ended
from llemulator_addon.core.session_key import SessionKey
from llemulator_addon.core.unclaimed import digest_of
from llemulator_addon.verification.talk_messages import OVER_WEBSOCKET, SWITCHED
from llemulator_addon.wire.redaction import redact_short, redact_text

Attribute = str | bool | int | float | tuple[str, ...]
Attributes = dict[str, Attribute]

_OPERATIONS = {
    "chat.completions": "chat",
    "responses": "chat",
    "realtime": "chat",
    "live": "chat",
    "completions": "text_completion",
    "embeddings": "embeddings",
    "images.generate": "generate_content",
    "images.edit": "generate_content",
    "audio.speech": "generate_content",
    "audio.transcriptions": "transcription",
    "realtime.transcription": "transcription",
    "audio.translations": "translation",
    "realtime.translation": "translation",
    "moderations": "moderation",
}
"""`gen_ai.operation.name`: the well-known names where one fits."""
_API_TYPES = {"chat.completions": "chat_completions", "responses": "responses"}
_OUTPUT_TYPES = {"images.generate": "image", "images.edit": "image", "audio.speech": "speech"}
_FAILED, _SERVER_FAILED = 400, 500
_SHOWN = 2_000
"""Characters of a text."""
_BODY_READ = 1 << 20
"""Bytes of a body that is parsed."""


class SpanEvent(NamedTuple):
    """A moment within a span."""

    name: str
    at: float
    attributes: Attributes


class SpanFacts(NamedTuple):
    """The facts about an exchange that its span, metrics and lines share."""

    name: str
    """Of the span."""
    attributes: Attributes
    events: tuple[SpanEvent, ...]
    error: str | None
    """`error.type`; None if nothing went wrong."""
    failed: bool
    """Whether the span's status is an error: a refusal by 4xx is none of the server's."""
    operation: str | None
    """`gen_ai.operation.name`; None where no model answers."""
    provider: str
    answer: AnswerFacts
    to_first_token: float | None
    """Seconds from the whole request; only of a stream."""
    per_token: float | None
    """Seconds between two tokens, on average."""
    body: Mapping[str, Any]
    """Of the request."""


def read_facts(ended: Ended) -> SpanFacts:
    """Read what a record says."""
    operation = None if ended.status == SWITCHED else _OPERATIONS.get(ended.endpoint or "")
    body = _read_body(ended) if operation is not None else {}
    answer = (
        read_answer(ended.status, ended.pieces, ended.usage)
        if operation is not None or ended.status >= _FAILED
        else AnswerFacts()
    )
    of_pieces = count_tokens(ended.pieces) if ended.of_sends is None and ended.is_stream else ended.of_sends or ()
    times = time_tokens(of_pieces, ended.left, ended.sends) if ended.is_stream else None
    to_head = max(0.0, ended.ended - ended.at - ended.seconds)
    error = _name_error(ended, answer)
    facts = SpanFacts(
        name="",
        attributes={},
        events=(),
        error=error,
        failed=error is not None and not _FAILED <= ended.status < _SERVER_FAILED,
        operation=operation,
        provider="azure.ai.openai" if ended.is_azure else "openai",
        answer=answer,
        to_first_token=None if times is None else to_head + times.first,
        per_token=(times.last - times.first) / times.later if times is not None and times.later else None,
        body=body,
    )
    model = _model_of(ended, body)
    named = f"{operation} {model}" if operation else f"{ended.method} {ended.route or ''}"
    attributes: Attributes = {**_tell_http(ended), **_tell_llemulator(ended)}
    if operation is not None:
        attributes.update(_tell_model(ended, facts, model))
    if error is not None:
        attributes["error.type"] = error
    return facts._replace(
        name=_show_text(named.strip(), ended),
        # A client may write its key anywhere.
        attributes={name: _show(value, ended) for name, value in attributes.items()},
        events=tuple(_events(ended, facts)),
    )


def _read_body(ended: Ended) -> Mapping[str, Any]:
    if len(ended.body) != ended.body_bytes or len(ended.body) > _BODY_READ:
        return {}
    try:
        body = json.loads(ended.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _model_of(ended: Ended, body: Mapping[str, Any]) -> str:
    """Return the model that was asked; empty if it named none."""
    named = ended.model or body.get("model")
    return named[:_SHOWN] if isinstance(named, str) else ""


def _name_error(ended: Ended, answer: AnswerFacts) -> str | None:
    if ended.status >= _FAILED:
        return _show_text(answer.error or str(ended.status), ended)
    if ended.how == "cut" and ended.status != SWITCHED:
        return "connection_cut"
    return answer.error


# Attributes -----------------------------------------------------------------------------------------------------------


def _tell_http(ended: Ended) -> Attributes:
    is_message = ended.http_version == OVER_WEBSOCKET
    name, _, version = ended.http_version.partition("/")
    found: dict[str, Attribute | None] = {
        "http.request.method": ended.method,
        "http.response.status_code": ended.status or None,
        "http.route": ended.route,
        "url.path": redact_short(ended.path, key_of(ended)),
        "url.scheme": ("http" if ended.is_plain else "https"),
        "server.address": ended.host,
        "network.protocol.name": "websocket" if is_message or ended.status == SWITCHED else name.lower(),
        "network.protocol.version": None if is_message else version.removesuffix(".0") or None,
        "user_agent.original": ended.headers.get("user-agent"),
        "http.request.body.size": ended.body_bytes,
        "http.response.body.size": ended.bytes_sent,
    }
    if request_id := next((value for name, value in ended.answer_headers if name == "x-request-id"), None):
        found["http.response.header.x-request-id"] = (request_id,)
    return {name: value for name, value in found.items() if value is not None}


def _tell_llemulator(ended: Ended) -> Attributes:
    found: dict[str, Attribute | None] = {
        "llemulator.session": digest_of(key_of(ended)) or None,
        "llemulator.exchange": ended.number or None,
        "llemulator.answered_by": ended.answered_by,
        "llemulator.rule": ended.rule,
        "llemulator.faults": ended.faults or None,
        "llemulator.upstream": ended.upstream,
        "llemulator.ended": ended.how,
        "llemulator.connection": ended.connection or None,
    }
    if ended.status == SWITCHED:
        found |= {"llemulator.messages": ended.messages, "llemulator.close_code": ended.close_code}
    return {name: value for name, value in found.items() if value is not None}


def _tell_model(ended: Ended, facts: SpanFacts, model: str) -> Attributes:
    answer, body = facts.answer, facts.body
    endpoint = ended.endpoint or ""
    found: dict[str, Attribute | None] = {
        "gen_ai.operation.name": facts.operation,
        "gen_ai.provider.name": facts.provider,
        "gen_ai.request.model": model or None,
        "gen_ai.request.stream": ended.is_stream or None,
        "openai.api.type": _API_TYPES.get(endpoint),
        "gen_ai.output.type": _OUTPUT_TYPES.get(endpoint) or _read_output_type(body),
        "gen_ai.response.id": answer.id,
        "gen_ai.response.model": answer.model,
        "gen_ai.response.finish_reasons": answer.finish_reasons
        if facts.operation in _FINISHING and answer.finish_reasons
        else None,
        "gen_ai.response.time_to_first_chunk": facts.to_first_token,
        "gen_ai.usage.input_tokens": answer.prompt_tokens,
        "gen_ai.usage.output_tokens": None if facts.operation == "embeddings" else answer.answer_tokens,
        "gen_ai.usage.cache_read.input_tokens": answer.cached_tokens,
        "gen_ai.usage.cache_creation.input_tokens": answer.cache_written_tokens,
        "gen_ai.usage.reasoning.output_tokens": answer.reasoning_tokens,
        "openai.response.service_tier": answer.tier if ended.status < _FAILED else None,
        "openai.response.system_fingerprint": answer.fingerprint,
        **dict(_read_parameters(body)),
    }
    return {name: value for name, value in found.items() if value is not None}


_FINISHING = {"chat", "text_completion"}
_NUMBERS = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
    "seed": "gen_ai.request.seed",
    "max_tokens": "gen_ai.request.max_tokens",
    "max_completion_tokens": "gen_ai.request.max_tokens",
    "max_output_tokens": "gen_ai.request.max_tokens",
    "dimensions": "gen_ai.embeddings.dimension.count",
}
_WIDEST = 64
"""Bits of an integer of OTLP."""
_REALS = {"temperature", "top_p", "frequency_penalty", "presence_penalty"}
"""Numbers that the conventions want as `double`."""


def _read_parameters(body: Mapping[str, Any]) -> Iterator[tuple[str, Attribute]]:
    yield from _read_numbers(body)
    match body.get("stop"):
        case str() as stop:
            yield "gen_ai.request.stop_sequences", (stop,)
        case [*stops] if stops and all(isinstance(stop, str) for stop in stops):
            yield "gen_ai.request.stop_sequences", tuple(stops)
    match body.get("conversation"):
        case {"id": str() as conversation} | (str() as conversation) if conversation:
            yield "gen_ai.conversation.id", conversation
        case _:
            pass
    if isinstance(form := body.get("encoding_format"), str):
        yield "gen_ai.request.encoding_formats", (form,)
    if isinstance(tier := body.get("service_tier"), str) and tier != "auto":
        yield "openai.request.service_tier", tier


def _read_numbers(body: Mapping[str, Any]) -> Iterator[tuple[str, Attribute]]:
    for key, name in _NUMBERS.items():
        number = body.get(key)
        if isinstance(number, bool):
            continue
        if key in _REALS and isinstance(number, int | float):
            yield name, float(number)
        elif isinstance(number, int) and number.bit_length() < _WIDEST:
            yield name, number
    if isinstance(choices := body.get("n"), int) and choices > 1:
        yield "gen_ai.request.choice.count", choices


def _read_output_type(body: Mapping[str, Any]) -> str | None:
    """Return what the client asks for, where it asks for a type."""
    text = body.get("text")
    asked = body.get("response_format") or (text.get("format") if isinstance(text, Mapping) else None)
    match asked:
        case {"type": "json_object" | "json_schema"}:
            return "json"
        case {"type": "text"}:
            return "text"
        case _:
            return None


# Events ---------------------------------------------------------------------------------------------------------------


def _events(ended: Ended, facts: SpanFacts) -> Iterator[SpanEvent]:
    if ended.rule is not None:
        yield SpanEvent("llemulator.rule", ended.at, {"llemulator.rule": _show_text(ended.rule, ended)})
    if ended.unmatched is not None:
        said = _show_text(_name_nearest(ended.unmatched), ended)
        yield SpanEvent("llemulator.near_miss", ended.at, {"llemulator.near_miss": said})
    for fault in ended.faults:
        # A cut ends the answer; the others are there from its beginning.
        at = ended.ended if fault == "cut_after" and ended.how == "cut" else ended.at
        yield SpanEvent("llemulator.fault", at, {"llemulator.fault": fault})
    if facts.to_first_token is not None:
        yield SpanEvent("llemulator.first_token", ended.at + facts.to_first_token, {})


def _name_nearest(sentence: str) -> str:
    """Return which rule came nearest, without what differed: that quotes what the client wrote."""
    named, colon, _ = sentence.partition('": ')
    return f'{named}".' if colon else sentence


# Secrets --------------------------------------------------------------------------------------------------------------


def key_of(ended: Ended) -> SessionKey:
    """Return the key of the session, by which its token is found in texts."""
    return SessionKey(ended.digest, ended.session)


def _show(value: Attribute, ended: Ended) -> Attribute:
    match value:
        case str():
            return _show_text(value, ended)
        case tuple():
            return tuple(_show_text(each, ended) for each in value)
        case _:
            return value


def _show_text(text: str, ended: Ended) -> str:
    """Return a text without secrets; half of a surrogate pair cannot be sent."""
    return redact_text(text, key_of(ended))[:_SHOWN].encode("utf-8", "replace").decode()
