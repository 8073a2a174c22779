"""The problems of filling in a template."""

from typing import override


class TemplateProblem(ValueError):
    """The text says what is wrong, for the person who wrote the template."""

    def __init__(self, reason: str, steps: tuple[str | int, ...] = ()) -> None:
        """Take the reason, and the keys and positions that lead from a reply to the template."""
        super().__init__(reason)
        self.reason = reason
        self.steps = steps

    @override
    def __str__(self) -> str:
        """Spell it with the field of the reply, where that is known."""
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.steps)
        return f"{place[1:]}: {self.reason}" if place else self.reason

    def put_inside(self, step: str | int) -> "TemplateProblem":
        """Return it as the problem of a value in which it stands under a key or at a position."""
        return TemplateProblem(self.reason, (step, *self.steps))
