"""`rate_limit`: a limit of requests or tokens a minute, counted as OpenAI counts them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Annotated, Self, override

from pydantic import Field, model_validator

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.steps import Headers
from llemulator_addon.script.fault import Admission, AdmissionRequest, Fault, Memory
from llemulator_addon.script.model import ScriptPart
from llemulator_addon.wire.headers import ORGANIZATION


class RateLimitPart(ScriptPart):
    """Requests and tokens a minute; at least one of them."""

    requests_per_minute: Annotated[int, Field(ge=1)] | None = None
    tokens_per_minute: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.requests_per_minute is None and self.tokens_per_minute is None:
            message = "give requests_per_minute, tokens_per_minute, or both"
            raise ValueError(message)
        return self


@dataclass(frozen=True, slots=True)
class RateLimitFault(Fault):
    """A bucket of requests and one of tokens, which fill up again evenly. A request that finds too little gets 429.

    A request costs one request, and the tokens of its prompt and the most that its answer may have. One that is
    refused costs nothing, and does not use up its rule.
    """

    wanted: RateLimitPart

    @override
    def admit(self, arrival: AdmissionRequest, memory: Memory | None) -> Admission:
        """Take from the buckets, or refuse."""
        before = memory if isinstance(memory, BucketLevels) else BucketLevels(at=arrival.at)
        found = tuple(self._refill(arrival, before, max(0.0, arrival.at - before.at)))
        if (short := next((bucket for bucket in found if bucket.cost > bucket.level), None)) is not None:
            # Where the clock went back, the buckets fill from now on: as much later as the refusal says.
            waiting = replace(before, at=min(before.at, arrival.at))
            return Admission(refused=_refuse(short, found, arrival.model), memory=waiting if memory else memory)
        taken = tuple(replace(bucket, level=bucket.level - bucket.cost) for bucket in found)
        levels = {bucket.name: bucket.level for bucket in taken}
        return Admission(memory=BucketLevels(at=arrival.at, levels=levels), headers=_headers(taken))

    def _refill(self, arrival: AdmissionRequest, before: "BucketLevels", seconds: float) -> Iterator["_Bucket"]:
        """Yield the buckets as a request finds them, `seconds` after the one before."""
        if (limit := self.wanted.requests_per_minute) is not None:
            yield _Bucket("requests", "RPM", limit, before.level("requests", limit, seconds), 1)
        if (limit := self.wanted.tokens_per_minute) is not None:
            yield _Bucket("tokens", "TPM", limit, before.level("tokens", limit, seconds), arrival.tokens())


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketLevels:
    """The levels of the buckets, and when they were read. A bucket without a level was full."""

    at: float
    levels: Mapping[str, float] = field(default_factory=dict)

    def level(self, name: str, limit: int, seconds: float) -> float:
        """Return the level that many seconds later."""
        return min(limit, self.levels.get(name, limit) + seconds * limit / _MINUTE)


_MINUTE = 60


@dataclass(frozen=True, slots=True)
class _Bucket:
    name: str
    short: str
    limit: int
    level: float
    cost: int

    def seconds_to(self, level: float) -> float:
        """Return how long it takes to fill up to a level."""
        return max(0.0, (level - self.level) * _MINUTE / self.limit)


def _refuse(short: _Bucket, buckets: tuple[_Bucket, ...], model: str) -> Failure:
    """Refuse with the wording and the headers of the real API, and say honestly when the next try gets through."""
    of = f"{model} in organization {ORGANIZATION} on {short.name} per min ({short.short}): Limit {short.limit}"
    more = "Visit https://platform.openai.com/account/rate-limits to learn more."
    if short.cost > short.limit:
        # It will never fit, so there is nothing to wait for.
        return Failure(
            status=429,
            type=short.name,
            code="rate_limit_exceeded",
            message=f"Request too large for {of}, Requested {short.cost}. The input or output tokens must be reduced "
            f"in order to run successfully. {more}",
            headers=_headers(buckets),
        )
    milliseconds = ceil(round(short.seconds_to(short.cost) * 1000, 6))
    return Failure(
        status=429,
        type=short.name,
        code="rate_limit_exceeded",
        message=f"Rate limit reached for {of}, Used {short.limit - int(short.level)}, Requested {short.cost}. "
        f"Please try again in {_duration(milliseconds)}. {more}",
        headers=(
            *_headers(buckets),
            ("retry-after-ms", str(milliseconds)),
            ("retry-after", str(ceil(milliseconds / 1000))),
        ),
    )


def _headers(buckets: tuple[_Bucket, ...]) -> Headers:
    return (
        *((f"x-ratelimit-limit-{bucket.name}", str(bucket.limit)) for bucket in buckets),
        *((f"x-ratelimit-remaining-{bucket.name}", str(int(bucket.level))) for bucket in buckets),
        *((f"x-ratelimit-reset-{bucket.name}", _until_full(bucket)) for bucket in buckets),
    )


def _until_full(bucket: _Bucket) -> str:
    return _duration(ceil(round(bucket.seconds_to(bucket.limit) * 1000, 6)))


def _duration(milliseconds: int) -> str:
    """Spell it as OpenAI does, in Go's form: `12ms`, `0s`, `7.93s`, `2m7.93s`."""
    if 0 < milliseconds < _SECOND:
        return f"{milliseconds}ms"
    minutes, rest = divmod(milliseconds, _MINUTE * _SECOND)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest / _SECOND:.3f}".rstrip("0").rstrip(".")
    return f"{f'{hours}h' if hours else ''}{f'{minutes}m' if hours or minutes else ''}{seconds}s"


_SECOND = 1000
