"""What a request costs a shared store: work is counted, not timed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest

from llemulator_addon.adapters.metrics.counting import Metrics
from llemulator_addon.adapters.stores.backend import At, Backend, LinkBackend, Save, Saved, Sums
from llemulator_addon.adapters.stores.shared import SharedStore
from llemulator_addon.adapters.stores.sqlite import SqliteBackend
from llemulator_addon.core.outcome import Ending, Play
from llemulator_addon.core.request import Request
from llemulator_addon.emulator import Emulator, EmulatorSettings
from llemulator_addon.store.port import Limits
from llemulator_addon.store.written_session import Stored
from tests.playing import chat, post, request

_ENDING = Ending("whole", 10, 1, 0.5)


@dataclass
class _Counting:
    """Passes everything on, and counts."""

    backend: Backend
    calls: list[str] = field(default_factory=list)
    written: int = 0
    read: int = 0

    @property
    def link(self) -> LinkBackend:
        return cast("LinkBackend", _CountingLink(self.backend.link, self.calls))

    async def load(self, key: str, known: At | None) -> Stored | None:
        self.calls.append("load")
        stored = await self.backend.load(key, known)
        if stored is not None:
            self.read += len(stored.head) + sum(len(text or "") for _, _, text in stored.rows)
        return stored

    async def save(self, save: Save) -> Saved:
        self.calls.append("save")
        written = save.written
        self.written += len(written.head) + len(written.script or "")
        self.written += sum(len(text or "") for text in written.rows.values())
        return await self.backend.save(save)

    async def forget(self, key: str) -> None:
        self.calls.append("forget")
        await self.backend.forget(key)

    async def read_script(self, digest: str) -> str | None:
        self.calls.append("read_script")
        return await self.backend.read_script(digest)

    async def list_keys(self) -> Sequence[str]:
        self.calls.append("list_keys")
        return await self.backend.list_keys()

    async def list_marked(self, mark: str) -> Sequence[str]:
        self.calls.append("list_marked")
        return await self.backend.list_marked(mark)

    async def reserve_lives(self, number: int) -> int:
        self.calls.append("reserve_lives")
        return await self.backend.reserve_lives(number)

    async def measure(self) -> Sums:
        self.calls.append("measure")
        return await self.backend.measure()

    async def check(self) -> None:
        await self.backend.check()

    async def close(self) -> None:
        await self.backend.close()


@dataclass
class _CountingLink:
    """The same for leases, messages and notices."""

    backend: LinkBackend
    calls: list[str]

    def __getattr__(self, name: str) -> object:
        self.calls.append(name)
        return getattr(self.backend, name)


class _Server:
    def __init__(self, file: Path, *, most_scripts: int = 100) -> None:
        self.counting = _Counting(SqliteBackend(file, Limits(), ttl=None))
        metrics = Metrics()
        self.emulator = Emulator(
            EmulatorSettings(write_metrics=metrics.write),
            lambda beginnings, _: SharedStore(self.counting, beginnings, most_scripts=most_scripts),
        )
        metrics.measure = self.emulator.measure

    async def ask(self, asked: Request) -> None:
        answered = await self.emulator.answer(asked)
        assert isinstance(answered, Play)
        if answered.exchange is not None:
            await self.emulator.note_end(answered.exchange, _ENDING)

    async def cost(self, asked: Request) -> tuple[list[str], int, int]:
        """Return the transactions of one request, and the characters that are written and read."""
        self.counting.calls.clear()
        self.counting.written = self.counting.read = 0
        await self.ask(asked)
        return list(self.counting.calls), self.counting.written, self.counting.read


def _rules(number: int) -> list[object]:
    return [{"match": {"user_text": f"^{each}$"}, "reply": f"no. {each}", "times": 1} for each in range(number)]


async def _filled(file: Path, number: int) -> _Server:
    """Return a server whose session has as many rules, resources and exchanges."""
    server = _Server(file)
    await server.ask(post("/_emulator/script", {"rules": [*_rules(number), {"reply": "else"}]}))
    for each in range(number):
        await server.ask(chat(str(each), store=True))
    return server


async def test_a_request_costs_the_same_whatever_the_session_has(tmp_path: Path) -> None:
    small, large = await _filled(tmp_path / "small.db", 1), await _filled(tmp_path / "large.db", 300)
    costs = [await server.cost(chat("else", store=True)) for server in (small, large)]

    assert costs[0][0] == costs[1][0]
    assert costs[1][1:] == pytest.approx(costs[0][1:], rel=0.05)
    for server in (small, large):
        await server.emulator.close()


async def test_a_request_costs_one_transaction_and_its_end_one(tmp_path: Path) -> None:
    server = await _filled(tmp_path / "sessions.db", 3)
    calls, _, _ = await server.cost(chat("else"))

    assert calls == ["save", "save"]
    await server.emulator.close()


async def test_a_queue_of_an_address_costs_those_who_do_not_use_it_nothing_and_is_found_with_the_request(
    tmp_path: Path,
) -> None:
    one, other = await _filled(tmp_path / "sessions.db", 3), _Server(tmp_path / "sessions.db")
    asked = chat("else", token="sk-without-a-script")
    elsewhere = replace(asked, client="192.0.2.7")
    await other.ask(elsewhere)
    filling = post("/api/preset-queue/127.0.0.1/batch", {"responses": [{"id": "1"}, {"id": "2"}]})
    await one.ask(replace(filling, host="127.0.0.1"))
    of_others, _, _ = await other.cost(elsewhere)
    first, _, _ = await other.cost(asked)
    then, _, _ = await other.cost(asked)

    assert of_others == ["save", "save"]
    # It is refused because of the queue. The token has no script; the queue is read with its script, and answers.
    assert first == ["save", "load", "load", "read_script", "load", "save", "save"]
    assert then == ["load", "save", "save"]
    for server in (one, other):
        await server.emulator.close()


async def test_a_request_whose_session_another_process_changed_costs_one_more(tmp_path: Path) -> None:
    one, other = await _filled(tmp_path / "sessions.db", 3), _Server(tmp_path / "sessions.db")
    await other.ask(chat("else"))
    await one.ask(chat("else"))
    calls, _, _ = await other.cost(chat("else"))

    assert calls == ["save", "save", "save"]
    for server in (one, other):
        await server.emulator.close()


async def test_a_process_reads_only_what_another_one_changed(tmp_path: Path) -> None:
    one = await _filled(tmp_path / "sessions.db", 300)
    other = _Server(tmp_path / "sessions.db")
    first, _, read_at_first = await other.cost(request("GET", "/v1/models"))
    await one.ask(chat("else"))
    then, _, read_then = await other.cost(request("GET", "/v1/models"))

    assert "read_script" in first
    assert "read_script" not in then
    assert read_then < read_at_first / 20
    for server in (one, other):
        await server.emulator.close()


async def test_the_script_of_a_session_in_use_is_not_read_again_however_many_there_are(tmp_path: Path) -> None:
    one, other = _Server(tmp_path / "sessions.db"), _Server(tmp_path / "sessions.db", most_scripts=1)
    tokens = [f"sk-token-{number}" for number in range(3)]
    for token in tokens:
        await one.ask(post("/_emulator/script", {"rules": [{"reply": f"for {token}"}]}, token=token))
        await other.ask(chat("Hi", token=token))
    other.counting.calls.clear()
    for token in tokens:
        await one.ask(chat("Hi", token=token))
        await other.ask(chat("Hi", token=token))

    assert set(other.counting.calls) == {"save"}
    for server in (one, other):
        await server.emulator.close()


async def test_a_scrape_of_metrics_costs_one_transaction_whatever_the_number_of_sessions(tmp_path: Path) -> None:
    scrape = replace(request("GET", "/metrics", token=None), host="llemulator")
    server = _Server(tmp_path / "sessions.db")
    for number in range(30):
        await server.ask(chat("Hi", token=f"sk-of-scrape-{number}"))
    calls, written, read = await server.cost(scrape)

    assert (calls, written, read) == (["measure"], 0, 0)
    gauges = (await server.emulator.measure()).sessions
    assert gauges is not None
    assert (gauges.sessions, gauges.unused_rules) == (30, None)
    await server.emulator.close()
