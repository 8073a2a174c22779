"""`defaults.simulate`: how answers are made that nobody wrote."""

from dataclasses import dataclass

from llemulator_addon.core.choices import Length, ToolStrategy
from llemulator_addon.script.model import ScriptPart

"""Which tools are called when the request leaves the choice: those that fit the user's words, any, or each once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulating:
    """The settings of simulated answers; None: the defaults."""

    response_length: Length | None = None
    tool_strategy: ToolStrategy | None = None

    def merge_defaults(self, others: "Simulating") -> "Simulating":
        """Return this and, where it says nothing, the other."""
        return Simulating(
            response_length=self.response_length or others.response_length,
            tool_strategy=self.tool_strategy or others.tool_strategy,
        )


class SimulatePart(ScriptPart):
    """How answers are made that nobody wrote."""

    response_length: Length | None = None
    tool_strategy: ToolStrategy | None = None

    def simulating(self) -> Simulating:
        """Return it as a value."""
        return Simulating(response_length=self.response_length, tool_strategy=self.tool_strategy)
