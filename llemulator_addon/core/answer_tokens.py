"""The tokens of an answer, as they are known where it is made."""

from collections import deque
from collections.abc import MutableSequence, Sequence
from typing import NamedTuple


class SaidUsage(NamedTuple):
    """Tokens of the prompt and of the answer, as an answer says them."""

    prompt: int
    answer: int


NO_USAGE = SaidUsage(0, 0)
"""Of an answer that says nothing of it."""


class AnswerTokens(NamedTuple):
    """The tokens of one answer."""

    usage: SaidUsage
    of_sends: Sequence[int] = ()
    """How many each send of a stream brings; of an answer that is made while it is sent, those of its beginning."""


NOT_NOTED: MutableSequence[int] = deque(maxlen=0)
"""Takes the tokens of sends that nobody wants to know."""
