"""`tls`: the handshake fails."""

from dataclasses import dataclass
from typing import Literal, override

from llemulator_addon.script.fault import ConnectionFault, Fault


@dataclass(frozen=True, slots=True)
class Tls(Fault):
    """The TLS handshake with the client fails.

    Of the whole proxy: at that moment no token is known. `times` counts the handshakes that fail.
    """

    wanted: Literal["handshake_failure"]

    @override
    def of_connection(self) -> ConnectionFault | None:
        """Fail the handshake."""
        return ConnectionFault(at="tls", tls=self.wanted)
