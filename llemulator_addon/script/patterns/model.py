"""`model`: which model is asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, override

from pydantic import Field

from llemulator_addon.script.globs import fits, is_plain
from llemulator_addon.script.pattern import Candidate, ExactKey, Key, Pattern

Several = Annotated[list[str], Field(min_length=1, max_length=1_000)]


@dataclass(frozen=True, slots=True)
class ModelPattern(Pattern):
    """The model's name in the request; a glob, so that `gpt-4o*` names the family. A list holds if one of them does."""

    wanted: str | Several

    @override
    def holds(self, asked: Candidate) -> bool:
        """Compare with the globs."""
        return any(fits(glob, asked.prompt.model) for glob in self._globs())

    @override
    def difference(self, asked: Candidate) -> str:
        """Say which model was asked."""
        wanted = " or ".join(f'"{glob}"' for glob in self._globs())
        return f'model is {wanted}, the request asks "{asked.prompt.model}"'

    @override
    def index_keys(self) -> tuple[Key, ...]:
        """Look it up where there is no glob."""
        globs = self._globs()
        return tuple(ExactKey(_where, glob) for glob in globs) if all(map(is_plain, globs)) else ()

    def _globs(self) -> list[str]:
        return [self.wanted] if isinstance(self.wanted, str) else self.wanted


def _where(asked: Candidate) -> Iterable[str]:
    return (asked.prompt.model,)
