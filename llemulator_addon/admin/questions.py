"""The questions that processes which share a store ask each other, as texts of JSON."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from llemulator_addon.admin.route import Server
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.session_key import SessionKey
from llemulator_addon.live.manual_queue import exchange_of
from llemulator_addon.store.link import Lease, LinkFull, name_thing
from llemulator_addon.wire import json_bytes
from llemulator_addon.wire.errors import RequestRefused

ANSWERED, NOT_WAITING, FORGOTTEN = {"answered": True}, {"answered": False}, {"forgotten": True}
ENDED = {"ended": True}


async def ask_to_answer(server: Server, lease: Lease, body: bytes) -> bool | None:
    """Let the process answer in which a request waits; False: it does not any more; None: it does not reply.

    Raises `RequestRefused` for what that process refuses.
    """
    life, number = exchange_of(lease)
    # The body was read as JSON, so it is UTF-8.
    question = {"answer": body.decode(), "of": lease.of, "life": life, "number": number}
    try:
        reply = await _ask(server, lease.process, question)
    except LinkFull:
        raise RequestRefused(_FULL) from None
    if reply is not None and "refused" in reply:
        raise RequestRefused(Failure(**reply["refused"]))
    return None if reply is None else bool(reply["answered"])


async def forget_waiting(server: Server, key: SessionKey) -> None:
    """Answer the requests that wait for something in a session that was forgotten, in all processes."""
    await server.forget_waiting(key)
    thing = name_thing(key)
    waiting = await server.store.link.list_leases("waiting", thing)
    turns = await server.store.link.list_leases("turn")
    processes = {lease.process for lease in (*waiting, *(each for each in turns if each.of.endswith(f" {thing}")))}
    await asyncio.gather(*(_tell(server, process, {"forget": thing}) for process in processes))


def refuse(failure: Failure) -> dict[str, object]:
    """Return what a process replies that refuses."""
    shown = {"status": failure.status, "message": failure.message, "type": failure.type, "code": failure.code}
    return {"refused": {**shown, "param": failure.param}}


def read_question(text: str) -> Mapping[str, Any]:
    """Read a question of another process."""
    question: Mapping[str, Any] = json_bytes.read(text.encode())
    return question


def write_reply(reply: Mapping[str, object]) -> str:
    """Write what is replied."""
    return json_bytes.compact(reply).decode()


_FULL = Failure(
    status=503,
    type="server_error",
    code="process_busy",
    message="Too much waits for the process in which this request waits, or the answer is too large for its way there. "
    "Answer again later, or at that process.",
    headers=(("retry-after", "1"),),
)


async def _tell(server: Server, process: str, question: Mapping[str, object]) -> None:
    """Ask a process whose reply is of no interest."""
    with suppress(LinkFull):
        await _ask(server, process, question)


async def _ask(server: Server, process: str, question: Mapping[str, object]) -> Mapping[str, Any] | None:
    reply = await server.store.link.ask(process, json_bytes.compact(question).decode())
    return None if reply is None else json_bytes.read(reply.encode())
