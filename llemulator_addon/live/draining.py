"""Whether the process is about to end. Not a value: the way in says it, and `/readyz` tells it."""


class Draining:
    """Requests are still answered, but a load balancer should send them elsewhere."""

    def __init__(self) -> None:
        self.has_begun = False
