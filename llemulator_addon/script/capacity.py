"""`defaults.capacity`: the model server that answers, with what it can do at once."""

from dataclasses import fields, replace
from typing import Annotated, Self

from pydantic import Field, model_validator

from llemulator_addon.core.capacity import PROFILES, Capacity, Refusing
from llemulator_addon.core.choices import CapacityProfile
from llemulator_addon.script.model import ScriptPart
from llemulator_addon.script.pacing import LONGEST_WAIT
from llemulator_addon.script.script_error import ScriptError, read_as
from llemulator_addon.script.short_forms import is_text, part_with

_Milliseconds = Annotated[float, Field(ge=0, le=LONGEST_WAIT * 1000)]
_FROM_1 = Annotated[int, Field(ge=1)]


class CapacityPart(ScriptPart):
    """A profile, figures of its own, or both: figures go before those of the profile."""

    profile: CapacityProfile | None = None
    max_num_seqs: _FROM_1 | None = None
    max_waiting: Annotated[int, Field(ge=0)] | None = None
    max_model_len: _FROM_1 | None = None
    kv_cache_tokens: _FROM_1 | None = None
    ttft_ms: _Milliseconds = 0.0
    prefill_ms_per_token: Annotated[float, Field(ge=0, le=1000)] = 0.0
    tokens_per_second: Annotated[float, Field(gt=0)] | None = None
    jitter: Annotated[float, Field(ge=0, le=1)] = 0.0
    time_factor_under_load: Annotated[float, Field(ge=1, le=1000)] = 1.0
    refuse_with: Refusing = 503

    @model_validator(mode="after")
    def _has_a_most(self) -> Self:
        capacity = self.capacity()
        if capacity.time_factor_under_load > 1 and capacity.max_num_seqs is None:
            message = "time_factor_under_load needs max_num_seqs, the number of requests at which it is reached"
            raise ValueError(message)
        return self

    def capacity(self) -> Capacity:
        """Return it as a value."""
        own = {each.name: getattr(self, each.name) for each in fields(Capacity) if each.name in self.model_fields_set}
        return replace(PROFILES[self.profile or "unlimited"], **own)


CapacitySpec = Annotated[CapacityPart, part_with("profile", is_text, CapacityProfile | CapacityPart)]
"""As a script writes it; a text is a profile."""


def read_capacity(text: str) -> Capacity:
    """Read `gpu`, or `gpu,max_num_seqs=8`, or figures alone; raises ValueError that says what is wrong."""
    said: dict[str, object] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (each.strip() for each in part.partition("="))
        said[name.replace("-", "_") if equals else "profile"] = _read_number(value) if equals else name
    try:
        return read_as(CapacityPart, said, "").capacity()
    except ScriptError as error:
        raise ValueError(str(error)) from None


def _read_number(text: str) -> int | float | str:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text
