"""`http2`: what only HTTP/2 has."""

from dataclasses import dataclass
from typing import Literal, override

from llemulator_addon.core.steps import Cut, Steps
from llemulator_addon.script.fault import Fault, Scene


@dataclass(frozen=True, slots=True)
class Http2Fault(Fault):
    """In place of the answer comes GOAWAY, and the connection is closed; over HTTP/1.1 it is only closed."""

    wanted: Literal["goaway"]

    @override
    def rewrite(self, steps: Steps, scene: Scene) -> Steps:
        """Say no more."""
        return (Cut(self.wanted),)
