"""What is decided about a request. A closed union: nothing that is not listed here ever reaches the network."""

from dataclasses import dataclass
from typing import Literal

from llemulator_addon.core.steps import Steps


@dataclass(frozen=True, slots=True)
class Play:
    """Answer by playing these steps."""

    steps: Steps
    exchange: str | None = None
    """The journal's id of this exchange; whoever plays the steps reports under it how the playing ended."""


Outcome = Play


@dataclass(frozen=True, slots=True)
class Ending:
    """How the playing of an answer ended."""

    how: Literal["whole", "cut", "client_left"]
    """`whole`: everything was sent. `cut`: the script cut it. `client_left`: the client went away before the end."""
    bytes_sent: int
    """Bytes of the body that were handed to the connection."""
    sends: int
    """How many `Send` steps that were."""
    seconds: float
    """From the head to the end."""
    left: tuple[float, ...] = ()
    """For each send, how long after the head it left; empty where all left with it, or where that was not noted."""
