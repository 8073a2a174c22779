"""A rule: as a script writes it in full, and as the engine plays it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Discriminator, Field, Tag, create_model, model_validator

from llemulator_addon.core.sizes import size_of
from llemulator_addon.script.fault import ConnectionFault, Fault
from llemulator_addon.script.faults import FAULTS
from llemulator_addon.script.match import Match
from llemulator_addon.script.model import ScriptPart, list_given_words, word_fields
from llemulator_addon.script.pacing import Pacing, StreamPart
from llemulator_addon.script.pattern import Pattern, RegexKey
from llemulator_addon.script.patterns.endpoint import EndpointPattern, OneOfEndpointsPattern
from llemulator_addon.script.patterns.own_result import NotOwnResultPattern, names_of_called_tools, names_word
from llemulator_addon.script.patterns.path import PathPattern
from llemulator_addon.script.patterns.state import StatePattern
from llemulator_addon.script.regex import size_of_regex
from llemulator_addon.script.reply import ReplyPart, ReplySpec, ScriptReply
from llemulator_addon.script.script_error import join_place, problem

TIMES_FOR_READ = 2
"""How much more memory a part of a script takes, once it is read, than what is written takes alone; as measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`match` → `reply`."""

    name: str
    """Given by the script, else its place in it."""
    is_named: bool = field(default=True, compare=False)
    """Whether the script gave the name."""
    patterns: tuple[Pattern, ...]
    """All of them must hold."""
    replies: tuple[ScriptReply, ...]
    """One for each time that it answers; the last repeats. None where it acts on connections."""
    times: int | None = None
    """How often it may answer; None: any number of times."""
    pacing: Pacing | None = None
    """None: as the session's defaults say."""
    faults: tuple[Fault, ...] | None = None
    """None: as the session's defaults say."""
    becomes: str | None = None
    """The state in which it leaves the session; None: as it is."""
    priority: int = 0
    """Rules with a higher one are asked first; of equal ones, the first in the order written."""
    optional: bool = False
    """Whether it is no finding if it never answers."""
    connection: ConnectionFault | None = None
    """Where it acts on connections, and answers no request."""
    written: Mapping[str, Any]
    """The rule in full, as a script would write it."""
    size: int = field(default=0, compare=False)
    """Bytes of memory that it takes, about, with what finds it."""

    @property
    def condition(self) -> str:
        """The same for rules that answer the same requests."""
        return repr(self.patterns)

    def rename(self, name: str) -> "Rule":
        """Return it with another name."""
        return replace(self, name=name, written={**self.written, "name": name})

    def reply(self, number: int) -> ScriptReply:
        """Return the reply to the `number`-th request that it answers, from 0."""
        return self.replies[min(number, len(self.replies) - 1)]


def _size_of_regexes(patterns: tuple[Pattern, ...]) -> int:
    keys = (key for pattern in patterns for key in pattern.index_keys())
    return sum(size_of_regex(key.regex) for key in keys if isinstance(key, RegexKey))


class FaultPart(ScriptPart):
    """One fault: an object with one of the words of `FAULTS`."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            message = f"a fault is one of {', '.join(FAULTS)}; write several as several elements of the list"
            raise ValueError(message)
        return self

    def fault(self) -> Fault:
        """Return it."""
        return next(made(given) for made, given in list_given_words(self, FAULTS))


if TYPE_CHECKING:
    FaultSpec = FaultPart
else:
    FaultSpec = create_model(
        "Fault", __base__=FaultPart, __module__=__name__, __doc__="One fault.", **word_fields(FAULTS, "wanted")
    )


class StatePart(ScriptPart):
    """In which state the session has to be, and in which it is afterwards. It begins in `started`."""

    requires: Annotated[str, Field(min_length=1)] | None = None
    becomes: Annotated[str, Field(min_length=1)] | None = None


def _endpoint_of(patterns: tuple[Pattern, ...], replies: list[Any]) -> tuple[Pattern, ...]:
    """Return the endpoints of which alone the replies say something, if the match names neither endpoint nor path."""
    names = {reply.list_endpoints() for reply in replies if reply is not None}
    found = [each for pattern in patterns for each in pattern.all_patterns()]
    if len(names) != 1 or () in names or any(isinstance(each, EndpointPattern | PathPattern) for each in found):
        return ()
    wanted, *others = names.pop()
    return (OneOfEndpointsPattern(wanted, tuple(others)) if others else EndpointPattern(wanted),)


def _branch(reply: object) -> str:
    return "[more]" if isinstance(reply, list) else "[one]"


OneOrMore = Annotated[
    Annotated[ReplySpec, Tag("[one]")]
    | Annotated[list[ReplySpec], Field(min_length=1, max_length=10_000), Tag("[more]")],
    Discriminator(_branch),
]


class RulePart(ScriptPart):
    """A rule as a script writes it."""

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    match: Match = Field(default_factory=Match)
    heard: Annotated[str, Field(min_length=1)] | None = None
    """The words that are heard in the next turn of the user; the rule answers them."""
    reply: OneOrMore | None = None
    times: Annotated[int, Field(ge=1)] | None = None
    priority: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] = 0
    state: StatePart | None = None
    stream: StreamPart | None = None
    faults: list[FaultSpec] | None = None
    optional: bool = False
    calls_again: bool = False
    """Whether a rule that calls a tool answers the result of that tool as well."""

    def rule(self, place: str) -> Rule:
        """Return the rule at a place of the script, without what it hears; raises `ScriptError`."""
        faults = None if self.faults is None else tuple(part.fault() for part in self.faults)
        connection = next((found for fault in faults or () if (found := fault.find_connection_fault())), None)
        if connection is not None:
            self._check_is_of_connections(place)
        elif self.reply is None:
            raise problem(join_place(place, "reply"), "missing")
        replies = self.reply if isinstance(self.reply, list) else [self.reply]
        name = self.name or place
        of_match = (*self.match.patterns(), *_endpoint_of(self.match.patterns(), replies))
        patterns = (*of_match, *self._more_patterns())
        written = {"name": name, **self.model_dump(exclude={"name"}, exclude_unset=True, by_alias=True)}
        return Rule(
            name=name,
            is_named=self.name is not None,
            patterns=patterns,
            replies=tuple(reply.reply() for reply in replies if reply is not None),
            times=self.times,
            pacing=self.stream.pacing() if self.stream else None,
            faults=faults,
            becomes=self.state.becomes if self.state else None,
            priority=self.priority,
            optional=self.optional,
            connection=connection,
            written=written,
            size=TIMES_FOR_READ * size_of(written) + _size_of_regexes(patterns),
        )

    def _more_patterns(self) -> Iterator[Pattern]:
        """Yield conditions that `match` does not name."""
        if self.state is not None and self.state.requires is not None:
            yield StatePattern(self.state.requires)
        if isinstance(self.reply, ReplyPart) and self._repeats_itself():
            tools = names_of_called_tools(self.reply.dump())
            yield from (NotOwnResultPattern(tools),) if tools else ()

    def _repeats_itself(self) -> bool:
        """Whether it would answer each result of the tool that it calls with the same call.

        A step of a sequence would not: it answers once, or `times` without a `match`, or it leaves its state.
        Nor would a rule that says which results or which answer of the model it wants.
        """
        changes_state = self.state is not None and self.state.becomes is not None
        is_of_sequence = self.times is not None and not self.match.model_fields_set
        if self.calls_again or self.times == 1 or changes_state or is_of_sequence:
            return False
        return not names_word(self.match.model_dump(exclude_unset=True, by_alias=True), _OF_RESULTS)

    def _check_is_of_connections(self, place: str) -> None:
        """Refuse what cannot be: at a connection nothing is asked yet, and nothing can be answered."""
        if len(self.faults or ()) > 1:
            raise problem(join_place(place, "faults"), "connect and tls stand alone in a rule of their own")
        for word in ("match", "reply", "state", "stream"):
            if word in self.model_fields_set:
                raise problem(
                    join_place(place, word), "a rule with connect or tls acts on connections, and answers nothing"
                )


_OF_RESULTS = frozenset(("tool_result", "answered"))
"""Words of `match` that choose the turns of an agent."""
