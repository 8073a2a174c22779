"""Before a process ends, the connections to it end one by one, each behind an answer."""

import asyncio
from pathlib import Path

import h2.connection
import h2.events
import pytest

from llemulator_addon.core.steps import Send, Steps, Wait
from tests.wire_real.clients import Question, Way, ask_h1, begin_h2, connected
from tests.wire_real.proxies import EVENTS, HELLO, Playing, proxying

_STREAM: Steps = (EVENTS, Send(b"one"), Wait(0.01), Send(b"two"))


@pytest.mark.parametrize("steps", [HELLO, _STREAM], ids=["at once", "stream"])
@pytest.mark.parametrize("way", ["origin", "connect"])
async def test_an_answer_by_http_1_closes_its_connection(certs: Path, way: Way, steps: Steps) -> None:
    async with proxying(Playing(steps), certs) as (proxy, traffic), connected(proxy, way) as (reader, writer):
        before = await ask_h1(reader, writer, Question())
        traffic.draining.has_begun = True
        after = await ask_h1(reader, writer, Question())
        rest = await reader.read()

    assert (before.body, after.body, rest) == (before.body, before.body, b"")
    assert "connection" not in {name.lower() for name, _ in before.headers}
    assert ("connection", "close") in [(name.lower(), value) for name, value in after.headers]


@pytest.mark.parametrize("steps", [HELLO, _STREAM], ids=["at once", "stream"])
async def test_the_last_answer_by_http_2_is_whole_and_closes_its_connection(certs: Path, steps: Steps) -> None:
    async with (
        proxying(Playing(steps), certs) as (proxy, traffic),
        connected(proxy, "connect", alpn="h2") as (reader, writer),
    ):
        traffic.draining.has_begun = True
        connection, _ = begin_h2(writer, Question())
        events = await _read_to_end(connection, reader, writer)

    kinds = [type(event) for event in events]
    assert kinds.index(h2.events.StreamEnded) < kinds.index(h2.events.ConnectionTerminated)


async def _read_to_end(
    connection: h2.connection.H2Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> list[h2.events.Event]:
    events: list[h2.events.Event] = []
    while received := await reader.read(65536):
        events += connection.receive_data(received)
        writer.write(connection.data_to_send())
    return events


async def test_what_is_under_way_is_known(certs: Path) -> None:
    answerer = Playing((EVENTS, Send(b"one"), Wait(0.2), Send(b"two")))
    async with proxying(answerer, certs) as (proxy, traffic), connected(proxy, "origin") as (reader, writer):
        was_idle = traffic.is_idle()
        asked = asyncio.create_task(ask_h1(reader, writer, Question()))
        while not answerer.asked:  # noqa: ASYNC110 - the answerer tells nobody
            await asyncio.sleep(0)
        is_idle = traffic.is_idle()
        await asked
        await answerer.next_ending()

        assert (was_idle, is_idle, traffic.is_idle(), traffic.answered) == (True, False, True, 1)
