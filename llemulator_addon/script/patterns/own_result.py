"""Why a rule that calls a tool leaves that tool's result to another rule. The language has no word for it in `match`.

The last user message is the same when the result arrives, so the rule that called the tool would match again and again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import override

from llemulator_addon.script.pattern import Candidate, Pattern
from llemulator_addon.script.patterns.tool_result import names_of_results


@dataclass(frozen=True, slots=True)
class NotOwnResultPattern(Pattern):
    """The conversation does not end with the result of a tool that the rule itself calls."""

    tools: tuple[str, ...]

    @override
    def holds(self, asked: Candidate) -> bool:
        """Look at the results that end the conversation."""
        return self._result(asked) is None

    @override
    def difference(self, asked: Candidate) -> str:
        """Name the tool, and what lets the rule answer all the same."""
        return (
            f'the request brings the result of "{self._result(asked)}", which the rule itself calls '
            "(`calls_again: true` lets it answer)"
        )

    def _result(self, asked: Candidate) -> str | None:
        return next((name for name in names_of_results(asked) if name in self.tools), None)


def names_of_called_tools(reply: object) -> tuple[str, ...]:
    """Return the names of the tools that a reply calls, as a script writes the reply."""
    return tuple(dict.fromkeys(_names(reply)))


def _names(part: object) -> Iterator[str]:
    match part:
        case Mapping():
            calls = (*part.get("tool_calls", ()), *((part["tool_call"],) if "tool_call" in part else ()))
            yield from (call["name"] for call in calls)
            for word in _WITHIN & part.keys():
                yield from _names(part[word])
        case list() | tuple():
            for member in part:
                yield from _names(member)
        case _:
            return


_WITHIN = frozenset(("blocks", "choices", "side_by_side"))


def names_word(match: object, words: frozenset[str]) -> bool:
    """Whether a match, as a script writes it, uses one of some words anywhere."""
    match match:
        case Mapping():
            return any(key in words or names_word(value, words) for key, value in match.items())
        case list() | tuple():
            return any(names_word(each, words) for each in match)
        case _:
            return False
