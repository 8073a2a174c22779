"""Reads an answer's id, model, usage and end from its bytes, without parsing all of it: ours and those of upstreams."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from llemulator_addon.adapters.metrics.streamed import brings_token
from llemulator_addon.wire.said_usage import find_usage

_BEGINNING = 16 << 10
"""Bytes in which an answer says what it is."""
_END = 4 << 10
"""Bytes in which it says how it ended."""
_FAILED = 400
_ID = re.compile(rb'"id"\s*:\s*"([^"\\]{1,200})"')
_MODEL = re.compile(rb'"model"\s*:\s*"([^"\\]{1,200})"')
_FINGERPRINT = re.compile(rb'"system_fingerprint"\s*:\s*"([^"\\]{1,200})"')
_TIER = re.compile(rb'"service_tier"\s*:\s*"([^"\\]{1,50})"')
_FINISH = re.compile(rb'"finish_reason"\s*:\s*"([^"\\]{1,50})"')
_CACHED = re.compile(rb'"cached_tokens"\s*:\s*(\d{1,12})')
_CACHE_WRITTEN = re.compile(rb'"cache_write_tokens"\s*:\s*(\d{1,12})')
_REASONING = re.compile(rb'"reasoning_tokens"\s*:\s*(\d{1,12})')
_STATUS = re.compile(rb'"status"\s*:\s*"(completed|incomplete|failed|cancelled)"')
_LAST_EVENT = re.compile(rb'"type"\s*:\s*"response\.(completed|incomplete|failed|done)"')
_CALL = re.compile(rb'"type"\s*:\s*"(?:function|custom_tool)_call"')
_INCOMPLETE = re.compile(rb'"incomplete_details"\s*:\s*\{\s*"reason"\s*:\s*"([^"\\]{1,50})"')
_CODE = re.compile(rb'"error"\s*:\s*\{[^{}]{0,4000}?"code"\s*:\s*"([^"\\]{1,100})"')
_ERROR_EVENT = re.compile(rb'(?:^|\n)event: error\n|"type"\s*:\s*"error"|data: ?\{"error"\s*:\s*\{')


class AnswerFacts(NamedTuple):
    """The facts that an answer tells about itself; None for each that it leaves out."""

    id: str | None = None
    model: str | None = None
    fingerprint: str | None = None
    tier: str | None = None
    finish_reasons: tuple[str, ...] = ()
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    cached_tokens: int | None = None
    cache_written_tokens: int | None = None
    reasoning_tokens: int | None = None
    error: str | None = None
    """The code or the type of the error that it is, or with which it ends."""


def read_answer(status: int, pieces: Sequence[bytes], usage: tuple[int, int] | None = None) -> AnswerFacts:
    """Read an answer, given in the pieces in which it was sent; `usage` are its tokens, where they are known."""
    body = b"".join(pieces)
    if status >= _FAILED or not body:
        return AnswerFacts(error=_read_error(body) if status >= _FAILED else None)
    beginning, end = body[:_BEGINNING], body[-_END:]
    prompt, answer = usage or find_usage(pieces) or (None, None)
    usage_at = body.rfind(b'"usage"')
    counted = body[usage_at : usage_at + 2000] if usage_at >= 0 else b""
    return AnswerFacts(
        id=_text(_ID, beginning),
        model=_text(_MODEL, beginning),
        fingerprint=_text(_FINGERPRINT, beginning) or _text(_FINGERPRINT, end),
        tier=_text(_TIER, end) or _text(_TIER, beginning),
        finish_reasons=tuple(_find_reasons(body)),
        prompt_tokens=prompt,
        answer_tokens=answer,
        cached_tokens=_number(_CACHED, counted),
        cache_written_tokens=_number(_CACHE_WRITTEN, counted),
        reasoning_tokens=_number(_REASONING, counted),
        error=_find_failure(body),
    )


def _find_reasons(body: bytes) -> Iterator[str]:
    if b'"finish_reason"' in body:
        # In a text of the answer the quotes would be escaped.
        yield from (reason.decode("utf-8", "replace") for reason in _FINISH.findall(body))
        return
    match _find_status(body):
        case "completed" | "done":
            yield "stop" if _CALL.search(body) is None else "tool_calls"
        case "incomplete":
            reason = _text(_INCOMPLETE, body)
            yield "length" if reason == "max_output_tokens" else reason or "incomplete"
        case "failed" | "cancelled":
            yield "error"
        case _:
            pass


def _find_status(body: bytes) -> str | None:
    """Return the status of a response of Responses."""
    events = _LAST_EVENT.findall(body)
    return events[-1].decode() if events else _text(_STATUS, body)


def _find_failure(body: bytes) -> str | None:
    """Return the error with which an answer ends that began well."""
    if b'"response.failed"' in body or _ERROR_EVENT.search(body):
        return _text(_CODE, body) or "server_error"
    return None


def _read_error(body: bytes) -> str | None:
    try:
        error = json.loads(body)["error"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    if not isinstance(error, Mapping):
        return None
    return next((str(error[key])[:100] for key in ("code", "type") if error.get(key)), None)


def _text(pattern: re.Pattern[bytes], body: bytes) -> str | None:
    found = pattern.search(body)
    return None if found is None else found[1].decode("utf-8", "replace")


def _number(pattern: re.Pattern[bytes], body: bytes) -> int | None:
    found = pattern.search(body)
    return None if found is None else int(found[1])


class TokenTimes(NamedTuple):
    """When the tokens of a stream left, in seconds after the head."""

    first: float
    last: float
    later: int
    """How many tokens left after those of the first piece."""


def time_tokens(of_pieces: Sequence[int], left: Sequence[float], sends: int) -> TokenTimes | None:
    """Return when the tokens of a stream left, given how many each piece brings; None if none that left brought any."""
    # Where no times were noted, all left with the head.
    times = [(at, number) for number, at in zip(of_pieces, left or (0.0,) * sends, strict=False) if number]
    return TokenTimes(times[0][0], times[-1][0], sum(number for _, number in times[1:])) if times else None


def count_tokens(pieces: Sequence[bytes]) -> Sequence[int]:
    """Return how many tokens each piece of a stream brings: at most one, because its bytes do not say more."""
    return tuple(map(brings_token, pieces))


def read_values(pieces: Sequence[bytes]) -> Any:  # noqa: ANN401 - JSON
    """Return the JSON of an answer in one piece, or the list of the values of its events; None if it is neither."""
    body = b"".join(pieces)
    if not body.startswith((b"data:", b"event:")):
        return _read_json(body)
    lines = (line[5:] for line in body.split(b"\n") if line.startswith(b"data:"))
    return [value for line in lines if (value := _read_json(line)) is not None]


def _read_json(text: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
