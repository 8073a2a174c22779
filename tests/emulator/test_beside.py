"""What takes long is done beside the event loop: others are answered meanwhile."""

import asyncio

import pytest

from llemulator_addon.core.outcome import Answered
from llemulator_addon.core.request import Request
from tests.playing import chat, emulator, json_of, load, played, post, request, said, status, texts

_OTHER = "sk-other-9999"
_LARGE = {"rules": [{"match": {"user_text": f"question {number}"}, "reply": "a"} for number in range(500)]}


async def _meanwhile(server_asked: Request) -> tuple[bool, Answered, Answered]:
    """Ask for what takes long, and then for a small answer; say whether the first was there before the second."""
    server = emulator()
    for _ in range(50):
        await server.answer(chat("a" * 20_000))
    long = asyncio.create_task(server.answer(server_asked))
    await asyncio.sleep(0)
    small = await server.answer(chat(token=_OTHER))
    return long.done(), small, await long


@pytest.mark.long
@pytest.mark.parametrize(
    "asked",
    [
        post("/_emulator/script", _LARGE),
        post("/_emulator/verify", {"expectations": [{"match": "a", "count": 50}]}),
        request("GET", "/_emulator/requests?format=har"),
        request("GET", "/_emulator/requests?format=full"),
        request("GET", "/_emulator/requests/1"),
        request("GET", "/_emulator/script"),
    ],
    ids=lambda asked: asked.path + str(dict(asked.query).get("format", "")),
)
def test_others_are_answered_meanwhile(asked: Request) -> None:
    was_first, small, long = asyncio.run(_meanwhile(asked))

    assert not was_first
    assert status(played(small).steps) == 200
    assert status(played(long).steps) == 200


def test_scripts_that_come_at_once_are_all_loaded() -> None:
    server = emulator()

    async def at_once() -> None:
        scripts = [{"responses": {f"question {number}$": str(number)}} for number in range(20)]
        await asyncio.gather(*(server.answer(post("/_emulator/script", script)) for script in scripts))

    asyncio.run(at_once())

    assert texts(server, *(chat(f"question {number}") for number in range(20))) == [str(n) for n in range(20)]


def test_a_client_that_leaves_while_its_script_is_read_has_loaded_nothing() -> None:
    server = emulator({"responses": {"": "default"}})

    async def left() -> str:
        loading = asyncio.create_task(server.answer(post("/_emulator/script", _LARGE)))
        await asyncio.sleep(0)
        loading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loading
        return said(played(await server.answer(chat("question 1"))).steps)

    assert asyncio.run(left()) == "default"


def test_what_comes_while_a_session_is_verified_is_not_forgotten_unseen() -> None:
    server = emulator()
    load(server, {"responses": {"known": "a"}})
    texts(server, chat("known"))

    async def verified() -> Answered:
        verifying = asyncio.create_task(server.answer(post("/_emulator/verify", {"reset": True})))
        await asyncio.sleep(0)
        await server.answer(chat("other"))
        return await verifying

    assert json_of(played(asyncio.run(verified())).steps)["passed"] is False
