"""Words between which settings, scripts and requests choose."""

from typing import Literal

Keyless = Literal["address", "refuse"]
"""The session of a request to the base URL without a token: named by its client's address, or none."""
OnUnmatched = Literal["error", "echo", "simulate", "manual", "upstream"]
"""The fallback, which answers unmatched requests."""
Length = Literal["short", "medium", "long"]
"""Of simulated texts."""
StreamProfile = Literal["small", "large", "reasoning", "auto"]
"""The model that a simulated stream resembles in its pace."""
CapacityProfile = Literal["edge", "gpu", "cluster", "crowded", "unlimited"]
"""The model server that answers under load."""
ToolStrategy = Literal["contextual", "random", "sequence"]
"""How a simulated answer chooses the tools to call."""
Role = Literal["viewer", "operator", "admin"]
"""Of somebody who uses the sessions of others: may see them, may answer and script them too, or may do everything."""
ROLES: tuple[Role, ...] = ("viewer", "operator", "admin")
"""Each may do all that those before it may."""
