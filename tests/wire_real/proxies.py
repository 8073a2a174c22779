"""A proxy of ours in this very process, so that a test can bring its own answerer and see what was dialled."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, override

import pytest

from llemulator_addon.adapters.answerer import Answerer
from llemulator_addon.adapters.mitmproxy.authority import authority
from llemulator_addon.adapters.mitmproxy.interception import Interception
from llemulator_addon.adapters.mitmproxy.internals.small_master import SmallMaster
from llemulator_addon.adapters.mitmproxy.listening import ListeningPlace
from llemulator_addon.adapters.mitmproxy.ownership import TrafficPolicy
from llemulator_addon.adapters.mitmproxy.traffic import Traffic
from llemulator_addon.core.outcome import Answered, Ending, Play
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import ANONYMOUS, ExchangeId
from llemulator_addon.core.steps import Head, Send, Steps
from llemulator_addon.core.talk import TalkMessage
from llemulator_addon.engine.session import Session
from llemulator_addon.live.open_calls import OpenCalls
from llemulator_addon.script.fault import ConnectionFault
from llemulator_addon.store.memory import MemoryStore
from llemulator_addon.store.port import Limits
from tests.patience import SECONDS
from tests.wire_real.clients import Proxy

HELLO_HEAD = Head(200, (("Content-Type", "text/plain"), ("content-length", "5")))
HELLO: Steps = (HELLO_HEAD, Send(b"Hello"))
EVENTS = Head(200, (("content-type", "text/event-stream"),))


class Playing:
    """Answers every request with the same steps, and keeps what it was asked and how it ended."""

    def __init__(self, steps: Steps = HELLO) -> None:
        self.steps = steps
        self.asked: list[Request] = []
        self.endings: asyncio.Queue[tuple[ExchangeId, Ending]] = asyncio.Queue()
        self.came_in: list[tuple[ExchangeId, Steps]] = []
        self.fault: ConnectionFault | None = None
        self.calls = OpenCalls(MemoryStore(lambda key: Session(key=key), Limits()))

    async def answer(self, request: Request) -> Answered:
        self.asked.append(request)
        return Play(self.steps, ExchangeId(ANONYMOUS, 1, len(self.asked)))

    async def answer_connect(self, host: str) -> ConnectionFault | None:
        return self.fault if host and self.fault and self.fault.at == "connect" else None

    async def answer_tls(self, host: str) -> ConnectionFault | None:
        return self.fault if host and self.fault and self.fault.at == "tls" else None

    async def came(self, exchange: ExchangeId, steps: Steps) -> None:
        self.came_in.append((exchange, steps))

    async def note_messages(self, exchange: ExchangeId, messages: Sequence[TalkMessage]) -> None:
        pass

    def note_sent(self, exchange: ExchangeId, sends: int, bytes_sent: int) -> None:
        pass

    async def forget_talk(self, exchange: ExchangeId, talk: str) -> None:
        pass

    async def note_end(self, exchange: ExchangeId, ending: Ending) -> None:
        self.endings.put_nowait((exchange, ending))

    async def next_ending(self) -> Ending:
        """Wait until an answer has ended."""
        async with asyncio.timeout(SECONDS):
            _, ending = await self.endings.get()
        return ending


class Failing(Playing):
    """Has a bug."""

    @override
    async def answer(self, request: Request) -> Answered:
        self.asked.append(request)
        raise KeyError(request.headers.get("authorization"), request.body)


class Waiting(Playing):
    """Never answers."""

    def __init__(self) -> None:
        super().__init__()
        self.given_up = asyncio.Event()

    @override
    async def answer(self, request: Request) -> Answered:
        self.asked.append(request)
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up.set()
        return await super().answer(request)


@asynccontextmanager
async def proxying(
    answerer: Answerer, certs: Path, policy: TrafficPolicy | None = None
) -> AsyncIterator[tuple[Proxy, Traffic]]:
    """Serve on a free port until left."""
    traffic = Traffic(answerer, policy or TrafficPolicy())
    ports: asyncio.Queue[int] = asyncio.Queue()
    with authority(certs) as found:
        master = SmallMaster(Interception(traffic), lambda listening: ports.put_nowait(listening.port))
        master.listen(ListeningPlace(host="127.0.0.1", port=0), confdir=found.confdir)
        running = asyncio.create_task(master.run())
        try:
            async with asyncio.timeout(SECONDS):
                yield Proxy(port=await ports.get(), ca=found.ca), traffic
        finally:
            master.shutdown()  # type: ignore[no-untyped-call]
            await running


@dataclass(kw_only=True)
class Elsewhere:
    """A server that stands for every host of the network. It sees whatever is dialled."""

    port: int
    connections: list[str] = field(default_factory=list)


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say nothing."""
    writer.close()


@asynccontextmanager
async def elsewhere(
    monkeypatch: pytest.MonkeyPatch,
    talk: Talk = hang_up,
    **options: Any,  # noqa: ANN401 - as `start_server` takes them
) -> AsyncIterator[Elsewhere]:
    """Stand for all hosts but the loopback's own: every other name and address leads to here, on every port."""
    seen = Elsewhere(port=0)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections.append(str(writer.get_extra_info("peername")))
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, **options)
    seen.port = server.sockets[0].getsockname()[1]
    genuine = socket.getaddrinfo

    def resolved(host: str, port: int, *rest: Any, **more: Any) -> Sequence[Any]:  # noqa: ANN401 - as the genuine one
        if host in {"127.0.0.1", "::1", "localhost"}:
            return genuine(host, port, *rest, **more)
        return genuine("127.0.0.1", seen.port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    # Without this asyncio connects to an address as it stands, and asks nobody.
    monkeypatch.setattr(asyncio.base_events, "_ipaddr_info", lambda *_: None)
    try:
        yield seen
    finally:
        monkeypatch.undo()
        server.close()
