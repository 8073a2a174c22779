"""A client of the admin routes, for tests and tools: `Client`, and `AsyncClient` with the same methods.

    with Client("http://127.0.0.1:8080", token="test-1") as client:
        client.load({"responses": ["Hello"]}, reset=True)
        ...
        assert client.verify().passed

It needs only Python's standard library.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import wraps
from http.client import HTTPConnection, RemoteDisconnected
from threading import Lock
from types import TracebackType
from typing import Any, Concatenate, Literal, Self
from urllib.parse import urlencode, urlsplit

from llemulator_addon.core.egress import HostEgress
from llemulator_addon.core.said import ModelToolCall, Said, read_answer
from llemulator_addon.core.unclaimed import Unclaimed

__all__ = [
    "AsyncClient",
    "AsyncClock",
    "Client",
    "Clock",
    "Exchange",
    "Finding",
    "HostEgress",
    "Loaded",
    "ModelToolCall",
    "NotReached",
    "Refused",
    "RuleUse",
    "Unclaimed",
    "Verdict",
    "WaitingRequest",
]

# pytest leaves this file out of its tracebacks, so that an error is shown at the call in the test.
__tracebackhide__ = True

_PAGE = 500
_ERRORS_FROM = 400


class NotReached(ConnectionError):
    """No server answers at the address. The text names the address and the reason."""


class Refused(Exception):
    """The server refused a request. The text is its error message."""

    def __init__(self, status: int, error: Mapping[str, Any]) -> None:
        super().__init__(str(error.get("message") or f"status {status}"))
        self.status = status
        self.code: str | None = error.get("code")
        self.param: str | None = error.get("param")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A script that was loaded."""

    session: str
    """The last four characters of the token."""
    loaded: int
    """The number of rules in it."""
    rules: int
    """The number of rules that the session has now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleUse:
    """A rule, and the number of requests that it answered."""

    name: str
    answered: int
    left: int | None
    """How often it may still answer; None: without limit."""
    written: Mapping[str, Any]
    """The rule in full, as a script would write it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer, as the journal has them."""

    number: int
    at: float
    """Seconds since the epoch."""
    method: str
    host: str
    path: str
    endpoint: str | None
    model: str | None
    stream: bool
    user_text: str | None
    rule: str | None
    unmatched: str | None
    status: int
    """0: no answer yet, or the answer was cut before its head."""
    ending: Mapping[str, Any] | None = None
    cost_usd: float | None = None
    """The cost of its tokens at OpenAI, in US dollars; None if a price is not known."""
    upstream: str | None = None
    """Base URL of the server that the request was forwarded to."""
    unsupported: bool = False
    """Whether its path or method is not supported, and no rule or upstream answered."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of the request, without secrets."""
    body: Any = None
    """Of the request: JSON, or text."""
    prompt: Mapping[str, Any] | None = None
    answer: Mapping[str, Any] = field(default_factory=dict)
    """`headers`, and `body` or `events`."""
    connection: Mapping[str, Any] = field(default_factory=dict)
    client: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The text of the answer, of its first choice; a refusal is a text too."""
        return self._said.text

    @property
    def tool_calls(self) -> tuple[ModelToolCall, ...]:
        """The tools that the answer calls."""
        return self._said.tool_calls

    @property
    def usage(self) -> Mapping[str, Any] | None:
        """The usage of the answer; None if it has none."""
        return self._said.usage

    @property
    def _said(self) -> Said:
        return read_answer(self.answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem that verify reports."""

    name: str
    sentence: str
    rule: str | None
    requests: tuple[int, ...]
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The result of verify."""

    passed: bool
    findings: tuple[Finding, ...]
    requests: int
    answered: int
    unmatched: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRequest:
    """A request that waits for a person, with the fallback `manual`."""

    number: int
    at: float
    """Seconds since the epoch."""
    until: float
    """When it times out, in seconds since the epoch."""
    method: str
    host: str
    path: str
    endpoint: str
    model: str
    stream: bool
    user_text: str
    prompt: Mapping[str, Any]


class Client:
    """A client for the session of one token on one server. Several threads may use it."""

    def __init__(self, url: str, token: str, *, timeout: float = 30.0, admin_key: str | None = None) -> None:
        """`url` is as `http://127.0.0.1:8080`, `timeout` in seconds; from elsewhere, `egress` needs the `admin_key`."""
        url = url if "://" in url else f"http://{url}"
        address = urlsplit(url)
        self._connection = HTTPConnection(address.hostname or "", address.port, timeout=timeout)
        self._lock = Lock()
        self.url = url.rstrip("/")
        self.token = token
        self._more = {} if admin_key is None else {"X-Llemulator-Key": admin_key}

    def copy_for(self, token: str) -> "Client":
        """Return a client for another token that talks over the same connection."""
        other = copy(self)
        other.token = token
        return other

    def load(self, script: Mapping[str, object] | Sequence[object], *, reset: bool = False) -> Loaded:
        """Load a script, given as JSON's values; with `reset`, forget the session first. Raises Refused."""
        whole = dict(script) if isinstance(script, Mapping) else {"responses": list(script)}
        return self._load(json.dumps({**whole, "reset": True} if reset else whole), "application/json")

    def load_text(self, text: str, language: Literal["json", "yaml"] = "yaml") -> Loaded:
        """Load the text of a script. Raises Refused."""
        return self._load(text, f"application/{language}")

    def rules(self) -> tuple[RuleUse, ...]:
        """Return the rules, with the number of requests that each answered."""
        return tuple(
            RuleUse(
                name=rule["name"],
                answered=rule["answered"],
                left=rule["left"],
                written={key: value for key, value in rule.items() if key not in {"answered", "left"}},
            )
            for rule in self._json("GET", "/_emulator/script")["rules"]
        )

    def forget_rules(self) -> None:
        """Forget the rules."""
        self._json("DELETE", "/_emulator/script")

    def reset(self) -> None:
        """Forget the whole session."""
        self._json("POST", "/_emulator/reset")

    def requests(self, /, **filters: str | int) -> tuple[Exchange, ...]:
        """Return the exchanges in the journal, oldest first; filters as in `GET /_emulator/requests`."""
        found: list[Exchange] = []
        query = {"limit": _PAGE, **filters, "format": "full"}
        while True:
            page = self._json("GET", f"/_emulator/requests?{urlencode(query)}")
            found += map(read_exchange, page["data"])
            if not page["has_more"] or "limit" in filters:
                return tuple(found)
            query["since"] = found[-1].number

    def request(self, number: int) -> Exchange:
        """Return one exchange. Raises Refused if the journal does not have it."""
        return read_exchange(self._json("GET", f"/_emulator/requests/{number}"))

    def har(self) -> Mapping[str, Any]:
        """Return the journal as a HAR file."""
        har: Mapping[str, object] = self._json("GET", "/_emulator/requests?format=har")
        return har

    def record(self, /, **filters: str | int) -> str:
        """Return the journal as a script in YAML, which answers the same requests again; filters as of `requests`."""
        return self._bytes(
            "GET", f"/_emulator/requests?{urlencode({**filters, 'format': 'script'})}", None, ""
        ).decode()

    def verify(
        self,
        *,
        expectations: Iterable[Mapping[str, object]] = (),
        order: Iterable[str | Mapping[str, object]] = (),
        ignore: Iterable[str] = (),
        egress: bool | Mapping[str, object] = False,
        max_cost_usd: float | None = None,
    ) -> Verdict:
        """Verify the session; the arguments are the body of `POST /_emulator/verify`."""
        body = {
            "expectations": [*expectations],
            "order": [*order],
            "ignore": [*ignore],
            "egress": egress,
            **({} if max_cost_usd is None else {"max_cost_usd": max_cost_usd}),
        }
        return _read_verdict(self._json("POST", "/_emulator/verify", json.dumps(body)))

    def waiting(self) -> tuple[WaitingRequest, ...]:
        """Return the requests that wait for a person, oldest first."""
        found = self._json("GET", "/_emulator/waiting")["data"]
        return tuple(
            WaitingRequest(**{name: value for name, value in each.items() if name != "object"}) for each in found
        )

    def answer(self, number: int, reply: str | Mapping[str, object]) -> None:
        """Answer a request that waits: a text, or a reply as in a rule. Raises Refused if it does not wait."""
        self._json("POST", f"/_emulator/waiting/{number}", json.dumps(reply))

    def conclude(self, *, unclaimed: int, ignore: Iterable[str] = (), reset: bool = True) -> Verdict:
        """Verify the session; unclaimed requests after number `unclaimed` count as findings, too.

        If it passes and `reset` is true, the session is forgotten.
        """
        body = {"ignore": [*ignore], "unclaimed": unclaimed, "reset": reset}
        return _read_verdict(self._json("POST", "/_emulator/verify", json.dumps(body)))

    def egress(self) -> tuple[HostEgress, ...]:
        """Return the traffic by host, of all tokens together."""
        return tuple(HostEgress(**host) for host in self._json("GET", "/_emulator/egress")["data"])

    def unclaimed(self, since: int = 0) -> tuple[Unclaimed, ...]:
        """Return the unclaimed requests after a number."""
        return tuple(Unclaimed(**each) for each in self._json("GET", f"/_emulator/unclaimed?since={since}")["data"])

    @property
    def clock(self) -> "Clock":
        """The clock of the session."""
        return Clock(self)

    def move_clock(self, /, **to: float | bool) -> float:
        """Move the clock, as `POST /_emulator/clock` does; return its time in seconds since the epoch."""
        return float(self._json("POST", "/_emulator/clock", json.dumps(to))["at"])

    def ca(self) -> str:
        """Return the certificate to trust, in PEM."""
        return self._bytes("GET", "/_emulator/ca.pem", None, "").decode()

    def close(self) -> None:
        """Close the connection; the next call opens it again."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _load(self, text: str, content_type: str) -> Loaded:
        answer = json.loads(self._bytes("POST", "/_emulator/script", text, content_type))
        return Loaded(session=answer["session"], loaded=answer["loaded"], rules=answer["rules"])

    def _json(self, method: str, path: str, body: str | None = None) -> Any:  # noqa: ANN401
        return json.loads(self._bytes(method, path, body, "application/json"))

    def _bytes(self, method: str, path: str, body: str | None, content_type: str) -> bytes:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": content_type, **self._more}
        with self._lock:
            try:
                status, answer = self._send(method, path, body, headers)
            except (RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                # The server closed an idle connection, so it has not read this request.
                self._connection.close()
                status, answer = self._send(method, path, body, headers)
        if status >= _ERRORS_FROM:
            raise Refused(status, _error(answer))
        return answer

    def _send(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
        if self._connection.sock is None:
            self._connect()
        self._connection.request(method, path, None if body is None else body.encode(), dict(headers))
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def _connect(self) -> None:
        try:
            self._connection.connect()
        except OSError as error:
            raise NotReached(f"{self.url}: {error.strerror or error}; is llemulator running there?") from error


class Clock:
    """The clock of a session, by which rate limits and outages go."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def advance(self, seconds: float) -> float:
        """Let time pass; return the time in seconds since the epoch."""
        return self._client.move_clock(advance_s=seconds)

    def set(self, at: float) -> float:
        """Set it to a time in seconds since the epoch; it goes on from there."""
        return self._client.move_clock(at=at)

    def reset(self) -> float:
        """Set it to the real time."""
        return self._client.move_clock(reset=True)


class AsyncClock:
    """The same, awaited."""

    def __init__(self, client: Client) -> None:
        self._clock = Clock(client)

    async def advance(self, seconds: float) -> float:
        """Let time pass; return the time in seconds since the epoch."""
        return await asyncio.to_thread(self._clock.advance, seconds)

    async def set(self, at: float) -> float:
        """Set it to a time in seconds since the epoch; it goes on from there."""
        return await asyncio.to_thread(self._clock.set, at)

    async def reset(self) -> float:
        """Set it to the real time."""
        return await asyncio.to_thread(self._clock.reset)


def _run_in_thread[**P, R](
    method: Callable[Concatenate[Client, P], R],
) -> "Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, R]]":
    """Return the method of AsyncClient that runs a method of Client in a thread of asyncio's."""

    @wraps(method)
    async def call(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.to_thread(method, self.client, *args, **kwargs)

    return call


class AsyncClient:
    """A client with the methods of `Client`, which are awaited: each call runs in a thread of asyncio's."""

    def __init__(self, url: str, token: str, *, timeout: float = 30.0, admin_key: str | None = None) -> None:
        """`url` is the address of the server, as `http://127.0.0.1:8080`; `timeout` is in seconds."""
        self.client = Client(url, token, timeout=timeout, admin_key=admin_key)
        self.url = self.client.url
        self.token = token

    load = _run_in_thread(Client.load)
    load_text = _run_in_thread(Client.load_text)
    rules = _run_in_thread(Client.rules)
    forget_rules = _run_in_thread(Client.forget_rules)
    reset = _run_in_thread(Client.reset)
    move_clock = _run_in_thread(Client.move_clock)
    requests = _run_in_thread(Client.requests)
    request = _run_in_thread(Client.request)
    har = _run_in_thread(Client.har)
    record = _run_in_thread(Client.record)
    verify = _run_in_thread(Client.verify)
    waiting = _run_in_thread(Client.waiting)
    answer = _run_in_thread(Client.answer)
    conclude = _run_in_thread(Client.conclude)
    egress = _run_in_thread(Client.egress)
    unclaimed = _run_in_thread(Client.unclaimed)
    ca = _run_in_thread(Client.ca)
    close = _run_in_thread(Client.close)

    @property
    def clock(self) -> AsyncClock:
        """The clock of the session."""
        return AsyncClock(self.client)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def read_exchange(shown: Mapping[str, Any]) -> Exchange:
    """Return an exchange of JSON, as `GET /_emulator/requests/{number}` shows it in full."""
    brief = {key: shown[key] for key in _BRIEF}
    return Exchange(
        **brief,
        headers=shown["request"]["headers"],
        body=shown["request"]["body"],
        prompt=shown["prompt"],
        answer=shown["answer"],
        connection=shown["connection"],
        client=shown["client"],
    )


_BRIEF = (
    *("number", "at", "method", "host", "path", "endpoint", "model", "stream", "user_text", "rule", "unmatched"),
    *("unsupported", "status", "ending", "cost_usd", "upstream"),
)


def _read_verdict(shown: Mapping[str, Any]) -> Verdict:
    """Return the verdict that the route shows."""
    findings = tuple(
        Finding(
            name=finding["name"],
            sentence=finding["sentence"],
            rule=finding["rule"],
            requests=tuple(finding["requests"]),
            evidence=finding["evidence"],
        )
        for finding in shown["findings"]
    )
    return Verdict(passed=shown["passed"], findings=findings, **shown["counts"])


def _error(answer: bytes) -> Mapping[str, object]:
    try:
        error = json.loads(answer)["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}
