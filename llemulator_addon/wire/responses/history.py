"""Stored responses and conversations: records, and the history that a later turn continues."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from llemulator_addon.core.resources import Kept, Resources
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.responses import response_errors
from llemulator_addon.wire.responses.events import Cutting
from llemulator_addon.wire.responses.ids import find_shared
from llemulator_addon.wire.responses.input_items import Item
from llemulator_addon.wire.responses.response_object import Response, write_begun

RESPONSE = "response"
"""The kind of a stored response. Its id is shared with its items, so that an item is enough to find it."""
CONVERSATION = "conversation"
RECENT = "response.recent"
"""The kind under which responses stand that are not stored, and with which the WebSocket connection goes on that made
them: followed by its name."""
HELD = "conversation.held"
"""The kind under which stands until when a response is made to a conversation."""

Record = Mapping[str, Any]
"""`id`; `response`, finished; `input`, its own items; how it is cut; and of a background response, `polls`."""


def record(response: Response, given: tuple[Item, ...], cutting: Cutting) -> Record:
    """Return what is kept of an answer: all that is needed to tell it again. JSON all through."""
    return {
        "id": response["id"],
        "response": response,
        "input": list(given),
        "seed": cutting.stamp.seed,
        "turn": cutting.stamp.turn,
        "chunk_by": cutting.chunk_by,
        "tier": cutting.tier,
        "partial_images": list(cutting.partial_images),
        "names_search": cutting.names_search,
        "day": cutting.day,
        "side_by_side": cutting.side_by_side,
        "order": list(cutting.order),
        "places": {part: list(places) for part, places in cutting.places.items()},
        "polls": 0,
    }


def keep(made: Record) -> Kept:
    """Return the resource that a record is kept as."""
    return Kept(RESPONSE, find_shared(made["id"]), made)


def find(resources: Resources, response_id: str) -> Record | None:
    """Return the record of a response."""
    found = resources.get(RESPONSE, find_shared(response_id))
    return found if found is not None and found["id"] == response_id else None


def cutting_of(made: Record, *, obfuscates: bool) -> Cutting:
    """Return how a stored response was told in events."""
    return Cutting(
        stamp=Stamp(made["seed"], made["turn"]),
        chunk_by=made["chunk_by"],
        tier=made["tier"],
        partial_images=tuple(made["partial_images"]),
        names_search=made["names_search"],
        day=made["day"],
        side_by_side=made["side_by_side"],
        order=tuple(made["order"]),
        places=made["places"],
        obfuscates=obfuscates and not made["response"]["background"],
    )


# Background ---------------------------------------------------------------------------------------------------------

_POLLS_UNTIL_DONE = 2
"""A background response is queued when it is made, in progress at the first look, and finished at the second: by
looks and not by the clock, so that a client that polls sees every status, and a test need not wait."""


def look_at(made: Record) -> Record:
    """Return a record after one more look at it."""
    return made if is_done(made) else {**made, "polls": made["polls"] + 1}


def finish(made: Record) -> Record:
    """Return a record of which all was told."""
    return {**made, "polls": _POLLS_UNTIL_DONE}


def is_done(made: Record) -> bool:
    """Whether nothing of it is to come."""
    return not made["response"]["background"] or made["polls"] >= _POLLS_UNTIL_DONE


def now(made: Record) -> Response:
    """Return the response as it is at this moment."""
    if is_done(made):
        response: Response = made["response"]
        return response
    return write_begun(made["response"], "in_progress" if made["polls"] else "queued", tier=made["tier"])


def cancel(made: Record) -> Record:
    """Return a record after it was cancelled; what is done stays as it is."""
    if is_done(made):
        return made
    return finish({**made, "response": write_begun(made["response"], "cancelled", tier=made["tier"])})


# History ------------------------------------------------------------------------------------------------------------


def history(resources: Resources, response_id: str, talk: str = "") -> list[Item]:
    """Return all items up to a response, oldest first; raises `RequestRefused` if it is not stored.

    Where an earlier one of its chain is gone, the history begins behind it. A WebSocket connection (`talk`) also goes
    on with the last response that it made itself, stored or not (OpenAI's guide).
    """
    if find(resources, response_id) is None and not is_last(resources, response_id, talk):
        raise RequestRefused(response_errors.unknown_previous(response_id))
    turns: list[list[Item]] = []
    before: str | None = response_id
    while before is not None and (made := find(resources, before) or _find_recent(resources, before, talk)) is not None:
        turns.append([*made["input"], *made["response"]["output"]])
        before = made["response"]["previous_response_id"]
    return [item for turn in reversed(turns) for item in turn]


def is_last(resources: Resources, response_id: str, talk: str) -> bool:
    """Whether a response is the last that is kept for a WebSocket connection alone."""
    return bool(talk) and [made["id"] for made in resources.list_kind(_recent_kind(talk))][-1:] == [response_id]


def keep_recent(made: Record, talk: str) -> Kept:
    """Return the resource that a record is kept as for the WebSocket connection that made it."""
    return Kept(_recent_kind(talk), find_shared(made["id"]), made)


def forget_recent(resources: Resources, talk: str) -> Resources:
    """Return the resources without those of a WebSocket connection that is closed."""
    for made in list(resources.list_kind(_recent_kind(talk))):
        resources = resources.remove(_recent_kind(talk), find_shared(made["id"]))
    return resources


def _recent_kind(talk: str) -> str:
    return f"{RECENT}/{talk}"


def _find_recent(resources: Resources, response_id: str, talk: str) -> Record | None:
    found = resources.get(_recent_kind(talk), find_shared(response_id)) if talk else None
    return found if found is not None and found["id"] == response_id else None


def items_kind(conversation_id: str) -> str:
    """Return the kind under which a conversation's items are kept, in their order."""
    return f"conversation.item/{conversation_id}"


def items_of(resources: Resources, conversation_id: str) -> Iterator[Item]:
    """Yield a conversation's items, oldest first."""
    return resources.list_kind(items_kind(conversation_id))


def append(conversation_id: str, items: Iterable[Item]) -> tuple[Kept, ...]:
    """Return items as resources at the end of a conversation."""
    return tuple(Kept(items_kind(conversation_id), item["id"], item) for item in items)


def resolve(items: Iterable[Item], resources: Resources, conversation_id: str | None, *, lenient: bool) -> list[Item]:
    """Return the items, each reference replaced by the item it names; raises `RequestRefused` if that is unknown."""
    found = []
    for item in items:
        if item.get("type") != "item_reference":
            found.append(item)
        elif (whole := _find_referred(item["id"], resources, conversation_id)) is not None:
            found.append(whole)
        elif not lenient:
            raise RequestRefused(response_errors.unknown_item(str(item["id"])))
    return found


def output_with(resources: Resources, item_id: str) -> Sequence[Item]:
    """Return the output of the stored response that an item's id belongs to; empty if none is stored."""
    made = resources.get(RESPONSE, find_shared(item_id))
    return () if made is None else made["response"]["output"]


def is_held(resources: Resources, conversation_id: str, at: float) -> bool:
    """Whether a response is being made to a conversation at a time, in seconds since the epoch."""
    held = resources.get(HELD, conversation_id)
    return held is not None and at < held["until"]


def hold(conversation_id: str, until: float) -> Kept:
    """Return the resource that keeps others from a conversation until then."""
    return Kept(HELD, conversation_id, {"id": conversation_id, "until": until})


def _find_referred(item_id: str, resources: Resources, conversation_id: str | None) -> Item | None:
    if conversation_id and (item := resources.get(items_kind(conversation_id), item_id)) is not None:
        return item
    made = resources.get(RESPONSE, find_shared(item_id))
    if made is None:
        return None
    own = (*made["input"], *made["response"]["output"])
    return next((item for item in own if item.get("id") == item_id), None)


def delete_conversation(resources: Resources, conversation_id: str) -> Resources:
    """Return the resources without a conversation and its items."""
    for item in list(items_of(resources, conversation_id)):
        resources = resources.remove(items_kind(conversation_id), item["id"])
    return resources.remove(CONVERSATION, conversation_id)
