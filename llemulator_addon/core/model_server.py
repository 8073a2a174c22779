"""A model server under load: which requests run, which wait, and how much slower all are by that. A value.

Requests begin in the order in which they came, as those of vLLM do by default: one that needs more of the KV cache
than is free holds up those behind it. A request holds its place for the tokens of its prompt and its whole answer.
"""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Literal, NamedTuple

from rpds import HashTrieMap

from llemulator_addon.core.capacity import UNLIMITED, Capacity
from llemulator_addon.core.steps import Head, Step, Wait


class Demand(NamedTuple):
    """The tokens of a request, by which a model server has work."""

    model: str
    prompt: int
    answer: int
    most: int = 0
    """The most tokens that the answer may have, as the request says; 0: it does not."""
    cached: int = 0
    """Tokens of the prompt that need no work."""

    @property
    def held(self) -> int:
        """Tokens in the KV cache while it runs."""
        return self.prompt + self.answer

    @property
    def asked(self) -> int:
        """Tokens that have to fit into the model's context."""
        return self.prompt + max(self.answer, self.most)


Refused = Literal["too_long", "full"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelServer[Name: Hashable]:
    """The requests of one model server, by a name that each has alone."""

    capacity: Capacity = UNLIMITED
    running: "HashTrieMap[Name, int]" = field(default_factory=HashTrieMap)
    """The tokens that each holds."""
    held: int = 0
    """Tokens that all of them hold."""
    waiting: tuple[tuple[Name, int], ...] = ()
    """The first is next; with the tokens that each will hold."""

    @property
    def is_idle(self) -> bool:
        """Whether there are no requests."""
        return not self.running and not self.waiting

    @property
    def slowdown(self) -> float:
        """How many times as long everything takes as for a request that runs alone.

        The factor under load of llm-d-inference-sim: linear from 1 to the capacity's between one request and as many
        as may run.
        """
        most, running = self.capacity.max_num_seqs, len(self.running)
        if most is None or most == 1 or running <= 1:
            return 1.0
        return 1 + (self.capacity.time_factor_under_load - 1) * min(1.0, (running - 1) / (most - 1))

    @property
    def kv_cache_usage(self) -> float:
        """The share of the KV cache that is taken, from 0 to 1; 0 if it has no limit."""
        size = self.capacity.kv_cache_tokens
        return min(1.0, self.held / size) if size else 0.0

    def find_refusal(self, demand: Demand) -> Refused | None:
        """Say why a request that comes now is refused; None: it runs or waits."""
        longest, size = self.capacity.max_model_len, self.capacity.kv_cache_tokens
        if longest is not None and demand.asked > longest:
            return "too_long"
        if size is not None and demand.held > size:
            return "too_long"
        most = self.capacity.max_waiting
        is_full = most is not None and len(self.waiting) >= most and not self.begins_at_once(demand.held)
        return "full" if is_full else None

    def arrive(self, name: Name, demand: Demand) -> "ModelServer[Name]":
        """Take a request that is not refused: it runs, or waits behind the others."""
        if self.begins_at_once(demand.held):
            return replace(self, running=self.running.insert(name, demand.held), held=self.held + demand.held)
        return replace(self, waiting=(*self.waiting, (name, demand.held)))

    def leave(self, name: Name) -> tuple["ModelServer[Name]", tuple[Name, ...]]:
        """Let a request go, whether it runs or waits, or is not there; return those that begin by that."""
        if (tokens := self.running.get(name)) is not None:
            return _begin_next(replace(self, running=self.running.remove(name), held=self.held - tokens))
        left = tuple(each for each in self.waiting if each[0] != name)
        return (self, ()) if len(left) == len(self.waiting) else _begin_next(replace(self, waiting=left))

    def change(self, capacity: Capacity) -> tuple["ModelServer[Name]", tuple[Name, ...]]:
        """Have another capacity from now on; those that run go on. Return those that begin by that."""
        return _begin_next(replace(self, capacity=capacity))

    def begins_at_once(self, tokens: int) -> bool:
        """Whether a request that comes now need not wait."""
        return not self.waiting and self.capacity.has_place(len(self.running), self.held, tokens)


def _begin_next[Name: Hashable](server: ModelServer[Name]) -> tuple[ModelServer[Name], tuple[Name, ...]]:
    running, held, begun = server.running, server.held, list[Name]()
    for name, tokens in server.waiting:
        if not server.capacity.has_place(len(running), held, tokens):
            break
        running, held = running.insert(name, tokens), held + tokens
        begun.append(name)
    if not begun:
        return server, ()
    return replace(server, running=running, held=held, waiting=server.waiting[len(begun) :]), tuple(begun)


SLICE = 0.1
"""Seconds of a wait, as it is for a request that runs alone, after which the server's load is looked at again."""


def slice_wait(seconds: float) -> Iterator[float]:
    """Cut a wait into parts of which each is as long as the server's load says when it begins."""
    while seconds > SLICE:
        yield SLICE
        seconds -= SLICE
    if seconds > 0:
        yield seconds


def is_stretched(step: Step) -> bool:
    """Whether a step takes longer under load."""
    return isinstance(step, Wait) and step.under_load


def count_before_head(steps: Iterable[Step]) -> float:
    """Return how many seconds a model server works before the head of an answer, if nothing else runs."""
    before = takewhile(lambda step: not isinstance(step, Head), steps)
    return sum(step.seconds for step in before if isinstance(step, Wait) and step.under_load)


def skip_before_head(steps: Iterable[Step]) -> Iterator[Step]:
    """Leave out the waits of which `count_before_head` has the sum."""
    headed = False
    for step in steps:
        headed = headed or isinstance(step, Head)
        if headed or not is_stretched(step):
            yield step
