"""The script of a session: its rules and its other settings. It changes only when something is loaded."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from llemulator_addon.core.sizes import size_of
from llemulator_addon.core.upstream import Upstreams
from llemulator_addon.engine.index import Index
from llemulator_addon.script.reader import Defaults, Script
from llemulator_addon.script.rule import TIMES_FOR_READ
from llemulator_addon.wire.api_dates import Day

ModelNames = Mapping[str, None]
"""Names in order, of which one can be found at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptSettings:
    """The settings of a script without its rules."""

    models: ModelNames | None = None
    """None: those of the policy."""
    upstreams: Upstreams = Upstreams()
    defaults: Defaults = Defaults()
    seed: int = 0
    api_date: Day | None = None
    """The day whose API answers."""
    legacy: bool = False
    """Whether operations that OpenAI took away are answered."""
    serialize: bool = False
    """Whether a request waits until the answer to the one before has left."""

    def apply(self, script: Script) -> "ScriptSettings":
        """Return these with what a script says put over them."""
        return ScriptSettings(
            models=self.models if script.models is None else dict.fromkeys(script.models),
            upstreams=script.upstreams.merge_defaults(self.upstreams) if script.upstreams else self.upstreams,
            defaults=self.defaults if script.defaults is None else script.defaults,
            seed=self.seed if script.seed is None else script.seed,
            api_date=self.api_date if script.api_date is None else script.api_date,
            legacy=self.legacy if script.legacy is None else script.legacy,
            serialize=self.serialize if script.serialize is None else script.serialize,
        )


@dataclass(frozen=True, kw_only=True)
class LoadedScript:
    """The rules, and the settings in two layers: the token's own over the server's."""

    owner: Literal["nobody", "server", "token"] = "nobody"
    """Who gave the rules: nobody (then the fallback is echo), the default script, or a script of the token's own."""
    index: Index = Index()
    server: ScriptSettings = field(default_factory=ScriptSettings)
    """The values of the server's settings and the default script."""
    has_left_default: bool = False
    """Whether the token's rules took the place of the default script, whose defaults do not hold then."""
    own: Script = field(default_factory=Script)
    """The values that the token loaded, without its rules."""

    @cached_property
    def settings(self) -> ScriptSettings:
        """The values that are in force."""
        return self.server.apply(self.own)

    @cached_property
    def own_size(self) -> int:
        """Bytes of memory that the token's own settings take, about."""
        own = self.own
        size = 0 if own.defaults is None else own.defaults.size
        size += 0 if own.models is None else 2 * size_of(own.models)
        return size + (TIMES_FOR_READ * size_of(own.upstreams.write()) if own.upstreams else 0)

    @cached_property
    def size(self) -> int:
        """Bytes of memory that everything takes that the token loaded, about."""
        return self.own_size + (self.index.size if self.owner == "token" else 0)

    def load_settings(self, script: Script) -> "LoadedScript":
        """Return it with the settings of a script."""
        own = self.own
        return replace(
            self,
            own=Script(
                models=own.models if script.models is None else script.models,
                defaults=own.defaults if script.defaults is None else script.defaults,
                seed=own.seed if script.seed is None else script.seed,
                api_date=own.api_date if script.api_date is None else script.api_date,
                legacy=own.legacy if script.legacy is None else script.legacy,
                serialize=own.serialize if script.serialize is None else script.serialize,
                upstreams=script.upstreams.merge_defaults(own.upstreams) if script.upstreams else own.upstreams,
                settings={**own.settings, **_settings_that_stay(script)},
            ),
        )

    def leave_default(self, bare: "LoadedScript") -> "LoadedScript":
        """Return it without the default script: its rules and defaults go, and what the token loaded itself stays.

        `bare` is the script of a token that was never seen, without the default script.
        """
        found = self.server
        server = replace(bare.server, models=found.models, upstreams=found.upstreams, api_date=found.api_date)
        return LoadedScript(owner="token", server=server, has_left_default=True, own=self.own)

    def forget_rules(self) -> "LoadedScript":
        """Return it without rules. They are the token's own then: it does not play the default script."""
        return replace(self, owner="token", index=Index())


def _settings_that_stay(script: Script) -> dict[str, Any]:
    """Return the settings of a script as they were written.

    Upstreams of several scripts have no written form, and resources are the session's.
    """
    return {
        name: value
        for name, value in script.settings.items()
        if value is not None and name not in {"reset", "upstream", "resources"}
    }
