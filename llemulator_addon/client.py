"""A client of the admin routes, for tests and tools: `Client`, and `AsyncClient` with the same methods.

    with Client("http://127.0.0.1:8080", token="test-1") as client:
        client.load({"responses": ["Hello"]}, reset=True)
        ...
        assert client.verify().passed

It needs nothing but Python's own library.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from http.client import HTTPConnection, RemoteDisconnected
from threading import Lock
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urlencode, urlsplit

from llemulator_addon.core.egress import HostEgress
from llemulator_addon.core.unclaimed import Unclaimed

__all__ = [
    "AsyncClient",
    "Client",
    "Exchange",
    "Finding",
    "HostEgress",
    "Loaded",
    "Refused",
    "RuleUse",
    "Unclaimed",
    "Verdict",
    "Waiting",
    "exchange_from",
    "verdict_from",
]

# For pytest, which leaves out of its tracebacks what is here: what was refused is shown where it was asked.
__tracebackhide__ = True

_PAGE = 500
_ERRORS_FROM = 400


class Refused(Exception):
    """The server refused a request. The text is what it says."""

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
    """How many rules that were."""
    rules: int
    """How many there are now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleUse:
    """A rule, and how often it answered."""

    name: str
    answered: int
    left: int | None
    """None: for ever."""
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
    """0: there is no answer yet, or it was cut before it began."""
    ending: Mapping[str, Any] | None = None
    upstream: str | None = None
    """Base URL of the server that the request was handed to."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of the request, without secrets."""
    body: Any = None
    """Of the request: JSON, or text."""
    prompt: Mapping[str, Any] | None = None
    answer: Mapping[str, Any] = field(default_factory=dict)
    """`headers`, and `body` or `events`."""
    connection: Mapping[str, Any] = field(default_factory=dict)
    client: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is amiss."""

    name: str
    sentence: str
    rule: str | None
    requests: tuple[int, ...]
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a session went as it should."""

    passed: bool
    findings: tuple[Finding, ...]
    requests: int
    answered: int
    unmatched: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A request that waits for a person, with the fallback `manual`."""

    number: int
    at: float
    """Seconds since the epoch."""
    until: float
    """When its time is up."""
    method: str
    host: str
    path: str
    endpoint: str
    model: str
    stream: bool
    user_text: str
    prompt: Mapping[str, Any]


class Client:
    """Talks to one server about the session of one token. May be used by several threads."""

    def __init__(self, url: str, token: str, *, timeout: float = 30.0) -> None:
        """`url` is where the server listens, as `http://127.0.0.1:8080`; `timeout` is in seconds."""
        address = urlsplit(url)
        self._connection = HTTPConnection(address.hostname or "", address.port, timeout=timeout)
        self._lock = Lock()
        self.url = url.rstrip("/")
        self.token = token

    def under(self, token: str) -> "Client":
        """Return a client for another token that talks over the same connection."""
        other = copy(self)
        other.token = token
        return other

    def load(self, script: Mapping[str, Any] | Sequence[Any], *, reset: bool = False) -> Loaded:
        """Load a script, given as JSON's values; with `reset` the session is forgotten before. Raises Refused."""
        whole = dict(script) if isinstance(script, Mapping) else {"responses": list(script)}
        return self._loaded(json.dumps({**whole, "reset": True} if reset else whole), "application/json")

    def load_text(self, text: str, language: Literal["json", "yaml"] = "yaml") -> Loaded:
        """Load a script as it stands in a file. Raises Refused."""
        return self._loaded(text, f"application/{language}")

    def rules(self) -> tuple[RuleUse, ...]:
        """Return the rules, and how often each answered."""
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

    def requests(self, **filters: str | int) -> tuple[Exchange, ...]:
        """Return the exchanges that are kept, oldest first; filters as in `GET /_emulator/requests`."""
        found: list[Exchange] = []
        query = {"limit": _PAGE, **filters, "format": "full"}
        while True:
            page = self._json("GET", f"/_emulator/requests?{urlencode(query)}")
            found += map(exchange_from, page["data"])
            if not page["has_more"] or "limit" in filters:
                return tuple(found)
            query["since"] = found[-1].number

    def request(self, number: int) -> Exchange:
        """Return one exchange. Raises Refused where it is not kept."""
        return exchange_from(self._json("GET", f"/_emulator/requests/{number}"))

    def har(self) -> Mapping[str, Any]:
        """Return the journal as a HAR file."""
        har: Mapping[str, Any] = self._json("GET", "/_emulator/requests?format=har")
        return har

    def verify(
        self,
        *,
        expectations: Iterable[Mapping[str, Any]] = (),
        order: Iterable[str | Mapping[str, Any]] = (),
        ignore: Iterable[str] = (),
        egress: bool | Mapping[str, Any] = False,
    ) -> Verdict:
        """Ask what is amiss; the arguments are the body of `POST /_emulator/verify`."""
        body = {"expectations": [*expectations], "order": [*order], "ignore": [*ignore], "egress": egress}
        return verdict_from(self._json("POST", "/_emulator/verify", json.dumps(body)))

    def waiting(self) -> tuple[Waiting, ...]:
        """Return the requests that wait for a person; what came first is first."""
        found = self._json("GET", "/_emulator/waiting")["data"]
        return tuple(Waiting(**{name: value for name, value in each.items() if name != "object"}) for each in found)

    def answer(self, number: int, reply: str | Mapping[str, Any]) -> None:
        """Answer a request that waits: a text, or a reply as in a rule. Raises Refused where it does not wait."""
        self._json("POST", f"/_emulator/waiting/{number}", json.dumps(reply))

    def conclude(self, *, unclaimed: int, ignore: Iterable[str] = (), reset: bool = True) -> Verdict:
        """Ask what is amiss, requests of no session after a number included; if nothing is, the session is forgotten.

        Without `reset` it stays.
        """
        body = {"ignore": [*ignore], "unclaimed": unclaimed, "reset": reset}
        return verdict_from(self._json("POST", "/_emulator/verify", json.dumps(body)))

    def egress(self) -> tuple[HostEgress, ...]:
        """Return what became of the traffic, host by host, of all tokens."""
        return tuple(HostEgress(**host) for host in self._json("GET", "/_emulator/egress")["data"])

    def unclaimed(self, since: int = 0) -> tuple[Unclaimed, ...]:
        """Return the last requests without a token, or under one for which nobody loaded a script, after a number."""
        return tuple(Unclaimed(**each) for each in self._json("GET", f"/_emulator/unclaimed?since={since}")["data"])

    def ca(self) -> str:
        """Return the certificate to trust, in PEM."""
        return self._bytes("GET", "/_emulator/ca.pem", None, "").decode()

    def close(self) -> None:
        """Close the connection; it is opened again when it is needed."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _loaded(self, text: str, content_type: str) -> Loaded:
        answer = json.loads(self._bytes("POST", "/_emulator/script", text, content_type))
        return Loaded(session=answer["session"], loaded=answer["loaded"], rules=answer["rules"])

    def _json(self, method: str, path: str, body: str | None = None) -> Any:  # noqa: ANN401
        return json.loads(self._bytes(method, path, body, "application/json"))

    def _bytes(self, method: str, path: str, body: str | None, content_type: str) -> bytes:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": content_type}
        with self._lock:
            try:
                status, answer = self._asked(method, path, body, headers)
            except (RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                # The server closed a connection that was idle: it did not read what was sent on it.
                self._connection.close()
                status, answer = self._asked(method, path, body, headers)
        if status >= _ERRORS_FROM:
            raise Refused(status, _error(answer))
        return answer

    def _asked(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
        self._connection.request(method, path, None if body is None else body.encode(), dict(headers))
        answer = self._connection.getresponse()
        return answer.status, answer.read()


class AsyncClient:
    """`Client`, to be awaited: each call is made in a thread of asyncio's."""

    def __init__(self, url: str, token: str, *, timeout: float = 30.0) -> None:
        """As `Client`."""
        self._client = Client(url, token, timeout=timeout)
        self.url = self._client.url
        self.token = token

    async def load(self, script: Mapping[str, Any] | Sequence[Any], *, reset: bool = False) -> Loaded:
        """Load a script, given as JSON's values. Raises Refused."""
        return await _in_thread(lambda: self._client.load(script, reset=reset))

    async def load_text(self, text: str, language: Literal["json", "yaml"] = "yaml") -> Loaded:
        """Load a script as it stands in a file. Raises Refused."""
        return await _in_thread(lambda: self._client.load_text(text, language))

    async def rules(self) -> tuple[RuleUse, ...]:
        """Return the rules, and how often each answered."""
        return await _in_thread(self._client.rules)

    async def forget_rules(self) -> None:
        """Forget the rules."""
        await _in_thread(self._client.forget_rules)

    async def reset(self) -> None:
        """Forget the whole session."""
        await _in_thread(self._client.reset)

    async def requests(self, **filters: str | int) -> tuple[Exchange, ...]:
        """Return the exchanges that are kept, oldest first."""
        return await _in_thread(lambda: self._client.requests(**filters))

    async def request(self, number: int) -> Exchange:
        """Return one exchange. Raises Refused where it is not kept."""
        return await _in_thread(lambda: self._client.request(number))

    async def har(self) -> Mapping[str, Any]:
        """Return the journal as a HAR file."""
        return await _in_thread(self._client.har)

    async def verify(
        self,
        *,
        expectations: Iterable[Mapping[str, Any]] = (),
        order: Iterable[str | Mapping[str, Any]] = (),
        ignore: Iterable[str] = (),
        egress: bool | Mapping[str, Any] = False,
    ) -> Verdict:
        """Ask what is amiss."""
        return await _in_thread(
            lambda: self._client.verify(expectations=expectations, order=order, ignore=ignore, egress=egress)
        )

    async def waiting(self) -> tuple[Waiting, ...]:
        """Return the requests that wait for a person; what came first is first."""
        return await _in_thread(self._client.waiting)

    async def answer(self, number: int, reply: str | Mapping[str, Any]) -> None:
        """Answer a request that waits: a text, or a reply as in a rule. Raises Refused where it does not wait."""
        await _in_thread(lambda: self._client.answer(number, reply))

    async def conclude(self, *, unclaimed: int, ignore: Iterable[str] = (), reset: bool = True) -> Verdict:
        """Ask what is amiss, and forget the session if nothing is."""
        return await _in_thread(lambda: self._client.conclude(unclaimed=unclaimed, ignore=ignore, reset=reset))

    async def egress(self) -> tuple[HostEgress, ...]:
        """Return what became of the traffic, host by host, of all tokens."""
        return await _in_thread(self._client.egress)

    async def unclaimed(self, since: int = 0) -> tuple[Unclaimed, ...]:
        """Return the last requests that belong to nobody's test, after a number."""
        return await _in_thread(lambda: self._client.unclaimed(since))

    async def ca(self) -> str:
        """Return the certificate to trust, in PEM."""
        return await _in_thread(self._client.ca)

    async def close(self) -> None:
        """Close the connection."""
        await _in_thread(self._client.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def _in_thread[R](work: Callable[[], R]) -> R:
    return await asyncio.to_thread(work)


def exchange_from(shown: Mapping[str, Any]) -> Exchange:
    """Return an exchange as the routes show it in full."""
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
    "number",
    "at",
    "method",
    "host",
    "path",
    "endpoint",
    "model",
    "stream",
    "user_text",
    "rule",
    "unmatched",
    "status",
    "ending",
    "upstream",
)


def verdict_from(shown: Mapping[str, Any]) -> Verdict:
    """Return a verdict as the route shows it."""
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


def _error(answer: bytes) -> Mapping[str, Any]:
    try:
        error = json.loads(answer)["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}
