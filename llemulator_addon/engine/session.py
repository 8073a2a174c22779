"""A session: all that one token owns."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, TypedDict, Unpack

from rpds import HashTrieMap

from llemulator_addon.core.capacity import UNLIMITED, Capacity
from llemulator_addon.core.changes import Changes
from llemulator_addon.core.choices import OnUnmatched
from llemulator_addon.core.prompt_cache import PromptCache
from llemulator_addon.core.request import Request
from llemulator_addon.core.resources import Kept, Resources, TooLarge
from llemulator_addon.core.server_settings import ServerSettings
from llemulator_addon.core.session_key import ANONYMOUS, SessionKey
from llemulator_addon.core.sizes import format_size
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.upstream import Upstream
from llemulator_addon.engine.index import Group, Index
from llemulator_addon.engine.journal import Journal
from llemulator_addon.engine.loaded_script import LoadedScript, ModelNames, ScriptSettings
from llemulator_addon.script.fault import ConnectionFault
from llemulator_addon.script.globs import fits
from llemulator_addon.script.pattern import START
from llemulator_addon.script.reader import RULES_AT_MOST, Script
from llemulator_addon.script.rule import Rule
from llemulator_addon.script.script_error import problem
from llemulator_addon.simulate.settings import SimulationSettings as Simulation
from llemulator_addon.wire.api_dates import DAY_SECONDS, LATEST, Day, begin_of, day_at
from llemulator_addon.wire.models import DEFAULT_MODELS, SIMULATED_MODEL

_BYTES, _BYTES_OF_A_COUNT, _BYTES_OF_A_MEMORY = 1_000, 100, 500
"""Bytes of memory of a session, and of each value that it counts or remembers, as measured."""

PROMPT_CACHE = "prompt_cache"
"""The place of the cache of prompts among the memories of faults."""
CONNECTIONS = "connections"
"""Marks a session with rules that act on connections and are not used up."""
PRESET_QUEUE = "preset_queue"
"""Marks a session that is the queue of an address, whatever token its clients send; also the place of that note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(ServerSettings):
    """The settings of the server, the same for all sessions."""

    readers: Mapping[str, Callable[[bytes], str]] = field(default_factory=dict)
    """By extension: how the text of a document is read, where a library for it is installed."""
    model_names: ModelNames = field(default_factory=lambda: dict.fromkeys(DEFAULT_MODELS))
    """Names of the valid models."""
    simulation: Simulation = field(default_factory=Simulation)
    """How simulated answers are made where neither the request nor the script says."""


class Progress(NamedTuple):
    """How far a session is in its script. Another script resets all of it.

    A named tuple, because each request makes one.
    """

    used: "HashTrieMap[int, int]" = HashTrieMap()
    """Position of a rule → how often it has answered."""
    heads: "HashTrieMap[int, int]" = HashTrieMap()
    """Number of a group → how many of its rules are used up; they are its first."""
    state: str = START
    memories: "HashTrieMap[str, object]" = HashTrieMap()
    """The memory of faults, by their place, and the cache of prompts."""
    connection_rules: tuple[int, ...] = ()
    """Positions of the rules that act on connections and are not used up."""
    changes: Changes | None = None
    """Of `used`, `heads` and `memories`."""

    def note(self, kind: str, place: int | str) -> Changes | None:
        """Return the changes with one more, if anybody asks for them."""
        return None if self.changes is None else self.changes.add(kind, place)


@dataclass(frozen=True, kw_only=True)
class Session:
    """A value: a request makes a new one, which shares with the old all that did not change.

    Without slots, because a changed copy is then the copy of a dict: each request makes two.
    """

    key: SessionKey = ANONYMOUS
    life: int = 0
    """Tells it from the one that the token had before a reset; no two of a server have the same."""
    policy: Policy = Policy()
    script: LoadedScript = field(default_factory=LoadedScript)
    progress: Progress = field(default_factory=Progress)
    turn: int = 0
    """The number of answered requests. Another script does not reset it: ids would repeat."""
    clock_ahead: float = 0.0
    """Seconds by which the session's clock is ahead of the real one."""
    clock_is_set: bool = False
    """Whether the clock was set to a time, which then says the day of the API too."""
    resources: Resources = Resources()
    journal: Journal = Journal()

    @property
    def settings(self) -> ScriptSettings:
        """The settings of the script."""
        return self.script.settings

    @property
    def has_own_script(self) -> bool:
        """Whether the token loaded one, and still has something of it."""
        return self.script.owner == "token" or self.script.own_size > 0

    @property
    def marks(self) -> tuple[str, ...]:
        """Marks by which the store finds it among all sessions."""
        return _MARKS[bool(self.progress.connection_rules), self.is_preset_queue]

    @property
    def is_preset_queue(self) -> bool:
        """Whether it answers all clients of an address whose tokens have no script."""
        return PRESET_QUEUE in self.progress.memories

    @property
    def size(self) -> int:
        """Estimated bytes of memory, without its journal and stored resources."""
        used, heads, _, memories, _, _ = self.progress
        counted = len(used) + len(heads)
        cached = memories.get(PROMPT_CACHE)
        size = _BYTES + self.script.size + _BYTES_OF_A_COUNT * counted + _BYTES_OF_A_MEMORY * len(memories)
        return size + (cached.size if isinstance(cached, PromptCache) else 0)

    @property
    def stamp(self) -> Stamp:
        """The stamp of the next answer."""
        return Stamp(self.settings.seed, self.turn)

    @property
    def models(self) -> ModelNames:
        """Names of the valid models."""
        settings = self.settings
        models = self.policy.model_names if settings.models is None else settings.models
        named = settings.upstreams.models
        return {**models, **dict.fromkeys(named)} if named else models

    @property
    def on_unmatched(self) -> OnUnmatched:
        """The fallback, which answers unmatched requests."""
        if (said := self.settings.defaults.on_unmatched or self.policy.on_unmatched) is not None:
            return said
        if self.settings.upstreams.anything is not None:
            return "upstream"
        return "echo" if self.script.owner == "nobody" else "error"

    @property
    def manual_timeout(self) -> float:
        """How many seconds a person may take to answer."""
        own = self.settings.defaults.manual_timeout
        return self.policy.manual_timeout if own is None else own

    @property
    def simulation(self) -> Simulation:
        """The defaults of simulated answers."""
        return self.policy.simulation.apply_script(self.settings.defaults.simulating)

    @property
    def own_capacity(self) -> Capacity | None:
        """The capacity that the token's own script gives it; None: it shares the server of all sessions."""
        own = self.script.own.defaults
        return None if own is None else own.capacity

    def capacity_for(self, request: Request) -> Capacity | None:
        """Return the capacity of the model server that answers; None: it is without limits."""
        own = self.own_capacity
        return request.capacity if own is None else None if own == UNLIMITED else own

    def upstream_for(self, model: str) -> Upstream | None:
        """Return the server that is asked for a model where no rule answers, if there is one."""
        if not self.settings.upstreams:
            return None
        if (named := self.settings.upstreams.models.get(model)) is not None:
            return named
        return (
            self.settings.upstreams.anything if self.on_unmatched == "upstream" and model != SIMULATED_MODEL else None
        )

    def day_of(self, request: Request) -> Day:
        """Return the day whose API answers a request: today's unless somebody says another."""
        return self._day_said(request) or LATEST

    def models_day(self, request: Request) -> Day | None:
        """Return the day by which models are shut down: that of the times in answers unless somebody says another.

        None: none is shut down, because a script or a setting names those that are valid.
        """
        if self.settings.models is not None or self.policy.models is not None:
            return None
        return self._day_said(request) or day_at(self.stamp.created)

    def _day_said(self, request: Request) -> Day | None:
        """Return the day that was said, if any.

        A clock that was set to a time says it. Else the script or the server does, and the clock advances it. Without
        such a day it is the clock's if that was moved by a day or more.
        """
        if self.clock_is_set:
            return day_at(self.clock_time(request))
        if (said := self.settings.api_date or self.policy.api_date) is not None:
            return day_at(begin_of(said) + self.clock_ahead) if self.clock_ahead else said
        return None if abs(self.clock_ahead) < DAY_SECONDS else day_at(self.clock_time(request))

    def clock_time(self, request: Request) -> float:
        """Return the time of a request on the session's clock, in seconds since the epoch."""
        return request.at + self.clock_ahead

    def change(self, **fields: Unpack["SessionFields"]) -> "Session":
        """Return a copy with some fields changed, as `dataclasses.replace` does, and faster."""
        copy = object.__new__(Session)
        copy.__dict__.update(self.__dict__, **fields)
        return copy

    def head(self, group: Group) -> int | None:
        """Return the position of the group's first rule that is not used up, if there is one."""
        used_up = self.progress.heads.get(group.number, 0)
        return group.rules[used_up] if used_up < len(group.rules) else None

    def rule_used(self, group: Group, position: int) -> "Session":
        """Count that the first rule of a group has answered, and go to the state that it names."""
        used, heads, state, memories, connection_rules, changes = self.progress
        rule, times = self.script.index.rules[position], used.get(position, 0) + 1
        if rule.times is not None and times >= rule.times:
            heads = heads.insert(group.number, heads.get(group.number, 0) + 1)
        state = state if rule.becomes is None else rule.becomes
        if changes is not None:
            changes = changes.add("used", position).add("heads", group.number)
        used = used.insert(position, times)
        return self.change(progress=Progress(used, heads, state, memories, connection_rules, changes))

    def remember(self, place: str, memory: object) -> "Session":
        """Keep what a fault remembers."""
        memories = self.progress.memories.insert(place, memory)
        changes = self.progress.note("memories", place)
        return self.change(progress=self.progress._replace(memories=memories, changes=changes))

    def connection(self, at: Literal["connect", "tls"], host: str) -> tuple["Session", ConnectionFault | None]:
        """Return what happens to a connection to a host, and the session in which that is counted."""
        for position in self.progress.connection_rules:
            rule = self.script.index.rules[position]
            fault = rule.connection
            if fault is not None and fault.at == at and fits(fault.host, host):
                return self._connection_used(position, rule), fault
        return self, None

    def _connection_used(self, position: int, rule: Rule) -> "Session":
        progress = self.progress
        times = progress.used.get(position, 0) + 1
        left = progress.connection_rules
        if rule.times is not None and times >= rule.times:
            left = tuple(each for each in left if each != position)
        used = progress.used.insert(position, times)
        changes = progress.note("used", position)
        return self.change(progress=progress._replace(used=used, connection_rules=left, changes=changes))

    def times_left(self, position: int) -> int | None:
        """Return how often a rule may still answer; None: any number of times."""
        limit = self.script.index.rules[position].times
        return None if limit is None else limit - self.progress.used.get(position, 0)

    def rules_with_use(self) -> tuple[tuple[Rule, int], ...]:
        """Return every rule and how often it has answered."""
        return tuple(
            (rule, self.progress.used.get(position, 0)) for position, rule in enumerate(self.script.index.rules)
        )

    def forget_rules(self) -> "Session":
        """Forget the rules, their counters, the state and what faults remember; the token has an empty script then."""
        forgotten = self.change(script=self.script.forget_rules(), progress=Progress())
        return forgotten.become_preset_queue() if self.is_preset_queue else forgotten

    def become_preset_queue(self) -> "Session":
        """Answer all clients of an address from now on, until another script is loaded in place of this one."""
        return self.remember(PRESET_QUEUE, memory=True)

    def play(self, script: LoadedScript) -> "Session":
        """Play another default script, from its start; the token's own settings stay."""
        return self.change(script=replace(script, own=self.script.own), progress=Progress())


_MARKS = {
    (False, False): (),
    (True, False): (CONNECTIONS,),
    (False, True): (PRESET_QUEUE,),
    (True, True): (CONNECTIONS, PRESET_QUEUE),
}


class SessionFields(TypedDict, total=False):
    """Parts of a session that may change; the type checker finds one that is misspelt or of another type."""

    key: SessionKey
    life: int
    script: LoadedScript
    progress: Progress
    turn: int
    clock_ahead: float
    clock_is_set: bool
    resources: Resources
    journal: Journal


class Growth:
    """How an index grows by the rules of one script: prepared once, before the session changes."""

    def __init__(self) -> None:
        self._made: tuple[Index, Index] | None = None

    def grown(self, index: Index, rules: tuple[Rule, ...]) -> Index:
        """Return an index with more rules; the same again where it is asked of the same index."""
        if self._made is None or self._made[0] is not index:
            self._made = index, Index((*index.rules, *_name_apart(rules, index.rules)))
        return self._made[1]


def load(session: Session, script: Script, *, fresh: Session, bare: Session, growth: Growth | None = None) -> Session:
    """Load a script for a token: all of it, or nothing.

    Raises `ScriptError` where the rules become too many, or what it says cannot be done.

    `fresh` is the session of a token that was never seen, which plays the default script; `bare` is the same without
    that script, whose rules and defaults do not stay once a token has rules of its own.
    """
    if script.reset:
        session = fresh
    if script.rules and session.script.owner != "token":
        session = session.change(script=session.script.leave_default(bare.script), progress=Progress())
    if script.rules:
        session = _add_rules(session, script.rules, growth or Growth())
    loaded = session.change(
        script=session.script.load_settings(script), resources=_put(session.resources, script.resources)
    )
    if loaded.settings.defaults.on_unmatched == "upstream" and not loaded.settings.upstreams:
        raise problem("defaults.on_unmatched", NO_UPSTREAM)
    return loaded


def _put(resources: Resources, given: tuple[Kept, ...]) -> Resources:
    try:
        return resources.put(*given)
    except TooLarge:
        most = format_size(resources.size_limit)
        raise problem(
            "resources", f"they take more memory than the {most} that a token may store (--stored-size)"
        ) from None


def check_size(session: Session) -> None:
    """Raise `ScriptError` where what a token loaded takes more memory than it may."""
    if session.script.size > session.policy.script_size:
        raise problem(
            "",
            f"the script and what was loaded before take {format_size(session.script.size)} of memory; the limit for "
            f"a token is {format_size(session.policy.script_size)} (--script-size, LLEMULATOR_SCRIPT_SIZE)",
        )


NO_UPSTREAM = (
    "there is no upstream; name one with `upstream: http://127.0.0.1:8081/v1` in the script, or with --upstream "
    "(LLEMULATOR_UPSTREAM) for the server"
)


def _add_rules(session: Session, rules: tuple[Rule, ...], growth: Growth) -> Session:
    index, progress = session.script.index, session.progress
    before = len(index.rules)
    if before + len(rules) > RULES_AT_MOST:
        raise problem(
            "", f"a session has at most {RULES_AT_MOST} rules; it has {before}, and {len(rules)} would be added"
        )
    of_connections = (before + position for position, rule in enumerate(rules) if rule.connection is not None)
    return session.change(
        script=replace(session.script, owner="token", index=growth.grown(index, rules)),
        progress=progress._replace(connection_rules=(*progress.connection_rules, *of_connections)),
    )


def _name_apart(rules: tuple[Rule, ...], before: tuple[Rule, ...]) -> Iterator[Rule]:
    """Yield rules that are added, of which those without a name of their own get another than those before them."""
    times = Counter(rule.name.partition(" (")[0] for rule in before if not rule.is_named)
    for rule in rules:
        seen = 0 if rule.is_named else times[rule.name]
        yield rule.rename(f"{rule.name} ({seen + 1})") if seen else rule
