"""The connections of calls of Realtime that are open in this process: a call that ends takes its connections along."""

from collections.abc import Callable
from typing import NamedTuple
from weakref import WeakKeyDictionary

from llemulator_addon.adapters.websocket.connection import WebSocketConnection, WebSocketLine
from llemulator_addon.core.outcome import Answered, Converse, Play
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import SessionKey
from llemulator_addon.core.steps import Head
from llemulator_addon.wire.endpoints.realtime_calls import find_ended_call

_OVER = 1000
_OK = 200

BeginConnection = Callable[[WebSocketLine], WebSocketConnection]


class _CallOfSession(NamedTuple):
    session: SessionKey
    id: str


class OpenCalls:
    """Not a value: remembers connections until they are gone."""

    def __init__(self) -> None:
        self._open: WeakKeyDictionary[WebSocketConnection, _CallOfSession] = WeakKeyDictionary()

    def watch(self, accepted: Converse, begin: BeginConnection) -> BeginConnection:
        """Return what begins a connection, and remembers it if it is that of a call."""
        call_id = accepted.request.query_value("call_id")
        if call_id is None or not accepted.session:
            return begin
        call = _CallOfSession(accepted.exchange.session, call_id)

        def begin_call(line: WebSocketLine) -> WebSocketConnection:
            connection = begin(line)
            self._open[connection] = call
            return connection

        return begin_call

    def note_answer(self, request: Request, answered: Answered) -> None:
        """Close the connections of a call that a request has ended."""
        if not isinstance(answered, Play) or answered.exchange is None:
            return
        call_id = find_ended_call(request)
        if call_id is None or not any(isinstance(each, Head) and each.status == _OK for each in answered.steps[:1]):
            return
        for connection, call in tuple(self._open.items()):
            if call == _CallOfSession(answered.exchange.session, call_id):
                del self._open[connection]
                connection.start(connection.close(_OVER, "the call has ended"))
