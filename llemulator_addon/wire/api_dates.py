"""Since when the API answers as it does, and until when: the features that came or went on a day for every model.

Features that depend on the model are in `families.py`. A day is an ISO date. Each row has its source:

recorded   the first recording of the real API that shows it, so it may have come some days earlier
docs       OpenAI's changelog and pages, where they name an earlier day
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

Day = str
"""An ISO date, such as `2026-06-30`: days are compared as texts."""

LATEST: Day = "9999-12-31"
"""After everything that is known."""

Feature = Literal[
    "billing",
    "cache_retention_by_itself",
    "cache_write_tokens",
    "caches_for_a_day",
    "chat_obfuscation",
    "code_outputs_begin_empty",
    "completed_at",
    "content_of_reasoning",
    "image_model",
    "logprobs",
    "max_tool_calls",
    "mcp_server_url",
    "mcp_status",
    "moderation",
    "namespaces_loaded_tools",
    "obfuscation",
    "output_schema",
    "parameters_made_strict",
    "penalties",
    "prompt_cache_key",
    "prompt_cache_retention",
    "queries_of_search",
    "reasoning_context",
    "reasoning_mode",
    "safety_identifier",
    "search_announced_with_action",
    "server_description",
    "tool_usage",
    "top_logprobs",
    "verbosity",
    "web_search_filters",
    "web_search_return_budget",
]


DAY_SECONDS = 86_400


def day_at(seconds: float) -> Day:
    """Return the day of a time in seconds since the epoch (UTC)."""
    return _spell_day(int(seconds // DAY_SECONDS))


@lru_cache(maxsize=64)
def _spell_day(number: int) -> Day:
    return (date(1970, 1, 1) + timedelta(number)).isoformat() if number <= _LAST else LATEST


_LAST = (date.max - date(1970, 1, 1)).days


def begin_of(day: Day) -> float:
    """Return when a day begins, in seconds since the epoch (UTC)."""
    return (date.fromisoformat(day) - date(1970, 1, 1)).days * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Lasting:
    """From which day on something is there, and from which no more."""

    since: Day
    source: Literal["recorded", "docs"] = "recorded"
    until: Day | None = None
    """The first day without it; None: it is still there."""

    def holds_on(self, day: Day) -> bool:
        """Whether it is there on a day."""
        return self.since <= day and (self.until is None or day < self.until)


_ALWAYS: Day = "0000-00-00"

FEATURES: Mapping[Feature, Lasting] = MappingProxyType(
    {
        # Responses: fields of the response.
        "top_logprobs": Lasting("2025-06-21"),
        "max_tool_calls": Lasting("2025-06-21"),
        "verbosity": Lasting("2025-08-07", "docs"),
        "safety_identifier": Lasting("2025-07-28"),
        "prompt_cache_key": Lasting("2025-07-28"),
        "billing": Lasting("2025-09-01"),
        "prompt_cache_retention": Lasting("2025-11-07"),
        # It was null for some months; then `in_memory`, and then the longer of what a model supports.
        "cache_retention_by_itself": Lasting("2026-04-23"),
        "caches_for_a_day": Lasting("2026-06-30"),
        "completed_at": Lasting("2026-02-13"),
        "penalties": Lasting("2026-02-13"),
        "moderation": Lasting("2026-04-23"),
        "reasoning_context": Lasting("2026-06-09"),
        "reasoning_mode": Lasting("2026-06-30"),
        "tool_usage": Lasting("2026-06-30"),
        "cache_write_tokens": Lasting("2026-08-14"),
        # Items of the output.
        "logprobs": Lasting("2025-06-26"),
        "mcp_status": Lasting("2025-10-03"),
        "queries_of_search": Lasting("2026-01-18"),
        "content_of_reasoning": Lasting("2026-06-09"),
        # Streams.
        "obfuscation": Lasting("2025-08-07", "docs"),
        "chat_obfuscation": Lasting("2025-08-07", "docs"),
        "code_outputs_begin_empty": Lasting("2025-10-01"),
        "search_announced_with_action": Lasting(_ALWAYS, until="2026-01-18"),
        # Tools as they are said back.
        "parameters_made_strict": Lasting("2025-10-01"),
        "server_description": Lasting("2025-10-01"),
        "mcp_server_url": Lasting("2025-11-06"),
        # The day of gpt-image-2, which is what a tool without a model says; missing in 2025.
        "image_model": Lasting("2026-04-21"),
        "web_search_filters": Lasting(_ALWAYS, until="2026-05-01"),
        "web_search_return_budget": Lasting("2026-05-01"),
        "namespaces_loaded_tools": Lasting("2026-06-30"),
        "output_schema": Lasting("2026-07-10"),
    }
)
"""The days of each feature."""

Api = frozenset[Feature]
"""The features of a day."""


@lru_cache(maxsize=64)
def api_on(day: Day) -> Api:
    """Return the features of a day."""
    return frozenset(feature for feature, lasting in FEATURES.items() if lasting.holds_on(day))


TODAYS: Api = api_on(LATEST)
