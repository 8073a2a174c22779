"""Whether the process is about to end. Not a value: the way in says it, and `/readyz` tells it."""

from llemulator_addon.core.outcome import Ending


class Draining:
    """Requests are still answered, but a load balancer should send them elsewhere."""

    def __init__(self) -> None:
        self.has_begun = False
        self.is_over = False
        """Whether the connections are being closed, and with them the answers that are under way."""

    def name_end(self, ending: Ending) -> Ending:
        """Return how an answer ended; for its player, a closed connection is one that was left."""
        return ending._replace(how="server_ended") if self.is_over and ending.how == "client_left" else ending
