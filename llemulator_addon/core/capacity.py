"""The figures of a model server: how many requests it takes at once, and how fast it is."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, override

from llemulator_addon.core.choices import CapacityProfile

Refusing = Literal[429, 503]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """The figures of one model server. None: without a limit.

    Names are those of vLLM and llm-d-inference-sim where they mean the same; times have the names of `Pacing`.
    """

    max_num_seqs: int | None = None
    """Requests that run at once; the others wait."""
    max_waiting: int | None = None
    """Requests that wait at most; one more is refused."""
    max_model_len: int | None = None
    """Tokens of a prompt and its answer together."""
    kv_cache_tokens: int | None = None
    """Tokens of all prompts and answers that run at once."""
    ttft_ms: float = 0.0
    """Milliseconds to the first token, whatever the prompt."""
    prefill_ms_per_token: float = 0.0
    """Milliseconds more for each token of the prompt that is not cached."""
    tokens_per_second: float | None = None
    """Of one answer that runs alone. None: without waiting."""
    jitter: float = 0.0
    """Each of these times is longer or shorter by up to this share of itself."""
    time_factor_under_load: float = 1.0
    """How many times as long they take if as many run as may; in between it grows evenly."""
    refuse_with: Refusing = 503
    """The status of a request that finds no room to wait."""

    def has_place(self, running: int, held: int, tokens: int) -> bool:
        """Whether one more request, of that many tokens, may run in addition to those that run and hold theirs.

        One that does not fit, because the KV cache became smaller, runs alone.
        """
        if self.max_num_seqs is not None and running >= self.max_num_seqs:
            return False
        return self.kv_cache_tokens is None or held + tokens <= self.kv_cache_tokens or not running

    @override
    def __str__(self) -> str:
        """Return it as a setting writes it."""
        own = {each.name: getattr(self, each.name) for each in fields(self)}
        said = [f"{name}={value:g}" for name, value in own.items() if value != getattr(UNLIMITED, name)]
        named = next((profile for profile, capacity in PROFILES.items() if capacity == self), None)
        return named or ",".join(said)


UNLIMITED = Capacity()

PROFILES: Mapping[CapacityProfile, Capacity] = {
    "unlimited": UNLIMITED,
    "edge": Capacity(
        max_num_seqs=8,
        max_waiting=64,
        max_model_len=8_192,
        kv_cache_tokens=32_768,
        ttft_ms=20,
        prefill_ms_per_token=0.35,
        tokens_per_second=65,
        jitter=0.2,
        time_factor_under_load=1.5,
    ),
    "gpu": Capacity(
        max_num_seqs=64,
        max_waiting=1_000,
        max_model_len=131_072,
        kv_cache_tokens=400_000,
        ttft_ms=30,
        prefill_ms_per_token=0.25,
        tokens_per_second=80,
        jitter=0.25,
        time_factor_under_load=2,
    ),
    "cluster": Capacity(
        max_num_seqs=256,
        max_waiting=1_000,
        max_model_len=131_072,
        kv_cache_tokens=1_000_000,
        ttft_ms=80,
        prefill_ms_per_token=0.5,
        tokens_per_second=40,
        jitter=0.25,
        time_factor_under_load=3,
    ),
    "crowded": Capacity(
        max_num_seqs=4,
        max_waiting=8,
        max_model_len=16_384,
        kv_cache_tokens=32_768,
        ttft_ms=200,
        prefill_ms_per_token=0.5,
        tokens_per_second=25,
        jitter=0.3,
        time_factor_under_load=2.5,
        refuse_with=429,
    ),
}
"""Orders of magnitude of a small model on a small GPU, one of 8 billion parameters on a large GPU, one of 70 billion
on eight; and of a server that has more requests than it can take."""
