"""`path`: the path of the URL."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, override

from pydantic import Field

from llemulator_addon.script.globs import fits, is_plain
from llemulator_addon.script.pattern import Candidate, ExactKey, Key, Pattern


@dataclass(frozen=True, slots=True)
class PathPattern(Pattern):
    """The path of the URL, without the query; a glob, so that `/v1/files/*` names them all."""

    wanted: Annotated[str, Field(pattern="^/")]

    @override
    def holds(self, asked: Candidate) -> bool:
        """Compare with the glob."""
        return fits(self.wanted, asked.request.path)

    @override
    def difference(self, asked: Candidate) -> str:
        """Say which path came."""
        return f'path is "{self.wanted}", the request\'s is "{asked.request.path}"'

    @override
    def index_keys(self) -> tuple[Key, ...]:
        """Look it up where it is no glob."""
        return (ExactKey(_where, self.wanted),) if is_plain(self.wanted) else ()


def _where(asked: Candidate) -> Iterable[str]:
    return (asked.request.path,)
