"""The operations that OpenAI took away, and since when.

The days are OpenAI's (https://developers.openai.com/api/docs/deprecations). The answer since then is that of a path
which names nothing; of `/assistants` its status is reported.
"""

from collections.abc import Mapping
from types import MappingProxyType

from llemulator_addon.wire.api_dates import Day

GONE: Mapping[str, Day] = MappingProxyType(
    {
        "/assistants": "2026-08-26",
        "/threads": "2026-08-26",
        "/videos": "2026-09-24",
        "/evals": "2026-11-30",
        "/images/variations": "2026-05-12",
        "/realtime/sessions": "2026-05-12",
        "/realtime/transcription_sessions": "2026-05-12",
    }
)
"""By path, which stands for all paths below it too: the first day without it."""


def is_gone(path: str, day: Day) -> bool:
    """Whether OpenAI had taken an operation away on a day; `path` is that of the operation, below `/v1`."""
    return any(day >= last for gone, last in GONE.items() if path == gone or path.startswith(f"{gone}/"))
