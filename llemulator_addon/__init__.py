"""llemulator: scripted, deterministic answers to what an unmodified application asks OpenAI's API."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llemulator_addon.adapters.pytest_plugin.session import Llemulator
    from llemulator_addon.client import AsyncClient, Client, Exchange

__all__ = ["AsyncClient", "Client", "Exchange", "Llemulator", "__version__"]

__version__ = "0.1.0"

_PLACES = {
    "AsyncClient": "llemulator_addon.client",
    "Client": "llemulator_addon.client",
    "Exchange": "llemulator_addon.client",
    "Llemulator": "llemulator_addon.adapters.pytest_plugin.session",
}
"""For annotations in tests. They are imported when they are used: the command starts without them."""


def __getattr__(name: str) -> object:
    """Return one of the names above."""
    if name not in _PLACES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    found: object = getattr(import_module(_PLACES[name]), name)
    return found
