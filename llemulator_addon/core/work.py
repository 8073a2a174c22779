"""Work that is counted, so that what a request may cost has a bound that is the same on every machine."""


class TooMuchWork(Exception):
    """There are no steps left."""


class Work:
    """Steps that are left. An object, because all parts of one piece of work share it."""

    __slots__ = ("left",)

    def __init__(self, steps: int) -> None:
        self.left = steps

    def spend(self, steps: int = 1) -> None:
        """Pay for steps before they are taken, or after those that cost little. Raises `TooMuchWork`."""
        self.left -= steps
        if self.left < 0:
            raise TooMuchWork
