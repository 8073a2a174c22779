"""Which talk is had on a connection that was accepted, by its path."""

from llemulator_addon.core.outcome import Converse
from llemulator_addon.wire.live_sessions.state import LiveState
from llemulator_addon.wire.live_sessions.talk import LiveTalk
from llemulator_addon.wire.realtime.conversation import RealtimeConversation
from llemulator_addon.wire.realtime.events import draw_id
from llemulator_addon.wire.realtime.session import format_of
from llemulator_addon.wire.realtime.sound import SoundBuffer
from llemulator_addon.wire.realtime.state import RealtimeState
from llemulator_addon.wire.realtime.talk import RealtimeTalk
from llemulator_addon.wire.realtime.translation import TRANSLATION, TranslationTalk
from llemulator_addon.wire.responses.talk import ResponsesTalk
from llemulator_addon.wire.talks import Talk
from llemulator_addon.wire.websocket import name_handshake


def open_talk(accepted: Converse, name: str, most_bytes: int) -> Talk:
    """Return the talk as it begins; `name` is that of no other connection, `most_bytes` how much it may hold."""
    if name_handshake(accepted.request.path) == "live.connect":
        return LiveTalk(
            LiveState(
                name=name,
                handshake=accepted.request,
                label=str(accepted.exchange.number),
                stamp=accepted.stamp,
                most_bytes=most_bytes,
            )
        )
    if not accepted.session:
        return ResponsesTalk(
            name=name,
            handshake=accepted.request,
            most_bytes=most_bytes,
            stamp=accepted.stamp,
            label=str(accepted.exchange.number),
        )
    label = str(accepted.exchange.number)
    if accepted.session["type"] == TRANSLATION:
        return TranslationTalk(
            name=name,
            handshake=accepted.request,
            label=label,
            stamp=accepted.stamp,
            session=accepted.session,
            refused=accepted.refused,
        )
    return RealtimeTalk(
        RealtimeState(
            name=name,
            handshake=accepted.request,
            label=label,
            stamp=accepted.stamp,
            session=accepted.session,
            conversation=RealtimeConversation(most_bytes=most_bytes),
            conversation_id=draw_id("conv", accepted.stamp, f"talk/{label}"),
            refused=accepted.refused,
            sound=SoundBuffer(kind=format_of(accepted.session, "input")),
        )
    )
