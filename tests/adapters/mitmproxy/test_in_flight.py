import asyncio
from collections.abc import Sequence
from typing import override

from llemulator_addon.adapters.mitmproxy.in_flight import InFlight
from llemulator_addon.core.session_key import ANONYMOUS, ExchangeId
from llemulator_addon.core.talk import TalkMessage
from tests.wire_real.proxies import Playing

_EXCHANGE = ExchangeId(ANONYMOUS, 1, 1)


class _Slow(Playing):
    """Takes messages when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[list[float]] = []
        self.may_go_on = asyncio.Event()

    @override
    async def note_messages(self, exchange: ExchangeId, messages: Sequence[TalkMessage]) -> None:
        self.taken.append([message.at for message in messages])
        await self.may_go_on.wait()


async def test_messages_that_come_while_others_are_taken_are_reported_together_and_in_their_order() -> None:
    slow = _Slow()
    in_flight = InFlight(slow)

    for at in range(4):
        in_flight.note_messages(_EXCHANGE, [TalkMessage(float(at), by_client=True)])
    slow.may_go_on.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    in_flight.note_messages(_EXCHANGE, [TalkMessage(4.0, by_client=True)])

    assert slow.taken == [[0.0], [1.0, 2.0, 3.0], [4.0]]
