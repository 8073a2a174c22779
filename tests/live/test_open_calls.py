"""A call that ends takes its connections along, whichever process has them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from llemulator_addon.core.outcome import Play
from llemulator_addon.emulator import Emulator, EmulatorSettings
from llemulator_addon.live.open_calls import OpenCall
from llemulator_addon.store.memory import MemoryStore
from llemulator_addon.store.memory_link import Meeting, MemoryLink
from llemulator_addon.store.port import Beginnings, Limits
from llemulator_addon.wire.credentials import key_of
from tests.playing import TOKEN, post, status

_REALTIME = {"type": "realtime", "model": "gpt-realtime"}
_ENDINGS = [("hangup", {}), ("refer", {"target_uri": "tel:+1"}), ("reject", {})]


class _Processes:
    """Emulators that share their sessions."""

    def __init__(self) -> None:
        self._meeting = Meeting()
        self._sessions: dict[object, object] | None = None
        self.all = [Emulator(EmulatorSettings(), self._open) for _ in range(3)]

    def _open(self, beginnings: Beginnings, limits: Limits) -> MemoryStore:
        store = MemoryStore(beginnings, limits)
        store.link = MemoryLink(self._meeting)
        if self._sessions is not None:
            vars(store)["_sessions"] = self._sessions
        self._sessions = vars(store)["_sessions"]
        return store

    async def post(self, number: int, path: str, body: object, token: str = TOKEN) -> int:
        answered = await self.all[number].answer(post(f"/v1/realtime/calls/{path}", body, token=token))
        assert isinstance(answered, Play)
        return status(answered.steps)

    @asynccontextmanager
    async def connected(
        self, number: int, call_id: str, token: str = TOKEN, *, is_kept: bool = True
    ) -> AsyncIterator[list[str]]:
        """Have a connection of a call; what is yielded is no longer empty once it was to be closed."""
        closed: list[str] = []
        calls = self.all[number].calls
        holding = asyncio.create_task(
            calls.hold(OpenCall(key_of(token), call_id), lambda: closed.append(call_id), is_kept=is_kept)
        )
        await _rounds()
        yield closed
        holding.cancel()
        await asyncio.wait((holding,))


async def _rounds() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.mark.parametrize(("ending", "body"), _ENDINGS)
async def test_a_call_that_ends_at_one_process_loses_its_connections_at_all(ending: str, body: object) -> None:
    processes = _Processes()
    for token in (TOKEN, "sk-other-5678"):
        for call_id in ("rtc_1", "rtc_2"):
            assert await processes.post(0, f"{call_id}/accept", _REALTIME, token) == 200
    async with (
        processes.connected(0, "rtc_1") as here,
        processes.connected(1, "rtc_1") as there,
        processes.connected(1, "rtc_1") as again,
        processes.connected(1, "rtc_2") as another,
        processes.connected(1, "rtc_1", "sk-other-5678") as of_another,
    ):
        ended = await processes.post(0, f"rtc_1/{ending}", body)
        await _rounds()

        assert (ended, here, there, again) == (200, ["rtc_1"], ["rtc_1"], ["rtc_1"])
        assert (another, of_another) == ([], [])


async def test_a_call_that_is_not_ended_well_keeps_its_connections() -> None:
    processes = _Processes()
    await processes.post(0, "rtc_1/accept", _REALTIME)
    async with processes.connected(1, "rtc_1") as closed:
        refused = await processes.post(0, "rtc_1/refer", {})

        assert (refused, closed) == (400, [])


async def test_a_connection_of_a_call_that_ended_meanwhile_is_closed_unless_its_session_is_another() -> None:
    processes = _Processes()
    await processes.post(0, "rtc_1/accept", _REALTIME)
    await processes.post(0, "rtc_1/hangup", {})
    async with (
        processes.connected(1, "rtc_1") as late,
        processes.connected(1, "rtc_1", is_kept=False) as with_a_secret,
    ):
        assert (late, with_a_secret) == (["rtc_1"], [])


async def test_a_connection_that_is_gone_is_no_longer_closed_nor_asked_about() -> None:
    processes = _Processes()
    await processes.post(0, "rtc_1/accept", _REALTIME)
    async with processes.connected(1, "rtc_1") as closed:
        pass
    await processes.post(0, "rtc_1/hangup", {})

    assert closed == []
