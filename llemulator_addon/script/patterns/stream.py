"""`stream`: whether the answer is to be a stream."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import override

from llemulator_addon.script.pattern import Candidate, ExactKey, Key, Pattern


@dataclass(frozen=True, slots=True)
class StreamPattern(Pattern):
    """Whether the request asks for a stream."""

    wanted: bool

    @override
    def holds(self, asked: Candidate) -> bool:
        """Compare."""
        return asked.prompt.stream is self.wanted

    @override
    def difference(self, asked: Candidate) -> str:
        """Say whether a stream was requested."""
        asks = "asks for a stream" if asked.prompt.stream else "asks for no stream"
        return f"stream is {'true' if self.wanted else 'false'}, the request {asks}"

    @override
    def index_keys(self) -> tuple[Key, ...]:
        """Look it up."""
        return (ExactKey(_where, self.wanted),)


def _where(asked: Candidate) -> Iterable[bool]:
    return (asked.prompt.stream,)
