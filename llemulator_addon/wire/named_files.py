"""Files that messages name by their ids: whether they are stored.

The form of an id is reported for Responses: its length, its letters, and how it begins. The refusal of an unknown file
is assumed to be that of a request for the file itself.
"""

from collections.abc import Iterator
from typing import Any

from llemulator_addon.core.json_type import JSON, JsonObject
from llemulator_addon.wire.answer import Call
from llemulator_addon.wire.azure import is_azure
from llemulator_addon.wire.checking import Place, spell
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.members import list_in, object_in, text_in
from llemulator_addon.wire.shared_fields import an_id
from llemulator_addon.wire.stored_files import find_file, unknown_file


def check_files_of_chat(call: Call, body: JsonObject) -> None:
    """Check that the files of a chat's messages are there; raises `RequestRefused`."""
    for place, message in _list_members(None, body, "messages"):
        for at, part in _list_members(place, message, "content"):
            if text_in(part, "type") == "file":
                _check(call, ((at, "file"), "file_id"), object_in(part, "file").get("file_id"))


def check_files_of_items(call: Call, body: JsonObject, member: str) -> None:
    """Check that the files of items are there, also those of tools' results; raises `RequestRefused`."""
    for place, item in _list_members(None, body, member):
        for at, part in (
            *_list_members(place, item, "content"),
            *_list_members(place, item, "output"),
            ((place, "output"), object_in(item, "output")),
        ):
            if text_in(part, "type") in _NAME_FILES:
                _check(call, (at, "file_id"), part.get("file_id"))


_NAME_FILES = frozenset({"input_file", "input_image", "computer_screenshot"})


def _list_members(place: Place, holder: object, name: str) -> Iterator[tuple[Place, Any]]:
    around: Place = (place, name)
    return (((around, number), member) for number, member in enumerate(list_in(holder, name)))


def _check(call: Call, place: Place, file_id: JSON) -> None:
    if file_id is None or (isinstance(file_id, str) and find_file(call.resources, file_id, call.now) is not None):
        return
    (_AZURES_ID if is_azure(call.request.path) else _ID)(place, file_id)
    raise RequestRefused(unknown_file(str(file_id), spell(place)))


_ID, _AZURES_ID = an_id("file"), an_id("")
