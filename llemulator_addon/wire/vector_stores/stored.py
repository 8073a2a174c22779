"""Vector stores as they are kept, their files and file batches, and how far they are by the session's clock."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from llemulator_addon.core.resources import Kept, Resources, Value
from llemulator_addon.core.work import not_at_once
from llemulator_addon.wire.stored_files import find_file
from llemulator_addon.wire.vector_stores.chunks import AUTO, cut_text
from llemulator_addon.wire.vector_stores.searching import Chunk
from llemulator_addon.wire.vector_stores.texts import SUPPORTED, DocumentReader, Unreadable, extension_of, read_text
from llemulator_addon.wire.vectors import pack_features

KIND = "vector_store"
INDEXING_SECONDS = 1.0
"""Seconds of the session's clock until a file can be searched."""
_BYTES_AT_ONCE = 16 << 10
_DAY = 86_400

type ShownStore = dict[str, Any]


def files_kind(store_id: str) -> str:
    """Return the kind of resource of a store's files."""
    return f"{KIND}/{store_id}/file"


def batches_kind(store_id: str) -> str:
    """Return the kind of resource of a store's file batches."""
    return f"{KIND}/{store_id}/batch"


@dataclass(frozen=True, slots=True)
class StoreLook:
    """A look at what is kept, at a time of the session's clock."""

    resources: Resources
    now: float

    # Stores -----------------------------------------------------------------------------------------------------------

    def show_store(self, value: Value) -> ShownStore:
        """Return a store as an answer shows it."""
        counts = self.count_files(value["id"])
        active = value["created_at"] + int(value["active"] - value["begun"] if value["begun"] >= 0 else 0)
        days = (value["expires_after"] or {}).get("days")
        status = "in_progress" if counts["in_progress"] else "completed"
        return {
            "id": value["id"],
            "object": "vector_store",
            "created_at": value["created_at"],
            "name": value["name"],
            "usage_bytes": sum(each["usage_bytes"] for each in self.show_files(value["id"])),
            "file_counts": counts,
            "status": "expired" if self.has_expired(value) else status,
            "expires_after": value["expires_after"],
            "expires_at": None if days is None else active + days * _DAY,
            "last_active_at": active,
            "metadata": value["metadata"],
        }

    def has_expired(self, value: Value) -> bool:
        """Whether nobody used a store for as long as it lasts."""
        days = (value["expires_after"] or {}).get("days")
        return days is not None and self.now >= value["active"] + days * _DAY

    def count_files(self, store_id: str, of_batch: str | None = None) -> dict[str, int]:
        """Count the files of a store by status, or those of one batch."""
        statuses = [each["status"] for each in self.show_files(store_id, of_batch)]
        names = ("in_progress", "completed", "failed", "cancelled")
        return {**{name: statuses.count(name) for name in names}, "total": len(statuses)}

    # Files ------------------------------------------------------------------------------------------------------------

    def list_files(self, store_id: str, of_batch: str | None = None) -> Iterator[Value]:
        """Yield what is kept of a store's files, oldest first; a file that was deleted is in no store."""
        for value in self.resources.list_kind(files_kind(store_id)):
            if of_batch in {None, value["batch"]} and find_file(self.resources, value["id"], self.now) is not None:
                yield value

    def show_files(self, store_id: str, of_batch: str | None = None) -> Iterator[ShownStore]:
        """Yield a store's files as answers show them."""
        return (self.show_file(store_id, each) for each in self.list_files(store_id, of_batch))

    def status_of(self, value: Value) -> str:
        """Return how far a file is."""
        ends = value["begun"] + INDEXING_SECONDS
        if value["cancelled"] is not None and value["cancelled"] < ends:
            return "cancelled"
        if self.now < ends:
            return "in_progress"
        return "failed" if value["error"] else "completed"

    def show_file(self, store_id: str, value: Value) -> ShownStore:
        """Return a file of a store as an answer shows it."""
        status = self.status_of(value)
        return {
            "id": value["id"],
            "object": "vector_store.file",
            "usage_bytes": value["usage"] if status == "completed" else 0,
            "created_at": value["created_at"],
            "vector_store_id": store_id,
            "status": status,
            "last_error": value["error"] if status == "failed" else None,
            "chunking_strategy": value["strategy"],
            "attributes": value["attributes"],
        }

    def chunks_of(self, store_id: str) -> Iterator[Chunk]:
        """Yield the chunks of all files of a store that can be searched."""
        for value in self.list_files(store_id):
            if self.status_of(value) != "completed":
                continue
            kept = find_file(self.resources, value["id"], self.now)
            name = "" if kept is None else kept["file"]["filename"]
            for text, vector in zip(value["chunks"], value["vectors"], strict=True):
                yield Chunk(value["id"], name, value["attributes"], text, vector)

    # Batches ----------------------------------------------------------------------------------------------------------

    def show_batch(self, store_id: str, value: Value) -> ShownStore:
        """Return a file batch as an answer shows it."""
        counts = self.count_files(store_id, value["id"])
        done = "completed" if value["cancelled"] is None else "cancelled"
        return {
            "id": value["id"],
            "object": "vector_store.files_batch",
            "created_at": value["created_at"],
            "vector_store_id": store_id,
            "status": "in_progress" if counts["in_progress"] else done,
            "file_counts": counts,
        }


def index_file(file: Value, readers: Mapping[str, DocumentReader], *, lenient: bool) -> ShownStore:
    """Read, cut and measure a file: its chunks, their vectors and size, or the error for which it fails."""
    name, content = file["file"]["filename"], file["content"]
    if file["file"]["bytes"] > _BYTES_AT_ONCE or extension_of(name) in _SLOW:
        not_at_once()
    if not lenient and extension_of(name) not in SUPPORTED:
        return {**_NOTHING, "error": {"code": "unsupported_file", "message": "The file type is not supported."}}
    try:
        text = read_text(name, b"".join(content), readers)
    except Unreadable as problem:
        # The beginning is reported, for a file that is too large.
        message = f"The file could not be parsed because {problem}."
        return {**_NOTHING, "error": {"code": "invalid_file", "message": message}}
    chunks = tuple(cut_text(text, file["strategy"]))
    vectors = tuple(map(pack_features, chunks))
    return {"chunks": chunks, "vectors": vectors, "usage": sum(map(_size, chunks)), "error": None}


_SLOW = frozenset({".pdf", ".docx"})
_NOTHING: Value = {"chunks": (), "vectors": (), "usage": 0}
_BYTES_OF_A_VECTOR = 1_024
"""As counted in `usage_bytes`; OpenAI's rule is not known."""


def _size(chunk: str) -> int:
    return len(chunk.encode("utf-8", "replace")) + _BYTES_OF_A_VECTOR


def keep_file(  # noqa: PLR0913 - what is kept of a file
    store_id: str,
    file: Value,
    *,
    created_at: int,
    now: float,
    lenient: bool,
    readers: Mapping[str, DocumentReader],
    attributes: Value | None = None,
    strategy: Value | None = None,
    batch: str | None = None,
) -> Kept:
    """Return a file as a store keeps it; `file` is what is kept of the file itself."""
    strategy = strategy or AUTO
    value = {
        "id": file["file"]["id"],
        "attributes": dict(attributes or {}),
        "strategy": strategy,
        "batch": batch,
        "created_at": created_at,
        "begun": now,
        "cancelled": None,
        **index_file({**file, "strategy": strategy}, readers, lenient=lenient),
    }
    return Kept(files_kind(store_id), value["id"], value)


def make_store(store_id: str, body: Value, *, created_at: int, now: float) -> Kept:
    """Return a new store; `body` is that of the request."""
    value = {
        "id": store_id,
        "name": body.get("name") or "",
        "metadata": body.get("metadata") or {},
        "expires_after": body.get("expires_after"),
        "created_at": created_at,
        "begun": now,
        "active": now,
    }
    return Kept(KIND, store_id, value)
