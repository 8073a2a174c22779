"""Our own small mitmproxy: only the addons that a proxy needs, our own, and hooks called by a table.

Price: it adds mitmproxy's addons in an order of its own, and reads attributes of its server that may be renamed.
"""

import asyncio
import errno
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, override

from mitmproxy import options
from mitmproxy.addons.core import Core
from mitmproxy.addons.disable_h2c import DisableH2C
from mitmproxy.addons.next_layer import NextLayer
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.addons.tlsconfig import TlsConfig
from mitmproxy.exceptions import OptionsError
from mitmproxy.master import Master
from mitmproxy.proxy.mode_servers import ServerInstance
from mitmproxy.proxy.mode_specs import ProxyMode

from llemulator_addon.adapters.descriptors import Exhaustion
from llemulator_addon.adapters.listener import Listener
from llemulator_addon.adapters.mitmproxy.internals.accepting import Acceptor, accept_in_place_of
from llemulator_addon.adapters.mitmproxy.internals.dispatch import HookTable
from llemulator_addon.adapters.mitmproxy.listening import Listening, ListeningPlace

_SECONDS_TO_END = 1.0

_MAIN = "regular"
"""mitmproxy's mode for the main port; others name where they listen."""


class CannotListen(Exception):
    """There is no listening there. The text is one line that says where, why, and what to do."""


class SmallMaster(Master):
    """A master with a handful of addons: dispatching hooks to some forty is most of what mitmdump costs.

    `interception` is ours among them.
    """

    def __init__(self, interception: object, ready: Callable[[Listening], None]) -> None:
        super().__init__(options.Options())
        # It formats every line of the log for a hook that is long deprecated.
        self._legacy_log_events.uninstall()
        self._ready = ready
        self._server = Proxyserver()
        self._acceptors: list[Acceptor] = []
        self.addons = HookTable(self)
        for addon in (Core(), self._server, DisableH2C(), interception, NextLayer(), TlsConfig()):
            self.addons.add(addon)  # type: ignore[no-untyped-call]

    def listen(self, place: ListeningPlace, *, confdir: Path) -> None:
        """Say where to listen, and where the authority is, before `run`. Raises CannotListen."""
        host = place.host.strip("[]")
        modes = [_MAIN, *(_mode(listener, host) for listener in place.more)]
        try:
            self.options.update(listen_host=host, listen_port=place.port, mode=modes, confdir=str(confdir))
        except OptionsError as error:
            raise CannotListen(f"--listen (LLEMULATOR_LISTEN): {error}") from None

    @override
    async def running(self) -> None:
        listening = self._listening()
        self._acceptors = accept_in_place_of(self._server.servers)
        self._tell_of_exhaustion()
        await super().running()
        self._ready(listening)

    @override
    async def done(self) -> None:
        for acceptor in self._acceptors:
            acceptor.close()
        await self._server.servers.update([])  # listen no longer
        await self._close_connections()
        await super().done()

    def _tell_of_exhaustion(self) -> None:
        """Say in a line what asyncio tells a hundred times a second with a traceback each. It tries again by itself."""
        exhaustion, others = Exhaustion(), self.event_loop.get_exception_handler()

        def tell(loop: asyncio.AbstractEventLoop, seen: dict[str, Any]) -> None:
            if exhaustion.is_told(seen.get("exception")):
                return
            if others is None:
                loop.default_exception_handler(seen)
            else:
                others(loop, seen)

        self.event_loop.set_exception_handler(tell)

    def _listening(self) -> Listening:
        for instance in self._server.servers:
            if instance.last_exception is not None:
                raise CannotListen(self._explain_taken(instance))
        (main,) = (instance for instance in self._server.servers if instance.mode.full_spec == _MAIN)
        _, port, *_ = main.listen_addrs[0]
        return Listening(host=self.options.listen_host, port=port)

    def _explain_taken(self, instance: ServerInstance[ProxyMode]) -> str:
        host = instance.mode.listen_host(self.options.listen_host)
        port = instance.mode.listen_port(self.options.listen_port)
        assert instance.last_exception is not None  # noqa: S101 - who asks has looked
        assert port is not None  # noqa: S101 - each mode that we use has one
        return _explain(instance.last_exception, host, port, is_main=instance.mode.full_spec == _MAIN)

    async def _close_connections(self) -> None:
        """End what is still under way, so that nothing has to be torn down under it."""
        for connection in list(self._server.connections.values()):
            for transport in connection.transports.values():
                if transport.handler is not None:
                    transport.handler.cancel("the proxy ends")
        with suppress(TimeoutError):
            async with asyncio.timeout(_SECONDS_TO_END):
                while self._server.connections:  # noqa: ASYNC110 - mitmproxy tells nobody when one is gone
                    await asyncio.sleep(0.01)


def _mode(listener: Listener, host: str) -> str:
    return f"{'transparent' if listener.transparent else _MAIN}@{listener.host or host}:{listener.port}"


def _explain(error: Exception, host: str, port: int, *, is_main: bool) -> str:
    where = f"cannot listen on {f'[{host}]' if ':' in host else host}:{port}"
    option = "--port (PORT)" if is_main else "--listen (LLEMULATOR_LISTEN)"
    address = "--host (HOST)" if is_main else option
    match getattr(error, "errno", None):
        case errno.EADDRINUSE:
            free = ", or 0 for a free one" if is_main else ""
            return f"{where}: the port is taken; choose another one with {option}{free}"
        case errno.EACCES:
            return f"{where}: not permitted, as below 1024 it mostly is; choose another one with {option}"
        case errno.EADDRNOTAVAIL:
            return f"{where}: this machine does not have that address; choose one with {address}"
        case _:
            # mitmproxy puts a sentence of its own around what the system said.
            return f"{where}: {error.__cause__ or error}; check --host (HOST) and {option}"
