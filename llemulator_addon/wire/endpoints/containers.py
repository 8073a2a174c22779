"""Containers and their files: what goes in comes out. A container expires by the session's clock."""

from collections.abc import Mapping
from typing import Any

from llemulator_addon.core.resources import Kept, Resources, Value
from llemulator_addon.wire.answer import Answer, Call, Operation, Served, show_kept
from llemulator_addon.wire.bodies import check_body, read_object, take_file
from llemulator_addon.wire.checking import Fields, an_object, anything, array, integer, one_of, text
from llemulator_addon.wire.containers import (
    KIND,
    begin_container,
    files_kind,
    has_expired,
    keep_container,
    make_container_file,
    mount_skills,
    refuse_expired,
    refuse_unknown,
    refuse_unknown_file,
)
from llemulator_addon.wire.errors import RequestRefused, missing
from llemulator_addon.wire.json_bytes import pretty
from llemulator_addon.wire.multipart import files_in
from llemulator_addon.wire.paging import page
from llemulator_addon.wire.stored_files import require_file, send_content


def create(call: Call) -> Served:
    """Make a container, with copies of the files that the body names."""
    body: Any = check_body(_CONTAINER, read_object(call.request), lenient=call.lenient)
    value = begin_container(f"cntr_{call.stamp.hex('container', 32)}", body, call.stamp, call.now)
    copies = [
        _copy(call, value["id"], each, f"{number}")
        for number, each in enumerate(body.get("file_ids") or ())
        if isinstance(each, str)
    ]
    mounted = () if call.lenient else mount_skills(value["id"], call.resources, body, call.stamp)
    kept = call.resources.put(keep_container(value), *copies, *mounted)
    return Served(answer=_answer(_show(call, value)), resources=kept)


def _show(call: Call, value: Value) -> dict[str, Any]:
    shown = {name: each for name, each in value.items() if name not in {"begun", "active"}}
    return {
        **shown,
        "object": "container",
        "status": "expired" if has_expired(value, call.now) else "running",
        "last_active_at": value["created_at"] + int(value["active"] - value["begun"]),
    }


def list_all(call: Call) -> Served:
    """List the containers, the newest first; `name` filters."""
    name = call.request.query_value("name")
    found = (_show(call, each) for each in call.resources.list_kind(KIND) if name in {None, each["name"]})
    return Served(answer=_answer(page(call, found)))


def retrieve(call: Call) -> Served:
    """Show a container."""
    return Served(answer=_answer(_show(call, _find(call))))


def delete(call: Call) -> Served:
    """Forget a container with its files. The answer is empty."""
    container_id = _find(call)["id"]
    resources = call.resources.remove(KIND, container_id)
    for file_id in [name for name, _ in resources.items_of(files_kind(container_id))]:
        resources = resources.remove(files_kind(container_id), file_id)
    return Served(answer=_EMPTY, resources=resources)


def _find(call: Call) -> Value:
    """Return the container in the path; raises `RequestRefused`. A lenient call gets a new one."""
    container_id = call.params["container_id"]
    if (kept := call.resources.get(KIND, container_id)) is not None:
        return kept
    if not call.lenient:
        raise RequestRefused(refuse_unknown(container_id))
    return begin_container(container_id, {}, call.stamp, call.now)


# Files ----------------------------------------------------------------------------------------------------------------


def create_file(call: Call) -> Served:
    """Put a file into a container: one that is sent, or a copy of a stored one."""
    container = _find(call)
    if has_expired(container, call.now) and not call.lenient:
        raise RequestRefused(refuse_expired())
    given = read_object(call.request) if call.request.body or call.request.json else {}
    body: Any = check_body(_FILE, given, lenient=call.lenient)
    sent = next(files_in(body, "file"), None)
    if sent is not None:
        kept = make_container_file(container["id"], sent.name, (sent.content,), call.stamp, "")
    elif isinstance(body.get("file_id"), str):
        kept = _copy(call, container["id"], body["file_id"], "")
    elif call.lenient:
        kept = make_container_file(container["id"], "file.txt", (b"Hello",), call.stamp, "")
    else:
        raise RequestRefused(missing("file"))
    is_kept = call.resources.get(KIND, container["id"]) is not None
    resources = call.resources.put(keep_container({**container, "active": call.now}), kept) if is_kept else None
    return Served(answer=_answer(kept.value["shown"]), resources=resources)


def _copy(call: Call, container_id: str, file_id: str, label: str) -> Kept:
    file = require_file(call, file_id)
    return make_container_file(container_id, file["file"]["filename"], file["content"], call.stamp, label)


def list_files(call: Call) -> Served:
    """List the files of a container, the newest first."""
    files = call.resources.list_kind(files_kind(_find(call)["id"]))
    return Served(answer=_answer(page(call, [each["shown"] for each in files])))


def retrieve_file(call: Call) -> Served:
    """Show a file of a container."""
    return Served(answer=_answer(_find_file(call)["shown"]))


def download_file(call: Call) -> Served:
    """Give the bytes of a file back."""
    kept = _find_file(call)
    name = kept["shown"]["path"].rpartition("/")[2]
    return Served(answer=send_content(kept["content"], "application/octet-stream", name))


def delete_file(call: Call) -> Served:
    """Take a file out of a container. The answer is empty."""
    shown = _find_file(call)["shown"]
    return Served(answer=_EMPTY, resources=_remove_file(call.resources, shown))


def _remove_file(resources: Resources, shown: Mapping[str, Any]) -> Resources:
    return resources.remove(files_kind(shown["container_id"]), shown["id"])


def _find_file(call: Call) -> Value:
    container, file_id = _find(call), call.params["file_id"]
    if (kept := call.resources.get(files_kind(container["id"]), file_id)) is not None:
        return kept
    if not call.lenient:
        raise RequestRefused(refuse_unknown_file(container["id"], file_id))
    value = make_container_file(container["id"], "file.txt", (b"Hello",), call.stamp, "").value
    return {**value, "shown": {**value["shown"], "id": file_id}}


def _answer(value: object) -> Answer:
    return show_kept(value, pretty, b"\n")


_EMPTY = show_kept({}, lambda _: b"")

_ALL = "/containers"
_ONE = f"{_ALL}/{{container_id}}"
_FILES = f"{_ONE}/files"
_ONE_FILE = f"{_FILES}/{{file_id}}"

CREATE = Operation(name="containers.create", method="POST", path=_ALL, serve=create, for_pages=True)
LIST = Operation(name="containers.list", method="GET", path=_ALL, serve=list_all)
RETRIEVE = Operation(name="containers.retrieve", method="GET", path=_ONE, serve=retrieve)
DELETE = Operation(name="containers.delete", method="DELETE", path=_ONE, serve=delete)
CREATE_FILE = Operation(name="containers.files.create", method="POST", path=_FILES, serve=create_file)
LIST_FILES = Operation(name="containers.files.list", method="GET", path=_FILES, serve=list_files)
RETRIEVE_FILE = Operation(name="containers.files.retrieve", method="GET", path=_ONE_FILE, serve=retrieve_file)
DELETE_FILE = Operation(name="containers.files.delete", method="DELETE", path=_ONE_FILE, serve=delete_file)
CONTENT = Operation(
    name="containers.files.content.retrieve", method="GET", path=f"{_ONE_FILE}/content", serve=download_file
)

_EXPIRY = Fields(checks={"anchor": one_of("last_active_at"), "minutes": integer(1)}, needs=("anchor", "minutes"))
_CONTAINER = Fields(
    checks={
        "name": text(),
        "file_ids": array(text()),
        "expires_after": _EXPIRY,
        "memory_limit": one_of("1g", "4g", "16g", "64g"),
        "network_policy": anything,
        "skills": array(an_object),
    },
    needs=("name",),
)
_FILE = Fields(checks={"file": take_file, "file_id": text()})
