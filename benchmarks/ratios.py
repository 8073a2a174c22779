"""The cost of a request with many rules, many tokens, a full journal or metrics, as a ratio to its cost with few.

In this process, by its own CPU time: reading, deciding and noting, without sockets. The two of each pair take turns,
and the median of the turns' ratios counts, so that what else the machine does hits both alike.
"""

import asyncio
import gc
import json
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count, islice

from llemulator_addon.adapters.metrics.counting import Metrics
from llemulator_addon.adapters.request_log import WaitLog
from llemulator_addon.core.capacity import UNLIMITED, Capacity
from llemulator_addon.core.outcome import Ending, Play
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Head
from llemulator_addon.emulator import Emulator, EmulatorSettings
from llemulator_addon.script.reader import read_script
from llemulator_addon.store.memory import MemoryStore

AT_MOST = 1.3
AT_MOST_WITH_METRICS = 1.06
"""Without sockets a request costs half as much or less, so this is 0.97 of the requests per second, or more."""
AT_MOST_WITH_CAPACITY = 1.5
"""A place is taken and given back. Without a capacity nothing is done for it."""

_FEW, _MANY = 10, 10_000
_TOKENS = 100_000
_JOURNAL = 1000
_REQUESTS = 200
_ROUNDS = 21


_AT_ONCE = Ending(how="whole", bytes_sent=800, sends=1, seconds=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a pair: an emulator, and the requests of a turn."""

    emulator: Emulator
    turn: Callable[[], list[Request]]
    before: Callable[[], Iterable[Request]] = tuple
    """Requests that are sent before anything is measured."""
    status: int = 200
    """Of every answer."""
    ending: Ending = _AT_ONCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """The ratio of the cost with many to the cost with few."""

    name: str
    little_us: float
    much_us: float
    ratio: float
    at_most: float


def measure() -> Iterator[Ratio]:
    """Measure each pair in turn."""
    for name, pair in _PAIRS.items():
        little, much = pair()
        at_most = _AT_MOST.get(name, AT_MOST)
        yield asyncio.run(_ratio(name, little, much, at_most))


async def _ratio(name: str, little: Side, much: Side, at_most: float) -> Ratio:
    for side in (little, much):
        for request in side.before():
            await _answered(side, request)
        await _microseconds(side)  # what is made at the first request is made now
    # As the server does: what is here at the start is not looked at by each collection of garbage.
    gc.collect()
    gc.freeze()
    turns = [(await _microseconds(little), await _microseconds(much)) for _ in range(_ROUNDS)]
    gc.unfreeze()
    return Ratio(
        name=name,
        little_us=statistics.median(first for first, _ in turns),
        much_us=statistics.median(second for _, second in turns),
        ratio=statistics.median(second / first for first, second in turns),
        at_most=at_most,
    )


async def _microseconds(side: Side) -> float:
    """Return what one request of a turn costs."""
    requests = side.turn()
    begin = time.thread_time_ns()
    for request in requests:
        await _answered(side, request)
    return (time.thread_time_ns() - begin) / 1000 / len(requests)


async def _answered(side: Side, request: Request) -> None:
    outcome = await side.emulator.answer(request)
    assert isinstance(outcome, Play)
    head = outcome.steps[0]
    assert isinstance(head, Head)
    assert head.status == side.status, outcome.steps
    assert outcome.exchange is not None
    await side.emulator.note_end(outcome.exchange, side.ending)


# The pairs ------------------------------------------------------------------------------------------------------------


def _list_of_replies() -> tuple[Side, Side]:
    # A list is used up as it is played: each token asks five times.
    return _sides(lambda rules: {"responses": [f"answer {n}" for n in range(rules)]}, _hello, each_token=5)


def _regular_expressions() -> tuple[Side, Side]:
    return _sides(_orders, lambda number, token: _ask(f"Where is my order {number}?", token))


def _unmatched() -> tuple[Side, Side]:
    # The answer names the rule that comes nearest.
    return _sides(_orders, lambda number, token: _ask(f"Where is my parcel {number}?", token), status=400)


def _orders(rules: int) -> object:
    return {"rules": [{"match": {"user_text": rf"(?i)\border {n}\b"}, "reply": f"{n}"} for n in range(rules)]}


def _json_patterns() -> tuple[Side, Side]:
    def script(rules: int) -> object:
        return {"rules": [{"match": {"json": {"user": f"user-{n}"}}, "reply": f"{n}"} for n in range(rules)]}

    return _sides(script, lambda number, token: _ask("Hello", token, user=f"user-{number}"))


def _tokens() -> tuple[Side, Side]:
    places = count()
    return (
        Side(emulator=_emulator(), turn=lambda: [_hello(0, "sk-0") for _ in range(_REQUESTS)]),
        Side(
            emulator=_emulator(),
            # Far from each other, so that none was used lately.
            turn=lambda: [_hello(0, f"sk-{next(places) * 7919 % _TOKENS}") for _ in range(_REQUESTS)],
            before=lambda: (_hello(0, f"sk-{number}") for number in range(_TOKENS)),
        ),
    )


def _journal() -> tuple[Side, Side]:
    new = count()
    full = [f"sk-{number}" for number in range(10)]
    each = _REQUESTS // len(full)
    return (
        Side(
            emulator=_emulator(),
            turn=lambda: [_hello(0, f"sk-{number}") for number in islice(new, len(full)) for _ in range(each)],
        ),
        Side(
            emulator=_emulator(),
            turn=lambda: [_hello(0, token) for token in full for _ in range(each)],
            before=lambda: (_hello(0, token) for token in full for _ in range(_JOURNAL)),
        ),
    )


def _metrics(ending: Ending, *, stream: bool = False) -> tuple[Side, Side]:
    off, on = (
        Side(
            emulator=_emulator({"responses": {"": "Hello there. How are you today?"}}),
            turn=lambda: [_ask("Hello", "sk-0", stream=stream) for _ in range(_REQUESTS)],
            ending=ending,
        )
        for _ in range(2)
    )
    for side in (off, on):
        side.emulator.watch_requests(WaitLog())
    on.emulator.watch_requests(Metrics())
    return off, on


def _capacity() -> tuple[Side, Side]:
    """Compare requests that run at once at a model server with those that ask none."""
    off, on = (
        Side(
            emulator=Emulator(
                EmulatorSettings(script=read_script({"responses": {"": "Hello there."}}), capacity=capacity),
                MemoryStore,
            ),
            turn=lambda: [_hello(0, "sk-0") for _ in range(_REQUESTS)],
        )
        for capacity in (UNLIMITED, Capacity(max_num_seqs=64, kv_cache_tokens=100_000))
    )
    return off, on


_METRICS = "metrics on / off"
_PACED = Ending(how="whole", bytes_sent=3000, sends=12, seconds=0.6, left=tuple(each / 20 for each in range(12)))
_CAPACITY = "a capacity / none"

_PAIRS: Mapping[str, Callable[[], tuple[Side, Side]]] = {
    f"{_MANY} replies in a list / {_FEW}": _list_of_replies,
    f"{_MANY} regular expressions / {_FEW}": _regular_expressions,
    f"{_MANY} regular expressions / {_FEW}, none fits": _unmatched,
    f"{_MANY} rules with json / {_FEW}": _json_patterns,
    f"{_TOKENS} tokens / 1": _tokens,
    f"{_JOURNAL} exchanges in the journal / none": _journal,
    _METRICS: partial(_metrics, _AT_ONCE),
    f"{_METRICS}, streams": partial(_metrics, _PACED, stream=True),
    _CAPACITY: _capacity,
}
_AT_MOST = {
    _METRICS: AT_MOST_WITH_METRICS,
    f"{_METRICS}, streams": AT_MOST_WITH_METRICS,
    _CAPACITY: AT_MOST_WITH_CAPACITY,
}


def _sides(
    script: Callable[[int], object],
    ask: Callable[[int, str], Request],
    *,
    each_token: int = 20,
    status: int = 200,
) -> tuple[Side, Side]:
    """Return the sides with few rules and with many; asked is for one rule after the other, from first to last."""
    few, many = (
        Side(emulator=_emulator(script(rules)), turn=partial(_turn, ask, rules, each_token, count()), status=status)
        for rules in (_FEW, _MANY)
    )
    return few, many


def _turn(ask: Callable[[int, str], Request], rules: int, each_token: int, new: Iterator[int]) -> list[Request]:
    tokens = [f"sk-{number}" for number in islice(new, _REQUESTS // each_token)]
    places = (number * rules // _REQUESTS for number in count())
    return [ask(next(places), token) for token in tokens for _ in range(each_token)]


def _emulator(script: object = None) -> Emulator:
    return Emulator(EmulatorSettings(script=None if script is None else read_script(script)), MemoryStore)


def _hello(_: int, token: str) -> Request:
    return _ask("Hello", token)


def _ask(text: str, token: str, **more: object) -> Request:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **more}
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json", "user-agent": "bench"}
    return Request(method="POST", path="/v1/chat/completions", headers=headers, body=json.dumps(body).encode(), at=1e9)
