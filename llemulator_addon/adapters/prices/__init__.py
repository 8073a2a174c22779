"""The table of prices: that of OpenAI in this folder, and a file of the user's."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from llemulator_addon.adapters.script_file import BadScript, name_file
from llemulator_addon.script.model import ScriptPart
from llemulator_addon.script.reader import value_of
from llemulator_addon.script.script_error import read_as
from llemulator_addon.wire.prices import TOKEN_KINDS, FindPrices, LongPrompt, Price, Prices


def find_prices(file: Path | None) -> FindPrices:
    """Return what gives the prices, those of a file among them. OpenAI's are read when they are first asked for.

    Raises BadScript for a file that cannot be used.
    """
    if file is None:
        return openai_prices
    part = _read_file(file)
    prices = part.prices()
    return (lambda: prices) if part.replace else cache(lambda: _add(openai_prices(), prices))


@cache
def openai_prices() -> Prices:
    """Return OpenAI's own."""
    text = (files(__name__) / "openai.yaml").read_bytes()
    return read_as(PricesPart, value_of(text, "yaml"), "").prices()


def _read_file(file: Path) -> "PricesPart":
    with name_file(file):
        try:
            text = file.read_bytes()
        except OSError as error:
            raise BadScript(f"{file}: {error.strerror}; use --prices (LLEMULATOR_PRICES) to choose a file") from None
        return read_as(PricesPart, value_of(text, "json" if file.suffix.lower() == ".json" else "yaml"), "")


def _add(prices: Prices, more: Prices) -> Prices:
    sources = ", ".join(source for source in (prices.source, more.source) if source)
    return replace(prices, source=sources, by_model={**prices.by_model, **more.by_model})


def _exact(number: float) -> Decimal:
    """Return the number that was written."""
    return Decimal(str(number))


def _spell_day(value: object) -> object:
    """YAML reads a day without quotes as one."""
    return value.isoformat() if isinstance(value, date) else value


_Rate = Annotated[float, Field(ge=0)]
_Factor = Annotated[float, Field(gt=0)]


class LongPromptPart(ScriptPart):
    """The factors for a request with more than that many tokens of input."""

    above: Annotated[int, Field(gt=0)]
    input: _Factor
    output: _Factor


class PricePart(ScriptPart):
    """The price of one model."""

    input: _Rate | None = None
    cached_input: _Rate | None = None
    cache_write: _Rate | None = None
    output: _Rate | None = None
    audio_input: _Rate | None = None
    cached_audio_input: _Rate | None = None
    audio_output: _Rate | None = None
    image_input: _Rate | None = None
    cached_image_input: _Rate | None = None
    image_output: _Rate | None = None
    tiers: dict[str, _Factor] = Field(default_factory=dict)
    long_prompt: LongPromptPart | None = None

    def price(self) -> Price:
        """Return it."""
        rates = {kind: _exact(rate) for kind in TOKEN_KINDS if (rate := getattr(self, kind)) is not None}
        long = self.long_prompt
        return Price(
            rates=rates,
            tiers={name: _exact(factor) for name, factor in self.tiers.items()},
            long_prompt=None if long is None else LongPrompt(long.above, _exact(long.input), _exact(long.output)),
        )


class PricesPart(ScriptPart):
    """A file of prices."""

    as_of: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$"), BeforeValidator(_spell_day)] = ""
    source: str = ""
    replace: bool = False
    """Whether OpenAI's prices are left out; else those of the file are added to them, and replace them by model."""
    models: dict[str, PricePart]

    def prices(self) -> Prices:
        """Return them."""
        by_model = {name: part.price() for name, part in self.models.items()}
        return Prices(as_of=self.as_of, source=self.source, by_model=by_model)
