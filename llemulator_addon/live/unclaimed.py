"""The last requests that belong to nobody's test. Not a value: it belongs to the event loop."""

from collections import deque
from itertools import count

from llemulator_addon.core.request import Request
from llemulator_addon.core.unclaimed import Unclaimed, digest_of
from llemulator_addon.wire.credentials import key_of
from llemulator_addon.wire.redaction import redact_short

_AT_MOST = 1000
_SHOWN = 1000
"""Characters that are kept of a path, a host and a method."""


class UnclaimedRequests:
    """Keeps the last ones, without their tokens."""

    def __init__(self) -> None:
        self._kept: deque[Unclaimed] = deque(maxlen=_AT_MOST)
        self._numbers = count(1)

    def list(self) -> tuple[Unclaimed, ...]:
        """Return them, oldest first."""
        return tuple(self._kept)

    def note(self, request: Request, token: str) -> None:
        """Keep one more; `token` is empty if it has none."""
        key = key_of(token)
        self._kept.append(
            Unclaimed(
                number=next(self._numbers),
                at=request.at,
                method=request.method[:_SHOWN],
                host=request.host[:_SHOWN],
                path=redact_short(request.path, token)[:_SHOWN],
                session=key.name,
                digest=digest_of(key),
            )
        )
