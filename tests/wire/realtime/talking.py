"""A talk of Realtime without sockets: `decide` answers its requests, and the SDK's types read its events."""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, ClassVar, get_args

from openai.types.realtime import RealtimeServerEvent
from pydantic import BaseModel

from llemulator_addon.core.outcome import Converse, Play
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Cut, SendMessage
from llemulator_addon.engine.decide import decide
from llemulator_addon.engine.session import Session, load
from llemulator_addon.script.reader import read_script
from llemulator_addon.wire import audio
from llemulator_addon.wire.opening import open_talk
from llemulator_addon.wire.retelling import Retelling
from llemulator_addon.wire.talks import Begin, Close, Doings, Say, Stop, Talk, Wake, read_event

Event = dict[str, Any]
SILENCE = b"\0" * 2 * 24_000
"""One second of it."""

_UNION = get_args(RealtimeServerEvent)[0]
TYPES: dict[str, type[BaseModel]] = {
    get_args(each.model_fields["type"].annotation)[0]: each for each in get_args(_UNION)
}
"""The SDK's types of server events, by what they are called."""


def session_of(script: object) -> Session:
    """Return the session of a token with a script of its own."""
    return load(Session(), read_script(script), fresh=Session(), bare=Session())


def handshake(
    query: str = "model=gpt-realtime", headers: Mapping[str, str] | None = None, path: str = "/v1/realtime"
) -> Request:
    """Return a request for a connection."""
    pairs = tuple((name, value) for name, _, value in (pair.partition("=") for pair in query.split("&") if pair))
    return Request(
        method="GET",
        path=path,
        query=pairs,
        headers={
            "upgrade": "websocket",
            "connection": "Upgrade",
            "sec-websocket-version": "13",
            "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
            "authorization": "Bearer sk-realtime",
            **(headers or {}),
        },
    )


class Talking:
    """Not a value: one connection, and the events that its client got."""

    path = "/v1/realtime"
    types: ClassVar[Mapping[str, type[BaseModel]]] = TYPES
    """Of the events that may come."""

    def __init__(self, session: Session, query: str = "model=gpt-realtime", **headers: str) -> None:
        self.session, outcome = decide(session, handshake(query, headers, self.path))
        self.refused = None
        self.events: list[Event] = []
        self.requests: list[Request] = []
        self.closed: Close | None = None
        self.wakes: list[Wake] = []
        self.stopped: list[str | None] = []
        self.holds_answers = False
        """Whether answers wait for `answer`."""
        self._held: dict[str | None, Iterator[None]] = {}
        if isinstance(outcome, Play):
            self.refused = outcome.steps
            return
        assert isinstance(outcome, Converse)
        self.talk: Talk = open_talk(outcome, "a talk", 1 << 20)
        self.talk, doings = self.talk.begin(0.0)
        self._do(doings)

    def send(self, kind: str, **fields: object) -> list[Event]:
        """Send an event, and return what came."""
        return self.send_text(json.dumps({"type": kind, **fields}))

    def send_text(self, text: str) -> list[Event]:
        """Send a message, and return what came."""
        before, message = len(self.events), text.encode()
        self.talk, doings = self.talk.hear(message, read_event(message), 0.0)
        self._do(doings)
        return self.events[before:]

    def update(self, **session: object) -> list[Event]:
        """Change the session."""
        return self.send("session.update", session={"type": "realtime", **session})

    def say(self, text: str, **more: object) -> Event:
        """Add a message of the user, and return its item."""
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        return self.send("conversation.item.create", item=item, **more)[-1]["item"]  # type: ignore[no-any-return]

    def ask(self, **response: object) -> list[Event]:
        """Ask for a response."""
        return self.send("response.create", response=response)

    def speak(self, sound: bytes, piece: int = 9_600) -> list[Event]:
        """Append sound in pieces."""
        before = len(self.events)
        for at in range(0, len(sound), piece):
            self.send("input_audio_buffer.append", audio=b64encode(sound[at : at + piece]).decode())
        return self.events[before:]

    def wake(self) -> list[Event]:
        """Let the time of the last `Wake` be over."""
        before = len(self.events)
        self.talk, doings = self.talk.wake(self.wakes[-1].mark, 0.0)
        self._do(doings)
        return self.events[before:]

    def play(self, count: int | None = None) -> list[Event]:
        """Play some messages of each answer that is held; None: all."""
        before = len(self.events)
        for lane in tuple(self._held):
            self._play(lane, count)
        return self.events[before:]

    def _play(self, lane: str | None, count: int | None = None) -> None:
        # Its end may begin another answer of the lane.
        steps = self._held.pop(lane)
        if sum(1 for _ in islice(steps, count)) == count:
            self._held.setdefault(lane, steps)

    def _do(self, doings: Doings) -> None:
        for doing in doings:
            match doing:
                case Say(text):
                    self._get(text)
                case Begin():
                    self._held[doing.lane] = self._answer(doing)
                    if not self.holds_answers:
                        self._play(doing.lane)
                case Stop(lane):
                    self.stopped.append(lane)
                    self._held.pop(lane, None)
                case Wake():
                    self.wakes.append(doing)
                case Close():
                    self.closed = doing

    def _answer(self, asked: Begin) -> Iterator[None]:
        self.requests.append(asked.request)
        self.session, outcome = decide(self.session, asked.request)
        assert isinstance(outcome, Play)
        retelling = Retelling(self.talk, asked.lane)
        steps = outcome.whole() if outcome.whole is not None else iter(outcome.steps)
        told = [each for step in steps for each in retelling.retell(step)] + list(retelling.end())
        said = ""
        for step in told:
            if isinstance(step, Cut):
                return
            if isinstance(step, SendMessage):
                said += step.text
                if step.ends:
                    self.talk = self.talk.note(asked.lane, said)
                    if not asked.is_silent:
                        self._get(said)
                    said = ""
                    yield
        self.talk, doings = self.talk.finish(asked.lane, 0.0)
        self._do(doings)

    def _get(self, text: str) -> None:
        event = json.loads(text)
        check(event, self.types)
        self.events.append(event)


def check(event: Event, types: Mapping[str, type[BaseModel]] = TYPES) -> None:
    """Check that the SDK's type for an event takes it, and knows each of its fields."""
    read = types[event["type"]].model_validate(event)
    assert not (read.model_extra or {}).keys() - {"obfuscation"}, event


def kinds(events: list[Event]) -> list[str]:
    """Return the types of events; deltas that follow each other once."""
    found = list[str]()
    for event in events:
        if not (event["type"].endswith("delta") and found and found[-1] == event["type"]):
            found.append(event["type"])
    return found


def speech(text: str) -> bytes:
    """Return sound in which these words are heard, and silence behind it."""
    return audio.pcm16(text) + SILENCE
