"""Requests that are forwarded to a server which the user named; its answer as steps, as it comes.

Of the client's headers only those go there that say what the body is. Its key stays here unless the user says
otherwise.
"""

import asyncio
import importlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode
from uuid import uuid4

from llemulator_addon.adapters import proxy_errors
from llemulator_addon.core.outcome import Forward
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.server_settings import DEFAULTS
from llemulator_addon.core.steps import Cut, Head, Headers, Send, Steps, Wait
from llemulator_addon.core.upstream import UpstreamKeys
from llemulator_addon.wire.cors import add_cors_to_head
from llemulator_addon.wire.credentials import token_of

if TYPE_CHECKING:
    import httpcore2

logger = logging.getLogger(__name__)

_SECONDS_TO_CONNECT = 10.0
_KEPT = 256 << 10
"""Bytes of an answer that are kept for the journal."""

_OF_ONE_CONNECTION = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
_NOT_FOR_CLIENTS = frozenset(("alt-svc", "set-cookie", "strict-transport-security"))
"""They would bind the client to a server that it does not know of."""
_OF_PAGES = "access-control-"
"""Whom the upstream lets read says nothing of who may read here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms on which requests are forwarded."""

    upstream_key: UpstreamKeys = DEFAULTS.upstream_key
    """Keys for the upstreams that the server's settings name."""
    upstream_pass_key: bool = DEFAULTS.upstream_pass_key
    """Whether these get the application's own."""
    upstream_timeout: float = DEFAULTS.upstream_timeout
    """Seconds without a byte after which an upstream is given up."""

    def sends_key(self, host: str) -> bool:
        """Whether an upstream on this host gets any key."""
        return self.upstream_pass_key or self.upstream_key.find(host) is not None


class Arriving:
    """An answer that is still arriving. The player takes the head, and then asks for more until nothing is left."""

    def __init__(self, head: Head, pieces: AsyncIterator[bytes], until_left: AsyncExitStack, *, waited: float) -> None:
        self.head = head
        self.steps: list[Wait | Head | Send | Cut] = [Wait(waited), head]
        """All that came, as far as it is kept."""
        self._pieces = pieces
        self._until_left = until_left
        self._next: Steps = ()
        self._kept = 0
        self._asking: asyncio.Task[object] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._is_left = False

    async def more(self) -> None:
        """Wait until more has come, or all has. Raises nothing, and ends when the answer is left."""
        self._asking = asyncio.current_task()
        try:
            self._next = await self._come()
        except asyncio.CancelledError:
            if not self._is_left:
                raise  # the program ends
            if self._asking is not None:
                self._asking.uncancel()
            self._next = ()
        finally:
            self._asking = None
        self._keep(self._next)

    def take(self) -> Steps:
        """Return what came, once; nothing: that was all."""
        steps, self._next = self._next, ()
        return steps

    def leave(self) -> None:
        """Let go of the upstream: it was all, or nobody listens any more. May be called again."""
        if self._is_left:
            return
        self._is_left = True
        if self._asking is not None:
            self._asking.cancel()
        self._closing = asyncio.get_running_loop().create_task(self._close())

    async def _come(self) -> Steps:
        try:
            return (Send(await anext(self._pieces)),)
        except StopAsyncIteration:
            return ()
        except Exception as error:  # noqa: BLE001 - whatever it was, the client must not take this for the end
            logger.warning("an upstream broke off its answer: %s", _describe(error))
            return (Cut(),)

    def _keep(self, steps: Steps) -> None:
        for step in steps:
            if isinstance(step, Cut):
                self.steps.append(step)
            elif isinstance(step, Send) and self._kept < _KEPT:
                self._kept += len(step.piece)
                self.steps.append(step)

    async def _close(self) -> None:
        try:
            await self._until_left.aclose()
        except Exception as error:  # noqa: BLE001 - it is gone either way
            logger.debug("an upstream was not let go of in peace: %s", _describe(error))


class Forwarding:
    """Asks upstreams. Nothing else of this program opens a connection for one of OpenAI's requests."""

    def __init__(
        self, terms: Terms, *, is_openai: Callable[[str], bool], why_refused: Callable[[str], str | None]
    ) -> None:
        self._terms = terms
        self._is_openai = is_openai
        self._why_refused = why_refused
        self._pool: httpcore2.AsyncConnectionPool | None = None
        self._via = f"llemulator-{uuid4().hex}"
        """The value of `via` in forwarded requests (RFC 9110, 7.6.3)."""

    def came_back(self, request: Request) -> bool:
        """Whether a request was forwarded by llemulator itself: an upstream points back to it."""
        return self._via in request.headers.get("via", "")

    def refuse(self, forward: Forward, request: Request) -> Failure | None:
        """Return why a request is not forwarded although a script or a setting asks for it."""
        host = forward.to.host
        named_by = forward.to.named_by
        if self._is_openai(host) and not (named_by == "server" and self._terms.sends_key(host)):
            return proxy_errors.openai_as_upstream(forward.to.url)
        if named_by == "script" and (why := self._why_refused(host)):
            return proxy_errors.host_not_allowed(why)
        if named_by == "server" and self._terms.upstream_key.find(host) is not None and "origin" in request.headers:
            # Whatever page its user opens reaches this machine, and would have the key at its service.
            return proxy_errors.key_for_a_page(forward.to.url)
        return None

    async def ask(self, forward: Forward, request: Request) -> Arriving | Failure:
        """Hand a request on, and wait for the head of the answer. Cancelled, it lets go of the upstream."""
        url, begun = forward.to.url, time.monotonic()
        until_left = AsyncExitStack()
        try:
            response = await until_left.enter_async_context(
                (await self._open()).stream(
                    request.method,
                    _url(forward),
                    headers=self._headers(forward, request),
                    content=forward.body,
                    extensions={"timeout": self._timeouts},
                )
            )
        except Exception as error:  # noqa: BLE001 - told to the client by what it is
            logger.warning("an upstream did not answer: %s: %s", url, _describe(error))
            return _failure(url, error, self._terms.upstream_timeout)
        if 300 <= response.status < 400:  # noqa: PLR2004 - redirections
            await until_left.aclose()
            return proxy_errors.refuse_redirect(url, response.status)
        head = add_cors_to_head(Head(response.status, _select_for_client(response.headers)), request)
        return Arriving(head, aiter(response.aiter_stream()), until_left, waited=time.monotonic() - begun)

    @property
    def _timeouts(self) -> dict[str, float]:
        idle = self._terms.upstream_timeout
        return {"connect": min(_SECONDS_TO_CONNECT, idle), "read": idle, "write": idle, "pool": idle}

    async def _open(self) -> "httpcore2.AsyncConnectionPool":
        if self._pool is None:
            # Most servers hand nothing on; and what takes long to import must not hold up other answers.
            library = await asyncio.to_thread(importlib.import_module, "httpcore2")
            # A connection that is kept may be closed by the server just when it is used again: so none is.
            self._pool = library.AsyncConnectionPool(max_connections=None, max_keepalive_connections=0)
        return self._pool

    def _headers(self, forward: Forward, request: Request) -> list[tuple[str, str]]:
        headers = [
            ("accept", request.headers.get("accept", "*/*")),
            # Packed, a stream could neither be read here nor be sure to come piece by piece.
            ("accept-encoding", "identity"),
            ("content-type", request.headers.get("content-type", "application/json")),
            ("user-agent", "llemulator"),
            ("via", ", ".join(filter(None, (request.headers.get("via"), f"1.1 {self._via}")))),
        ]
        key = self._key(forward, request)
        return headers if key is None else [*headers, ("authorization", f"Bearer {key}")]

    def _key(self, forward: Forward, request: Request) -> str | None:
        if forward.to.named_by != "server":
            return None
        return token_of(request) if self._terms.upstream_pass_key else self._terms.upstream_key.find(forward.to.host)


def _url(forward: Forward) -> str:
    search = f"?{urlencode(forward.query, quote_via=quote)}" if forward.query else ""
    return f"{forward.to.url}{forward.path}{search}"


def _select_for_client(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers]
    # What Connection names is of that connection, too (RFC 9110, 7.6.1).
    named = {word.strip().lower() for name, value in pairs if name == "connection" for word in value.split(",")}
    left_out = _OF_ONE_CONNECTION | _NOT_FOR_CLIENTS | named
    return tuple((name, value) for name, value in pairs if not (name in left_out or name.startswith(_OF_PAGES)))


def _failure(url: str, error: Exception, idle_timeout: float) -> Failure:
    import httpcore2  # noqa: PLC0415 - it was imported to get here

    match error:
        case httpcore2.ConnectTimeout():
            return proxy_errors.unreachable(
                url, f"no connection within {min(_SECONDS_TO_CONNECT, idle_timeout):g} seconds"
            )
        case httpcore2.TimeoutException():
            return proxy_errors.silent(url, idle_timeout)
        case httpcore2.ConnectError() | httpcore2.UnsupportedProtocol():
            return proxy_errors.unreachable(url, _describe(error))
        case _:
            return proxy_errors.broken(url, _describe(error))


def _describe(error: Exception) -> str:
    """Say what went wrong. Other errors than the network's may quote what was to be sent, a key among it."""
    import httpcore2  # noqa: PLC0415 - it was imported to get here

    of_network = (httpcore2.NetworkError, httpcore2.RemoteProtocolError, httpcore2.UnsupportedProtocol)
    words = str(error).strip() if isinstance(error, of_network) else ""
    return words or type(error).__name__
