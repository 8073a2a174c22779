"""Answers the questions of other processes that share the store."""

from collections.abc import Mapping
from typing import Any

from llemulator_addon.admin.questions import ANSWERED, ENDED, FORGOTTEN, NOT_WAITING, read_question, refuse, write_reply
from llemulator_addon.admin.route import Server
from llemulator_addon.admin.waiting import answer_here
from llemulator_addon.engine.fallback import store_failed
from llemulator_addon.live.open_calls import END_CALL
from llemulator_addon.store.link import read_thing
from llemulator_addon.store.port import StoreFailed
from llemulator_addon.wire.errors import RequestRefused


async def answer_question(server: Server, text: str) -> str:
    """Do what another process asks for, and return what it gets to know."""
    try:
        return write_reply(await _answer(server, read_question(text)))
    except RequestRefused as refused:
        return write_reply(refuse(refused.failure))
    except StoreFailed as failed:
        return write_reply(refuse(store_failed(str(failed))))


async def _answer(server: Server, question: Mapping[str, Any]) -> Mapping[str, object]:
    if "forget" in question:
        await server.forget_waiting(read_thing(question["forget"]))
        return FORGOTTEN
    if END_CALL in question:
        server.calls.end_here(question[END_CALL])
        return ENDED
    ask = server.waiting.get(read_thing(question["of"]), question["number"])
    if ask is None or ask.exchange.life != question["life"]:
        return NOT_WAITING
    return ANSWERED if await answer_here(server, ask, question["answer"].encode()) else NOT_WAITING
