"""Files: upload, list, show, download, delete. The bytes that went in come out."""

from typing import Any

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.resources import Kept
from llemulator_addon.wire.answer import Answer, Call, Operation, Served, show_kept
from llemulator_addon.wire.bodies import check_body, read_sent, take_file
from llemulator_addon.wire.checking import Fields, one_of
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.json_bytes import pretty
from llemulator_addon.wire.multipart import files_in
from llemulator_addon.wire.paging import page
from llemulator_addon.wire.stored_files import (
    EXPIRY,
    EXPIRY_KIND,
    KIND,
    PURPOSES,
    list_files,
    make_file,
    require_file,
    send_content,
)


def create(call: Call) -> Served:
    """Keep a file."""
    body: Any = check_body(_FILE, read_sent(call.request, EXPIRY_KIND), lenient=call.lenient)
    sent, purpose = next(files_in(body, "file")), body.get("purpose", "user_data")
    if not call.lenient:
        _check_form(sent.name, purpose)
    if not sent.content:
        raise RequestRefused(Failure(status=400, type=INVALID, message="File is empty."))
    kept = make_file(
        call.stamp,
        (sent.content,),
        name=sent.name,
        purpose=purpose,
        now=call.now,
        expires_after=body.get("expires_after"),
    )
    return keep(call, kept)


def keep(call: Call, kept: Kept) -> Served:
    """Keep a new file, and show it."""
    return Served(answer=_show(kept.value["file"]), resources=call.resources.put(kept))


def _check_form(name: str, purpose: str) -> None:
    """Refuse a file whose name says that it is not in the form that its purpose needs. The words are reported.

    Uploads are not refused so: an example of OpenAI's SDK has one of a text file for a batch.
    """
    if (api := _LINES_ONLY.get(purpose)) is not None and not name.lower().endswith(".jsonl"):
        message = f"Invalid file format for {api} API. Must be .jsonl"
        raise RequestRefused(Failure(status=400, type=INVALID, message=message))


_LINES_ONLY = {"batch": "Batch", "fine-tune": "Fine-Tuning"}


def list_all(call: Call) -> Served:
    """List the files, the newest first unless asked otherwise; `purpose` filters."""
    purpose = call.request.query_value("purpose")
    found = (file for file in list_files(call.resources, call.now) if purpose in {None, file["purpose"]})
    return Served(answer=_show(page(call, found, limit=_MOST, most=_MOST)))


_MOST = 10_000


def retrieve(call: Call) -> Served:
    """Show what a file is."""
    return Served(answer=_show(require_file(call, call.params["file_id"])["file"]))


def delete(call: Call) -> Served:
    """Forget a file."""
    file_id = call.params["file_id"]
    require_file(call, file_id)
    gone = {"object": "file", "deleted": True, "id": file_id}
    return Served(answer=_show(gone), resources=call.resources.remove(KIND, file_id))


def download(call: Call) -> Served:
    """Give a file's bytes back. Reported: not those that were sent for a model to read."""
    kept = require_file(call, call.params["file_id"])
    purpose = kept["file"]["purpose"]
    if purpose in _NEVER_BACK and not call.lenient:
        message = f"Not allowed to download files of purpose: {purpose}"
        raise RequestRefused(Failure(status=400, type=INVALID, message=message))
    return Served(answer=send_content(kept["content"], kept["type"], kept["file"]["filename"]))


_NEVER_BACK = frozenset({"assistants", "user_data", "vision"})

_ONE = "/files/{file_id}"

CREATE = Operation(name="files.create", method="POST", path="/files", serve=create, for_pages=True)
LIST = Operation(name="files.list", method="GET", path="/files", serve=list_all)
RETRIEVE = Operation(name="files.retrieve", method="GET", path=_ONE, serve=retrieve)
DELETE = Operation(name="files.delete", method="DELETE", path=_ONE, serve=delete)
CONTENT = Operation(name="files.content", method="GET", path=f"{_ONE}/content", serve=download)

_FILE = Fields(
    checks={"file": take_file, "purpose": one_of(*PURPOSES), "expires_after": EXPIRY}, needs=("file", "purpose")
)


def _show(value: object) -> Answer:
    return show_kept(value, pretty, b"\n")
