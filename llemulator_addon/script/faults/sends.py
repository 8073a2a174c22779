"""Finding one's way among the steps of an answer."""

from llemulator_addon.core.steps import Send, Steps


def index_after_send(steps: Steps, count: int) -> int | None:
    """Return the position behind so many sends; None where there are not so many. Behind none is behind the head."""
    if count == 0:
        return next((position for position, step in enumerate(steps) if isinstance(step, Send)), len(steps))
    seen = 0
    for position, step in enumerate(steps):
        seen += isinstance(step, Send)
        if seen == count:
            return position + 1
    return None


def sends(steps: Steps) -> tuple[Send, ...]:
    """Return the sends."""
    return tuple(step for step in steps if isinstance(step, Send))
