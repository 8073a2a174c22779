"""Token counts of a prompt and a reply, before an endpoint spells them in its own fields."""

from typing import NamedTuple

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Block, HostedCall, Reasoning, Refusal, Says, Text, ToolCall
from llemulator_addon.wire import tokens
from llemulator_addon.wire.families import Encoding, family


class Counted(NamedTuple):
    """What a request is charged for."""

    prompt: int
    completion: int
    """Reasoning included."""
    cached: int = 0
    reasoning: int = 0
    audio: int = 0
    """Of the completion, what is speech."""

    @property
    def total(self) -> int:
        """Prompt and completion."""
        return self.prompt + self.completion


def counted(prompt: Prompt, says: Says, *, audio: int = 0, asked: int | None = None) -> Counted:
    """Count both sides; what the script gives goes before what is counted.

    `audio` are tokens of speech; `asked` are those of the prompt, where it is no conversation.
    """
    given, encoding = says.usage, family(prompt.model).encoding
    blocks = [block for index in range(prompt.choices) for block in says.choice(index).blocks]
    reasoning = given.reasoning_tokens
    if reasoning is None:
        reasoning = sum([_of_reasoning(block, encoding) for block in blocks])
    completion = given.completion_tokens
    if completion is None:
        completion = audio + reasoning + sum([_of_block(block, encoding) for block in blocks])
    return Counted(
        prompt=_of_prompt(prompt, asked) if given.prompt_tokens is None else given.prompt_tokens,
        completion=completion,
        cached=given.cached_tokens or 0,
        reasoning=reasoning,
        audio=min(audio, completion),
    )


def of_prompt(prompt: Prompt) -> int:
    """Count the conversation. Tools, schemas and images add nothing: no rule for them is known."""
    pairs = tuple((message.role, _whole(prompt, index)) for index, message in enumerate(prompt.messages))
    return tokens.chat_prompt_tokens(pairs, family(prompt.model))


def _of_prompt(prompt: Prompt, asked: int | None) -> int:
    return of_prompt(prompt) if asked is None else asked


def _whole(prompt: Prompt, index: int) -> str:
    message = prompt.messages[index]
    return message.text + "".join(call.name + call.arguments for call in message.called)


def _of_block(block: Block, encoding: Encoding) -> int:
    match block:
        case Text(text) | Refusal(text):
            return tokens.count(text, encoding)
        case ToolCall():
            return tokens.count(block.name, encoding) + tokens.count(block.arguments, encoding)
        case Reasoning() | HostedCall():
            return 0


def _of_reasoning(block: Block, encoding: Encoding) -> int:
    if not isinstance(block, Reasoning):
        return 0
    return sum(tokens.count(part, encoding) for part in (block.text, *block.more))
