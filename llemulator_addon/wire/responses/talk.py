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
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import Headers
from llemulator_addon.wire import errors
from llemulator_addon.wire.errors import INVALID
from llemulator_addon.wire.json_bytes import compact
from llemulator_addon.wire.responses.steering import (
    MOST_STEERS,
    ActiveResponse,
    Steer,
    add_steers,
    is_right,
    make_successor,
    may_be_steered,
    spell_accepted,
    spell_failed,
    spell_pending,
)
from llemulator_addon.wire.talks import Begin, Doing, Doings, Say, make_request

MOST_WAITING = 64
"""Requests of a talk that may wait for those before them."""
BYTES_OF_A_MESSAGE = 512
"""Memory of a message that waits, in addition to its bytes."""

_OF_MESSAGE = ("type", "stream_id", "generate")

_NO_STAMP = Stamp(0, 0)


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
    stamp: Stamp = _NO_STAMP
    label: str = ""
    """With the stamp, what its ids are drawn from."""
    active: "HashTrieMap[str, ActiveResponse]" = field(default_factory=HashTrieMap)
    """The response of each lane."""
    completed: tuple[str, ...] = ()
    """Ids of the last that were completed."""
    pending: tuple[tuple[str, ActiveResponse], ...] = ()
    """Responses with something added that wait for results of their tools, each with its lane."""
    steered: int = 0
    """How often something was added."""

    @property
    def held(self) -> int:
        """Bytes of memory of the requests that wait, and of what was added to responses."""
        added = sum(each.size for each in (*self.active.values(), *(response for _, response in self.pending)))
        return self.waiting_bytes + self.waiting * BYTES_OF_A_MESSAGE + added

    def begin(self, at: float) -> tuple[Self, Doings]:
        """Say nothing."""
        del at
        return self, ()

    def hear(self, message: bytes, event: object, at: float) -> "tuple[ResponsesTalk, Doings]":
        """Take a message."""
        return hear(self, message, event, at)

    def note(self, lane: str | None, text: str) -> Self:
        """Take note of which response it is, and how it ends."""
        before = self.active.get(lane or "", _NOTHING)
        after = before.note(text)
        return self if after is before else replace(self, active=self.active.insert(lane or "", after))

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
            return _steer(talk, event)
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
    talk, request = _bring_steers(talk, _read_request(talk, event, message, at), stream_id or "")
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
    ended, *waiting = talk.lanes[name]
    response = talk.active.get(name, _NOTHING)
    talk = replace(talk, active=talk.active.discard(name))
    if response.is_whole:
        talk = replace(talk, completed=(*talk.completed, response.id)[-MOST_WAITING:])
    told: tuple[Doing, ...] = ()
    if response.steers:
        if response.is_whole and not response.required:
            successor = make_successor(ended, response)
            return replace(talk, lanes=talk.lanes.insert(name, (successor, *waiting))), (Begin(successor, stream_id),)
        talk, told = _keep_steers(talk, response, stream_id)
    if not waiting:
        return replace(talk, lanes=talk.lanes.remove(name)), told
    begun = waiting[0]
    after = replace(
        talk,
        lanes=talk.lanes.insert(name, tuple(waiting)),
        waiting=talk.waiting - 1,
        waiting_bytes=talk.waiting_bytes - len(begun.body),
    )
    return after, (*told, Begin(begun, stream_id))


_NOTHING = ActiveResponse()


def _steer(talk: ResponsesTalk, event: Mapping[str, Any]) -> tuple[ResponsesTalk, tuple[Doing, ...]]:
    """Add what a user says to a response that is being made."""
    response_id = event.get("previous_response_id")
    lane = next((lane for lane, each in talk.active.items() if response_id and each.id == response_id), None)
    if not is_right(event):
        return talk, (Say(spell_failed("invalid_input", event)),)
    if lane is None or talk.active[lane].is_whole:
        is_known = response_id in talk.completed or lane is not None
        return talk, (Say(spell_failed("response_already_completed" if is_known else "response_not_found", event)),)
    response, stream_id = talk.active[lane], lane or None
    if not may_be_steered(talk.lanes[lane][0]):
        return talk, (Say(spell_failed("steering_not_supported", event, stream_id=stream_id)),)
    if len(response.steers) >= MOST_STEERS or talk.held > talk.most_bytes:
        return talk, (Say(spell_failed("too_many_pending_steers", event, stream_id=stream_id)),)
    number = talk.steered + 1
    steer = Steer(f"steer_{talk.stamp.hex(f'steer/{talk.label}/{number}', 48)}", event["input"])
    steered = replace(response, steers=(*response.steers, steer))
    after = replace(talk, active=talk.active.insert(lane, steered), steered=number)
    return after, (Say(spell_accepted(steer, response.id, stream_id)),)


def _keep_steers(
    talk: ResponsesTalk, response: ActiveResponse, stream_id: str | None
) -> tuple[ResponsesTalk, tuple[Doing, ...]]:
    """Keep what was added until the client brings what the response needs; of one that failed, give it back."""
    if response.is_whole:
        kept = (*talk.pending, (stream_id or "", response))[-MOST_WAITING:]
        told = tuple(Say(spell_pending(steer, response, stream_id)) for steer in response.steers)
        return replace(talk, pending=kept), told
    return talk, tuple(
        Say(
            spell_failed(
                "response_not_active",
                {"previous_response_id": response.id, "input": steer.given},
                steer_id=steer.id,
                stream_id=stream_id,
            )
        )
        for steer in response.steers
    )


def _bring_steers(talk: ResponsesTalk, request: Request, lane: str) -> tuple[ResponsesTalk, Request]:
    """Put what was added to a response before the results that the client brings."""
    before = (request.json or {}).get("previous_response_id")
    found = next((each for each in talk.pending if each[0] == lane and each[1].id == before), None)
    if found is None:
        return talk, request
    left = tuple(each for each in talk.pending if each is not found)
    return replace(talk, pending=left), add_steers(request, found[1].steers)


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


def _wrong(message: str, param: str) -> Failure:
    return Failure(status=400, type=INVALID, code="invalid_value", param=param, message=message)


def _refuse(talk: ResponsesTalk, failure: Failure, stream_id: str | None) -> tuple[ResponsesTalk, tuple[Doing, ...]]:
    return talk, (Say(spell_error(failure, stream_id)),)
