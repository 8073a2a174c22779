"""`user_text`: what the last user message says."""

from dataclasses import dataclass

from llemulator_addon.script.asked import Asked
from llemulator_addon.script.problems import kind_of
from llemulator_addon.script.regex import Regex, found


@dataclass(frozen=True, slots=True)
class UserText:
    """A regular expression is found in the text of the last user message; where there is none, in empty text."""

    wanted: Regex

    def holds(self, asked: Asked) -> bool:
        """Search the text."""
        return found(self.wanted, asked.prompt.user_text)

    def difference(self, asked: Asked) -> str:
        """Say what the message was."""
        return f'user_text "{self.wanted}" is not found in the last user message, {kind_of(asked.prompt.user_text)}'
