"""A proxy of our own: it serves until a signal comes, or while a body runs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from llemulator_addon.adapters.allocation import give_back_large_blocks, give_back_what_is_free
from llemulator_addon.adapters.descriptors import raise_limit
from llemulator_addon.adapters.draining import drain
from llemulator_addon.adapters.ending import GRACE, end_on_signals
from llemulator_addon.adapters.mitmproxy.interception import Interception
from llemulator_addon.adapters.mitmproxy.internals.ended import end_connections_in_turn
from llemulator_addon.adapters.mitmproxy.internals.patches import replace_slow_methods
from llemulator_addon.adapters.mitmproxy.internals.small_master import CannotListen, SmallMaster
from llemulator_addon.adapters.mitmproxy.internals.startup import (
    collect_garbage_from_now_on,
    look_at_old_objects_seldom,
)
from llemulator_addon.adapters.mitmproxy.listening import Listening, ListeningPlace
from llemulator_addon.adapters.mitmproxy.traffic import Traffic

__all__ = ["CannotListen", "Listening", "ListeningPlace", "serve", "serving"]


async def serve(
    traffic: Traffic,
    place: ListeningPlace,
    *,
    confdir: Path,
    ready: Callable[[Listening], None] = lambda _: None,
    draining: float | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, of which a second ends the process. `ready` is called once connections are taken.

    After the first signal, requests are answered for `draining` seconds at most. Raises CannotListen.
    """

    def begin(listening: Listening) -> None:
        collect_garbage_from_now_on()
        look_at_old_objects_seldom()
        ready(listening)

    give_back_large_blocks()
    replace_slow_methods()
    end_connections_in_turn()
    raise_limit()
    master = SmallMaster(Interception(traffic), begin)
    master.listen(place, confdir=confdir)
    giving_back = asyncio.create_task(give_back_what_is_free())

    async def end() -> None:
        if draining is not None:
            await drain(traffic, draining)
        traffic.draining.is_over = True
        master.shutdown()  # type: ignore[no-untyped-call]

    ending: list[asyncio.Task[None]] = []
    with end_on_signals(
        master.event_loop, lambda: ending.append(asyncio.create_task(end())), GRACE + (draining or 0.0)
    ):
        await master.run()
    giving_back.cancel()


@asynccontextmanager
async def serving(traffic: Traffic, place: ListeningPlace, *, confdir: Path) -> AsyncIterator[Listening]:
    """Serve while the body runs, whatever signals come. Raises CannotListen."""
    replace_slow_methods()
    ready: asyncio.Future[Listening] = asyncio.get_running_loop().create_future()
    master = SmallMaster(Interception(traffic), ready.set_result)
    master.listen(place, confdir=confdir)
    running = asyncio.create_task(master.run())
    await asyncio.wait((running, ready), return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        await running  # raises
    collect_garbage_from_now_on()
    try:
        yield await ready
    finally:
        master.shutdown()  # type: ignore[no-untyped-call]
        await running
