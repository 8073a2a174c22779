"""Vector stores: create, list, show, change, delete, search."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.resources import Kept, Resources, Value
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.wire.answer import Answer, Call, Operation, Served, show_kept
from llemulator_addon.wire.bodies import check_body, read_object
from llemulator_addon.wire.checking import Fields, array, boolean, decimal, either, integer, one_of, text
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.json_bytes import pretty
from llemulator_addon.wire.paging import page
from llemulator_addon.wire.shared_fields import METADATA
from llemulator_addon.wire.stored_files import require_file, unknown_file
from llemulator_addon.wire.vector_stores.chunks import STRATEGY, read_strategy
from llemulator_addon.wire.vector_stores.filters import check_filter, fits
from llemulator_addon.wire.vector_stores.searching import Hit, read_ranking, rewrite_query, search
from llemulator_addon.wire.vector_stores.stored import (
    KIND,
    StoreLook,
    batches_kind,
    files_kind,
    keep_file,
    make_store,
)
from llemulator_addon.wire.vector_stores.texts import extension_of, is_supported

_MOST_FILES = 500


def create(call: Call) -> Served:
    """Make a store, with files if the body names some."""
    body: Any = check_body(_STORE, read_object(call.request), lenient=call.lenient)
    store = make_store(new_id(call.stamp, "vs_"), body, created_at=call.stamp.created, now=call.now)
    file_ids = [each for each in body.get("file_ids") or () if isinstance(each, str)]
    strategy = body.get("chunking_strategy")
    kept = add_files(call, store.id, [{"file_id": each, "chunking_strategy": strategy} for each in file_ids])
    return answer_store(call, store.value, call.resources.put(store, *kept))


def new_id(stamp: Stamp, prefix: str) -> str:
    """Return an id of a store or a batch."""
    return f"{prefix}{stamp.hex(prefix, 32)}"


def add_files(call: Call, store_id: str, files: list[Value], batch: str | None = None) -> list[Kept]:
    """Return files as a store keeps them; raises `RequestRefused` for one that is not there, or is never searched."""
    found = [require_stored(call, each["file_id"]) for each in files]
    refuse_extensions(call, [each["file"]["filename"] for each in found])
    return [
        keep_file(
            store_id,
            file,
            created_at=call.stamp.created,
            now=call.now,
            lenient=call.lenient,
            readers=call.readers,
            attributes=asked.get("attributes"),
            strategy=read_strategy(asked.get("chunking_strategy")),
            batch=batch,
        )
        for asked, file in zip(files, found, strict=True)
    ]


def require_stored(call: Call, file_id: str) -> Value:
    """Return what is kept of a file; raises `RequestRefused`."""
    try:
        return require_file(call, file_id)
    except RequestRefused:
        raise RequestRefused(unknown_file(file_id, "file_id")) from None


def refuse_extensions(call: Call, names: list[str]) -> None:
    """Refuse files that are never searched, as reported for stores and file batches."""
    wrong = list(dict.fromkeys(extension_of(name) for name in names if not is_supported(name)))
    if wrong and not call.lenient:
        message = (
            f"Files with extensions [{', '.join(wrong)}] are not supported for retrieval. "
            "See https://platform.openai.com/docs/assistants/tools/file-search/supported-files"
        )
        failure = Failure(status=400, type=INVALID, param="file_ids", code="unsupported_file", message=message)
        raise RequestRefused(failure)


def list_all(call: Call) -> Served:
    """List the stores, the newest first."""
    looking = StoreLook(call.resources, call.now)
    shown = [looking.show_store(each) for each in call.resources.list_kind(KIND)]
    return Served(answer=show(page(call, shown)))


def retrieve(call: Call) -> Served:
    """Show a store."""
    return answer_store(call, find_store(call))


def update(call: Call) -> Served:
    """Change a store's name, metadata or expiry."""
    store = dict(find_store(call))
    body: Any = check_body(_CHANGES, read_object(call.request), lenient=call.lenient)
    store |= {name: body[name] for name in ("name", "metadata", "expires_after") if body.get(name) is not None}
    if "expires_after" in body:
        store |= {"expires_after": body["expires_after"], "active": call.now}
    return answer_store(call, store, _keep(call, store))


def delete(call: Call) -> Served:
    """Forget a store. The files that were in it stay."""
    store_id = find_store(call)["id"]
    resources = call.resources.remove(KIND, store_id)
    for kind in (files_kind(store_id), batches_kind(store_id)):
        for resource_id in [name for name, _ in resources.items_of(kind)]:
            resources = resources.remove(kind, resource_id)
    return Served(answer=show({"id": store_id, "object": "vector_store.deleted", "deleted": True}), resources=resources)


def search_store(call: Call) -> Served:
    """Find the chunks of a store that fit a query best."""
    store = find_store(call)
    body: Any = check_body(_SEARCH, read_object(call.request), lenient=call.lenient)
    given = body["query"]
    queries = [each for each in (given if isinstance(given, list) else [given]) if isinstance(each, str)]
    if body.get("rewrite_query") is True:
        queries = [rewrite_query(each) for each in queries]
    looking = StoreLook(call.resources, call.now)
    if looking.has_expired(store) and not call.lenient:
        # The words are not recorded.
        message = f"Vector store {store['id']} has expired."
        raise RequestRefused(Failure(status=400, type=INVALID, message=message))
    chunks = looking.chunks_of(store["id"])
    if (asked := body.get("filters")) is not None:
        chunks = (each for each in chunks if fits(asked, each.attributes))
    hits = search(queries, chunks, read_ranking(body, usual=10))
    found = make_page(queries, [_show_hit(each) for each in hits])
    return Served(answer=show(found), resources=_keep(call, {**store, "active": call.now}))


def make_page(queries: list[str], data: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the answer to a search."""
    return {
        "object": "vector_store.search_results.page",
        "search_query": queries,
        "data": data,
        "has_more": False,
        "next_page": None,
    }


def _show_hit(hit: Hit) -> dict[str, Any]:
    chunk = hit.chunk
    return {
        "file_id": chunk.file_id,
        "filename": chunk.filename,
        "score": hit.score,
        "attributes": chunk.attributes,
        "content": [{"type": "text", "text": chunk.text}],
    }


def find_store(call: Call) -> Value:
    """Return the store in the path; raises `RequestRefused`. A lenient call gets a new one."""
    store_id = call.params["vector_store_id"]
    if (kept := call.resources.get(KIND, store_id)) is not None:
        return kept
    if not call.lenient:
        message = f"Vector store with id '{store_id}' not found."
        raise RequestRefused(Failure(status=404, type=INVALID, message=message))
    return make_store(store_id, {"name": "store"}, created_at=call.stamp.created, now=call.now).value


def _keep(call: Call, store: Value) -> Resources | None:
    """Keep a store that was kept before; a lenient call's is not."""
    kept = call.resources.get(KIND, store["id"]) is not None
    return call.resources.put(Kept(KIND, store["id"], store)) if kept else None


def answer_store(call: Call, store: Value, resources: Resources | None = None) -> Served:
    """Answer with a store."""
    looking = StoreLook(call.resources if resources is None else resources, call.now)
    return Served(answer=show(looking.show_store(store)), resources=resources)


def show(value: Mapping[str, Any]) -> Answer:
    """Return an answer of JSON."""
    return show_kept(value, pretty, b"\n")


_ONE = "/vector_stores/{vector_store_id}"

CREATE = Operation(name="vector_stores.create", method="POST", path="/vector_stores", serve=create, for_pages=True)
LIST = Operation(name="vector_stores.list", method="GET", path="/vector_stores", serve=list_all)
RETRIEVE = Operation(name="vector_stores.retrieve", method="GET", path=_ONE, serve=retrieve)
UPDATE = Operation(name="vector_stores.update", method="POST", path=_ONE, serve=update)
DELETE = Operation(name="vector_stores.delete", method="DELETE", path=_ONE, serve=delete)
SEARCH = Operation(name="vector_stores.search", method="POST", path=f"{_ONE}/search", serve=search_store)

_EXPIRY = Fields(checks={"anchor": one_of("last_active_at"), "days": integer(1, 365)}, needs=("anchor", "days"))
_CHANGES = Fields(checks={"name": text(), "metadata": METADATA, "expires_after": _EXPIRY})
_STORE = replace(
    _CHANGES,
    checks={
        "file_ids": array(text(), members="strings", most=_MOST_FILES),
        **_CHANGES.checks,
        "chunking_strategy": STRATEGY,
        "description": text(),
    },
)
_WEIGHTS = Fields(checks={"embedding_weight": decimal(0), "text_weight": decimal(0)})
_SEARCH = Fields(
    checks={
        "query": either("a string or an array of strings", a_text=text(least=1), an_array=array(text(), least=1)),
        "filters": check_filter,
        "max_num_results": integer(1, 50),
        "ranking_options": Fields(
            checks={
                "ranker": one_of("none", "auto", "default-2024-11-15"),
                "score_threshold": decimal(0, 1),
                "hybrid_search": _WEIGHTS,
            }
        ),
        "rewrite_query": boolean,
    },
    needs=("query",),
)
