"""The open connections of calls of Realtime: a call that ends takes them along, in all processes."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from llemulator_addon.core.outcome import Answered, Play
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import SessionKey
from llemulator_addon.core.steps import Head
from llemulator_addon.store.link import Held, LinkFull, name_thing
from llemulator_addon.store.port import Store
from llemulator_addon.wire.endpoints.realtime_calls import find_ended_call
from llemulator_addon.wire.json_bytes import compact
from llemulator_addon.wire.realtime.opening import CALL

END_CALL = "end_call"
"""The question by which a process lets others close the connections of a call."""
_OK = 200


class OpenCall(NamedTuple):
    """A call of a session."""

    session: SessionKey
    id: str

    @property
    def thing(self) -> str:
        """The name by which processes know it."""
        return f"{name_thing(self.session)} {self.id}"


class OpenCalls:
    """Not a value: it belongs to the event loop, and knows the connections that are open here.

    Each holds a lease, so a process that ends a call knows which others are to close connections.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._here: dict[str, list[Callable[[], None]]] = {}

    async def hold(self, call: OpenCall, close: Callable[[], None], *, is_kept: bool) -> None:
        """Call `close` when a call ends, until this is cancelled. Raises `StoreFailed`, and may be called again then.

        `is_kept` is false for a connection whose session is not that of an accepted call.
        """
        self._here.setdefault(call.thing, []).append(close)
        held: Held | None = None
        try:
            if self._store.link.is_shared:
                held = await self._store.link.hold("call", call.thing)
            # It may have ended before others could see that it has a connection here.
            if is_kept and (await self._store.read(call.session)).resources.get(CALL, call.id) is None:
                close()
            await asyncio.Event().wait()
        finally:
            self._here[call.thing].remove(close)
            if not self._here[call.thing]:
                del self._here[call.thing]
            if held is not None:
                self._store.link.let_go(held)

    async def end(self, call: OpenCall) -> None:
        """Close the connections of a call that has ended, in all processes. Raises `StoreFailed`."""
        self.end_here(call.thing)
        link = self._store.link
        processes = {lease.process for lease in await link.list_leases("call", call.thing)}
        question = compact({END_CALL: call.thing}).decode()
        for asked in await asyncio.gather(*(link.ask(each, question) for each in processes), return_exceptions=True):
            if isinstance(asked, BaseException) and not isinstance(asked, LinkFull):
                raise asked

    def end_here(self, thing: str) -> None:
        """Close the connections that a call has in this process."""
        for close in tuple(self._here.get(thing, ())):
            close()


def find_end_of_call(request: Request, answered: Answered) -> OpenCall | None:
    """Return the call that a request has ended, if it has."""
    if (call_id := find_ended_call(request)) is None or not isinstance(answered, Play) or answered.exchange is None:
        return None
    is_ended = any(isinstance(each, Head) and each.status == _OK for each in answered.steps[:1])
    return OpenCall(answered.exchange.session, call_id) if is_ended else None
