"""Counts what happened, as requests come to their end. Bounded: names from clients make no new label beyond a number.

A request costs one look into a dict. Its tokens are known from where its answer was made, and when they left from
where it was played, so nothing of an answer is read again, and no piece of a stream is looked at. Durations are sorted
into histograms, and texts made, when somebody reads them.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import compress
from operator import sub

from llemulator_addon.adapters.clock import now
from llemulator_addon.adapters.metrics import durations
from llemulator_addon.adapters.metrics.counts import Counts, MetricsReport, ModelCounts, RequestLabels, SystemSample
from llemulator_addon.adapters.metrics.durations import Durations
from llemulator_addon.adapters.metrics.streamed import read_tokens
from llemulator_addon.adapters.origins import Origin, find_origin
from llemulator_addon.admin.dispatch import is_admin
from llemulator_addon.core.answer_tokens import AnswerTokens
from llemulator_addon.core.gauges import Gauges
from llemulator_addon.core.outcome import Ask, Ending
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import ExchangeId
from llemulator_addon.core.steps import Head, Steps
from llemulator_addon.engine.journal import Exchange
from llemulator_addon.live.threads import LARGE, run_in_thread
from llemulator_addon.wire.redaction import redact_text

OTHER = "other"
MOST_MODELS = 100
MOST_ROWS = 5_000
"""Of requests."""
_LONGEST_NAME = 100
_REFUSED = 400
_OTHERS = RequestLabels(OTHER, OTHER, 0, OTHER, OTHER)
"""The labels of requests beyond that number."""


class _Model:
    """Counts one model."""

    __slots__ = ("between_tokens", "generated", "prompt", "to_first_token", "whole")

    def __init__(self) -> None:
        self.prompt = self.generated = 0
        """Tokens."""
        self.to_first_token = Durations(durations.TO_FIRST_TOKEN)
        self.between_tokens = Durations(durations.BETWEEN_TOKENS)
        self.whole = Durations(durations.WHOLE)

    def read(self) -> ModelCounts:
        return ModelCounts(
            self.prompt, self.generated, self.to_first_token.read(), self.between_tokens.read(), self.whole.read()
        )


class _Row:
    """Counts the requests of one kind."""

    __slots__ = ("model", "number")

    def __init__(self, model: _Model | None) -> None:
        self.number = 0
        self.model = model
        """Counts their tokens and times; None: they were refused, or ask no model."""


_RequestKind = tuple[str | None, str | None, int, str, bool, bool, bool, bool]
"""All of an exchange on which its labels depend."""


class Metrics:
    """A `Watcher` that counts. Not a value: it belongs to the event loop."""

    def __init__(self, clock: Callable[[], float] = now) -> None:
        """`clock` is that of `Request.at`."""
        self._clock = clock
        self._kinds: dict[_RequestKind, _Row] = {}
        """The rows that were found lately."""
        self._rows: dict[tuple[RequestLabels, tuple[str, str] | None, str | None], _Row] = {}
        """By their labels, those of the unmatched, and the model whose tokens they count."""
        self._admin: Counter[str] = Counter()
        """By status; so are the next."""
        self._unrecorded: Counter[str] = Counter()
        self._models: dict[str, _Model] = {}
        """By the name that stands for it in a label."""
        self.count_running: Callable[[], int] = int
        """Says how many answers are under way."""
        self.sum_up_egress: Callable[[], Mapping[str, int]] = dict
        """Says what became of the traffic."""
        self.measure: Callable[[], Awaitable[Gauges]] = _measure_nothing
        """Says how the server is now."""
        self.gather: Callable[[], Awaitable[MetricsReport]] = self.report
        """Says what to write: what this process reports, if it does not share the port with others."""
        self._names: dict[str, str] = {}
        """The label of each model, by its name in requests."""
        self._asked: set[ExchangeId] = set()
        """Requests for which a person was asked."""

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
        (self._admin if is_admin(request) else self._unrecorded)[status] += 1

    def note_end(
        self, named: ExchangeId, exchange: Exchange | None, ending: Ending, tokens: AnswerTokens | None
    ) -> None:
        """Count a request whose answer has ended; nothing where its session was forgotten meanwhile."""
        was_asked = bool(self._asked) and named in self._asked
        if was_asked:
            self._asked.remove(named)
        if exchange is None:
            return
        steps, prompt = exchange.steps, exchange.prompt
        kind: _RequestKind = (
            exchange.endpoint,
            None if prompt is None else prompt.model,
            steps[0].status if steps and isinstance(steps[0], Head) else exchange.status,
            ending.how,
            exchange.rule is None,
            exchange.upstream is None,
            exchange.unmatched is None,
            was_asked,
        )
        row = self._kinds.get(kind) or self._find_row(kind, exchange)
        row.number += 1
        if row.model is not None:
            self._count_answer(row.model, exchange, ending, tokens or read_tokens(exchange))

    def read(self) -> Counts:
        """Return all that was counted."""
        requests: Counter[RequestLabels] = Counter()
        unmatched: Counter[tuple[str, str]] = Counter()
        for (labels, pair, _), row in self._rows.items():
            requests[labels] += row.number
            if pair is not None:
                unmatched[pair] += row.number
        return Counts(
            requests=requests,
            unmatched=unmatched,
            admin=dict(self._admin),
            unrecorded=dict(self._unrecorded),
            models={name: model.read() for name, model in self._models.items()},
            egress=self.sum_up_egress(),
        )

    async def report(self, worker: str = "") -> MetricsReport:
        """Return all that was counted, and the present. `worker` names this process among those of one port."""
        gauges = await self.measure()
        samples = await run_in_thread(_read_system, LARGE)
        return MetricsReport(self.read(), running=self.count_running(), gauges=gauges, processes={worker: samples})

    async def write(self, accept: str) -> tuple[bytes, str]:
        """Write all metrics, as `WriteMetrics` says."""
        report = await self.gather()

        def work() -> tuple[bytes, str]:
            # It takes long to import, and nobody may ask.
            from llemulator_addon.adapters.metrics.text import write  # noqa: PLC0415

            return write(report, accept)

        return await run_in_thread(work, LARGE)

    def _find_row(self, kind: _RequestKind, exchange: Exchange) -> _Row:
        endpoint, asked, status, how, _, _, is_matched, was_asked = kind
        origin = find_origin(exchange)
        model, endpoint = self._name_model(asked, origin), endpoint or OTHER
        labels = RequestLabels(endpoint, model, status, "person" if was_asked else origin, how)
        pair = None if is_matched else (endpoint, model)
        counted = model if asked is not None and status < _REFUSED else None
        if (row := self._rows.get((labels, pair, counted))) is None:
            if len(self._rows) >= MOST_ROWS:
                labels, pair = _OTHERS, pair and (OTHER, OTHER)
            if (row := self._rows.get((labels, pair, counted))) is None:
                of_model = None if counted is None else self._models.setdefault(counted, _Model())
                row = self._rows[labels, pair, counted] = _Row(of_model)
        # The names that have no label may be any number.
        if model != OTHER and len(self._kinds) < MOST_ROWS:
            self._kinds[kind] = row
        return row

    def _name_model(self, model: str | None, origin: Origin) -> str:
        """Return the label of a model. A name that only refused requests have is none."""
        if model is None:
            return ""
        if (name := self._names.get(model)) is not None:
            return name
        if origin in {"refusal", "unsupported"} or len(self._names) >= MOST_MODELS or len(model) > _LONGEST_NAME:
            return OTHER
        name = self._names[model] = spell_model(model)
        return name

    def _count_answer(self, model: _Model, exchange: Exchange, ending: Ending, tokens: AnswerTokens) -> None:
        model.prompt += tokens.usage.prompt
        model.generated += tokens.usage.answer
        whole = max(0.0, self._clock() - exchange.at)
        if ending.how == "whole":
            model.whole.add(whole)
        if not tokens.of_sends:
            return
        to_head = max(0.0, whole - ending.seconds)
        if ending.left:
            if times := list(compress(ending.left, tokens.of_sends)):
                model.to_first_token.add(to_head + times[0])
                model.between_tokens.add_many(map(sub, times[1:], times))
            return
        # No times were noted, because all left with the head.
        sent = tokens.of_sends[: ending.sends]
        if number := len(sent) - sent.count(0):
            model.to_first_token.add(to_head)
            model.between_tokens.add_zeros(number - 1)


def spell_model(model: str) -> str:
    """Return the name of a model as a label can have it: half of a surrogate pair cannot be sent."""
    return redact_text(model, "").encode("utf-8", "replace").decode()


async def _measure_nothing() -> Gauges:
    return Gauges()


def _read_system() -> Sequence[SystemSample]:
    from llemulator_addon.adapters.metrics.text import read_system  # noqa: PLC0415 - as above

    return read_system()
