"""Messages for commits, which tools like aicommits ask for with the difference in the prompt."""

import re2

from llemulator_addon.core.chance import Chance
from llemulator_addon.core.prompt import Prompt

_ASKS = re2.compile(r"(?i)\bcommit messages?\b")
_FILE = re2.compile(r"(?m)^(?:\+\+\+ b/|diff --git a/\S+ b/)(\S+)")
_LOOKED_AT = 20_000
"""Characters of a prompt."""


def asks_commit_message(prompt: Prompt) -> bool:
    """Whether the instructions ask for one, and there is a difference to describe."""
    return bool(_ASKS.search(_join_prompt(prompt))) and _FILE.search(_join_prompt(prompt)) is not None


def commit_message(prompt: Prompt, chance: Chance) -> str:
    """Return one line about the first file that changed, in the form of Conventional Commits."""
    found = _FILE.search(_join_prompt(prompt))
    file = found.group(1) if found else "the code"
    return f"{chance.one(('chore', 'refactor'))}: {chance.one(('update', 'change', 'adjust'))} {file}"


def _join_prompt(prompt: Prompt) -> str:
    return f"{prompt.system_text[:_LOOKED_AT]}\n{prompt.user_text[:_LOOKED_AT]}"
