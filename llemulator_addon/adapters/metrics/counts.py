"""The counts, as values."""

from collections.abc import Mapping
from typing import NamedTuple

from llemulator_addon.adapters.metrics.durations import Histogram


class RequestLabels(NamedTuple):
    """The labels of a request: those with the same are counted together."""

    endpoint: str
    model_name: str
    status: int
    answered_by: str
    ended: str


class ModelCounts(NamedTuple):
    """The counts of one model."""

    prompt: int
    generated: int
    """Tokens, these two."""
    to_first_token: Histogram
    between_tokens: Histogram
    whole: Histogram


class Counts(NamedTuple):
    """All that one process counted, and what it is doing now."""

    requests: Mapping[RequestLabels, int]
    unmatched: Mapping[tuple[str, str], int]
    """By endpoint and model."""
    admin: Mapping[str, int]
    """By status; so are the next."""
    unrecorded: Mapping[str, int]
    models: Mapping[str, ModelCounts]
    """By the name that stands for it in a label."""
    running: int
    """How many answers are under way."""
