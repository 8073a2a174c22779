"""Variables of the environment that look like one of ours and are none: nobody reads them, so a person should know."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from llemulator_addon.adapters.settings_table import SETTINGS

_PREFIX = "LLEMULATOR_"
_NEAR = 0.8
"""The least likeness, as `difflib` measures it."""
_OF_KUBERNETES = re.compile(r"_SERVICE_(HOST$|PORT)|_PORT_\d+_(TCP|UDP|SCTP)")
_KUBERNETES_PORT = re.compile(r"(tcp|udp|sctp)://")
"""Kubernetes gives each container variables for every service: for one named `llemulator` they are
`LLEMULATOR_SERVICE_HOST`, `LLEMULATOR_PORT=tcp://10.0.0.1:8080` and `LLEMULATOR_PORT_8080_TCP_ADDR`."""

_BY_SHORT_NAME = {setting.variable.removeprefix(_PREFIX): setting.variable for setting in SETTINGS}


def find_misspelt(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each variable that is nearly one of a setting; its value is not quoted."""
    known = set(_BY_SHORT_NAME.values())
    for name, value in environment.items():
        if name[:4] != _PREFIX[:4] or name in known or _is_of_kubernetes(name, value):
            continue
        if (meant := _find_meant(name)) is not None:
            yield f"{name} is not a setting and is ignored; did you mean {meant}?"


def _is_of_kubernetes(name: str, value: str) -> bool:
    return bool(_OF_KUBERNETES.search(name) or _KUBERNETES_PORT.match(value))


def _find_meant(name: str) -> str | None:
    prefix, _, rest = name.partition("_")
    if not get_close_matches(f"{prefix}_", [_PREFIX], cutoff=_NEAR):
        return None
    near = get_close_matches(rest, _BY_SHORT_NAME, n=1, cutoff=_NEAR)
    return _BY_SHORT_NAME[near[0]] if near else None
