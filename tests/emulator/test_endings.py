"""How an answer ended, as the journal and the watchers have it."""

from typing import get_args

import pytest

from llemulator_addon.adapters.metrics.counting import Metrics
from llemulator_addon.core.outcome import Ending, HowEnded, Play
from llemulator_addon.live.draining import Draining
from tests.playing import chat, emulator, json_of, played, request


@pytest.mark.parametrize("how", get_args(HowEnded))
async def test_a_connection_that_the_end_of_the_process_closes_was_not_left_by_its_client(how: HowEnded) -> None:
    draining, metrics = Draining(), Metrics()
    server = emulator({"rules": [{"reply": "Hello"}]}, draining=draining)
    server.watch_requests(metrics)
    metrics.measure = server.measure
    answered = await server.answer(chat())
    assert isinstance(answered, Play)
    assert answered.exchange is not None

    draining.is_over = True
    await server.note_end(answered.exchange, Ending(how=how, bytes_sent=5, sends=1, seconds=2.0))

    (shown,) = json_of(played(await server.answer(request("GET", "/_emulator/requests"))).steps)["data"]
    expected = "server_ended" if how == "client_left" else how
    assert (shown["ending"]["how"], shown["ending"]["bytes_sent"]) == (expected, 5)
    assert [expected in each for each in metrics.read().requests] == [True]
