"""`tool_result`: the conversation ends with what a tool gave back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import override

from llemulator_addon.script.model import ScriptPart
from llemulator_addon.script.pattern import Candidate, ExactKey, Key, Pattern, RegexKey
from llemulator_addon.script.regex import Regex, capture_groups, matches
from llemulator_addon.script.script_error import kind_of


class ToolResultPart(ScriptPart):
    """Which tool gave it, for which call, and a regular expression that is found in it.

    What is not given may be anything.
    """

    name: str | None = None
    id: str | None = None
    """Of the call that it answers."""
    pattern: Regex | None = None


@dataclass(frozen=True, slots=True)
class ToolResultPattern(Pattern):
    """The last message is a tool's result. Where several end the conversation, one of them is as wanted."""

    wanted: ToolResultPart

    @override
    def holds(self, asked: Candidate) -> bool:
        """Look at the results that end the conversation."""
        return self._fitting(asked) is not None

    @override
    def difference(self, asked: Candidate) -> str:
        """Say how the conversation ends."""
        wanted = " and ".join(f'{key} "{value}"' for key, value in self.wanted.model_dump(exclude_none=True).items())
        came = ", ".join(f'"{name}" gave {kind_of(text)}' for name, _, text in _results(asked))
        ends = came or f"the last message is of {asked.prompt.messages[-1].role if asked.prompt.messages else 'nobody'}"
        return f"tool_result{' with ' if wanted else ''}{wanted} is not the end of the conversation: {ends}"

    @override
    def index_keys(self) -> tuple[Key, ...]:
        """Look for what is more telling."""
        if self.wanted.pattern is not None:
            return (RegexKey(_texts, self.wanted.pattern),)
        if self.wanted.id is not None:
            return (ExactKey(_ids, self.wanted.id),)
        return (ExactKey(names_of_results, self.wanted.name),) if self.wanted.name is not None else ()

    @override
    def captures(self, asked: Candidate) -> Mapping[str, str]:
        """Return the groups of the pattern."""
        text = self._fitting(asked)
        return {} if text is None or self.wanted.pattern is None else capture_groups(self.wanted.pattern, text)

    def _fitting(self, asked: Candidate) -> str | None:
        return next((text for name, call_id, text in _results(asked) if self._fits(name, call_id, text)), None)

    def _fits(self, name: str, call_id: str, text: str) -> bool:
        wanted = self.wanted
        return (
            (wanted.name is None or name == wanted.name)
            and (wanted.id is None or call_id == wanted.id)
            and (wanted.pattern is None or matches(wanted.pattern, text))
        )


def _results(asked: Candidate) -> list[tuple[str, str, str]]:
    """Return names, calls' ids and texts of the results that end the conversation, the last first."""
    prompt = asked.prompt
    last = takewhile(lambda message: message.answers is not None, reversed(prompt.messages))
    return [
        (call.name if (call := prompt.tool_called(message.answers)) else "", message.answers or "", message.text)
        for message in last
    ]


def names_of_results(asked: Candidate) -> Iterable[str]:
    """Return the names of the tools whose results end the conversation, the last first."""
    return (name for name, _, _ in _results(asked))


def _ids(asked: Candidate) -> Iterable[str]:
    return (call_id for _, call_id, _ in _results(asked))


def _texts(asked: Candidate) -> Iterable[str]:
    return (text for _, _, text in _results(asked))
