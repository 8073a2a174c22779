"""Who waits for the next exchange of a token."""

from asyncio import Future, get_running_loop


class News:
    """Waits, by token. Not a value: it belongs to the event loop, and holds only who is waiting now."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Future[None]]] = {}

    async def wait(self, token: str) -> None:
        """Wait until something happens in the session of the token. Cancelled, it leaves no trace."""
        told: Future[None] = get_running_loop().create_future()
        self._waiting.setdefault(token, []).append(told)
        try:
            await told
        finally:
            self._forget(token, told)

    def tell(self, token: str) -> None:
        """Let those go on who wait."""
        for told in self._waiting.pop(token, ()):
            if not told.done():
                told.set_result(None)

    def _forget(self, token: str, told: Future[None]) -> None:
        waiting = [each for each in self._waiting.pop(token, ()) if each is not told]
        if waiting:
            self._waiting[token] = waiting
