"""Calls hooks by a table, in place of mitmproxy's walk over all addons for each of them.

That walk is most of what mitmdump spends on a request. An addon must not grow hooks after it was added.
"""

import asyncio
import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, override

from mitmproxy import flow
from mitmproxy.addonmanager import AddonManager, traverse
from mitmproxy.exceptions import AddonHalt
from mitmproxy.hooks import Hook, UpdateHook
from mitmproxy.proxy.commands import StartHook

from llemulator_addon.adapters.bug_log import describe_briefly

logger = logging.getLogger(__name__)

HookFunction = Callable[..., Any]
HookFunctions = tuple[tuple[HookFunction, ...], ...]
"""Of each addon, its own and those of the addons within it."""
ReportFailure = Callable[[Hook, Exception], None]
"""Reports an addon that raised."""


@dataclass
class RestOfHook(StartHook):
    """Waits for the rest of a hook that was begun and is not done."""

    name = "rest_of_hook"

    begun: asyncio.Task[None]


class HookTable(AddonManager):
    """An addon manager that knows who listens to which hook."""

    def __init__(self, master: Any) -> None:  # noqa: ANN401 - mitmproxy does not say which type it wants
        super().__init__(master)  # type: ignore[no-untyped-call]
        self.calls = Calls(self, _drop_message)

    @override
    async def handle_lifecycle(self, event: Hook) -> None:
        await self.calls.call(event)


def calls_of(addons: AddonManager) -> "Calls":
    """Return what calls the hooks of a manager: its own, or one that does it as mitmproxy's would."""
    return addons.calls if isinstance(addons, HookTable) else Calls(addons, _describe_fully)


class _Heard(NamedTuple):
    """Who listens to a hook, and who to `update` behind it."""

    listeners: HookFunctions
    updates: HookFunctions


class Calls:
    """Calls hooks of the addons of a manager."""

    def __init__(self, addons: AddonManager, report: ReportFailure) -> None:
        self.addons = addons
        self._report = report
        self._known: tuple[object, ...] = ()
        self._by_name: dict[str, _Heard | None] = {}

    def begin(self, event: Hook) -> asyncio.Task[None] | None:
        """Call a hook without a way through mitmproxy's layers; return what is left to wait for, if anything is."""
        if not self._find_listeners(event.name):
            return None
        task = asyncio.Task(self._until_resumed(event), loop=asyncio.get_running_loop(), eager_start=True)
        return None if task.done() else task

    def has_listener(self, name: str) -> bool:
        """Whether an addon listens to a hook itself, and not only to `update`."""
        heard = self._find_listeners(name)
        return heard is not None and bool(heard.listeners)

    async def call(self, event: Hook) -> None:
        """Call a hook, and `update` after one that takes a flow."""
        if not (heard := self._find_listeners(event.name)):
            return
        subject = _subject(event)
        await self._call(event, heard.listeners, subject)
        if heard.updates and isinstance(subject, flow.Flow):
            await self._call(UpdateHook([subject]), heard.updates, [subject])

    async def _until_resumed(self, event: Hook) -> None:
        await self.call(event)
        if isinstance(subject := _subject(event), flow.Flow):
            await subject.wait_for_resume()

    async def _call(self, event: Hook, addons: HookFunctions, subject: object) -> None:
        for listeners in addons:
            try:
                for listener in listeners:
                    answer = listener(subject)
                    if answer is not None and inspect.isawaitable(answer):
                        await answer
            except AddonHalt:
                return
            except Exception as error:  # noqa: BLE001 - one addon's bug must not silence the next, as in mitmproxy
                self._report(event, error)

    def _find_listeners(self, name: str) -> _Heard | None:
        """Return the listeners of a hook, or of the hooks after it; None if there are none."""
        known = tuple(self.addons.lookup.values())
        if known != self._known:
            self._known, self._by_name = known, {}
        if name not in self._by_name:
            heard = _Heard(_listeners(self.addons, name), _listeners(self.addons, UpdateHook.name))
            self._by_name[name] = heard if any(heard) else None
        return self._by_name[name]


def _listeners(addons: AddonManager, name: str) -> HookFunctions:
    return tuple(filter(None, (_list_within(addon, name) for addon in addons.chain)))


def _list_within(addon: object, name: str) -> tuple[HookFunction, ...]:
    found = (getattr(each, name, None) for each in traverse([addon]))
    return tuple(listener for listener in found if callable(listener))


def _subject(event: Hook) -> object:
    """Return what a hook is about; those of a connection have one field."""
    name = _FIELDS.get(event.name)
    if name is None:
        (field,) = fields(event)  # type: ignore[arg-type]
        name = _FIELDS[event.name] = field.name
    return getattr(event, name)


_FIELDS: dict[str, str] = {}
"""Of hooks, by their names; to ask for it each time takes as long as all the rest."""


def _drop_message(event: Hook, error: Exception) -> None:
    logger.error("%s failed:\n%s", event.name, describe_briefly(error))


def _describe_fully(_: Hook, error: Exception) -> None:
    logger.error("Addon error: %s", error, exc_info=error)  # in mitmproxy's words
