"""`header`: what the request's headers say."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, override

from pydantic import AfterValidator, Field

from llemulator_addon.script.globs import fits, is_plain
from llemulator_addon.script.pattern import Candidate, ExactKey, Key, Pattern
from llemulator_addon.script.script_error import kind_of
from llemulator_addon.wire.redaction import is_secret


def _lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@dataclass(frozen=True, slots=True)
class HeaderPattern(Pattern):
    """Headers by name, in upper or lower case; the values are globs."""

    wanted: Annotated[dict[str, str], Field(min_length=1), AfterValidator(_lower)]

    @override
    def holds(self, asked: Candidate) -> bool:
        """Compare each with its glob."""
        return all(_fits(asked, name, glob) for name, glob in self.wanted.items())

    @override
    def difference(self, asked: Candidate) -> str:
        """Say what the first header that differs is."""
        name, glob = next((name, glob) for name, glob in self.wanted.items() if not _fits(asked, name, glob))
        if is_secret(name):
            return f"header {name} is not the one that is wanted"
        came = asked.request.headers.get(name)
        return f'header {name} is "{glob}", the request has {"none" if came is None else kind_of(came)}'

    @override
    def index_keys(self) -> tuple[Key, ...]:
        """Look up the first that is no glob."""
        return next(((ExactKey(_where, pair),) for pair in self.wanted.items() if is_plain(pair[1])), ())


def _fits(asked: Candidate, name: str, glob: str) -> bool:
    value = asked.request.headers.get(name)
    return value is not None and fits(glob, value)


def _where(asked: Candidate) -> Iterable[tuple[str, str]]:
    return asked.request.headers.items()
