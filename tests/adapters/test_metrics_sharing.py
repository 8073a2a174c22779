"""Workers of one port: a scrape at any of them finds the metrics of all, and no count is ever smaller than before."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from llemulator_addon.adapters.metrics.counting import Metrics
from llemulator_addon.adapters.metrics.counts import MetricsReport, read_report, write_report
from llemulator_addon.adapters.metrics.sharing import share_metrics
from llemulator_addon.core.gauges import Gauges, ModelServerGauges, SessionGauges
from llemulator_addon.core.outcome import Ending
from tests.playing import chat, emulator, played, post

_COUNTED = "llemulator_requests_total"


class _Worker:
    """A worker, as far as its metrics go; all run in this process."""

    def __init__(self, folder: Path, number: int, *, is_store_shared: bool = True) -> None:
        self.number = number
        self.metrics = Metrics(lambda: 0.0)
        self.emulator = emulator({"responses": {"": "one two three"}})
        self.emulator.watch_requests(self.metrics)
        self.metrics.measure = self.emulator.measure
        self.metrics.count_running = lambda: number
        self.metrics.sum_up_egress = lambda: {"answered": number}
        self.sharing = share_metrics(self.metrics, folder, number, is_store_shared=is_store_shared)

    async def ask(self, times: int = 1, model: str = "gpt-4o") -> None:
        """Answer requests."""
        asked = chat(stream=True, stream_options={"include_usage": True}, model=model)
        for _ in range(times):
            answered = played(await self.emulator.answer(asked))
            assert answered.exchange is not None
            await self.emulator.note_end(answered.exchange, Ending("whole", 9, 9, 0.0))

    async def scrape(self) -> dict[str, float]:
        """Return each metric, summed over its labels."""
        text, _ = await self.metrics.write("")
        found: dict[str, float] = {}
        for family in text_string_to_metric_families(text.decode()):
            for sample in family.samples:
                found[sample.name] = found.get(sample.name, 0) + sample.value
        return found


async def test_a_scrape_at_any_worker_finds_the_counts_of_all(tmp_path: Path) -> None:
    one, two = _Worker(tmp_path, 1), _Worker(tmp_path, 2)
    async with one.sharing, two.sharing:
        await one.ask(3)
        await two.ask(2, model="gpt-4o-mini")
        await two.ask(2)
        found, other = await one.scrape(), await two.scrape()

    assert found[_COUNTED] == other[_COUNTED] == 7
    assert found["vllm:time_to_first_token_seconds_count"] == 7
    assert found["vllm:inter_token_latency_seconds_count"] == 7 * 2
    assert found["vllm:generation_tokens_total"] == other["vllm:generation_tokens_total"] == 7 * 3
    assert found["llemulator_requests_running"] == 1 + 2
    assert found["llemulator_egress_total"] == 1 + 2
    assert found["llemulator_processes"] == 2


@pytest.mark.parametrize(("is_store_shared", "sessions"), [(True, 1), (False, 2)])
async def test_sessions_are_counted_once_where_workers_share_them(
    tmp_path: Path, sessions: int, *, is_store_shared: bool
) -> None:
    one, two = (_Worker(tmp_path, number, is_store_shared=is_store_shared) for number in (1, 2))
    async with one.sharing, two.sharing:
        await one.ask()
        await two.ask()
        found = await one.scrape()

    assert found["llemulator_sessions"] == sessions
    assert found["llemulator_store_up"] == 1


async def test_the_counts_of_a_worker_that_ended_stay_and_its_successor_goes_on_with_them(tmp_path: Path) -> None:
    one, two, next_two = _Worker(tmp_path, 1), _Worker(tmp_path, 2), _Worker(tmp_path, 2)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(one.sharing)
        async with two.sharing:
            await two.ask(5)
            before = await one.scrape()
        after = await one.scrape()
        await stack.enter_async_context(next_two.sharing)
        await next_two.ask(2)
        later = await one.scrape()

    assert before[_COUNTED] == after[_COUNTED] == 5
    assert (after["llemulator_processes"], after["llemulator_requests_running"]) == (1, 1)
    assert (later[_COUNTED], later["llemulator_processes"]) == (7, 2)
    assert later["vllm:e2e_request_latency_seconds_count"] == 7
    # Worker 2 counted its traffic twice, as two processes.
    assert later["llemulator_egress_total"] == 1 + 2 + 2


async def test_a_worker_that_does_not_answer_in_time_counts_with_what_it_said_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llemulator_addon.adapters.metrics.sharing._BETWEEN_FILES", 3_600)
    one, two = _Worker(tmp_path, 1), _Worker(tmp_path, 2)
    async with one.sharing, two.sharing:
        await two.ask(4)
        await one.scrape()
        monkeypatch.setattr("llemulator_addon.adapters.metrics.sharing._PATIENCE", 0.01)
        two.metrics.measure = asyncio.Event().wait  # type: ignore[assignment] # never answers
        await two.ask(1)
        found = await one.scrape()

    assert (found[_COUNTED], found["llemulator_processes"]) == (4, 1)


async def test_model_servers_of_all_workers_are_added(tmp_path: Path) -> None:
    one, two = _Worker(tmp_path, 1), _Worker(tmp_path, 2)
    loads = {one: (ModelServerGauges("a", 1, 2, 0.5),), two: (ModelServerGauges("a", 3, 4, 0.25),)}

    async def measure(worker: _Worker) -> Gauges:
        return Gauges(model_servers=loads[worker])

    for each in (one, two):
        each.metrics.measure = partial(measure, each)
    async with one.sharing, two.sharing:
        found = await two.scrape()

    assert found["vllm:num_requests_running"] == 1 + 3
    assert found["vllm:num_requests_waiting"] == 2 + 4
    assert found["vllm:kv_cache_usage_perc"] == 0.5


async def test_processes_of_workers_have_their_numbers_as_a_label(tmp_path: Path) -> None:
    one, two = _Worker(tmp_path, 1), _Worker(tmp_path, 2)
    async with one.sharing, two.sharing:
        text, _ = await one.metrics.write("")
    lines = [line for line in text.decode().splitlines() if line.startswith("process_resident_memory_bytes")]

    assert [line.split(" ")[0] for line in lines] == [
        f'process_resident_memory_bytes{{worker="{number}"}}' for number in (1, 2)
    ]


async def test_a_report_says_the_same_when_it_was_written_and_read() -> None:
    worker = _Worker(Path(), 1)
    await worker.ask(3)
    await worker.ask(1, model='odd "name"\n')
    played(await worker.emulator.answer(post("/_emulator/state", "x")))
    report = await worker.metrics.report("1")
    empty = MetricsReport(Metrics().read(), running=0, gauges=Gauges(SessionGauges(1, 2, 3, 4, 5)), processes={})

    loaded = Gauges(model_servers=(ModelServerGauges("a", 1, 2, 0.5),))

    for each in (report, empty, empty._replace(gauges=Gauges()), empty._replace(gauges=loaded)):
        assert read_report(write_report(each)) == each
