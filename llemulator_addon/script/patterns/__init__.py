"""The words of `match`: to add one is one file and one line here.

The argument's type is that of the field `wanted`; the reader, the JSON schema and the documentation follow it.
"""

from collections.abc import Callable
from typing import Any

from llemulator_addon.script.asked import Pattern
from llemulator_addon.script.patterns.user_text import UserText

PATTERNS: dict[str, Callable[[Any], Pattern]] = {
    "user_text": UserText,
}
