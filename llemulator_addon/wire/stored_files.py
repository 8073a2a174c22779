"""Files that a token has stored: what is kept of them, and who may read them until when.

Contents are tuples of pieces, so that what is put together of parts is not copied.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.resources import Kept, Resources
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.wire.answer import Body, Call, LongBody, Made
from llemulator_addon.wire.checking import Fields, integer, one_of
from llemulator_addon.wire.errors import INVALID, RequestRefused

KIND = "file"
Content = tuple[bytes, ...]

PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
EXPIRY = Fields(
    checks={"anchor": one_of("created_at"), "seconds": integer(3_600, 2_592_000)}, needs=("anchor", "seconds")
)
"""`expires_after`."""
EXPIRY_KIND = {"expires_after": {"seconds": int}}

_LASTS: Mapping[str, int] = {"batch": 2_592_000}
"""Seconds that files of a purpose are kept by default, by OpenAI's description."""


def make_file(  # noqa: PLR0913 - what a file is made of
    stamp: Stamp,
    content: Content,
    *,
    name: str,
    purpose: str,
    now: float,
    expires_after: Mapping[str, Any] | None = None,
    label: str = "file",
    content_type: str = "application/octet-stream",
) -> Kept:
    """Make a file; `label` tells it from others of the same answer."""
    seconds = (expires_after or {}).get("seconds", _LASTS.get(purpose))
    shown: dict[str, Any] = {
        "object": "file",
        "id": f"file-{stamp.base62(label, 22)}",
        "purpose": purpose,
        "filename": name,
        "bytes": sum(map(len, content)),
        "created_at": stamp.created,
        "expires_at": None if seconds is None else stamp.created + seconds,
        "status": "processed",
        "status_details": None,
    }
    until = None if seconds is None else now + seconds
    return Kept(KIND, shown["id"], {"file": shown, "content": content, "until": until, "type": content_type})


def find_file(resources: Resources, file_id: str, now: float) -> Mapping[str, Any] | None:
    """Return what is kept of a file; None for an unknown one, and for one that has expired."""
    kept = resources.get(KIND, file_id)
    return None if kept is None or _has_expired(kept, now) else kept


def list_files(resources: Resources, now: float) -> Iterator[Mapping[str, Any]]:
    """Yield what is shown of each file, oldest first."""
    return (kept["file"] for kept in resources.list_kind(KIND) if not _has_expired(kept, now))


def _has_expired(kept: Mapping[str, Any], now: float) -> bool:
    return kept["until"] is not None and kept["until"] <= now


def require_file(call: Call, file_id: str) -> Mapping[str, Any]:
    """Return what is kept of a file; raises `RequestRefused`. A lenient call gets a new one."""
    if (kept := find_file(call.resources, file_id, call.now)) is not None:
        return kept
    if not call.lenient:
        raise RequestRefused(unknown_file(file_id))
    made = make_file(call.stamp, (b"Hello",), name="file.txt", purpose="user_data", now=call.now).value
    return {**made, "file": {**made["file"], "id": file_id}}


def unknown_file(file_id: str, param: str | None = "id") -> Failure:
    """Refuse a file that is not there. Reported."""
    return Failure(status=404, type=INVALID, param=param, message=f"No such File object: {file_id}")


def send_content(content: Content, content_type: str, name: str) -> Body | LongBody:
    """Return an answer of the bytes themselves; a large one is sent in portions, and never there twice."""
    headers = (("content-disposition", f'attachment; filename="{_quote(name)}"'),)
    if sum(map(len, content)) <= _AT_ONCE:
        return Body(body=b"".join(content), content_type=content_type, headers=headers)
    pieces = Made(lambda: _cut(content))
    return LongBody(pieces=pieces, content_type=content_type, headers=headers)


_AT_ONCE = 256 << 10
_PORTION = 64 << 10


def _cut(content: Content) -> Iterator[bytes]:
    return (piece[at : at + _PORTION] for piece in content for at in range(0, len(piece), _PORTION))


def _quote(name: str) -> str:
    """Spell a name for a header, which takes no controls and no quotes."""
    return "".join(letter if " " <= letter <= "~" and letter not in '"\\' else "_" for letter in name)
