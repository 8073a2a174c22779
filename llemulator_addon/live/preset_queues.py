"""Which clients are answered from the queues of their addresses, whatever token they send."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from llemulator_addon.core.request import Request
from llemulator_addon.engine.session import PRESET_QUEUE, Session
from llemulator_addon.live.token_queue import QueueGone
from llemulator_addon.store.port import ATTEMPTS, Marked, MarkFound, Store
from llemulator_addon.wire.credentials import is_address, key_of, session_of


class AskedSession(NamedTuple):
    """The session that a request asks."""

    token: str
    """Or the address that names it."""
    is_queue: bool = False
    """Whether that holds only while the session is the queue of an address."""
    unless: Marked | None = None
    """The queue that would answer in place of the token, if another process has filled it."""


class QueuedAddresses:
    """Not a value: it belongs to the event loop. An address has a queue once somebody filled it, or all have one.

    The session of an address says whether it is a queue. This is what is known of it here: where processes share a
    store, the change that a request makes finds out with the same transaction whether it is still so.
    """

    def __init__(self, *, all_addresses: bool = False) -> None:
        self.all_addresses = all_addresses
        self._filled: set[str] = set()

    async def name_session(self, store: Store, request: Request) -> str | None:
        """Return the token or the address that names the session of a request; None if nothing does."""
        token = session_of(request)
        if token is None or token == request.client or not self.serves(request.client):
            return token
        has_script = (await store.read(key_of(token))).script.owner == "token"
        return token if has_script else request.client

    async def answer[R](
        self, token: str, request: Request, store: Store, answer: Callable[[AskedSession, Request], Awaitable[R]]
    ) -> R:
        """Answer in the session that was named, or in another one if a queue came or went in another process."""
        for _ in range(ATTEMPTS):
            try:
                return await answer(self._ask(token, request, store), request)
            except MarkFound:
                self.note_filled(request.client)
            except QueueGone:
                self.note_cleared(request.client)
            token = await self.name_session(store, request) or token
        return await answer(AskedSession(token), request)

    def _ask(self, token: str, request: Request, store: Store) -> AskedSession:
        address = request.client
        if self.all_addresses:
            return AskedSession(token)
        if self.serves(address):
            return AskedSession(token, is_queue=token == address != session_of(request))
        is_sure = token == address or not address or not store.link.is_shared
        return AskedSession(token, unless=None if is_sure else Marked(PRESET_QUEUE, key_of(address)))

    def serves(self, address: str) -> bool:
        """Whether the requests of an address are answered from its queue, as far as is known here."""
        return address in self._filled or (self.all_addresses and bool(address))

    def note_filled(self, address: str) -> None:
        """Serve an address from now on."""
        self._filled.add(address)

    def note_cleared(self, address: str) -> None:
        """Serve an address no longer, unless all are."""
        self._filled.discard(address)

    def is_changed(self, before: Session, after: Session) -> bool:
        """Whether a request used up an answer of a queue."""
        if before.progress is after.progress:
            return False
        return before.is_preset_queue or (self.all_addresses and is_address(before.key.name))
