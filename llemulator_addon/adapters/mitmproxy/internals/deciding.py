"""The questions of playback to the code that decides about requests."""

from typing import Literal, NamedTuple, Protocol

from mitmproxy import http
from mitmproxy.proxy.context import Context

from llemulator_addon.adapters.mitmproxy.bodies import Bodies
from llemulator_addon.core.outcome import Ending
from llemulator_addon.core.request import Way


class Arrival(NamedTuple):
    """The decision about a request after its head arrived."""

    fate: Literal["answer", "pass", "refuse"]
    host: str
    way: Way


class Decider(Protocol):
    """The questions of playback to the code that decides."""

    body_limit: int
    """Bytes."""
    bodies: Bodies
    streams_others: bool
    """Whether bodies of requests that are passed on go through piece by piece."""

    @property
    def is_draining(self) -> bool:
        """Whether the process is about to end, so that a connection ends with its next answer."""
        ...

    def owns(self, context: Context) -> bool:
        """Whether a connection is a tunnel to a host that is never connected to."""
        ...

    def arrival(self, flow: http.HTTPFlow, *, origin_form: bool) -> Arrival:
        """Decide about a request by its head."""
        ...

    def answer_too_large(self, flow: http.HTTPFlow) -> http.Response:
        """Return the answer to a request whose body is larger than `body_limit`."""
        ...

    def answer_no_room(self, flow: http.HTTPFlow) -> http.Response:
        """Return the answer to a request if the bodies of others leave no room for its body."""
        ...

    def answer_bug(self, flow: http.HTTPFlow, error: Exception | None = None) -> http.Response:
        """Return the answer to a request of ours that nothing answered, or at which something raised, and log that."""
        ...

    def give_up(self, flow: http.HTTPFlow) -> None:
        """Stop waiting for an answer, because the client is gone."""
        ...

    def end(self, flow: http.HTTPFlow, ending: Ending) -> None:
        """Take note of how the answer ended. May be called again for the same flow; only the first counts."""
        ...

    def note_sent(self, flow: http.HTTPFlow, sends: int, bytes_sent: int) -> None:
        """Take note of how far an answer is that is played in time."""
        ...
