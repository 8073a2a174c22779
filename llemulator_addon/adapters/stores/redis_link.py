"""Leases, messages and notices in Redis. Streams keep what comes while a connection is broken."""

import secrets
from collections.abc import Callable, Sequence
from typing import Any, cast

from llemulator_addon.adapters.stores.backend import Incoming, Renewed, ToldNotice
from llemulator_addon.adapters.stores.redis_link_scripts import COUNT, HOLD, LEAVE, LET_GO, LIST, RENEW, SEND, TELL
from llemulator_addon.store.link import Held, Lease, LeaseKind

_BLOCKED = 1000
"""Milliseconds that Redis waits for something to come: less than one attempt may take."""
_AT_ONCE = 500
"""How many messages and notices come at once."""


class RedisLink:
    """The rows of links in Redis."""

    def __init__(self, prefix: str, run: Callable[..., Any], do: Callable[..., Any]) -> None:
        """Take the beginning of all keys, what runs a program, and what uses a client."""
        self._prefix = prefix
        self._run = run
        self._do = do
        self._gone = ""
        """The place up to which messages were removed."""

    async def renew(self, process: str, seconds: float, *, listens: bool) -> Renewed:
        """Let a process live."""
        is_known, listeners, told = await self._run(RENEW, process, _milliseconds(seconds), int(listens))
        return Renewed(is_known=bool(is_known), listeners=listeners, last_told=told)

    async def hold(self, process: str, seconds: float, held: Held) -> bool:
        """Let a process hold a lease."""
        lease = (held.name, held.kind, held.of, held.label, held.text)
        return bool(await self._run(HOLD, process, _milliseconds(seconds), *lease))

    async def let_go(self, names: Sequence[str]) -> None:
        """End leases."""
        await self._run(LET_GO, *names)

    async def list_leases(self, kind: LeaseKind, of: str | None) -> Sequence[tuple[str, Lease]]:
        """Return the leases of a thing, or of all."""
        found = iter(await self._run(LIST, kind, int(of is not None), of or ""))
        rows = zip(*[found] * 6, strict=True)
        leases = [(name, Lease(int(number), *more)) for name, number, *more in rows]
        return sorted(leases, key=lambda each: each[1].number)

    async def send(self, process: str, message: str) -> bool:
        """Send a message to a process."""
        return bool(await self._run(SEND, process, message))

    async def tell(self, process: str, notices: Sequence[str]) -> None:
        """Tell all who listen."""
        # Tried again on another connection, it finds whether it was done already.
        await self._run(TELL, process, secrets.token_hex(8), *notices)

    async def receive(self, process: str, place: str, last_told: int | None) -> Incoming:
        """Wait for messages and notices."""
        messages, news = f"{self._prefix}to:{process}", f"{self._prefix}news"
        if place != self._gone:
            time, _, number = place.partition("-")
            kept_from = f"{time}-{int(number) + 1}"
            await self._do(lambda client: client.xtrim(messages, minid=kept_from, approximate=False))
            self._gone = place
        streams = {messages: place or "0"} | ({} if last_told is None else {news: f"{last_told}-0"})
        found = await self._do(lambda client: client.xread(streams, count=_AT_ONCE, block=_BLOCKED))
        came = cast("dict[str, list[tuple[str, dict[str, str]]]]", dict(found or ()))
        return Incoming(
            messages=[fields["m"] for _, fields in came.get(messages, ())],
            notices=[
                ToldNotice(int(number.partition("-")[0]), fields["p"], fields["m"])
                for number, fields in came.get(news, ())
            ],
            place=came[messages][-1][0] if came.get(messages) else place,
        )

    async def count_listeners(self) -> int:
        """Return how many listen."""
        return cast("int", await self._run(COUNT))

    async def leave(self, process: str) -> None:
        """End the life of a process."""
        await self._run(LEAVE, process)


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
