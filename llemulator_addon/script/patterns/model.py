"""`model`: which model is asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import override

from llemulator_addon.script.globs import fits, is_plain
from llemulator_addon.script.pattern import Candidate, ExactKey, Key, Pattern


@dataclass(frozen=True, slots=True)
class ModelPattern(Pattern):
    """The model's name in the request; a glob, so that `gpt-4o*` names the family."""

    wanted: str

    @override
    def holds(self, asked: Candidate) -> bool:
        """Compare with the glob."""
        return fits(self.wanted, asked.prompt.model)

    @override
    def difference(self, asked: Candidate) -> str:
        """Say which model was asked."""
        return f'model is "{self.wanted}", the request asks "{asked.prompt.model}"'

    @override
    def index_keys(self) -> tuple[Key, ...]:
        """Look it up where it is no glob."""
        return (ExactKey(_where, self.wanted),) if is_plain(self.wanted) else ()


def _where(asked: Candidate) -> Iterable[str]:
    return (asked.prompt.model,)
