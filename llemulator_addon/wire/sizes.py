"""How many bytes an answer will have, before it is made. Estimates: they err on the side of too much."""

from collections.abc import Iterable, Mapping

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Block, ModelOutput, Reasoning, Refusal, Text, ToolCall
from llemulator_addon.wire import tokens
from llemulator_addon.wire.capabilities import Encoding

OF_AN_ANSWER = 1_500
OF_A_CHUNK = 350
OF_A_PROBABILITY = 90
"""As events spell it; in bodies of many lines it takes three times as much, but is made as fast."""


def estimate_chunks(characters: int, count: int) -> int:
    """Estimate a stream of a text in `count` deltas."""
    return characters + OF_A_CHUNK * count


def estimate_texts(texts: Iterable[str], encoding: Encoding, *, stream: bool, alternatives: int | None) -> int:
    """Estimate texts with as many alternatives for each token as are asked for; None: without probabilities."""
    found = 0
    for text in texts:
        found += len(text)
        if stream or alternatives is not None:
            each = OF_A_CHUNK * stream + (0 if alternatives is None else OF_A_PROBABILITY * (1 + alternatives))
            found += tokens.count(text, encoding) * each
    return found


def list_texts(prompt: Prompt, says: ModelOutput) -> Iterable[tuple[int, list[str]]]:
    """Yield the texts of each choice of a reply, and how often it is given."""
    choices = says.choices[: prompt.choices]
    for number, choice in enumerate(choices, 1):
        times = prompt.choices - len(choices) + 1 if number == len(choices) else 1
        yield times, [text for block in choice.blocks for text in _texts(block)]


def number(body: Mapping[str, object], name: str) -> int:
    """Return a number of a body; 0 where it has none."""
    given = body.get(name)
    return given if isinstance(given, int) else 0


def _texts(block: Block) -> tuple[str, ...]:
    match block:
        case Text(text) | Refusal(text):
            return (text,)
        case ToolCall():
            return (block.arguments,)
        case Reasoning():
            return (block.text, *block.more)
        case _:
            return ()
