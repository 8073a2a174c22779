"""The interface that a way in needs from the program."""

from collections.abc import Sequence
from typing import Protocol

from llemulator_addon.core.outcome import Answered, Ending
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import ExchangeId
from llemulator_addon.core.steps import Steps
from llemulator_addon.core.talk import TalkMessage
from llemulator_addon.live.open_calls import OpenCalls
from llemulator_addon.script.fault import ConnectionFault


class Answerer(Protocol):
    """Answers requests. `Emulator` is the one of the program; a test may bring its own."""

    @property
    def calls(self) -> OpenCalls:
        """The connections of calls, which end with them."""
        ...

    async def answer(self, request: Request) -> Answered:
        """Return what to do about a request. Raises only for a bug of ours."""
        ...

    async def answer_connect(self, host: str) -> ConnectionFault | None:
        """Return what happens to a CONNECT to one of our hosts in place of a tunnel; None for a tunnel."""
        ...

    async def answer_tls(self, host: str) -> ConnectionFault | None:
        """Return what happens to a TLS handshake for one of our hosts; None for a good one."""
        ...

    async def came(self, exchange: ExchangeId, steps: Steps) -> None:
        """Take note of what an upstream answered, as far as it came; called before `note_end`."""
        ...

    async def note_messages(self, exchange: ExchangeId, messages: Sequence[TalkMessage]) -> None:
        """Take note of messages of a WebSocket connection; `exchange` is that of its handshake."""
        ...

    def note_sent(self, exchange: ExchangeId, sends: int, bytes_sent: int) -> None:
        """Take note of how many sends of an answer, and bytes of its body, the client took so far."""
        ...

    async def forget_talk(self, exchange: ExchangeId, talk: str) -> None:
        """Forget what was kept for a WebSocket connection alone, because it has ended."""
        ...

    async def note_end(self, exchange: ExchangeId, ending: Ending) -> None:
        """Take note of how the playing of an answer ended; called once for each `Play` that names its exchange."""
        ...
