"""How many round trips per second one Redis bears: real requests are recorded, and played to it without a pause.

A process in Python takes longer for a round trip than Redis does, so it cannot keep Redis busy. Written beforehand, the
very same programs, with the same arguments, can.
"""

import asyncio
from threading import Thread
from time import monotonic
from typing import Any, override

import redis
from redis.connection import Connection

from llemulator_addon.adapters.stores.address import read_address
from llemulator_addon.adapters.stores.redis import RedisBackend
from llemulator_addon.adapters.stores.redis_scripts import LuaProgram
from llemulator_addon.adapters.stores.shared import SharedStore
from llemulator_addon.core.outcome import Ending, Play
from llemulator_addon.core.request import Request
from llemulator_addon.emulator import Emulator, EmulatorSettings
from llemulator_addon.store.port import Limits
from llemulator_addon.wire.json_bytes import compact

_TOKENS, _REQUESTS = 64, 4_000
_ASK = compact({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]})
_PREFIX = "{llemulator}:"
_CONNECT: Any = Connection  # it says no types
_ENDING = Ending(how="whole", bytes_sent=10, sends=1, seconds=0.1)


class _Recording(RedisBackend):
    """Keeps what it asks Redis, as it is sent."""

    def __init__(self, url: str) -> None:
        super().__init__(read_address(url), Limits(), None)
        self.sent: list[bytes] = []
        self._packer = _CONNECT()

    @override
    async def _run(self, program: LuaProgram, *arguments: object) -> object:
        command = ("EVALSHA", program.digest, "1", _PREFIX, *map(str, arguments))
        self.sent.append(b"".join(self._packer.pack_command(*command)))
        return await super()._run(program, *arguments)


def measure(port: int) -> float:
    """Return the round trips per second. It empties the database."""
    with redis.Redis(port=port) as client:
        client.flushall()
        sent = asyncio.run(_record(f"redis://127.0.0.1:{port}"))
        client.flushall()
    began = monotonic()
    _play(port, sent)
    return len(sent) / (monotonic() - began)


async def _record(url: str) -> list[bytes]:
    backend = _Recording(url)
    server = Emulator(EmulatorSettings(), lambda beginnings, _: SharedStore(backend, beginnings))
    for number in range(_REQUESTS):
        headers = {"content-type": "application/json", "authorization": f"Bearer sk-bench-{number % _TOKENS}"}
        asked = Request(method="POST", path="/v1/chat/completions", headers=headers, body=_ASK, at=float(number))
        answered = await server.answer(asked)
        if not isinstance(answered, Play) or answered.exchange is None:
            raise TypeError("a request was not answered")
        await server.note_end(answered.exchange, _ENDING)
    await server.close()
    return backend.sent


def _play(port: int, sent: list[bytes]) -> None:
    """Send all, and read as many replies; raises what Redis refuses."""
    connection = _CONNECT(port=port)
    connection.connect()
    sending = Thread(target=connection.send_packed_command, args=(sent,), kwargs={"check_health": False})
    sending.start()
    for _ in sent:
        reply = connection.read_response()
        if isinstance(reply, list) and reply[:1] == [b"0"]:
            raise RuntimeError("a change was refused that was made before, so its cost is another")
    sending.join()
    connection.disconnect()
