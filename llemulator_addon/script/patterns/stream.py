"""`stream`: whether the answer is to be a stream."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import override

from llemulator_addon.script.pattern import Asked, Is, Key, Pattern


@dataclass(frozen=True, slots=True)
class Stream(Pattern):
    """Whether the request asks for a stream."""

    wanted: bool

    @override
    def holds(self, asked: Asked) -> bool:
        """Compare."""
        return asked.prompt.stream is self.wanted

    @override
    def difference(self, asked: Asked) -> str:
        """Say what was asked."""
        asks = "asks for a stream" if asked.prompt.stream else "asks for no stream"
        return f"stream is {'true' if self.wanted else 'false'}, the request {asks}"

    @override
    def index_keys(self) -> tuple[Key, ...]:
        """Look it up."""
        return (Is(_where, self.wanted),)


def _where(asked: Asked) -> Iterable[bool]:
    return (asked.prompt.stream,)
