"""The limit of work for filling in a template."""

from collections.abc import Mapping
from typing import Any

from llemulator_addon.core.work import TooMuchWork, Work
from llemulator_addon.script.templates.problems import TemplateProblem

STEPS = 50_000
CHARACTERS = 1_000_000
_READ_AT_ONCE = 64


class Budget:
    """Steps and characters that are left. Spending more than there is raises `TemplateProblem`."""

    def __init__(self, steps: int = STEPS, characters: int = CHARACTERS) -> None:
        self._work = Work(steps)
        self._characters = characters

    def step(self, count: int = 1) -> None:
        """Pay for work."""
        try:
            self._work.spend(count)
        except TooMuchWork:
            raise TemplateProblem(f"it takes more than {STEPS} steps") from None

    def make(self, text: str) -> str:
        """Pay for a text that was made, and return it."""
        self.room_for(len(text))
        self._characters -= len(text)
        return text

    def room_for(self, count: int) -> None:
        """Refuse to begin with a text that would be too long."""
        if count > self._characters:
            raise TemplateProblem(f"it makes more than {CHARACTERS} characters")

    def read(self, value: Any) -> None:  # noqa: ANN401
        """Pay for looking at a whole value: what it contains, and long texts by their length."""
        match value:
            case str():
                self.step(1 + len(value) // _READ_AT_ONCE)
            case Mapping():
                self.step()
                for key, member in value.items():
                    self.read(key)
                    self.read(member)
            case list() | tuple():
                self.step()
                for member in value:
                    self.read(member)
            case _:
                self.step()
