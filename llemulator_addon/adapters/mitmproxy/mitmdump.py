"""The addon inside stock mitmdump, where settings come from `--set` and there are other addons."""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import current_thread, main_thread
from typing import Any, override

from mitmproxy import ctx
from mitmproxy.addonmanager import Loader
from mitmproxy.exceptions import OptionsError

from llemulator_addon.adapters.compose import Program, compose
from llemulator_addon.adapters.ending import end_on_signals
from llemulator_addon.adapters.exposure import is_reached, warn_of_others
from llemulator_addon.adapters.mitmproxy.authority import NoAuthority
from llemulator_addon.adapters.mitmproxy.interception import Interception
from llemulator_addon.adapters.mitmproxy.internals.stock_master import listen_addresses, shutdown_of_mitmdump
from llemulator_addon.adapters.mitmproxy.listening import Listening
from llemulator_addon.adapters.request_log import WaitLog
from llemulator_addon.adapters.script_file import BadScript
from llemulator_addon.adapters.settings import Settings, SettingsError, settings_from
from llemulator_addon.adapters.settings_table import SETTINGS
from llemulator_addon.adapters.stores.address import BadStore
from llemulator_addon.adapters.usage_hints import how_to_sign_in, how_to_use

logger = logging.getLogger(__name__)

_TEXT: Any = str | None
"""mitmproxy takes this, and says that it takes types only."""

_OURS = tuple(setting for setting in SETTINGS if setting.in_mitmproxy)


class StockInterception(Interception):
    """Interception that finds its settings in mitmproxy's options and the environment."""

    name = "llemulator"

    def __init__(self) -> None:  # what the parent wants is made in `configure`
        self._settings: Settings | None = None
        self._program: Program | None = None
        self._until_done = ExitStack()

    @override
    def load(self, loader: Loader) -> None:
        """Add our options. Their values are known when `configure` is called, which is before anything else is."""
        for setting in _OURS:
            # As text, so that it is read in one way wherever it comes from, and that what is unset can be told.
            loader.add_option(setting.mitmproxy_option, _TEXT, None, setting.meaning)

    @override
    def configure(self, updated: Iterable[str]) -> None:
        """Begin with the settings that are there at first; a later change of them is refused."""
        if self._settings is None:
            self._begin()
        elif {setting.mitmproxy_option for setting in _OURS} & set(updated) and _settings() != self._settings:
            raise OptionsError("llemulator reads its settings when it starts; start mitmproxy again to change them")
        super().configure(updated)

    def running(self) -> None:
        """Print how to route an application here, and watch the script's file."""
        end = shutdown_of_mitmdump()
        if end is not None and current_thread() is main_thread():  # mitmproxy's own interface asks
            self._until_done.enter_context(end_on_signals(asyncio.get_running_loop(), partial(self._end, end)))
        if self._program is None:
            return
        self._until_done.callback(asyncio.get_running_loop().create_task(self._program.watch()).cancel)
        addresses = listen_addresses()
        if not addresses:
            return
        found = self._program.authority
        # mitmdump listens on every address, in both families; IPv4 is named.
        ordered = sorted(addresses, key=lambda address: ":" in address[0])
        host, port, *_ = ordered[0]
        address = Listening(host=host, port=port).address(ca=found.ca, bundle=found.bundle)
        text = how_to_use(address)
        if self._settings is not None:
            hosts = [str(each[0]) for each in ordered]
            for line in warn_of_others(self._settings, hosts):
                logger.warning(line)
            if self._settings.admin_key or is_reached(hosts):
                text = f"{text}\n{how_to_sign_in(address, self._program.access.code)}"
        if end is not None:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()
        else:
            logger.info(text)  # the terminal belongs to mitmproxy's own interface

    def done(self) -> None:
        """Remove what was only for as long as this ran."""
        self._until_done.close()

    def _end(self, end: Callable[[], object]) -> None:
        if self._program is not None:
            self._program.traffic.draining.is_over = True
        end()

    def _begin(self) -> None:
        try:
            settings = _settings()
            # Next to us are addons that look at what goes to other hosts, and want it whole.
            composing = compose(settings, certs=_certs(settings), streams_others=False)
            self._program = program = self._until_done.enter_context(composing)
        except (SettingsError, NoAuthority, BadScript, BadStore) as error:
            # mitmproxy would go on without us, and forward everything.
            sys.stderr.write("".join(f"llemulator: {line}\n" for line in str(error).splitlines()))
            sys.exit(1)
        self._settings = settings
        # mitmproxy tells of each flow itself; and a line of the log, shown or not, costs it as much as one more hook.
        logging.getLogger("llemulator_addon").setLevel(logging.INFO)
        program.emulator.watch_requests(WaitLog())
        self._decide_by(program.traffic)
        ctx.options.update(confdir=str(program.authority.confdir))
        self._set_options()


def _settings() -> Settings:
    given = {setting.name: getattr(ctx.options, setting.mitmproxy_option) for setting in _OURS}
    return settings_from(mitmproxy=given, environment=os.environ)


def _certs(settings: Settings) -> Path:
    """Return the folder of certificates: ours, unless the user has named mitmproxy's and not ours."""
    if "certs" in settings.sources or not ctx.options.has_changed("confdir"):
        return settings.certs
    return Path(ctx.options.confdir).expanduser()
