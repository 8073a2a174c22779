"""Who waits for the next exchange of a session."""

from asyncio import Future, get_running_loop

from llemulator_addon.core.session_key import SessionKey


class News:
    """Waits, by session. Not a value: it belongs to the event loop, and holds only who is waiting now."""

    def __init__(self) -> None:
        self._waiting: dict[SessionKey, list[Future[None]]] = {}

    async def wait(self, key: SessionKey) -> None:
        """Wait until something happens in the session . Cancelled, it leaves no trace."""
        told: Future[None] = get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(told)
        try:
            await told
        finally:
            self._forget(key, told)

    def tell(self, key: SessionKey) -> None:
        """Let those go on who wait."""
        for told in self._waiting.pop(key, ()):
            if not told.done():
                told.set_result(None)

    def _forget(self, key: SessionKey, told: Future[None]) -> None:
        waiting = [each for each in self._waiting.pop(key, ()) if each is not told]
        if waiting:
            self._waiting[key] = waiting
