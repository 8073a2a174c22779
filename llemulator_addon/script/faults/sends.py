"""Finding one's way among the steps of an answer."""

from llemulator_addon.core.steps import Send, Steps


def index_after_send(steps: Steps, count: int) -> int | None:
    """Return the index just after the `count`-th send, or None if there are fewer. For 0: that of the first send."""
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
