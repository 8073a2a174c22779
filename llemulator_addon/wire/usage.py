"""Token counts of a prompt and a reply, before an endpoint spells them in its own fields."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from llemulator_addon.core.answer_tokens import NO_USAGE, SaidUsage
from llemulator_addon.core.prompt import Message, Prompt
from llemulator_addon.core.reply import Block, HostedCall, ModelOutput, Reasoning, Refusal, Text, ToolCall
from llemulator_addon.wire import tokens
from llemulator_addon.wire.capabilities import Encoding
from llemulator_addon.wire.families import family

NO_DETAILS: Mapping[str, int] = {}


def read_usage(spelled: object) -> SaidUsage:
    """Return what an answer says of its tokens, from the object in which it spells them; None: it says nothing."""
    if not isinstance(spelled, dict):
        return NO_USAGE
    if "input_tokens" in spelled:
        return SaidUsage(spelled["input_tokens"], spelled["output_tokens"])
    return SaidUsage(spelled["prompt_tokens"], spelled.get("completion_tokens") or 0)


class Counted(NamedTuple):
    """The tokens that a request is charged for."""

    prompt: int
    completion: int
    """Reasoning included."""
    cached: int = 0
    reasoning: int = 0
    audio: int = 0
    """Of the completion, what is speech."""
    of_prompt: Mapping[str, int] = NO_DETAILS
    """Further details that a script gives, by OpenAI's names."""
    of_completion: Mapping[str, int] = NO_DETAILS
    given_total: int | None = None

    @property
    def total(self) -> int:
        """Prompt and completion, unless a script gives the total."""
        return self.prompt + self.completion if self.given_total is None else self.given_total


def count_usage(prompt: Prompt, says: ModelOutput, *, audio: int = 0, asked: int | None = None) -> Counted:
    """Count both sides; what the script gives goes before what is counted.

    `audio` are tokens of speech; `asked` are those of the prompt, where it is no conversation.
    """
    given, encoding = says.usage, family(prompt.model).encoding
    reasoning = given.reasoning_tokens
    if reasoning is None:
        reasoning = _count_choices(prompt, says, encoding, _count_reasoning)
    completion = given.completion_tokens
    if completion is None:
        completion = audio + reasoning + _count_choices(prompt, says, encoding, _count_block)
    return Counted(
        prompt=_count_asked(prompt, asked) if given.prompt_tokens is None else given.prompt_tokens,
        completion=completion,
        cached=given.cached_tokens or 0,
        reasoning=reasoning,
        audio=min(audio, completion),
        of_prompt=given.of_prompt,
        of_completion=given.of_completion,
        given_total=given.total_tokens,
    )


def count_prompt(prompt: Prompt) -> int:
    """Count the conversation. Tools, schemas and images add nothing: no rule for them is known."""
    pairs = tuple((message.role, spell_whole(message)) for message in prompt.messages)
    return tokens.chat_prompt_tokens(pairs, family(prompt.model))


def count_most(prompt: Prompt) -> int:
    """Return the most tokens that the answer may have, as the request says; 0 if it does not."""
    return next((prompt.body[name] for name in _MOST if isinstance(prompt.body.get(name), int)), 0)


_MOST = ("max_completion_tokens", "max_output_tokens", "max_tokens")


def _count_asked(prompt: Prompt, asked: int | None) -> int:
    return count_prompt(prompt) if asked is None else asked


def _count_choices(prompt: Prompt, says: ModelOutput, encoding: Encoding, of: Callable[[Block, Encoding], int]) -> int:
    """Count all choices, each of the reply's once: a request for more of them gets the last one again."""
    counts = [sum([of(block, encoding) for block in choice.blocks]) for choice in says.choices[: prompt.choices]]
    return sum(counts) + counts[-1] * (prompt.choices - len(counts))


def spell_whole(message: Message) -> str:
    """Return a message as it is counted: its text, and the calls in it."""
    return message.text + "".join(call.name + call.arguments for call in message.called)


def _count_block(block: Block, encoding: Encoding) -> int:
    match block:
        case Text(text) | Refusal(text):
            return tokens.count(text, encoding)
        case ToolCall():
            return tokens.count(block.name, encoding) + tokens.count(block.arguments, encoding)
        case Reasoning() | HostedCall():
            return 0


def _count_reasoning(block: Block, encoding: Encoding) -> int:
    if not isinstance(block, Reasoning):
        return 0
    return sum(tokens.count(part, encoding) for part in (block.text, *block.more))
