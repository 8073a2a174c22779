"""Answers that nobody wrote: text, JSON that is true to its schema and tool calls, all from the request and a seed.

`simulated` makes an answer; `refuse_schema` says which schemas the API would not take.
"""

from llemulator_addon.engine.simulate.answer import (
    LENGTH_HEADER,
    TOOLS_HEADER,
    Settings,
    Simulated,
    simulate,
    simulated,
)
from llemulator_addon.engine.simulate.physics import PROFILES, Physics, Profile
from llemulator_addon.engine.simulate.strict import refuse_schema

__all__ = [
    "LENGTH_HEADER",
    "PROFILES",
    "TOOLS_HEADER",
    "Physics",
    "Profile",
    "Settings",
    "Simulated",
    "refuse_schema",
    "simulate",
    "simulated",
]
