"""Uploads: a file in parts, which is one file when it is complete."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import md5
from typing import Any

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.resources import Kept, Resources
from llemulator_addon.wire.answer import Call, Operation, Served, show_kept
from llemulator_addon.wire.bodies import check_body, read_object, read_sent, take_file
from llemulator_addon.wire.checking import Fields, array, integer, one_of, text
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.json_bytes import pretty
from llemulator_addon.wire.multipart import files_in
from llemulator_addon.wire.stored_files import EXPIRY, PURPOSES, make_file

UPLOAD, PART = "upload", "upload.part"


def create(call: Call) -> Served:
    """Begin an upload."""
    fields = _LENIENT_UPLOAD if call.lenient else _UPLOAD
    body: Mapping[str, Any] = check_body(fields, read_object(call.request), lenient=call.lenient)
    upload = _begin(call, body, f"upload_{call.stamp.hex('upload', 32)}")
    kept = {
        "upload": upload,
        "until": call.now + _LASTS,
        "expires_after": body.get("expires_after"),
        "type": body.get("mime_type", ""),
    }
    return _serve(upload, call.resources.put(Kept(UPLOAD, upload["id"], kept)))


def add_part(call: Call) -> Served:
    """Add a part. The parts of an upload may come in any order, and side by side."""
    kept = _find(call)
    body: Mapping[str, Any] = check_body(_PART, read_sent(call.request, {}), lenient=call.lenient)
    content = next(files_in(body, "data")).content
    if len(content) > _LARGEST_PART:
        raise RequestRefused(_wrong(f"Part exceeds the maximum size of {_LARGEST_PART} bytes."))
    upload = kept["upload"]
    _check_pending(call, kept)
    part = {
        "id": f"part_{call.stamp.hex('part', 32)}",
        "object": "upload.part",
        "created_at": call.stamp.created,
        "upload_id": upload["id"],
    }
    return _serve(part, call.resources.put(Kept(PART, part["id"], {"upload": upload["id"], "content": content})))


def complete(call: Call) -> Served:
    """Make a file of the parts, in the order of their ids; all of its bytes have to be there."""
    kept = _find(call)
    body: Mapping[str, Any] = check_body(_COMPLETION, read_object(call.request), lenient=call.lenient)
    _check_pending(call, kept)
    upload = kept["upload"]
    content = tuple(_part(call, upload["id"], part_id) for part_id in body.get("part_ids", ()))
    if not call.lenient:
        _check_content(upload, content, body.get("md5"))
    file = make_file(
        call.stamp,
        content,
        name=upload["filename"],
        purpose=upload["purpose"],
        now=call.now,
        expires_after=kept.get("expires_after"),
    )
    completed = {**upload, "status": "completed", "file": file.value["file"]}
    # First the parts go: their bytes are those of the file, and would count twice.
    without = _drop_parts(call.resources, upload["id"])
    return _serve(completed, without.put(Kept(UPLOAD, upload["id"], {**kept, "upload": completed}), file))


def cancel(call: Call) -> Served:
    """Give up an upload; its parts go."""
    kept = _find(call)
    _check_pending(call, kept)
    cancelled = {**kept["upload"], "status": "cancelled"}
    without = _drop_parts(call.resources, cancelled["id"])
    return _serve(cancelled, without.put(Kept(UPLOAD, cancelled["id"], {**kept, "upload": cancelled})))


_ONE = "/uploads/{upload_id}"

CREATE = Operation(name="uploads.create", method="POST", path="/uploads", serve=create, for_pages=True)
PARTS = Operation(name="uploads.parts.create", method="POST", path=f"{_ONE}/parts", serve=add_part)
COMPLETE = Operation(name="uploads.complete", method="POST", path=f"{_ONE}/complete", serve=complete)
CANCEL = Operation(name="uploads.cancel", method="POST", path=f"{_ONE}/cancel", serve=cancel)

_UPLOAD = Fields(
    checks={
        "bytes": integer(1, 8 << 30),
        "filename": text(least=1),
        "mime_type": text(least=1),
        "purpose": one_of(*PURPOSES),
        "expires_after": EXPIRY,
    },
    needs=("bytes", "filename", "mime_type", "purpose"),
)
_LENIENT_UPLOAD = replace(_UPLOAD, checks={**_UPLOAD.checks, "bytes": integer(0)})
_PART = Fields(checks={"data": take_file}, needs=("data",))
_COMPLETION = Fields(checks={"part_ids": array(text(), members="strings"), "md5": text()}, needs=("part_ids",))

_LASTS = 3_600
"""Seconds from the beginning of an upload until it expires."""
_LARGEST_PART = 64 << 20


def _begin(call: Call, body: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {
        "id": name,
        "object": "upload",
        "bytes": body.get("bytes", 0),
        "created_at": call.stamp.created,
        "filename": body.get("filename", "file.txt"),
        "purpose": body.get("purpose", "user_data"),
        "status": "pending",
        "expires_at": call.stamp.created + _LASTS,
        "file": None,
    }


def _find(call: Call) -> Mapping[str, Any]:
    """Return the upload in the path; raises `RequestRefused`. A lenient call gets a new one."""
    name = call.params["upload_id"]
    if (kept := call.resources.get(UPLOAD, name)) is not None:
        return kept
    if not call.lenient:
        # Only for files a report of the words is known.
        message = f"No such Upload object: {name}"
        raise RequestRefused(Failure(status=404, type=INVALID, param="id", message=message))
    return {"upload": _begin(call, {}, name), "until": call.now + _LASTS}


def _check_pending(call: Call, kept: Mapping[str, Any]) -> None:
    """Refuse to go on with an upload that has ended."""
    status = kept["upload"]["status"]
    if status == "pending" and kept["until"] <= call.now:
        status = "expired"
    if status != "pending" and not call.lenient:
        raise RequestRefused(_wrong(f"Upload is in status '{status}', but must be 'pending'."))


def _part(call: Call, upload_id: str, part_id: str) -> bytes:
    part = call.resources.get(PART, part_id)
    if part is not None and part["upload"] == upload_id:
        content: bytes = part["content"]
        return content
    if call.lenient:
        return b""
    raise RequestRefused(_wrong(f"Part '{part_id}' was not found in upload '{upload_id}'.", param="part_ids"))


def _check_content(upload: Mapping[str, Any], content: tuple[bytes, ...], digest: str | None) -> None:
    size = sum(map(len, content))
    if size != upload["bytes"]:
        message = f"The parts have {size} bytes, but the upload was created for {upload['bytes']} bytes."
        raise RequestRefused(_wrong(message, param="part_ids"))
    if digest is None:
        return
    found = md5(usedforsecurity=False)
    for piece in content:
        found.update(piece)
    if found.hexdigest() != digest.lower():
        raise RequestRefused(_wrong("The md5 checksum does not match the uploaded bytes.", param="md5"))


def _drop_parts(resources: Resources, upload_id: str) -> Resources:
    for part_id in [name for name, part in resources.items_of(PART) if part["upload"] == upload_id]:
        resources = resources.remove(PART, part_id)
    return resources


def _wrong(message: str, param: str | None = None) -> Failure:
    """Refuse a step of an upload. No recording of these words is known."""
    return Failure(status=400, type=INVALID, param=param, message=message)


def _serve(value: Mapping[str, Any], resources: Resources) -> Served:
    return Served(answer=show_kept(value, pretty, b"\n"), resources=resources)
