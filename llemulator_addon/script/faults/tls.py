"""`tls`: the handshake fails."""

from dataclasses import dataclass
from typing import Literal, override

from llemulator_addon.script.fault import ConnectionFault, Fault


@dataclass(frozen=True, slots=True)
class TlsFault(Fault):
    """The TLS handshake with the client fails.

    Of the whole proxy: at that moment no token is known. `times` counts the handshakes that fail.
    """

    wanted: Literal["handshake_failure"]

    @override
    def find_connection_fault(self) -> ConnectionFault | None:
        """Fail the handshake."""
        return ConnectionFault(at="tls", tls=self.wanted)
