"""Conversations and their items: they carry what was said from one response to the next."""

from collections.abc import Iterable, Mapping
from typing import Any

from llemulator_addon.core.resources import Kept, Resources
from llemulator_addon.wire import errors
from llemulator_addon.wire.answer import Call, Operation, Served, show_kept
from llemulator_addon.wire.bodies import read_object
from llemulator_addon.wire.checking import Fields, array
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.json_bytes import write_ascii
from llemulator_addon.wire.named_files import check_files_of_items
from llemulator_addon.wire.paging import page
from llemulator_addon.wire.responses import history, response_errors
from llemulator_addon.wire.responses.ids import Ids, lone
from llemulator_addon.wire.responses.input_items import Item, items_of
from llemulator_addon.wire.responses.item_fields import check_item
from llemulator_addon.wire.shared_fields import METADATA

Conversation = Mapping[str, Any]


def create(call: Call) -> Served:
    """Begin a conversation, with items where the body has some."""
    body = _body(call)
    conversation = _conversation(lone(call.stamp, "conv", "conversation"), call.stamp.created, body.get("metadata"))
    kept = Kept(history.CONVERSATION, conversation["id"], conversation)
    items = history.append(conversation["id"], _read_items(call, body))
    return _serve(conversation, call.resources.put(kept, *items))


def retrieve(call: Call) -> Served:
    """Show a conversation, without its items."""
    return _serve(_find(call))


def update(call: Call) -> Served:
    """Give a conversation other metadata."""
    conversation = _find(call)
    changed = {**conversation, "metadata": _body(call).get("metadata") or {}}
    if _is_made_up(call):
        return _serve(changed)
    return _serve(changed, call.resources.put(Kept(history.CONVERSATION, changed["id"], changed)))


def delete(call: Call) -> Served:
    """Forget a conversation."""
    name = _find(call)["id"]
    gone = {"id": name, "object": "conversation.deleted", "deleted": True}
    return _serve(gone, history.delete_conversation(call.resources, name))


def list_items(call: Call) -> Served:
    """List the items, the newest first unless asked otherwise."""
    name = _find(call)["id"]
    return _serve(page(call, _items(call, name)))


def create_items(call: Call) -> Served:
    """Put items at the end of a conversation, and list them."""
    name = _find(call)["id"]
    body = _body(call)
    if "items" not in body and not call.lenient:
        raise RequestRefused(errors.missing("items"))
    items = _read_items(call, body)
    answer = _list(items)
    return _serve(answer) if _is_made_up(call) else _serve(answer, _add_items(call, name, items))


def retrieve_item(call: Call) -> Served:
    """Show one item."""
    _find(call)
    return _serve(_item(call))


def delete_item(call: Call) -> Served:
    """Take one item out of a conversation, and show the conversation."""
    conversation = _find(call)
    item = _item(call)
    return _serve(conversation, call.resources.remove(history.items_kind(conversation["id"]), item["id"]))


_ONE = "/conversations/{conversation_id}"
_ITEM = f"{_ONE}/items/{{item_id}}"

CREATE = Operation(name="conversations.create", method="POST", path="/conversations", serve=create, for_pages=True)
RETRIEVE = Operation(name="conversations.retrieve", method="GET", path=_ONE, serve=retrieve)
UPDATE = Operation(name="conversations.update", method="POST", path=_ONE, serve=update)
DELETE = Operation(name="conversations.delete", method="DELETE", path=_ONE, serve=delete)
ITEMS_LIST = Operation(name="conversations.items.list", method="GET", path=f"{_ONE}/items", serve=list_items)
ITEMS_CREATE = Operation(
    name="conversations.items.create", method="POST", path=f"{_ONE}/items", serve=create_items, for_pages=True
)
ITEMS_RETRIEVE = Operation(name="conversations.items.retrieve", method="GET", path=_ITEM, serve=retrieve_item)
ITEMS_DELETE = Operation(name="conversations.items.delete", method="DELETE", path=_ITEM, serve=delete_item)


def _conversation(name: str, created: int, metadata: object) -> Conversation:
    told = metadata if isinstance(metadata, dict) else {}
    return {"id": name, "object": "conversation", "created_at": created, "metadata": told}


def _find(call: Call) -> Conversation:
    """Return the conversation in the path; raises `RequestRefused`. A lenient call gets a new one."""
    name = call.params["conversation_id"]
    if (found := call.resources.get(history.CONVERSATION, name)) is not None:
        return found
    if not call.lenient:
        raise RequestRefused(response_errors.unknown_conversation(name))
    return _conversation(name, call.stamp.created, None)


def _is_made_up(call: Call) -> bool:
    return call.resources.get(history.CONVERSATION, call.params["conversation_id"]) is None


def _item(call: Call) -> Item:
    name, item_id = call.params["conversation_id"], call.params["item_id"]
    if (found := call.resources.get(history.items_kind(name), item_id)) is not None:
        return found
    if not call.lenient:
        raise RequestRefused(response_errors.unknown_item_of_conversation(item_id, name))
    return {**_hello(call), "id": item_id}


def _items(call: Call, name: str) -> Iterable[Item]:
    return [_hello(call)] if _is_made_up(call) else history.items_of(call.resources, name)


def _hello(call: Call) -> Item:
    return items_of("Hello", Ids(call.stamp))[0]


def _body(call: Call) -> Mapping[str, object]:
    body = read_object(call.request) if call.request.body else {}
    if not call.lenient:
        _CONVERSATION.check(body)
    return body


_CONVERSATION = Fields(checks={"metadata": METADATA})


def _read_items(call: Call, body: Mapping[str, Any]) -> tuple[Item, ...]:
    """Return the items that a body brings; at most 20 at a time, as OpenAI's description says."""
    given = body.get("items")
    if given is None:
        return ()
    if not call.lenient:
        _ITEMS.check(body)
        check_files_of_items(call, body, "items")
    return items_of(given, Ids(call.stamp))


_ITEMS = Fields(checks={"items": array(check_item, members="objects", most=20)})


def _add_items(call: Call, name: str, items: tuple[Item, ...]) -> Resources:
    return call.resources.put(*history.append(name, items))


def _list(items: tuple[Item, ...]) -> dict[str, object]:
    return {
        "object": "list",
        "data": list(items),
        "first_id": items[0]["id"] if items else None,
        "last_id": items[-1]["id"] if items else None,
        "has_more": False,
    }


def _serve(value: Mapping[str, object], resources: Resources | None = None) -> Served:
    return Served(answer=show_kept(value, write_ascii), resources=resources)
