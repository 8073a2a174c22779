"""A rule: as a script writes it in full, and as the engine plays it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from llemulator_addon.core.reply import Reply
from llemulator_addon.script.asked import Pattern
from llemulator_addon.script.match import Match, ScriptPart
from llemulator_addon.script.pacing import Pacing, StreamPart
from llemulator_addon.script.reply import ReplySpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`match` → `reply`."""

    name: str
    """Given by the script, else its place in it."""
    patterns: tuple[Pattern, ...]
    """All of them must hold."""
    replies: tuple[Reply, ...]
    """One for each time that it answers; the last repeats."""
    times: int | None = None
    """How often it may answer; None: for ever."""
    pacing: Pacing | None = None
    """None: as the session's defaults say."""
    written: Mapping[str, Any]
    """The rule in full, as a script would write it."""

    @property
    def condition(self) -> str:
        """The same for rules that answer the same requests."""
        return repr(self.patterns)


def _branch(reply: object) -> str:
    return "[more]" if isinstance(reply, list) else "[one]"


OneOrMore = Annotated[
    Annotated[ReplySpec, Tag("[one]")] | Annotated[list[ReplySpec], Field(min_length=1), Tag("[more]")],
    Discriminator(_branch),
]


class RulePart(ScriptPart):
    """A rule as a script writes it."""

    name: Annotated[str, Field(min_length=1)] | None = None
    match: Match = Field(default_factory=Match)
    reply: OneOrMore
    times: Annotated[int, Field(ge=1)] | None = None
    stream: StreamPart | None = None

    def rule(self, place: str) -> Rule:
        """Return the rule that stands at a place of the script."""
        replies = self.reply if isinstance(self.reply, list) else [self.reply]
        return Rule(
            name=self.name or place,
            patterns=self.match.patterns(),
            replies=tuple(reply.reply() for reply in replies),
            times=self.times,
            pacing=self.stream.pacing() if self.stream else None,
            written=self.model_dump(exclude_unset=True, by_alias=True),
        )
