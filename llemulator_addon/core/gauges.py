"""The present in `/metrics`: sessions, requests that wait."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple


class SessionGauges(NamedTuple):
    """The sessions that are kept, together. Sizes are bytes of memory."""

    sessions: int
    sessions_size: int
    """Without journals and stored resources, as the next two are apart."""
    journals_size: int
    stored_size: int
    unused_rules: int | None = None
    """Rules of tokens' own scripts that have not answered yet; None: the store would have to read each session."""


class ModelServerGauges(NamedTuple):
    """The model servers of one model, together."""

    model: str
    running: int
    waiting: int
    kv_cache_usage: float
    """From 0 to 1; of the fullest."""


class Gauges(NamedTuple):
    """The server as it is now."""

    sessions: SessionGauges | None = None
    """None: the store cannot be read at the moment."""
    waiting_for_person: int = 0
    """Requests."""
    waiting_size: int = 0
    """Bytes of memory of all requests that wait."""
    version: str = ""
    model_servers: tuple[ModelServerGauges, ...] = ()
    """Under load; none where no capacity is set."""


WriteMetrics = Callable[[str], Awaitable[tuple[bytes, str]]]
"""Writes all metrics in the format that a client prefers, by its header `Accept`; returns a body and its media type."""
