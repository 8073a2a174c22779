"""Words between which settings, scripts and requests choose."""

from typing import Literal

Keyless = Literal["address", "refuse"]
"""What names the session of a request by base URL without a token: its client's address, or nothing."""
OnUnmatched = Literal["error", "echo", "simulate", "manual", "upstream"]
"""The fallback, which answers unmatched requests."""
Length = Literal["short", "medium", "long"]
"""Of simulated texts."""
ToolStrategy = Literal["contextual", "random", "sequence"]
"""How a simulated answer chooses the tools to call."""
