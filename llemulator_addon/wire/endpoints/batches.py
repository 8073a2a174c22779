"""Batches: create, list, show, cancel. Their lines are answered by `engine/batches.py` when somebody looks."""

from typing import Any

from llemulator_addon.core.reply import Failure
from llemulator_addon.wire.answer import Call, Operation, Served, show_kept
from llemulator_addon.wire.batches import KIND, NO_USAGE, OPEN, WINDOW, Batch, list_batches, read_kept
from llemulator_addon.wire.bodies import check_body, read_object
from llemulator_addon.wire.checking import Fields, one_of, text
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.json_bytes import pretty
from llemulator_addon.wire.paging import page
from llemulator_addon.wire.shared_fields import METADATA
from llemulator_addon.wire.stored_files import EXPIRY

ENDPOINTS = (
    *("/v1/responses", "/v1/chat/completions", "/v1/embeddings", "/v1/completions", "/v1/moderations"),
    *("/v1/images/generations", "/v1/images/edits", "/v1/videos"),
)


def create(call: Call) -> Served:
    """Begin a batch. Its input is looked at later, so a wrong file makes it fail."""
    body: Any = check_body(_BATCH, read_object(call.request), lenient=call.lenient)
    batch = _begin(call, body, f"batch_{call.stamp.created:08x}{call.stamp.hex('batch', 24)}")
    return _serve(call, batch, keep=True)


def retrieve(call: Call) -> Served:
    """Show a batch."""
    return _serve(call, _find(call))


def list_all(call: Call) -> Served:
    """List the batches, the newest first."""
    return Served(answer=show_kept(page(call, [each.shown for each in list_batches(call.resources)]), pretty, b"\n"))


def cancel(call: Call) -> Served:
    """Stop a batch. The lines that were answered by now are in its files."""
    batch = _find(call)
    if batch.status in OPEN - {"cancelling"}:
        at = batch.shown["created_at"] + int(call.now - batch.begun)
        batch = Batch(**{**batch.keep().value, "cancelled": call.now}).show(status="cancelling", cancelling_at=at)
    elif batch.status != "cancelling" and not call.lenient:
        # The words are not recorded.
        message = f"Cannot cancel a batch with status '{batch.status}'."
        raise RequestRefused(Failure(status=409, type=INVALID, message=message))
    return _serve(call, batch, keep=call.resources.get(KIND, batch.shown["id"]) is not None)


_ONE = "/batches/{batch_id}"

CREATE = Operation(name="batches.create", method="POST", path="/batches", serve=create, for_pages=True)
LIST = Operation(name="batches.list", method="GET", path="/batches", serve=list_all)
RETRIEVE = Operation(name="batches.retrieve", method="GET", path=_ONE, serve=retrieve)
CANCEL = Operation(name="batches.cancel", method="POST", path=f"{_ONE}/cancel", serve=cancel)

_BATCH = Fields(
    checks={
        "input_file_id": text(),
        "endpoint": one_of(*ENDPOINTS),
        "completion_window": one_of("24h"),
        "metadata": METADATA,
        "output_expires_after": EXPIRY,
    },
    needs=("input_file_id", "endpoint", "completion_window"),
)


def _begin(call: Call, body: Any, name: str) -> Batch:  # noqa: ANN401 - a body that was checked
    created = call.stamp.created
    shown = {
        "id": name,
        "object": "batch",
        "endpoint": body.get("endpoint", "/v1/responses"),
        "model": None,
        "errors": None,
        "input_file_id": body.get("input_file_id", "file-abc123"),
        "completion_window": body.get("completion_window", "24h"),
        "status": "validating",
        "output_file_id": None,
        "error_file_id": None,
        "created_at": created,
        "in_progress_at": None,
        "expires_at": created + WINDOW,
        "finalizing_at": None,
        "completed_at": None,
        "failed_at": None,
        "expired_at": None,
        "cancelling_at": None,
        "cancelled_at": None,
        "request_counts": {"total": 0, "completed": 0, "failed": 0},
        "usage": NO_USAGE,
        "metadata": body.get("metadata"),
    }
    return Batch(shown=shown, begun=call.now, expires_after=body.get("output_expires_after"))


def _find(call: Call) -> Batch:
    """Return the batch in the path; raises `RequestRefused`. A lenient call gets a new one."""
    name = call.params["batch_id"]
    if (kept := call.resources.get(KIND, name)) is not None:
        return read_kept(kept)
    if not call.lenient:
        raise RequestRefused(Failure(status=404, type=INVALID, message=f"No batch found with id '{name}'."))
    return _begin(call, {}, name)


def _serve(call: Call, batch: Batch, *, keep: bool = False) -> Served:
    answer = show_kept(batch.shown, pretty, b"\n")
    return Served(answer=answer, resources=call.resources.put(batch.keep()) if keep else None)
