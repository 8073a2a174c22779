"""How a client asked: its exchanges, and the attempts that are one request to it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cached_property
from itertools import pairwise
from typing import Literal

from llemulator_addon.engine.journal import Exchange
from llemulator_addon.verification import delivered
from llemulator_addon.verification.finding import Finding
from llemulator_addon.verification.sdk_headers import SdkHeaders, client_of
from llemulator_addon.wire import json_bytes

_TOGETHER = 60.0
"""Seconds. A request repeated this long after a failed attempt is new, unless the client counts it as a retry."""

_LOOP = 4
"""This many equal calls, all new to an SDK that counts its retries, are a loop around the SDK."""

_BAD_REQUEST, _SERVER_ERROR = 400, 500
_RETRIED = frozenset((408, 409, 429))


@dataclass(frozen=True)
class Attempt:
    """One exchange, as one attempt of a client."""

    exchange: Exchange

    @property
    def number(self) -> int:
        """The exchange's number."""
        return self.exchange.number

    @property
    def start(self) -> float:
        """When it came."""
        return self.exchange.at

    @cached_property
    def end(self) -> float | None:
        """When the answer to it ended; None while it is being played."""
        return delivered.find_end(self.exchange)

    @cached_property
    def client(self) -> SdkHeaders:
        """The client, as the headers describe it."""
        return client_of(self.exchange)

    @cached_property
    def headers(self) -> dict[str, str]:
        """Headers of the answer."""
        return delivered.headers(self.exchange)

    @property
    def has_head(self) -> bool:
        """Whether the client saw a status."""
        ending = self.exchange.ending
        if self.exchange.status == 0:
            return False
        # One that was cut or left while it waited for the head got none.
        return ending is None or ending.how == "whole" or ending.sends > 0 or ending.seconds > 0 or self._head_first

    @property
    def _head_first(self) -> bool:
        ending = self.exchange.ending
        return delivered.measure_head_delay(self.exchange) == 0 and not (ending is not None and ending.is_open)

    @property
    def left(self) -> bool:
        """Whether the client went away before the end."""
        return self.exchange.ending is not None and self.exchange.ending.how == "client_left"

    @property
    def cut(self) -> bool:
        """Whether the connection was cut under it."""
        return delivered.was_cut(self.exchange)

    @property
    def outcome(self) -> Literal["whole", "refused", "lost", "broken", "left", "waiting"]:
        """The part of the answer that the client got.

        `whole`: a success. `refused`: an error's status. `lost`: no status, as the connection was cut before it.
        `broken`: a success that was cut in the middle. `left`: it went away by itself. `waiting`: there is no answer
        yet, from a person or an upstream.
        """
        if not self.exchange.steps and self.exchange.ending is None:
            return "waiting"
        if not self.has_head:
            return "left" if self.left else "lost"
        if self.exchange.status >= _BAD_REQUEST:
            return "refused"
        return "broken" if self.cut else "left" if self.left else "whole"

    @property
    def told(self) -> bool | None:
        """The value of `x-should-retry`; None if the header is missing or is neither `true` nor `false`."""
        return {"true": True, "false": False}.get(self.headers.get("x-should-retry", "").lower())

    @property
    def worth_a_retry(self) -> bool:
        """Whether OpenAI's SDKs would try again."""
        match self.outcome:
            case "lost":
                return True
            case "refused":
                status = self.exchange.status
                return self.told if self.told is not None else status in _RETRIED or status >= _SERVER_ERROR
            case _:
                return False

    @property
    def wait(self) -> float | None:
        """How long the answer tells the client to wait, in seconds; None where it does not."""
        return _milliseconds(self.headers.get("retry-after-ms")) or _seconds(
            self.headers.get("retry-after"), self.end or self.start
        )

    @property
    def code(self) -> str | None:
        """The error's code, where the answer is an error."""
        if self.outcome != "refused":
            return None
        try:
            error = json_bytes.read(delivered.body(self.exchange))["error"]
        except (ValueError, KeyError, TypeError):
            return None
        code = error.get("code") if isinstance(error, dict) else None
        return code if isinstance(code, str) else None


@dataclass(frozen=True)
class ClientHistory:
    """All that one client asked."""

    exchanges: tuple[Exchange, ...]
    """In the order of arrival."""
    now: float
    """The client is done by then."""

    @cached_property
    def attempts(self) -> tuple[Attempt, ...]:
        """Each exchange as an attempt, in the order of arrival."""
        return tuple(map(Attempt, self.exchanges))

    @cached_property
    def requests(self) -> tuple[tuple[Attempt, ...], ...]:
        """The attempts, grouped by the request that each belongs to."""
        groups: list[list[Attempt]] = []
        latest: dict[object, list[Attempt]] = {}
        for attempt in self.attempts:
            carried = _identify(attempt.exchange)
            group = latest.get(carried)
            if group is None or not _goes_on(group, attempt):
                groups.append(group := [])
            group.append(attempt)
            latest[carried] = group
        return tuple(attempts for group in groups for attempts in _apart_unless_a_loop(group))

    def is_reused(self, attempt: Attempt) -> bool:
        """Whether an attempt came on a connection that had served before."""
        return self._firsts[attempt.exchange.connection] is not attempt

    @cached_property
    def _firsts(self) -> dict[str, Attempt]:
        return {attempt.exchange.connection: attempt for attempt in reversed(self.attempts)}

    @property
    def given_up(self) -> Iterator[tuple[Attempt, ...]]:
        """The requests that nobody repeated after their last attempt."""
        last = {_identify(attempt.exchange): attempt for attempt in self.attempts}
        for attempts in self.requests:
            if last[_identify(attempts[-1].exchange)] is attempts[-1]:
                yield attempts

    @property
    def retries(self) -> Iterator[tuple[Attempt, Attempt]]:
        """Each attempt that was followed by another one of the same request, and that one."""
        for attempts in self.requests:
            yield from pairwise(attempts)


VerdictFunction = Callable[[ClientHistory], Iterator[Finding]]
"""Looks for one kind of misbehaviour, and yields a finding for each time that it shows."""


def gap(before: Attempt, after: Attempt) -> float:
    """Return how long the client waited with the next attempt, in seconds."""
    return max(0.0, after.start - (before.end if before.end is not None else before.start))


def _identify(exchange: Exchange) -> object:
    """Return what makes two requests the same."""
    return (
        exchange.method,
        exchange.host,
        exchange.path,
        exchange.query,
        exchange.body_bytes,
        exchange.fingerprint,
        exchange.headers.get("idempotency-key"),
    )


def _goes_on(group: list[Attempt], attempt: Attempt) -> bool:
    """Whether an attempt is one more of a request.

    A client that counts its retries is believed. When its count starts again, the code around it repeated the call:
    that is one more attempt only if the client was not allowed to retry by itself.
    """
    last, count = group[-1], attempt.client.retry
    if attempt.exchange.headers.get("idempotency-key"):
        return True
    if count:
        return True
    if count == 0 and any(each.client.retry for each in group):
        return False
    return last.outcome in {"refused", "lost"} and gap(last, attempt) <= _TOGETHER


def _apart_unless_a_loop(group: list[Attempt]) -> Iterator[tuple[Attempt, ...]]:
    """Take apart what a client that counts its retries calls new each time, unless it is the same too often.

    A test may well make the same call two or three times, and each may fail.
    """
    if len(group) >= _LOOP or any(attempt.client.retry != 0 for attempt in group):
        yield tuple(group)
    else:
        yield from ((attempt,) for attempt in group)


def _milliseconds(text: str | None) -> float | None:
    try:
        return None if text is None else float(text) / 1000
    except ValueError:
        return None


def _seconds(text: str | None, now: float) -> float | None:
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except ValueError:
        return None
