"""Work on large requests that is done before or during the decision, so that others do not wait for it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Protocol

from llemulator_addon.core.outcome import Outcome
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import SessionKey
from llemulator_addon.core.work import NotAtOnce, working_at_most
from llemulator_addon.engine.decide import refuse
from llemulator_addon.engine.session import Session
from llemulator_addon.store.port import Marked, Store
from llemulator_addon.wire import errors
from llemulator_addon.wire.answer import Endpoint
from llemulator_addon.wire.bodies import read_object
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.limits import values_in
from llemulator_addon.wire.multipart import is_form
from llemulator_addon.wire.routing import Found, find_of
from llemulator_addon.wire.tokens import Uncounted, counting_at_most

type Deciding[R] = Callable[[Session], tuple[Session, R]]
"""Pure, and may be called in any thread."""


class Decide(Protocol):
    """Pure, and may be called in any thread."""

    def __call__(self, session: Session, /, *, request: Request) -> tuple[Session, Outcome]:
        """Decide about a request."""
        ...


_LARGE = 256 << 10
"""Bytes of a body that are read in no time."""
_COUNTED_AT_ONCE = 64 << 10
"""Characters whose tokens are counted in no time."""
_STEPS_AT_ONCE = 10_000
"""Steps of checking schemas, making values for them and looking into bodies that take no time."""


class Ahead:
    """Not a value: it belongs to the event loop. At each moment one large request is read and decided about.

    Otherwise all that wait for the thread would be in memory twice: as they came, and as they were read.
    """

    def __init__(self, most_values: int) -> None:
        """Take how many values a body may have."""
        self._most_values = most_values
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="deciding")

    async def decide(
        self, store: Store, key: SessionKey, request: Request, decide: Decide, *, unless: Marked | None = None
    ) -> Outcome:
        """Read a request, and decide in a thread, which lets others go on. `unless` is that of `Store.change`."""
        # Who waits for the thread has not looked at the session yet: those before may change it.
        async with self._turn:
            read = await self._read(request)
            if isinstance(read, Failure):
                deciding: Deciding[Outcome] = partial(refuse, request=replace(request, json={}), failure=read)
            else:
                deciding = partial(decide, request=read)
            return await store.change_beside(key, deciding, self._run, unless=unless)

    async def change[R](self, store: Store, key: SessionKey, deciding: Deciding[R]) -> R:
        """Change a session in the thread, as a large request does."""
        async with self._turn:
            return await store.change_beside(key, deciding, self._run)

    async def _run[R](self, work: Callable[[], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _read(self, request: Request) -> Request | Failure:
        """Return a request with its body read, where that is large, or what is wrong with that."""
        if len(request.body) <= _LARGE:
            return request
        for values in () if is_form(request) else values_in(request.body):
            if values > self._most_values:
                return errors.too_many_values(self._most_values)
            await yield_to_others()
        return request if is_form(request) else await self._run(partial(_read, request))


async def decide_at_once[R](
    store: Store, key: SessionKey, deciding: Deciding[R], *, unless: Marked | None = None
) -> R | None:
    """Decide about a request that is not large; None where that takes long all the same."""
    try:
        return await store.change(key, partial(_decide_within_bounds, deciding), unless=unless)
    except (Uncounted, NotAtOnce):
        return None


def _decide_within_bounds[R](deciding: Deciding[R], session: Session) -> tuple[Session, R]:
    with counting_at_most(_COUNTED_AT_ONCE), working_at_most(_STEPS_AT_ONCE):
        return deciding(session)


def is_large(request: Request) -> bool:
    """Whether a request may take long to decide about, by its body: it is large, or asks for many choices."""
    body = request.body
    if len(body) > _LARGE:
        return True
    at = body.find(_CHOICES)
    return at >= 0 and (_is_many(body, at) or _is_many(body, body.rfind(_CHOICES)))


_CHOICES = b'"n"'


def _is_many(body: bytes, at: int) -> bool:
    """Whether a number of two digits or more stands behind a name."""
    _, _, value = body[at : at + _NEAR].partition(b":")
    number = value.strip()[:2]
    return len(number) > 1 and number.isdigit()


_NEAR = 20
"""Bytes."""


async def yield_to_others() -> None:
    """Go on in the next round of the event loop."""
    loop = asyncio.get_running_loop()
    turn: asyncio.Future[None] = loop.create_future()
    loop.call_soon(_give, turn)
    await turn


def _give(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)


def _read(request: Request) -> Request | Failure:
    try:
        return replace(request, json=read_object(request))
    except RequestRefused as refused:
        # What answers no body, as a list does, has not read it either.
        return refused.failure if _is_read(request) else request


def _is_read(request: Request) -> bool:
    found = find_of(request)
    return isinstance(found, Found) and isinstance(found.operation, Endpoint)
