"""The state of a Realtime talk: its session, its conversation, the sound that came, and the responses under way."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from rpds import HashTrieMap, List

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.wire import errors
from llemulator_addon.wire.json_bytes import compact
from llemulator_addon.wire.realtime.conversation import RealtimeConversation
from llemulator_addon.wire.realtime.events import draw_id
from llemulator_addon.wire.realtime.items import RealtimeItemFields
from llemulator_addon.wire.realtime.session import RealtimeSessionFields
from llemulator_addon.wire.realtime.sound import SoundBuffer

_NO_DELTAS: "List[str]" = List()


class OpenItem(NamedTuple):
    """An item of a response that is being sent."""

    item: RealtimeItemFields
    output_index: int
    deltas: "List[str]" = _NO_DELTAS
    """The messages with parts of it that were sent, the last one first. They are read when somebody asks for them."""
    has_part: bool = False


class OpenResponse(NamedTuple):
    """A response that is not done."""

    body: Mapping[str, Any]
    """Of its request, without what was said before."""
    asked_by: str | None
    """The `event_id` of the event that asked for it."""
    is_begun: bool = False
    """Whether `response.created` was sent."""
    open_item: OpenItem | None = None
    output: tuple[RealtimeItemFields, ...] = ()


class RealtimeState(NamedTuple):
    """All that is known of one connection."""

    name: str
    """No other connection has it."""
    handshake: Request
    label: str
    """With the stamp, what its ids are drawn from."""
    stamp: Stamp
    session: RealtimeSessionFields
    conversation: RealtimeConversation
    conversation_id: str
    refused: Failure | None = None
    """Why it is closed at once."""
    drawn: int = 0
    """How many ids were drawn."""
    sound: SoundBuffer = SoundBuffer()
    speaking: str | None = None
    """The id of the item that is being said."""
    responses: "HashTrieMap[str, OpenResponse]" = HashTrieMap()
    """By id, which is their lane, too."""
    hearing: tuple[str, ...] = ()
    """The ids of items that are being transcribed."""
    waiting: tuple[Mapping[str, Any], ...] = ()
    """Events that wait until these are transcribed."""
    has_spoken: bool = False
    """Whether the model has said something aloud."""
    wakes: int = 0
    """The mark of the last `Wake`."""

    @property
    def held(self) -> int:
        """Bytes of memory of its conversation, and of sound that was not committed."""
        return self.conversation.size + self.sound.size

    def find_list(self, lane: str) -> RealtimeItemFields | None:
        """Return the list of tools of an MCP server that is asked for on a lane."""
        item = self.conversation.find(lane)
        return item.shown if item is not None and item.shown["type"] == "mcp_list_tools" else None

    def draw(self, prefix: str) -> tuple[Self, str]:
        """Return a new id, and the talk after that."""
        drawn = self.drawn + 1
        return self._replace(drawn=drawn), draw_id(prefix, self.stamp, f"talk/{self.label}/{drawn}")


def spell_event(kind: str, event_id: str, **fields: object) -> str:
    """Spell an event."""
    return compact({"type": kind, "event_id": event_id, **fields}).decode()


def spell_error(event_id: str, failure: Failure, asked_by: str | None) -> str:
    """Spell an error; `asked_by` is the `event_id` of the client's event that is wrong."""
    return spell_event("error", event_id, error={**errors.error_object(failure), "event_id": asked_by})
