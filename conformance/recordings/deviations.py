"""Differences from recordings that are known, each with its reason."""

from fnmatch import fnmatchcase

_KNOWN = (
    # It came in the course of a day, of which there are recordings with it and without.
    "*max_tool_calls: recorded None, missing in ours",
    # It keeps nothing (zero data retention).
    "*store: recorded False, ours True",
    # It takes part in a program of OpenAI's.
    "*access_programs: recorded {'cyber': 'standard'}, ours None",
)


def explained(difference: str) -> bool:
    """Whether a difference is one of those that are known."""
    return any(fnmatchcase(difference, pattern) for pattern in _KNOWN)
