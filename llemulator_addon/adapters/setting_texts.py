"""Texts of settings, read as values. Each function raises ValueError for a text that is none."""

import math
from collections.abc import Callable
from datetime import date
from pathlib import Path

from llemulator_addon.adapters.listener import Listener, listener_in
from llemulator_addon.adapters.networks import Networks
from llemulator_addon.core.capacity import Capacity
from llemulator_addon.core.upstream import UpstreamKeys, base_url, keys_in

_SWITCHES = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


class SecretError(ValueError):
    """An invalid value that may contain a secret: a report must not quote the text."""


def read_whole(text: str, *, most: int) -> int:
    """Read a whole number from 0."""
    number = int(text)
    if not 0 <= number <= most:
        raise ValueError(text)
    return number


def read_count(text: str) -> int:
    """Read a whole number from 1."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def read_positive(text: str) -> float:
    """Read a number above 0."""
    number = read_delay(text)
    if not number:
        raise ValueError(text)
    return number


def read_delay(text: str) -> float:
    """Read a number from 0."""
    number = float(text)
    if not 0 <= number < math.inf:
        raise ValueError(text)
    return number


def read_size(text: str) -> int:
    """Read `64MiB`, `64m` or `67108864` as bytes."""
    bare = text.lower().removesuffix("b").removesuffix("i")
    digits = bare.rstrip("kmg").rstrip()
    size = int(digits) * _UNITS[bare[len(digits) :].strip()]
    if size <= 0:
        raise ValueError(text)
    return size


def read_day(text: str) -> str:
    """Read an ISO date."""
    return date.fromisoformat(text).isoformat()


def read_switch(text: str) -> bool:
    """Read `true`, `1`, `yes` or `on`, and their contraries."""
    if text.lower() not in _SWITCHES:
        raise ValueError(text)
    return _SWITCHES[text.lower()]


def read_choice(text: str, *, choices: tuple[str, ...]) -> str:
    """Read one of some words."""
    if text.lower() not in choices:
        raise ValueError(text)
    return text.lower()


def read_names(text: str) -> tuple[str, ...]:
    """Read names with commas between them."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise ValueError(text)
    return names


def read_networks(text: str) -> tuple[str, ...]:
    """Read networks with commas between them."""
    return Networks(*read_names(text)).texts


def read_listeners(text: str) -> tuple[Listener, ...]:
    """Read addresses to listen on, with commas between them."""
    return tuple(map(listener_in, read_names(text)))


def read_path(text: str) -> Path:
    """Read a path; `~` is the user's home."""
    return Path(text).expanduser()


def read_secret[T](text: str, *, read: Callable[[str], T]) -> T:
    """Read a text that may contain a secret; raises SecretError with the words of `read`, which do not quote it."""
    try:
        return read(text)
    except ValueError as error:
        raise SecretError(error) from None


def read_addresses(text: str) -> tuple[str, ...]:
    """Read URLs with commas between; raises ValueError, which never quotes the text."""
    return tuple(base_url(each) for each in read_names(text))


def read_capacity_figures(text: str) -> Capacity:
    """Read a profile, and `FIGURE=NUMBER` with commas between."""
    from llemulator_addon.script.capacity import read_capacity  # noqa: PLC0415 - slow to import

    return read_capacity(text)


def read_upstream_keys(text: str) -> UpstreamKeys:
    """Read `KEY` or `HOST=KEY` with commas between; raises SecretError."""
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise SecretError("it has neither blanks nor letters beyond ASCII")
    return read_secret(text, read=keys_in)
