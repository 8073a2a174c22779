"""`vector_store` of a reply: the page that a search of a vector store answers with."""

from typing import Any

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import FoundText, ModelOutput
from llemulator_addon.engine.session import Session
from llemulator_addon.wire.answer import Body
from llemulator_addon.wire.endpoints.vector_stores import SEARCH, make_page
from llemulator_addon.wire.json_bytes import pretty
from llemulator_addon.wire.stored_files import KIND


def show_found(session: Session, prompt: Prompt, reply: ModelOutput) -> Body | None:
    """Return the answer to a search; None if the request is none, or the reply says nothing of one."""
    if reply.found is None or prompt.endpoint != SEARCH.name:
        return None
    given = prompt.body.get("query")
    queries = [each for each in (given if isinstance(given, list) else [given]) if isinstance(each, str)]
    shown = [_show(session, each, number) for number, each in enumerate(reply.found)]
    return Body(body=pretty(make_page(queries, shown)) + b"\n")


def _show(session: Session, found: FoundText, number: int) -> dict[str, Any]:
    named = (each["file"] for each in session.resources.list_kind(KIND))
    stored = next((each["id"] for each in named if each["filename"] == found.filename), None)
    return {
        "file_id": found.file_id or stored or f"file-{session.stamp.base62(f'found {number}', 22)}",
        "filename": found.filename,
        "score": found.score,
        "attributes": found.attributes,
        "content": [{"type": "text", "text": found.text}],
    }
