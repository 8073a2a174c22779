"""Values that the streams of one connection share."""

from typing import Protocol
from weakref import WeakKeyDictionary

import mitmproxy.connection
from mitmproxy import http
from mitmproxy.proxy import layer

from llemulator_addon.adapters.mitmproxy.internals.deciding import Arrival, Decider
from llemulator_addon.adapters.mitmproxy.internals.dispatch import Calls
from llemulator_addon.adapters.mitmproxy.internals.flow_control import Outlet


class Connection(Protocol):
    """The HTTP layer to which streams belong."""

    decider: Decider
    arrivals: WeakKeyDictionary[http.HTTPFlow, Arrival]
    calls: Calls
    outlet: Outlet
    """To the client."""
    tunnel: layer.Layer | None
    connections: dict[mitmproxy.connection.Connection, layer.Layer]
