"""Answers that nobody wrote: text, JSON that is true to its schema and tool calls, all from the request and a seed.

`simulated` makes an answer; `refuse_schema` says which schemas the API would not take.
"""

from llemulator_addon.engine.simulate.answer import LENGTH_HEADER, Settings, Simulated, simulate, simulated
from llemulator_addon.engine.simulate.physics import PROFILES, Physics, Profile
from llemulator_addon.engine.simulate.strict import refuse_schema
from llemulator_addon.engine.simulate.text import Length
from llemulator_addon.engine.simulate.tools import ToolStrategy

__all__ = [
    "LENGTH_HEADER",
    "PROFILES",
    "Length",
    "Physics",
    "Profile",
    "Settings",
    "Simulated",
    "ToolStrategy",
    "refuse_schema",
    "simulate",
    "simulated",
]
