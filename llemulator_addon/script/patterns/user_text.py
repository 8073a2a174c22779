"""`user_text`: what the last user message says."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, override

from llemulator_addon.script.pattern import Candidate
from llemulator_addon.script.patterns.regex_pattern import RegexPattern


@dataclass(frozen=True, slots=True)
class UserTextPattern(RegexPattern):
    """A regular expression is found in what the user said last; if there is none, in empty text.

    That is the last user message, all of its neighbouring user messages together, or its parts without anything between
    them: clients send one turn in several messages, and one text in several parts.
    """

    WORD: ClassVar[str] = "user_text"
    PLACE: ClassVar[str] = "the last user message"

    @staticmethod
    @override
    def where(asked: Candidate) -> Iterable[str]:
        """Return the texts that it may be, the last message's own behind the others."""
        return list_texts(asked)


def list_texts(asked: Candidate) -> tuple[str, ...]:
    """Return what the user said last, as one message and in the other ways in which one text is sent."""
    messages = asked.prompt.messages
    end = next((at for at in range(len(messages), 0, -1) if messages[at - 1].role == "user"), 0)
    start = next((at for at in range(end, 0, -1) if messages[at - 1].role != "user"), 0)
    turn, last = messages[start:end], asked.prompt.user_text
    if asked.prompt.apart or (len(turn) <= 1 and not any(message.parts for message in turn)):
        return (last,)
    ways = ("\n".join(message.text for message in turn if message.text), *("".join(each.parts) for each in turn))
    return (*dict.fromkeys(way for way in ways if way and way != last), last)
