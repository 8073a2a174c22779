"""Suites of a user's, and what pytest prints of them."""

import re
from collections.abc import Callable

import pytest

Run = Callable[..., pytest.RunResult]


def text_of(result: pytest.RunResult) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", result.stdout.str())
