"""The settings of generated answers, from the script or the server. Alone, because the rest takes long to import."""

from dataclasses import dataclass, field, replace
from typing import Self

from llemulator_addon.core.server_settings import ServerSettings
from llemulator_addon.script.simulate_defaults import Simulating
from llemulator_addon.simulate.stream_timing import Physics


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationSettings:
    """The settings of generated answers, from the script or the server; those of the request go before them."""

    asked: Simulating = Simulating()
    """A length, else it is chosen from that of the question; a strategy for tools, else `contextual`."""
    physics: Physics = field(default_factory=Physics)

    @classmethod
    def copy_from(cls, settings: ServerSettings) -> Self:
        """Return those of the server."""
        return cls(
            asked=Simulating(response_length=settings.response_length, tool_strategy=settings.tool_strategy),
            physics=Physics(
                delay_min_ms=settings.stream_delay_min_ms,
                delay_max_ms=settings.stream_delay_max_ms,
                tokens_per_second=settings.stream_tokens_per_second,
                profile=settings.stream_profile,
            ),
        )

    def apply_script(self, script: Simulating) -> "SimulationSettings":
        """Return them with what a script says before them."""
        return self if script == _NOTHING else replace(self, asked=script.merge_defaults(self.asked))


_NOTHING = Simulating()
