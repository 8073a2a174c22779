"""`serialize`: the requests of a token wait for each other's answers to leave, in all processes that share a store."""

from dataclasses import dataclass

from llemulator_addon.core.outcome import Outcome
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import ExchangeId, SessionKey
from llemulator_addon.engine.session import Session
from llemulator_addon.live.large_requests import Decide
from llemulator_addon.store.link import Held, Link, name_thing


@dataclass(slots=True, eq=False)
class Turn:
    """The place of one request among those of its session. Not a value: it belongs to the event loop."""

    key: SessionKey
    held: Held
    exchange: ExchangeId | None = None
    """Its answer, which has not left yet; None while it is being decided."""

    @property
    def is_now(self) -> bool:
        """Whether it need not wait."""
        return self.held.is_first


class MustWait(Exception):
    """A request has to wait until it is its turn."""


class QueueGone(Exception):
    """A session is not the queue of an address any more."""


@dataclass(slots=True)
class DecidedSession:
    """The session that a request was decided in."""

    may_wait: bool
    """False for a WebSocket connection: the requests on it have their turns, and it has none."""
    is_queue: bool
    """Whether it is to be the queue of an address."""
    owner: str = ""
    """Of its script."""


def decide_out_of_turn(
    session: Session, *, request: Request, deciding: Decide, seen: DecidedSession
) -> tuple[Session, Outcome]:
    """Decide, and note the session; raises MustWait if it says `serialize`, and QueueGone if it is no queue.

    Only the last call for a request counts.
    """
    if seen.is_queue and not session.is_preset_queue:
        raise QueueGone
    seen.owner = session.script.owner
    if session.settings.serialize and seen.may_wait:
        raise MustWait
    return deciding(session, request=request)


class Turns:
    """Whose turn it is, by session. Not a value: it belongs to the event loop, and holds only who is here now.

    The order of all processes is in the store. A turn ends when the answer has left, and when its process has died.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._here: dict[SessionKey, set[Turn]] = {}

    async def come(self, key: SessionKey, life: int) -> Turn:
        """Take a place behind all requests of this life of the session that are waiting. Raises `StoreFailed`."""
        turn = Turn(key, await self._link.hold("turn", name_thing(key, life)))
        for other in tuple(self._here.get(key, ())):
            if other.held.of != turn.held.of:
                self._call_off(other)
        self._here.setdefault(key, set()).add(turn)
        return turn

    async def wait(self, turn: Turn) -> bool:
        """Wait for a turn; False: the session was forgotten meanwhile. Cancelled, it leaves no trace."""
        try:
            return await turn.held.come_first() and turn in self._here.get(turn.key, ())
        except BaseException:
            self.leave(turn)
            raise

    def forget(self, key: SessionKey) -> None:
        """Forget a session: nobody here waits for an answer of it any more."""
        for turn in tuple(self._here.get(key, ())):
            self._call_off(turn)

    def _call_off(self, turn: Turn) -> None:
        turn.held.call_off()
        self.leave(turn)

    def leave(self, turn: Turn) -> None:
        """End a turn. May be called again."""
        turns = self._here.get(turn.key, set())
        if turn not in turns:
            return
        turns.remove(turn)
        if not turns:
            del self._here[turn.key]
        self._link.let_go(turn.held)

    def leave_with(self, exchange: ExchangeId) -> None:
        """End the turn whose answer has left; an answer that was given without a turn ends none."""
        for turn in self._here.get(exchange.session, ()):
            if turn.exchange == exchange:
                self.leave(turn)
                return
