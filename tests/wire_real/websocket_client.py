"""A client that speaks WebSocket over a real socket, frame by frame."""

import asyncio
import gc
import json
import zlib
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from llemulator_addon.emulator import Emulator
from llemulator_addon.engine.journal import Exchange
from llemulator_addon.wire.credentials import key_of
from tests.patience import SECONDS
from tests.websocket import CLOSE, PONG, TEXT, Frame, code_of, frame, read_frames
from tests.wire_real.clients import Headers, Proxy, Question, Way, connected

HANDSHAKE = (
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Version", "13"),
)
KEY = (("Authorization", "Bearer sk-websocket"),)


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        self.head = head.decode()
        self.writer = writer
        self._reader = reader
        self._received = b""
        self._frames: deque[Frame] = deque()
        self.pongs: list[bytes] = []
        self.closed: int | None = None
        """The code of the close frame; 0: the connection was lost without one."""
        self.is_reset = False

    def send(self, event: object) -> None:
        """Send JSON as a text."""
        self.writer.write(frame(TEXT, json.dumps(event).encode()))

    def create(self, text: str, **more: object) -> None:
        """Ask for a response."""
        self.send({"type": "response.create", "model": "gpt-4.1", "input": text, **more})

    async def next_frame(self) -> Frame | None:
        """Return the next frame; None at the end of the connection."""
        while not self._frames:
            try:
                received = await self._reader.read(65_536)
            except ConnectionError:
                self.is_reset = True
                received = b""
            if not received:
                return None
            self._received += received
            self._frames += read_frames(self._received)
            self._received = self._received[sum(each.size for each in self._frames) :]
        return self._frames.popleft()

    async def messages(self) -> AsyncIterator[Any]:
        """Yield messages, read as JSON where they are, until the connection ends."""
        parts, unpack = b"", False
        while (got := await self.next_frame()) is not None:
            if got.opcode == PONG:
                self.pongs.append(got.payload)
            elif got.opcode == CLOSE:
                self.closed = code_of(got)
                return
            elif got.opcode < CLOSE:
                parts, unpack = parts + got.payload, unpack or got.is_packed
                if got.ends:
                    yield _read(zlib.decompressobj(-15).decompress(parts + b"\x00\x00\xff\xff") if unpack else parts)
                    parts, unpack = b"", False
        self.closed = 0

    async def answer(self) -> list[Any]:
        """Return the messages up to the one that ends a response, or all where the connection ends before."""
        heard = []
        async for message in self.messages():
            heard.append(message)
            if isinstance(message, dict) and message.get("type") in _LAST:
                return heard
        return heard

    async def ask(self, text: str, **more: object) -> list[Any]:
        """Ask for a response, and return its messages."""
        self.create(text, **more)
        return await self.answer()


_LAST = {"response.completed", "response.incomplete", "response.failed", "response.steer.failed", "error"}


def _read(message: bytes) -> object:
    try:
        return json.loads(message)
    except ValueError:
        return message.decode()


def said(messages: list[Any]) -> str:
    """Return the text that events bring."""
    return "".join(each["delta"] for each in messages if each["type"] == "response.output_text.delta")


async def exchanges_of(server: Emulator) -> list[Exchange]:
    """Return what the journal has of this client's token."""
    return list(next(session for session in await server.sessions() if session.key == key_of("sk-websocket")).journal)


async def until_ended(server: Emulator) -> None:
    """Wait until nothing of this client's token is under way."""
    async with asyncio.timeout(SECONDS):
        while not all(each.ending for each in await exchanges_of(server)):  # noqa: ASYNC110 - nobody tells of that
            await asyncio.sleep(0.02)


@asynccontextmanager
async def talking(
    proxy: Proxy, way: Way = "origin", *, headers: Headers = KEY, path: str = "/v1/responses", ahead: bytes = b""
) -> AsyncIterator[Client]:
    """Open a WebSocket connection. `ahead` is sent with the handshake."""
    asked = Question(path=path, headers=(*headers, *HANDSHAKE)).as_h1(absolute=way == "absolute")
    async with connected(proxy, way) as (reader, writer):
        writer.write(asked + ahead)
        yield Client(reader, writer, await reader.readuntil(b"\r\n\r\n"))


def list_left() -> list[object]:
    """Return what is still there of connections."""
    gc.collect()
    return [each for each in gc.get_objects() if type(each).__name__ in _KEPT_FOR_A_CONNECTION]


_KEPT_FOR_A_CONNECTION = {
    *("WebSocketLayer", "_StraightLayer", "StraightWay", "WebSocketConnection", "Frames", "TalkListener"),
    *("ResponsesTalk", "RealtimeTalk", "RealtimeState"),
}
