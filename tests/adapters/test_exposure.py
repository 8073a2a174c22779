"""What is warned of where others can reach the program."""

import pytest

from llemulator_addon.adapters.exposure import warn_of_others
from llemulator_addon.adapters.settings import settings_from

_EVERY = "0.0.0.0"  # noqa: S104 - what is asked here
_PROXY = f"anyone who can reach {_EVERY} from a private network can use this as a proxy to any host; "
_SPENDS = f"anyone who can reach {_EVERY} can send requests to --upstream with the key of --upstream-key"
_UPSTREAM = {"LLEMULATOR_UPSTREAM": "http://127.0.0.1:1/v1", "LLEMULATOR_UPSTREAM_KEY": "sk-own"}
_HERMETIC = {"LLEMULATOR_HERMETIC": "true"}


@pytest.mark.parametrize(
    ("variables", "warnings"),
    [
        ({}, [_PROXY]),
        ({"LLEMULATOR_PASS_FOR": "loopback"}, []),
        (_HERMETIC, []),
        ({**_HERMETIC, **_UPSTREAM}, [_SPENDS]),
        (_UPSTREAM, [_PROXY, _SPENDS]),
    ],
)
def test_what_others_can_do_who_reach_it_is_warned_of(variables: dict[str, str], warnings: list[str]) -> None:
    lines = list(warn_of_others(settings_from(environment=variables), (_EVERY,)))

    assert len(lines) == len(warnings)
    for line, warning in zip(lines, warnings, strict=True):
        assert line.startswith(warning)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::1]", "localhost"])
def test_where_this_machine_alone_reaches_it_nothing_is_warned_of(host: str) -> None:
    assert list(warn_of_others(settings_from(environment=_UPSTREAM), (host,))) == []
