"""When the pieces of a generated stream leave: what the request or the server asks for, or what resembles a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Failure
from llemulator_addon.script.pacing import Pacing
from llemulator_addon.wire import errors
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.families import family
from llemulator_addon.wire.members import spell_number

Profile = Literal["small", "large", "reasoning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Physics:
    """How fast generated text arrives; None: nothing is asked."""

    delay_min_ms: float | None = None
    delay_max_ms: float | None = None
    """Each token comes after a delay between the two."""
    tokens_per_second: float | None = None
    """Goes before what the delays give; they say how much it varies then."""
    profile: Profile | Literal["auto"] | None = None
    """A model to resemble if none of the above is set; `auto`: by the model's name."""


PROFILES: Mapping[Profile, Pacing] = {
    "small": Pacing(ttft=0.3, tokens_per_second=120.0, jitter=0.25),
    "large": Pacing(ttft=0.7, tokens_per_second=50.0, jitter=0.35),
    "reasoning": Pacing(ttft=4.0, tokens_per_second=70.0, jitter=0.3),
}


def pacing_for(prompt: Prompt, of_server: Physics) -> Pacing | None:
    """Return how a stream is paced; None: nobody asks. Raises `RequestRefused` where the request asks for nonsense.

    Fields of the request's `stream_options` go before the server's.
    """
    asked = _read_request(prompt)
    low = asked.delay_min_ms if asked.delay_min_ms is not None else of_server.delay_min_ms
    high = asked.delay_max_ms if asked.delay_max_ms is not None else of_server.delay_max_ms
    rate = asked.tokens_per_second or of_server.tokens_per_second
    if low is None and high is None and rate is None:
        profile = profile_of(prompt.model) if of_server.profile == "auto" else of_server.profile
        return PROFILES[profile] if profile else None
    return _pace(low, high, rate)


def profile_of(model: str) -> Profile:
    """Say which profile resembles a model."""
    if family(model).reasons() and not _is_small(model):
        return "reasoning"
    return "small" if _is_small(model) else "large"


def _is_small(model: str) -> bool:
    return bool({"mini", "nano", "small", "tiny", "luna", "turbo", "lite", "flash"} & set(model.lower().split("-")))


def _pace(low: float | None, high: float | None, rate: float | None) -> Pacing:
    """Turn delays between two bounds into a rate and a jitter: each gap is drawn evenly between the two."""
    least = low or 0.0
    most = max(least, high if high is not None else least)
    middle = (least + most) / 2000
    jitter = (most - least) / (most + least) if most + least else 0.0
    if rate is None:
        rate = 1 / middle if middle else None
    return Pacing(ttft=middle, tokens_per_second=rate, jitter=jitter)


def _read_request(prompt: Prompt) -> Physics:
    options = prompt.body.get("stream_options")
    if not isinstance(options, Mapping):
        return Physics()
    low, high = _number(options, "delay_min_ms"), _number(options, "delay_max_ms")
    if low is not None and high is not None and high < low:
        raise RequestRefused(
            errors.out_of_range("stream_options.delay_max_ms", "decimal", "below", f"{low:g}", f"{high:g}")
        )
    rate = _number(options, "tokens_per_second")
    if rate == 0:
        raise RequestRefused(_not_positive("stream_options.tokens_per_second"))
    return Physics(delay_min_ms=low, delay_max_ms=high, tokens_per_second=rate)


def _number(options: Mapping[str, Any], name: str) -> float | None:
    value = options.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RequestRefused(errors.wrong_type(f"stream_options.{name}", "a decimal", "another value"))
    if value < 0:
        raise RequestRefused(
            errors.out_of_range(f"stream_options.{name}", "decimal", "below", "0", spell_number(value))
        )
    if value > _MOST:
        raise RequestRefused(
            errors.out_of_range(f"stream_options.{name}", "decimal", "above", spell_number(_MOST), spell_number(value))
        )
    return float(value)


_MOST = 1_000_000_000


def _not_positive(param: str) -> Failure:
    return Failure(
        status=400,
        type=errors.INVALID,
        param=param,
        code="decimal_below_min_value",
        message=f"Invalid '{param}': decimal below minimum value. Expected a value > 0, but got 0 instead.",
    )
