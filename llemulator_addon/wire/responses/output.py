"""The reply of the model as items of a response's output."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Block, Choice, HostedCall, Reasoning, Refusal, Text, ToolCall
from llemulator_addon.wire.answer import Manner, cut
from llemulator_addon.wire.families import family
from llemulator_addon.wire.json_bytes import Many
from llemulator_addon.wire.logprobs import each_given, each_logprob_of
from llemulator_addon.wire.responses import echoed_parameters
from llemulator_addon.wire.responses.hosted_tools import Hosted, NewItem, write_item
from llemulator_addon.wire.responses.ids import Ids, make_encrypted, prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """The values with which every item of an answer is written."""

    prompt: Prompt
    manner: Manner
    ids: Ids


def output_of(choice: Choice, writing: Writing) -> list[NewItem]:
    """Return the finished items, of which only the last one can be incomplete."""
    items = [_item(blocks, at, writing) for at, blocks in enumerate(_group_blocks(choice, writing.prompt))]
    if items and choice.finish_reason in {"length", "content_filter"} and "status" in items[-1]:
        given = getattr(choice.blocks[-1], "item", None) or {}
        items[-1]["status"] = given.get("status", "incomplete")
    return _add_phases(items, choice, writing.prompt)


def _group_blocks(choice: Choice, prompt: Prompt) -> list[tuple[Block, ...]]:
    """Put together what becomes one item: neighbouring parts of a reasoning.

    A model that does not reason shows none; one that does begins with an item for it even without a summary.
    """
    of = family(prompt.model)
    groups: list[tuple[Block, ...]] = []
    for block in choice.blocks:
        if isinstance(block, Text | Refusal) and block.continues and groups:
            groups[-1] = (*groups[-1], block)
        elif not isinstance(block, Reasoning):
            groups.append((block,))
        elif not choice.exact and groups and isinstance(groups[-1][-1], Reasoning):
            groups[-1] = (*groups[-1], block)
        elif of.reasoning:
            groups.append((block,))
    thinks = choice.exact or any(isinstance(group[0], Reasoning) for group in groups)
    if not thinks and of.reasons(_effort(prompt.body)) and choice.blocks:
        groups.insert(0, (Reasoning(""),))
    return groups


def _effort(body: Mapping[str, object]) -> str | None:
    asked = body.get("reasoning")
    effort = asked.get("effort") if isinstance(asked, dict) else None
    return effort if isinstance(effort, str) else None


def _item(blocks: tuple[Block, ...], at: int, writing: Writing) -> NewItem:
    match blocks[0]:
        case Text() | Refusal() as first:
            parts = [_part(block, writing) for block in blocks if isinstance(block, Text | Refusal)]
            return _message(parts, at, writing) | dict(first.item or {})
        case ToolCall() as call:
            return _write_call(call, at, writing)
        case Reasoning():
            return _reasoning([block for block in blocks if isinstance(block, Reasoning)], at, writing)
        case HostedCall() as call:
            return write_item(_write_hosted(call, at, writing))
        case never:
            assert_never(never)


def _message(parts: list[NewItem], at: int, writing: Writing) -> NewItem:
    return {
        "id": writing.ids.make("msg", f"output/{at}"),
        "type": "message",
        "status": "completed",
        "content": parts,
        "role": "assistant",
    }


def _part(text: Text | Refusal, writing: Writing) -> NewItem:
    if isinstance(text, Refusal):
        return {"type": "refusal", "refusal": text.text}
    return {
        "type": "output_text",
        "annotations": [dict(annotation) for annotation in text.annotations],
        **({"logprobs": _logprobs(text, writing)} if "logprobs" in writing.manner.api else {}),
        "text": text.text,
    }


def _logprobs(text: Text, writing: Writing) -> Many | list[dict[str, object]]:
    if not echoed_parameters.includes(writing.prompt.body, "message.output_text.logprobs"):
        return []

    def make() -> Iterator[dict[str, object]]:
        top = writing.prompt.body.get("top_logprobs") or 0
        if text.logprobs is not None:
            return each_given(text.logprobs, top)
        pieces = (piece for piece, _ in cut(text.text, family(writing.prompt.model).encoding, "token"))
        return each_logprob_of(pieces, top, writing.manner.stamp)

    return Many(make) if writing.manner.in_pieces else list(make())


def _write_call(call: ToolCall, at: int, writing: Writing) -> NewItem:
    kind, key = ("custom_tool_call", "input") if call.custom else ("function_call", "arguments")
    said = {"call_id": call.id or writing.ids.call(str(at)), key: call.arguments, "name": call.name}
    if call.namespace is not None:
        said["namespace"] = call.namespace
    first = {"id": writing.ids.make(prefix(kind), f"output/{at}"), "type": kind, "status": "completed"}
    return _set(first, said, call.item)


def _set(first: NewItem, usual: NewItem, given: Mapping[str, Any] | None) -> NewItem:
    """Return an item with its first keys and the others by name; a script's fields replace the usual ones."""
    whole = {**usual, **(given or {})}
    rest = {name: whole[name] for name in sorted(whole) if name not in first}
    return {name: whole.get(name, value) for name, value in first.items()} | rest


def list_places(choice: Choice, writing: Writing) -> dict[str, list[int]]:
    """Return the places of annotations in a stream that a script gives, under `ITEM/PART`."""
    return {
        f"{at}/{part}": list(block.places)
        for at, blocks in enumerate(_group_blocks(choice, writing.prompt))
        for part, block in enumerate(blocks)
        if isinstance(block, Text) and block.places is not None
    }


def _reasoning(blocks: list[Reasoning], at: int, writing: Writing) -> NewItem:
    """Spell a reasoning item; its summary is shown only to those who ask for it."""
    model = writing.prompt.model
    texts = [text for block in blocks for text in (block.text, *block.more) if text]
    content = [{"type": "reasoning_text", "text": text} for block in blocks for text in block.content]
    asked = echoed_parameters.summary_asked(writing.prompt.body) is not None
    api = writing.manner.api
    encrypts = echoed_parameters.always_encrypts(model) or echoed_parameters.includes(
        writing.prompt.body, "reasoning.encrypted_content"
    )
    usual = {
        "id": writing.ids.make("rs", f"output/{at}"),
        "type": "reasoning",
        **({"content": content} if content or "content_of_reasoning" in api else {}),
        **({"encrypted_content": make_encrypted(f"reasoning/{at}", writing.ids)} if encrypts else {}),
        "summary": [{"type": "summary_text", "text": text} for text in texts] if asked else [],
    }
    given = {name: value for block in blocks for name, value in (block.item or {}).items()}
    return _set({name: usual.pop(name) for name in ("id", "type")}, usual, given) if given else usual


def _write_hosted(call: HostedCall, at: int, writing: Writing) -> Hosted:
    return Hosted(call=call, at=at, prompt=writing.prompt, ids=writing.ids, api=writing.manner.api)


def _add_phases(items: list[NewItem], choice: Choice, prompt: Prompt) -> list[NewItem]:
    """Say of each message whether it is the answer, for models that do.

    Recorded: text before a tool call comments on it.
    """
    if not family(prompt.model).phase:
        return items
    given = iter([block.phase if isinstance(block, Text) else None for block in choice.blocks if _speaks(block)])
    calls = [at for at, item in enumerate(items) if item["type"] not in {"message", "reasoning"}]
    return [
        _add_phase(item, next(given) or ("commentary" if calls and at < calls[-1] else "final_answer"))
        if item["type"] == "message"
        else item
        for at, item in enumerate(items)
    ]


def _speaks(block: Block) -> bool:
    return isinstance(block, Text | Refusal)


def _add_phase(item: NewItem, phase: str) -> NewItem:
    return {key: item[key] for key in item if key != "role"} | {"phase": phase, "role": item["role"]}
