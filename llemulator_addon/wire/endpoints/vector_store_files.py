"""The files of a vector store, and file batches."""

from typing import Any

from llemulator_addon.core.json_type import JSON
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.resources import Kept, Resources, Value
from llemulator_addon.wire.answer import Call, Operation, Served
from llemulator_addon.wire.bodies import check_body, read_object
from llemulator_addon.wire.checking import Fields, Place, array, refuse_type, table, text
from llemulator_addon.wire.endpoints.vector_stores import add_files, find_store, new_id, require_stored, show
from llemulator_addon.wire.errors import INVALID, RequestRefused, invalid_value
from llemulator_addon.wire.paging import page
from llemulator_addon.wire.shared_fields import refuse_long_key
from llemulator_addon.wire.vector_stores.chunks import STRATEGY, read_strategy
from llemulator_addon.wire.vector_stores.stored import ShownStore, StoreLook, batches_kind, files_kind, keep_file

_STATUSES = ("in_progress", "completed", "failed", "cancelled")
_MOST_FILES = 2_000


def create(call: Call) -> Served:
    """Put a file into a store. Reported: one of a wrong type is taken, and fails."""
    store_id = find_store(call)["id"]
    body: Any = check_body(_FILE, read_object(call.request), lenient=call.lenient)
    kept = keep_file(
        store_id,
        require_stored(call, body["file_id"]),
        created_at=call.stamp.created,
        now=call.now,
        lenient=call.lenient,
        readers=call.readers,
        attributes=body.get("attributes"),
        strategy=read_strategy(body.get("chunking_strategy")),
    )
    return _serve_file(call, store_id, kept.value, call.resources.put(kept))


def list_all(call: Call) -> Served:
    """List the files of a store, the newest first; `filter` compares with their status."""
    store_id = find_store(call)["id"]
    return _list_files(call, StoreLook(call.resources, call.now).show_files(store_id))


def _list_files(call: Call, shown: Any) -> Served:  # noqa: ANN401 - an iterator of objects
    wanted = call.request.query_value("filter")
    if wanted not in {None, *_STATUSES} and not call.lenient:
        raise RequestRefused(invalid_value("filter", wanted or "", _STATUSES))
    wanted = wanted if wanted in _STATUSES else None
    return Served(answer=show(page(call, [each for each in shown if wanted in {None, each["status"]}])))


def retrieve(call: Call) -> Served:
    """Show a file of a store."""
    store_id, value = _find_file(call)
    return _serve_file(call, store_id, value)


def update(call: Call) -> Served:
    """Change the attributes of a file."""
    store_id, value = _find_file(call)
    body: Any = check_body(_CHANGES, read_object(call.request), lenient=call.lenient)
    changed = {**value, "attributes": body.get("attributes") or {}}
    return _serve_file(call, store_id, changed, _keep(call, files_kind(store_id), changed))


def delete(call: Call) -> Served:
    """Take a file out of a store; the file itself stays."""
    store_id, value = _find_file(call)
    gone = {"id": value["id"], "object": "vector_store.file.deleted", "deleted": True}
    return Served(answer=show(gone), resources=call.resources.remove(files_kind(store_id), value["id"]))


def send_content(call: Call) -> Served:
    """Show the text of a file, in the chunks that are searched."""
    store_id, value = _find_file(call)
    done = StoreLook(call.resources, call.now).show_file(store_id, value)["status"] == "completed"
    parts = [{"type": "text", "text": each} for each in (value["chunks"] if done else ())]
    found = {"object": "vector_store.file_content.page", "data": parts, "has_more": False, "next_page": None}
    return Served(answer=show(found))


def _find_file(call: Call) -> tuple[str, Value]:
    """Return the id of the store, and what is kept of its file; raises `RequestRefused`."""
    store_id, file_id = find_store(call)["id"], call.params["file_id"]
    looking = StoreLook(call.resources, call.now)
    found = next((each for each in looking.list_files(store_id) if each["id"] == file_id), None)
    if found is not None:
        return store_id, found
    if not call.lenient:
        # The words are not recorded.
        message = f"No file found with id '{file_id}' in vector store '{store_id}'."
        raise RequestRefused(Failure(status=404, type=INVALID, message=message))
    file = require_stored(call, file_id)
    made = keep_file(store_id, file, created_at=call.stamp.created, now=call.now, lenient=True, readers=call.readers)
    return store_id, made.value


def _serve_file(call: Call, store_id: str, value: Value, resources: Resources | None = None) -> Served:
    shown: ShownStore = StoreLook(call.resources, call.now).show_file(store_id, value)
    return Served(answer=show(shown), resources=resources)


def _keep(call: Call, kind: str, value: Value) -> Resources | None:
    kept = call.resources.get(kind, value["id"]) is not None
    return call.resources.put(Kept(kind, value["id"], value)) if kept else None


# Batches --------------------------------------------------------------------------------------------------------------


def create_batch(call: Call) -> Served:
    """Put several files into a store."""
    store_id = find_store(call)["id"]
    body: Any = check_body(_BATCH, read_object(call.request), lenient=call.lenient)
    same = {name: body.get(name) for name in ("attributes", "chunking_strategy")}
    files: list[Any] = [each for each in body.get("files") or () if isinstance(each, dict)]
    files += [{"file_id": each, **same} for each in body.get("file_ids") or () if isinstance(each, str)]
    if not files and not call.lenient:
        # The words are not recorded.
        message = "One of 'file_ids' and 'files' is required."
        raise RequestRefused(Failure(status=400, type=INVALID, param="file_ids", message=message))
    value = _begin_batch(call, new_id(call.stamp, "vsfb_"))
    kept = add_files(call, store_id, files, value["id"])
    return _serve_batch(
        call, store_id, value, call.resources.put(Kept(batches_kind(store_id), value["id"], value), *kept)
    )


def retrieve_batch(call: Call) -> Served:
    """Show a batch."""
    store_id, value = _find_batch(call)
    return _serve_batch(call, store_id, value)


def cancel_batch(call: Call) -> Served:
    """Stop a batch; files that can be searched by now stay so."""
    store_id, value = _find_batch(call)
    looking, resources = StoreLook(call.resources, call.now), call.resources
    if not looking.count_files(store_id, value["id"])["in_progress"]:
        return _serve_batch(call, store_id, value)
    value = {**value, "cancelled": call.now}
    for file in looking.list_files(store_id, value["id"]):
        resources = resources.put(Kept(files_kind(store_id), file["id"], {**file, "cancelled": call.now}))
    return _serve_batch(call, store_id, value, resources.put(Kept(batches_kind(store_id), value["id"], value)))


def list_batch(call: Call) -> Served:
    """List the files of a batch."""
    store_id, value = _find_batch(call)
    return _list_files(call, StoreLook(call.resources, call.now).show_files(store_id, value["id"]))


def _begin_batch(call: Call, batch_id: str) -> Value:
    return {"id": batch_id, "created_at": call.stamp.created, "cancelled": None}


def _find_batch(call: Call) -> tuple[str, Value]:
    store_id, batch_id = find_store(call)["id"], call.params["batch_id"]
    if (kept := call.resources.get(batches_kind(store_id), batch_id)) is not None:
        return store_id, kept
    if not call.lenient:
        # The words are not recorded.
        message = f"No file batch found with id '{batch_id}' in vector store '{store_id}'."
        raise RequestRefused(Failure(status=404, type=INVALID, message=message))
    return store_id, _begin_batch(call, batch_id)


def _serve_batch(call: Call, store_id: str, value: Value, resources: Resources | None = None) -> Served:
    looking = StoreLook(call.resources if resources is None else resources, call.now)
    return Served(answer=show(looking.show_batch(store_id, value)), resources=resources)


# The operations -------------------------------------------------------------------------------------------------------

_FILES = "/vector_stores/{vector_store_id}/files"
_ONE = f"{_FILES}/{{file_id}}"
_BATCHES = "/vector_stores/{vector_store_id}/file_batches"
_ONE_BATCH = f"{_BATCHES}/{{batch_id}}"

CREATE = Operation(name="vector_stores.files.create", method="POST", path=_FILES, serve=create)
LIST = Operation(name="vector_stores.files.list", method="GET", path=_FILES, serve=list_all)
RETRIEVE = Operation(name="vector_stores.files.retrieve", method="GET", path=_ONE, serve=retrieve)
UPDATE = Operation(name="vector_stores.files.update", method="POST", path=_ONE, serve=update)
DELETE = Operation(name="vector_stores.files.delete", method="DELETE", path=_ONE, serve=delete)
CONTENT = Operation(name="vector_stores.files.content", method="GET", path=f"{_ONE}/content", serve=send_content)
CREATE_BATCH = Operation(name="vector_stores.file_batches.create", method="POST", path=_BATCHES, serve=create_batch)
RETRIEVE_BATCH = Operation(
    name="vector_stores.file_batches.retrieve", method="GET", path=_ONE_BATCH, serve=retrieve_batch
)
CANCEL_BATCH = Operation(
    name="vector_stores.file_batches.cancel", method="POST", path=f"{_ONE_BATCH}/cancel", serve=cancel_batch
)
LIST_BATCH = Operation(
    name="vector_stores.file_batches.list_files", method="GET", path=f"{_ONE_BATCH}/files", serve=list_batch
)


def _check_attribute(place: Place, given: JSON) -> None:
    if not isinstance(given, str | int | float):
        raise refuse_type(place, "one of a string, number, or boolean", given)
    if isinstance(given, str):
        text(most=512)(place, given)


_ATTRIBUTES = table(_check_attribute, expected="an object", most=16, refuse_key=refuse_long_key)
_FILE = Fields(checks={"file_id": text(), "attributes": _ATTRIBUTES, "chunking_strategy": STRATEGY}, needs=("file_id",))
_CHANGES = Fields(checks={"attributes": _ATTRIBUTES}, needs=("attributes",))
_BATCH = Fields(
    checks={
        "file_ids": array(text(), members="strings", least=1, most=_MOST_FILES),
        "files": array(_FILE, members="objects", least=1, most=_MOST_FILES),
        "attributes": _ATTRIBUTES,
        "chunking_strategy": STRATEGY,
    }
)
