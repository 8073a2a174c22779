"""Counts what happened, as requests come to their end. Bounded: names from clients make no new label beyond a number.

A request costs a look into three dicts here, and a stream one step for each of its sends. Texts are made when somebody
reads them.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

from llemulator_addon.adapters.clock import now
from llemulator_addon.adapters.metrics.streamed import brings_token
from llemulator_addon.adapters.origins import Origin, find_origin
from llemulator_addon.admin.dispatch import is_admin
from llemulator_addon.core.gauges import Gauges
from llemulator_addon.core.outcome import Ask, Ending
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import ExchangeId
from llemulator_addon.core.steps import Head, Send, Steps
from llemulator_addon.engine.journal import Exchange
from llemulator_addon.wire.redaction import redact_text
from llemulator_addon.wire.said_usage import find_usage

OTHER = "other"
MOST_MODELS = 100
MOST_ROWS = 5_000
"""Of requests."""
_LONGEST_NAME = 100
_REFUSED = 400
_OTHERS = (OTHER, OTHER, 0, OTHER, OTHER)
"""The labels of requests beyond that number."""

_TO_FIRST_TOKEN = (
    *(0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75),
    *(1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0, 160.0, 640.0),
)
_BETWEEN_TOKENS = (
    *(0.001, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75),
    *(1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0),
)
_WHOLE = (
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 0.5, 0.8),
    *(1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 120.0, 240.0, 480.0, 960.0),
)
"""Seconds: the bounds that vLLM has, and smaller ones, because nothing is computed here."""


class Durations:
    """How many durations fall below each bound. In seconds."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """Of those up to each bound and above the one before; the last has no bound."""
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """Count one more."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds


class RequestLabels(NamedTuple):
    """The labels of a request: those with the same are counted together."""

    endpoint: str
    model_name: str
    status: int
    answered_by: str
    ended: str


class ModelCounts:
    """The counts of one model."""

    __slots__ = ("between_tokens", "generated", "prompt", "to_first_token", "whole")

    def __init__(self) -> None:
        self.prompt = self.generated = 0
        """Tokens."""
        self.to_first_token = Durations(_TO_FIRST_TOKEN)
        self.between_tokens = Durations(_BETWEEN_TOKENS)
        self.whole = Durations(_WHOLE)


class Metrics:
    """A `Watcher` that counts. Not a value: it belongs to the event loop; any thread may read it."""

    def __init__(self, clock: Callable[[], float] = now) -> None:
        """`clock` is that of `Request.at`."""
        self._clock = clock
        self._requests: dict[tuple[str, str, int, str, str], int] = {}
        """By the values of `RequestLabels`."""
        self.unmatched: Counter[tuple[str, str]] = Counter()
        """By endpoint and model."""
        self.admin: Counter[str] = Counter()
        """By status; so are the next."""
        self.unrecorded: Counter[str] = Counter()
        self.models: dict[str, ModelCounts] = {}
        """By the name that stands for it in a label."""
        self.count_running: Callable[[], int] = int
        """Says how many answers are under way."""
        self._names: dict[str, str] = {}
        """The label of each model, by its name in requests."""
        self._asked: set[ExchangeId] = set()
        """Requests for which a person was asked."""

    @property
    def requests(self) -> Mapping[RequestLabels, int]:
        """How many requests there were, by their labels."""
        return {RequestLabels(*labels): number for labels, number in dict(self._requests).items()}

    @property
    def waiting(self) -> int:
        """How many requests wait for a person."""
        return len(self._asked)

    def waits(self, ask: Ask) -> None:
        """Note that a person is asked."""
        self._asked.add(ask.exchange)

    def note_unrecorded(self, request: Request, steps: Steps) -> None:
        """Count a request that is answered and not recorded: an admin route's, or one that could not be decided."""
        status = str(next((step.status for step in steps if isinstance(step, Head)), 0))
        (self.admin if is_admin(request) else self.unrecorded)[status] += 1

    def note_end(self, named: ExchangeId, exchange: Exchange | None) -> None:
        """Count a request whose answer has ended; nothing where its session was forgotten meanwhile."""
        was_asked = bool(self._asked) and named in self._asked
        if was_asked:
            self._asked.remove(named)
        if exchange is None or (ending := exchange.ending) is None:
            return
        status, endpoint, origin = exchange.status, exchange.endpoint or OTHER, find_origin(exchange)
        model = self._name_model(exchange, origin)
        # A plain tuple, because it is made for each request.
        labels: tuple[str, str, int, str, str]
        labels = (endpoint, model, status, "person" if was_asked else origin, ending.how)
        if (number := self._requests.get(labels)) is None and len(self._requests) >= MOST_ROWS:
            labels, number = _OTHERS, self._requests.get(_OTHERS)
        self._requests[labels] = (number or 0) + 1
        if exchange.unmatched is not None:
            self.unmatched[endpoint, model] += 1
        if exchange.prompt is not None and status < _REFUSED:
            if (counts := self.models.get(model)) is None:
                counts = self.models[model] = ModelCounts()
            self._count_answer(counts, exchange, ending)

    def write(self, gauges: Gauges, accept: str) -> tuple[bytes, str]:
        """Write all metrics, as `WriteMetrics` says."""
        # It takes long to import, and nobody may ask.
        from llemulator_addon.adapters.metrics.text import write  # noqa: PLC0415

        return write(self, gauges, accept)

    def _name_model(self, exchange: Exchange, origin: Origin) -> str:
        """Return the label of a model. A name that only refused requests have is none."""
        if (model := exchange.model) is None:
            return ""
        if (name := self._names.get(model)) is not None:
            return name
        if origin in {"refusal", "unsupported"} or len(self._names) >= MOST_MODELS or len(model) > _LONGEST_NAME:
            return OTHER
        # Half of a surrogate pair cannot be sent.
        name = self._names[model] = redact_text(model, "").encode("utf-8", "replace").decode()
        return name

    def _count_answer(self, counts: ModelCounts, exchange: Exchange, ending: Ending) -> None:
        sends = [step.piece for step in exchange.steps if isinstance(step, Send)]
        if (usage := find_usage(sends)) is not None:
            counts.prompt += usage.prompt
            counts.generated += usage.answer
        whole = max(0.0, self._clock() - exchange.at)
        if ending.how == "whole":
            counts.whole.add(whole)
        if not exchange.stream:
            return
        to_head = max(0.0, whole - ending.seconds)
        # Where no times were noted, all left with the head.
        left = ending.left or (0.0,) * ending.sends
        before: float | None = None
        for piece, at in zip(sends, left, strict=False):
            if brings_token(piece):
                if before is None:
                    counts.to_first_token.add(to_head + at)
                else:
                    counts.between_tokens.add(at - before)
                before = at
