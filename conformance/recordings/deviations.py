"""Differences from recordings that are known, each with its reason.

Most are of one kind: OpenAI has added fields since the recording was made, and ours are of today. Such a difference is
explained only in recordings from before the day of the first recording that has the field.
"""

from datetime import UTC, date, datetime
from fnmatch import fnmatchcase

from conformance.recordings.recorded import Recorded

_ADDED: dict[str, date] = {
    "top_logprobs": date(2025, 6, 20),
    "max_tool_calls": date(2025, 7, 1),
    "*logprobs": date(2025, 7, 1),
    "*obfuscation": date(2025, 8, 7),
    "text.verbosity": date(2025, 8, 7),
    "safety_identifier": date(2025, 8, 7),
    "prompt_cache_key": date(2025, 8, 7),
    "billing": date(2025, 9, 1),
    "prompt_cache_retention": date(2025, 11, 7),
    "completed_at": date(2026, 2, 13),
    "frequency_penalty": date(2026, 2, 13),
    "presence_penalty": date(2026, 2, 13),
    "tools[[]*].parameters.additionalProperties": date(2025, 10, 1),
    "tools[[]*].server_description": date(2025, 10, 1),
    "output[[]*].status": date(2025, 10, 3),
    "*action.queries": date(2026, 1, 18),
    "moderation": date(2026, 4, 23),
    "reasoning.context": date(2026, 6, 9),
    "usage.input_tokens_details.cache_write_tokens": date(2026, 8, 14),
}
"""Field → the day of the first recording that has it, or of its announcement where that is earlier."""

_CHANGED: dict[str, date] = {
    "*prompt_cache_retention: recorded None, ours 'in_memory'": date(2026, 4, 23),
    "*item.outputs: recorded None, ours []": date(2025, 10, 1),
    "*item.action: recorded {'type': 'search'}, missing in ours": date(2026, 1, 18),
}
"""Pattern of a difference → the day of the first recording that is as ours."""

_OF_THE_ACCOUNT = (
    # It keeps nothing (zero data retention).
    "*store: recorded False, ours True",
    # It takes part in a program of OpenAI's.
    "*access_programs: recorded {'cyber': 'standard'}, ours None",
)


def explained(difference: str, recorded: Recorded) -> bool:
    """Whether a difference is one of those that are known."""
    place, _, what = difference.partition(": ")
    if place.startswith(("response.", "chunk")):
        place, _, what = what.partition(": ")
    if what.startswith("not recorded"):
        return any(_is_field(place, field) and _day(recorded) < day for field, day in _ADDED.items())
    changed = any(fnmatchcase(difference, pattern) and _day(recorded) < day for pattern, day in _CHANGED.items())
    return changed or any(fnmatchcase(difference, pattern) for pattern in _OF_THE_ACCOUNT)


def _is_field(place: str, field: str) -> bool:
    return fnmatchcase(place, field) or fnmatchcase(place, f"response.{field}")


def _day(recorded: Recorded) -> date:
    answer = recorded.answer
    return datetime.fromtimestamp(answer.get("created_at") or answer["created"], UTC).date()
