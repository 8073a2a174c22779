"""`connect`: the proxy does not open the tunnel."""

from dataclasses import dataclass
from typing import Annotated, override

from pydantic import Field

from llemulator_addon.script.fault import ConnectionFault, Fault
from llemulator_addon.script.model import ScriptPart


class ConnectPart(ScriptPart):
    """The answer to CONNECT, and the hosts it is for (a glob)."""

    status: Annotated[int, Field(ge=400, le=599)] = 502
    host: str = "*"


@dataclass(frozen=True, slots=True)
class ConnectFault(Fault):
    """A CONNECT to the proxy fails with this status, as of a proxy that cannot reach the host.

    Of the whole proxy: at that moment no token is known. `times` counts the tunnels that it refuses.
    """

    wanted: ConnectPart

    @override
    def find_connection_fault(self) -> ConnectionFault | None:
        """Refuse the tunnel."""
        return ConnectionFault(at="connect", host=self.wanted.host, status=self.wanted.status)
