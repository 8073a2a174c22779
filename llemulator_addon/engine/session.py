"""A session: all that one token owns."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from rpds import HashTrieMap

from llemulator_addon.core.resources import Resources
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.engine.index import Group, Index
from llemulator_addon.engine.journal import Journal
from llemulator_addon.script.reading import Defaults, OnUnmatched, Script
from llemulator_addon.script.rule import Rule
from llemulator_addon.wire.models import DEFAULT_MODELS

ModelNames = Mapping[str, None]
"""Names in order, of which one can be found at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the server was started with, the same for all sessions."""

    on_unmatched: OnUnmatched | None = None
    """None: `error` in a session with rules, `echo` in one without."""
    lenient: bool = False
    """Any model is valid, and parameters are not validated."""
    dated_models: bool = False
    """An alias is answered with the dated name, as the real API does."""
    models: ModelNames = field(default_factory=lambda: dict.fromkeys(DEFAULT_MODELS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A value: a request makes a new one, which shares with the old all that did not change."""

    name: str = ""
    """The last four characters of the token."""
    policy: Policy = Policy()
    seed: int = 0
    turn: int = 0
    """How many requests were answered."""
    owner: Literal["nobody", "server", "token"] = "nobody"
    """Who gave the rules: nobody (then the fallback is echo), the default script, or a script of the token's own."""
    index: Index = Index()
    own_models: ModelNames | None = None
    defaults: Defaults = Defaults()
    used: "HashTrieMap[int, int]" = field(default_factory=HashTrieMap)
    """Position of a rule → how often it has answered."""
    heads: "HashTrieMap[int, int]" = field(default_factory=HashTrieMap)
    """Number of a group → how many of its rules are used up; they are its first."""
    resources: Resources = Resources()
    journal: Journal = Journal()

    @property
    def stamp(self) -> Stamp:
        """The stamp of the next answer."""
        return Stamp(self.seed, self.turn)

    @property
    def models(self) -> ModelNames:
        """Names of the valid models."""
        return self.policy.models if self.own_models is None else self.own_models

    @property
    def on_unmatched(self) -> OnUnmatched:
        """What answers when no rule does."""
        return self.defaults.on_unmatched or self.policy.on_unmatched or ("echo" if self.owner == "nobody" else "error")

    def head(self, group: Group) -> int | None:
        """Return the position of the group's first rule that is not used up, if there is one."""
        used_up = self.heads.get(group.number, 0)
        return group.rules[used_up] if used_up < len(group.rules) else None

    def rule_used(self, group: Group, position: int) -> "Session":
        """Count that the first rule of a group has answered."""
        times = self.used.get(position, 0) + 1
        limit = self.index.rules[position].times
        used_up = self.heads.get(group.number, 0)
        is_used_up = limit is not None and times >= limit
        return replace(
            self,
            used=self.used.insert(position, times),
            heads=self.heads.insert(group.number, used_up + 1) if is_used_up else self.heads,
        )

    def times_left(self, position: int) -> int | None:
        """Return how often a rule may still answer; None: for ever."""
        limit = self.index.rules[position].times
        return None if limit is None else limit - self.used.get(position, 0)

    def rules_with_use(self) -> tuple[tuple[Rule, int], ...]:
        """Return every rule and how often it has answered."""
        return tuple((rule, self.used.get(position, 0)) for position, rule in enumerate(self.index.rules))


def load(session: Session, script: Script, *, fresh: Session, bare: Session) -> Session:
    """Load a script for a token: all of its rules, or none were read in the first place.

    `fresh` is the session of a token that was never seen, which plays the default script; `bare` is the same without
    that script, whose rules and defaults do not stay once a token has rules of its own.
    """
    if script.reset:
        session = fresh
    if script.rules and session.owner != "token":
        session = replace(
            bare,
            turn=session.turn,
            own_models=session.own_models,
            resources=session.resources,
            journal=session.journal,
        )
    return replace(
        session,
        owner="token" if script.rules else session.owner,
        index=Index((*session.index.rules, *script.rules)) if script.rules else session.index,
        own_models=session.own_models if script.models is None else dict.fromkeys(script.models),
        defaults=session.defaults if script.defaults is None else script.defaults,
        seed=session.seed if script.seed is None else script.seed,
    )
