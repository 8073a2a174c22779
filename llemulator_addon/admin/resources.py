"""`/_emulator/resources`: what a token has stored, as a list, or one by one."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, Literal, TypedDict

from llemulator_addon.admin import query
from llemulator_addon.admin.numbers import number_in_path
from llemulator_addon.admin.route import AdminCall, json_answer
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.resources import Kept, Resources
from llemulator_addon.core.steps import Steps
from llemulator_addon.live.threads import run_in_thread
from llemulator_addon.store.written_values import write_value
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.redaction import Token, redact_text, redact_texts

PATH = "/_emulator/resources"
_AT_MOST = 1000


class ShownResource(TypedDict):
    """A stored resource, as the list shows it."""

    number: int
    """Counts the resources of the session as they are created, from 0."""
    kind: str
    id: str
    of: str
    """The id of the resource that it is a part of: of a conversation's item the conversation. Or empty."""
    bytes: int
    """Of memory, about."""


class ResourceList(TypedDict):
    """Stored resources, oldest first."""

    object: Literal["list"]
    data: list[ShownResource]
    kinds: dict[str, int]
    """How many there are of each kind."""
    bytes: int
    """Of memory that all take, about."""
    has_more: bool


class OneResource(ShownResource):
    """A stored resource in full."""

    object: Literal["resource"]
    value: Any
    """As it is kept; bytes are shown by their number."""


async def show(call: AdminCall) -> Steps:
    """List what the session has stored, oldest first: responses, conversations and their items, files, and all else.

    `kind` selects; `limit` and `since` page. `kinds` and `bytes` are of all that is stored.
    """
    resources = (await call.server.store.read(call.key)).resources
    return await run_in_thread(partial(_list, resources, dict(call.request.query), call.token), resources.size)


def _list(resources: Resources, asked: Mapping[str, str], token: Token) -> Steps:
    ids = {kept.id for kept in resources}
    listed = [_show(resources, number, kept, ids, token) for number, kept in _number(resources)]
    kinds = Counter(each["kind"] for each in listed)
    since, limit = int(asked.get("since", -1)), int(asked.get("limit", _AT_MOST))
    found = (each for each in listed if each["number"] > since and asked.get("kind") in {None, each["kind"]})
    page = list(islice(found, limit))
    has_more = next(found, None) is not None
    return json_answer(
        ResourceList(object="list", data=page, kinds=dict(kinds), bytes=resources.size, has_more=has_more)
    )


async def one(call: AdminCall) -> Steps:
    """Show one resource in full, by its number, without secrets."""
    text, number = number_in_path(call.request.path)
    resources = (await call.server.store.read(call.key)).resources
    kept = None if number is None else resources.find_number(number)
    if number is None or kept is None:
        message = f"There is no resource {text[:20]}; GET {PATH} lists those that are stored."
        raise RequestRefused(Failure(status=404, type=INVALID, code="resource_not_found", message=message))
    return await run_in_thread(partial(_show_one, resources, number, kept, call.token), resources.size)


def _show_one(resources: Resources, number: int, kept: Kept, token: Token) -> Steps:
    shown = _show(resources, number, kept, {each.id for each in resources}, token)
    return json_answer(OneResource(object="resource", **shown, value=redact_texts(_write_plain(kept.value), token)))


def _number(resources: Resources) -> Iterator[tuple[int, Kept]]:
    return zip(sorted(resources.numbers), resources, strict=True)


def _show(resources: Resources, number: int, kept: Kept, ids: set[str], token: Token) -> ShownResource:
    # Things within others are kept under the path to them, as `conversation.item/conv_1`.
    parts = kept.kind.strip("/").split("/")
    named = kept.value.get("id")
    kind, of = ([each for each in parts if each not in ids], [each for each in parts if each in ids])
    return {
        "number": number,
        "kind": redact_text("/".join(kind), token),
        "id": redact_text(named if isinstance(named, str) else kept.id, token),
        "of": redact_text(of[-1] if of else "", token),
        "bytes": resources.measure_number(number),
    }


def _write_plain(value: object) -> Any:  # noqa: ANN401 - any JSON
    """Return a kept value as JSON."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case bytes():
            return {"bytes": len(value)}
        case Mapping():
            return {str(key): _write_plain(each) for key, each in value.items()}
        case Sequence() if value and all(isinstance(each, bytes) for each in value):
            # A body in pieces.
            return {"bytes": sum(map(len, value))}
        case Sequence() if not hasattr(value, "_fields"):
            return [_write_plain(each) for each in value]
        case _:
            return _write_plain(write_value(value))


QUERY: query.Query = {
    "kind": query.text("Only of this kind, as `file`."),
    "since": query.whole("Only those after this number."),
    "limit": query.whole("The maximum number.", default=_AT_MOST),
}
"""Of the list."""
