"""Calls hooks by a table, in place of mitmproxy's walk over all addons for each of them.

That walk is most of what mitmdump spends on a request. The table is made when an addon is added; an addon must not
grow hooks afterwards.
"""

import asyncio
import inspect
import logging
from collections.abc import Callable
from typing import Any, override

from mitmproxy import flow
from mitmproxy.addonmanager import AddonManager
from mitmproxy.hooks import Hook, UpdateHook, all_hooks

from llemulator_addon.adapters.bugs import without_secrets

logger = logging.getLogger(__name__)

Listener = Callable[..., Any]


class HookTable(AddonManager):
    """An addon manager that knows who listens to which hook."""

    def __init__(self, master: Any) -> None:  # noqa: ANN401 - mitmproxy does not say which type it wants
        super().__init__(master)  # type: ignore[no-untyped-call]
        self._listeners: dict[str, tuple[Listener, ...]] = {}
        self._begun: dict[Hook, asyncio.Task[None]] = {}

    def done_at_once(self, event: Hook) -> bool:
        """Call a hook without a way through mitmproxy's layers; whether all who listen are done with it.

        Where not, the hook is under way, and `handle_lifecycle` waits for the rest of it.
        """
        if event.name not in self._listeners:
            return True
        task = asyncio.Task(self._call(event), loop=asyncio.get_running_loop(), eager_start=True)
        if not task.done():
            self._begun[event] = task
        return task.done()

    @override
    def register(self, addon: Any) -> Any:
        registered = super().register(addon)  # type: ignore[no-untyped-call]
        for name in all_hooks:
            listener = getattr(addon, name, None)
            if callable(listener):
                self._listeners[name] = (*self._listeners.get(name, ()), listener)
        return registered

    @override
    async def handle_lifecycle(self, event: Hook) -> None:
        begun = self._begun.pop(event, None)
        await (begun or self._call(event))
        if "update" in self._listeners and isinstance(subject := event.args()[0], flow.Flow):
            await self._call(UpdateHook([subject]))

    async def _call(self, event: Hook) -> None:
        for listener in self._listeners.get(event.name, ()):
            try:
                answer = listener(*event.args())
                if inspect.isawaitable(answer):
                    await answer
            except Exception as error:  # noqa: BLE001 - one addon's bug must not silence the next, as in mitmproxy
                logger.error("%s failed:\n%s", event.name, without_secrets(error))  # noqa: TRY400 - see `bugs`
