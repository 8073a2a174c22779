"""`file_search` of Responses: the calls of a reply get what the session's vector stores have."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Block, Choice, HostedCall, ModelOutput, Text
from llemulator_addon.engine.session import Session
from llemulator_addon.wire.responses.echoed_parameters import includes
from llemulator_addon.wire.vector_stores.filters import fits
from llemulator_addon.wire.vector_stores.searching import Hit, read_ranking, search
from llemulator_addon.wire.vector_stores.stored import KIND, StoreLook

TOOL, CALL = "file_search", "file_search_call"
_MOST = 20
_CITED = 3
"""Files that an answer cites."""


def searches_stores(session: Session, prompt: Prompt) -> bool:
    """Whether a prompt offers the tool, with a vector store that is there."""
    if prompt.endpoint != "responses" or prompt.body.get("tool_choice") == "none":
        return False
    return any(session.resources.get(KIND, each) is not None for each in _list_stores(_find_tool(prompt)))


def call_file_search(session: Session, prompt: Prompt, reply: ModelOutput) -> ModelOutput:
    """Let an answer that no script gives begin with a search, if the prompt offers one that has something to search."""
    if not searches_stores(session, prompt):
        return reply
    choices = (each if _has_call(each) else _begin_with_search(each) for each in reply.choices)
    return replace(reply, choices=tuple(choices))


def _has_call(choice: Choice) -> bool:
    """Whether an answer calls any tool: it says itself what is done then."""
    return not all(isinstance(each, Text) for each in choice.blocks)


def _begin_with_search(choice: Choice) -> Choice:
    return replace(choice, blocks=(HostedCall(type=CALL), *choice.blocks))


def fill_file_searches(session: Session, prompt: Prompt, reply: ModelOutput, now: float) -> ModelOutput:
    """Return a reply whose searches have their results, and whose next text cites the files that were found.

    A script's own `results` and `annotations` stay.
    """
    if not any(_is_open(block) for choice in reply.choices for block in choice.blocks):
        return reply
    if not searches_stores(session, prompt):
        return reply
    looking = StoreLook(session.resources, now)
    choices = (replace(each, blocks=tuple(_fill(each.blocks, prompt, looking))) for each in reply.choices)
    return replace(reply, choices=tuple(choices))


def _is_open(block: Block) -> bool:
    return isinstance(block, HostedCall) and block.type == CALL and "results" not in block.fields


def _fill(blocks: Iterable[Block], prompt: Prompt, looking: StoreLook) -> Iterable[Block]:
    hits: list[Hit] = []
    for block in blocks:
        match block:
            case HostedCall() if _is_open(block):
                queries = _list_texts(block.fields.get("queries")) or [prompt.user_text]
                found = _search(prompt, looking, queries)
                hits += found
                shown = [_show_hit(each) for each in found] if includes(prompt.body, f"{CALL}.results") else None
                yield replace(block, fields={**block.fields, "queries": queries, "results": shown})
            case Text() if hits and not block.annotations:
                yield replace(block, annotations=tuple(_cite(hits, block.text)))
                hits = []
            case _:
                yield block


def _search(prompt: Prompt, looking: StoreLook, queries: list[str]) -> list[Hit]:
    tool = _find_tool(prompt)
    stores = (looking.resources.get(KIND, each) for each in _list_stores(tool))
    here = [each["id"] for each in stores if each is not None and not looking.has_expired(each)]
    chunks = (chunk for each in here for chunk in looking.chunks_of(each))
    if (asked := tool.get("filters")) is not None:
        chunks = (each for each in chunks if fits(asked, each.attributes))
    return search(queries, chunks, read_ranking(tool, usual=_MOST))


def _show_hit(hit: Hit) -> dict[str, Any]:
    chunk = hit.chunk
    return {
        "attributes": dict(chunk.attributes),
        "file_id": chunk.file_id,
        "filename": chunk.filename,
        "score": hit.score,
        "text": chunk.text,
    }


def _cite(hits: list[Hit], text: str) -> Iterable[Mapping[str, Any]]:
    """Cite each file once, at the end of the text."""
    files = {each.chunk.file_id: each.chunk.filename for each in hits}
    for file_id, name in list(files.items())[:_CITED]:
        yield {"type": "file_citation", "file_id": file_id, "filename": name, "index": max(0, len(text) - 1)}


def _find_tool(prompt: Prompt) -> Mapping[str, Any]:
    tools = prompt.body.get("tools")
    tools = tools if isinstance(tools, list) else []
    return next((each for each in tools if isinstance(each, dict) and each.get("type") == TOOL), {})


def _list_stores(tool: Mapping[str, Any]) -> list[str]:
    return _list_texts(tool.get("vector_store_ids"))


def _list_texts(given: object) -> list[str]:
    return [each for each in given if isinstance(each, str)] if isinstance(given, list) else []
