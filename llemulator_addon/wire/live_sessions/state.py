"""The state of a Live talk: its session, what was said, the sound that came, and the answers under way."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from rpds import HashTrieMap

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.wire import errors
from llemulator_addon.wire.json_bytes import compact
from llemulator_addon.wire.live_sessions.session import LiveSessionFields
from llemulator_addon.wire.realtime.events import draw_id
from llemulator_addon.wire.realtime.sound import SoundBuffer

LiveItem = Mapping[str, Any]
"""An item as Responses have it."""
SPEECH, BACKEND = "speech", "backend"
"""The lanes of what the Live model says, and of the Responses that do its tasks. Others hear what a user said."""
_BYTES_OF_AN_ITEM = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLane:
    """An answer that is not whole."""

    asked_by: str | None = None
    """The `event_id` of the event that asked for it."""
    said: str = ""
    """As much of its words as was sent, or what was heard."""
    start_ms: int = 0
    end_ms: int = 0
    """Of what was heard, on the time line of the session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveState:
    """All that is known of one connection."""

    name: str
    """No other connection has it."""
    handshake: Request
    label: str
    """With the stamp, what its ids are drawn from."""
    stamp: Stamp
    most_bytes: int
    """Of what was said, and of sound that waits."""
    began: float = 0.0
    """When the session was started, in seconds since the epoch."""
    session: LiveSessionFields | None = None
    """None: it is not started."""
    drawn: int = 0
    """How many ids were drawn."""
    said: tuple[LiveItem, ...] = ()
    """The items that the Live model knows."""
    backend: tuple[LiveItem, ...] = ()
    """Those that the Responses know which do its tasks."""
    size: int = 0
    """Bytes of both."""
    delegations: tuple[str, ...] = ()
    """Ids of tasks that the application does."""
    delegated: int = 0
    """Tasks for Responses that are not begun."""
    sound: SoundBuffer = field(default_factory=SoundBuffer)
    spoken_ms: int = 0
    is_muted: bool = False
    fixture: str | None = None
    """The `event_id` of the event whose sound is being played; empty if it had none, None if there is none."""
    wakes: int = 0
    lanes: "HashTrieMap[str, LiveLane]" = field(default_factory=HashTrieMap)
    waiting: tuple[str | None, ...] = ()
    """Who asked for words that come after those that are being said: an `event_id` each."""

    @property
    def held(self) -> int:
        """Bytes of memory of what was said, and of sound."""
        return self.size + self.sound.size

    def draw(self, prefix: str) -> tuple[Self, str]:
        """Return a new id, and the talk after that."""
        drawn = self.drawn + 1
        return replace(self, drawn=drawn), draw_id(prefix, self.stamp, f"live/{self.label}/{drawn}")

    def find_ms(self, at: float) -> int:
        """Return the time on the session's time line."""
        return max(0, round((at - self.began) * 1_000))

    def add_said(self, role: str, text: str) -> Self:
        """Return it with words that the Live model knows."""
        item = {"type": "message", "role": role, "content": [{"type": "input_text", "text": text}]}
        return replace(self, said=(*self.said, item), size=self.size + _BYTES_OF_AN_ITEM + len(text))

    def add_backend(self, item: LiveItem) -> Self:
        """Return it with an item that the Responses know."""
        return replace(self, backend=(*self.backend, item), size=self.size + _BYTES_OF_AN_ITEM + len(compact(item)))

    @property
    def usage(self) -> dict[str, float]:
        """Seconds of sound that came and was sent."""
        return {"seconds": (self.sound.ms + self.spoken_ms) / 1_000}


def spell_event(kind: str, event_id: str, asked_by: str | None = None, **fields: object) -> str:
    """Spell an event; `asked_by` is the `event_id` of the client's event that it answers."""
    caused = {} if asked_by is None else {"client_event_id": asked_by}
    return compact({"type": kind, "event_id": event_id, **fields, **caused}).decode()


def spell_error(event_id: str, failure: Failure, asked_by: str | None) -> str:
    """Spell an error."""
    told = errors.error_object(failure)
    error = {**told, "code": told["code"] or told["type"], "client_event_id": asked_by}
    return spell_event("error", event_id, asked_by, error=error)
