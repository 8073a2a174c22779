"""Responses over WebSocket: a talk is a value, and what is heard makes requests of it and of the message.

A message `response.create` becomes the request that the same body would be over HTTP, as a stream, so that the same
rules answer it. Requests with the same `stream_id` are answered one after the other, and different ones side by side.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from rpds import HashTrieMap

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Headers
from llemulator_addon.wire import errors
from llemulator_addon.wire.errors import INVALID
from llemulator_addon.wire.json_bytes import compact
from llemulator_addon.wire.talks import Begin, Doing, Doings, Say, make_request

MOST_WAITING = 64
"""Requests of a talk that may wait for those before them."""
BYTES_OF_A_MESSAGE = 512
"""Memory of a message that waits, in addition to its bytes."""

_OF_MESSAGE = ("type", "stream_id", "generate")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponsesTalk:
    """One WebSocket connection: its handshake, and the requests that are not answered yet."""

    name: str
    """No other connection has it."""
    handshake: Request
    most_bytes: int
    """Of all requests that wait."""
    lanes: "HashTrieMap[str, tuple[Request, ...]]" = field(default_factory=HashTrieMap)
    """By `stream_id`, empty without one: the request that is being answered, and those that wait for it."""
    waiting: int = 0
    waiting_bytes: int = 0

    @property
    def held(self) -> int:
        """Bytes of memory of the requests that wait."""
        return self.waiting_bytes + self.waiting * BYTES_OF_A_MESSAGE

    def begin(self, at: float) -> tuple[Self, Doings]:
        """Say nothing."""
        del at
        return self, ()

    def hear(self, message: bytes, event: object, at: float) -> "tuple[ResponsesTalk, Doings]":
        """Take a message."""
        return hear(self, message, event, at)

    def note(self, lane: str | None, text: str) -> Self:
        """Do nothing: what was said is known by its id."""
        del lane, text
        return self

    def finish(self, lane: str | None, at: float) -> "tuple[ResponsesTalk, Doings]":
        """Take note that an answer was sent."""
        del at
        return finish(self, lane)

    def wake(self, mark: int, at: float) -> tuple[Self, Doings]:
        """Do nothing."""
        del mark, at
        return self, ()

    @staticmethod
    def spell_answer_refused(
        lane: str | None, status: int, error: Mapping[str, object], headers: Headers
    ) -> Iterator[str]:
        """Spell one error."""
        yield spell_refusal(status, error, headers, lane)

    @staticmethod
    def begin_of_message(lane: str | None, number: int) -> str:
        """Add nothing."""
        del lane, number
        return ""

    @staticmethod
    def end_of_message(lane: str | None) -> str:
        """Repeat the `stream_id`."""
        return "" if lane is None else f',"stream_id":{compact(lane).decode()}}}'

    @staticmethod
    def spell_refusal(failure: Failure) -> str:
        """Spell an error."""
        return spell_error(failure)

    @staticmethod
    def spell_too_old() -> str:
        """Spell OpenAI's error."""
        return spell_error(too_old())


def hear(talk: ResponsesTalk, message: bytes, event: object, at: float) -> tuple[ResponsesTalk, tuple[Doing, ...]]:
    """Return a talk after a message, and what is to be done.

    `event` is what `read_event` made of it; `at` is when it came, in seconds since the epoch.
    """
    if not isinstance(event, dict):
        return _refuse(talk, errors.not_json(), None)
    stream_id = event.get("stream_id")
    if stream_id is not None and not isinstance(stream_id, str):
        return _refuse(talk, _wrong("Invalid type for 'stream_id': expected a string.", "stream_id"), None)
    match event.get("type"):
        case "response.create":
            return _create(talk, event, message, at)
        case "response.steer":
            return talk, (Say(_fail_steer(event)),)
        case str() as unknown:
            return _refuse(talk, _wrong(f"Invalid value: '{unknown}'. {_SUPPORTED}", "type"), stream_id)
        case _:
            return _refuse(talk, _wrong(f"Missing required parameter: 'type'. {_SUPPORTED}", "type"), stream_id)


_SUPPORTED = "Supported values are: 'response.create', 'response.steer'."


def _create(
    talk: ResponsesTalk, event: Mapping[str, Any], message: bytes, at: float
) -> tuple[ResponsesTalk, tuple[Doing, ...]]:
    stream_id = event.get("stream_id")
    generate = event.get("generate")
    if generate is not None and not isinstance(generate, bool):
        return _refuse(talk, _wrong("Invalid type for 'generate': expected a boolean.", "generate"), stream_id)
    request = _read_request(talk, event, message, at)
    lane = talk.lanes.get(stream_id or "", ())
    if not lane:
        return replace(talk, lanes=talk.lanes.insert(stream_id or "", (request,))), (Begin(request, stream_id),)
    size = talk.waiting_bytes + len(request.body)
    if talk.waiting >= MOST_WAITING or size > talk.most_bytes:
        return _refuse(talk, _too_many(), stream_id)
    lanes = talk.lanes.insert(stream_id or "", (*lane, request))
    return replace(talk, lanes=lanes, waiting=talk.waiting + 1, waiting_bytes=size), ()


def finish(talk: ResponsesTalk, stream_id: str | None) -> tuple[ResponsesTalk, tuple[Doing, ...]]:
    """Return a talk after the answer to a request was sent, and what is to be done."""
    name = stream_id or ""
    _, *waiting = talk.lanes[name]
    if not waiting:
        return replace(talk, lanes=talk.lanes.remove(name)), ()
    begun = waiting[0]
    after = replace(
        talk,
        lanes=talk.lanes.insert(name, tuple(waiting)),
        waiting=talk.waiting - 1,
        waiting_bytes=talk.waiting_bytes - len(begun.body),
    )
    return after, (Begin(begun, stream_id),)


def _read_request(talk: ResponsesTalk, event: Mapping[str, Any], message: bytes, at: float) -> Request:
    """Return the request that the same body would be over HTTP; the body is kept as it came."""
    body = {name: value for name, value in event.items() if name not in _OF_MESSAGE and name != "background"}
    # Responses over WebSocket are always streams, and never in the background (OpenAI's guide).
    request = make_request(talk.handshake, message, {**body, "stream": True}, talk.name, at)
    return replace(request, warms_up=event.get("generate") is False)


def spell_error(failure: Failure, stream_id: str | None = None) -> str:
    """Spell the message of a request that is refused."""
    return spell_refusal(failure.status, errors.error_object(failure), failure.headers, stream_id)


def spell_refusal(status: int, error: Mapping[str, object], headers: Headers, stream_id: str | None) -> str:
    """Spell the message of an answer with this status, error object and headers (the SDK's `ResponseWsError`)."""
    told = {name: value for name, value in headers if not name.startswith(_OF_BODY)}
    lane = {} if stream_id is None else {"stream_id": stream_id}
    whole = {**error, "headers": told} if told else error
    return compact({"type": "error", "status": status, "error": whole, **lane}).decode()


_OF_BODY = ("content-", "transfer-", "connection", "access-control-")
"""Beginnings of the names of headers that say nothing about a message."""


def too_old() -> Failure:
    """Return what a client gets whose connection was open for as long as one may be (OpenAI's guide)."""
    return Failure(
        status=400,
        type=INVALID,
        code="websocket_connection_limit_reached",
        message="Responses websocket connection limit reached (60 minutes). Create a new websocket connection to "
        "continue.",
    )


def _too_many() -> Failure:
    return Failure(
        status=429,
        type="requests",
        code="rate_limit_exceeded",
        message=f"More than {MOST_WAITING} requests of this connection, or too many bytes of them, wait for an answer.",
    )


def _fail_steer(event: Mapping[str, Any]) -> str:
    """Spell the message to who wants to steer: no model here takes that (the SDK's `ResponseSteerFailedEvent`)."""
    before, given = event.get("previous_response_id"), event.get("input")
    right = isinstance(before, str) and isinstance(given, str | list) and bool(given)
    code, says = (
        ("steering_not_supported", "Steering is not supported for this response.")
        if right
        else ("invalid_input", "'previous_response_id' must be a string, and 'input' a string or a list of items.")
    )
    return compact(
        {
            "type": "response.steer.failed",
            "sequence_number": 0,
            "error": {"type": INVALID, "code": code, "message": says},
            "steer": {"previous_response_id": before, "input": given},
        }
    ).decode()


def _wrong(message: str, param: str) -> Failure:
    return Failure(status=400, type=INVALID, code="invalid_value", param=param, message=message)


def _refuse(talk: ResponsesTalk, failure: Failure, stream_id: str | None) -> tuple[ResponsesTalk, tuple[Doing, ...]]:
    return talk, (Say(spell_error(failure, stream_id)),)
