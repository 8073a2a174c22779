"""`files` of a reply: what operations on files answer if there are these files and no others."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from llemulator_addon.core.reply import Failure, GivenFile, ModelOutput
from llemulator_addon.core.request import Request
from llemulator_addon.core.resources import Kept, Resources
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.engine.session import Session
from llemulator_addon.script.files import FILE_OPERATIONS
from llemulator_addon.wire.answer import Answer, Call, Operation
from llemulator_addon.wire.containers import begin_container, keep_container, make_container_file
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.routing import Found, find_of
from llemulator_addon.wire.stored_files import make_file

_START = Stamp(0, 0)
"""Ids are the same in each answer, so what was listed can be asked for."""
_ANY_SIZE = 1 << 62
"""The script's own limit has held."""


def show_files(session: Session, request: Request, reply: ModelOutput) -> Answer | Failure | None:
    """Return the answer to a request for files; None if it is none, or the reply says nothing of files.

    One file without an id stands for whichever is asked for.
    """
    found = find_of(request)
    if reply.files is None or not isinstance(found, Found) or found.operation.name not in FILE_OPERATIONS:
        return None
    if not isinstance(found.operation, Operation):
        return None
    files, params, now = reply.files, found.params, session.clock_time(request)
    if len(files) == 1 and files[0].file_id is None:
        files = (replace(files[0], file_id=params.get("file_id")),)
    container_id = params.get("container_id")
    if container_id is None:
        kept = [_keep_file(each, label, now) for each, label in _label(files)]
    else:
        container = keep_container(begin_container(container_id, {}, _START, now))
        kept = [container, *(_keep_container_file(container_id, each, label) for each, label in _label(files))]
    call = Call(
        request=request,
        stamp=session.stamp,
        models={},
        params=params,
        resources=Resources(size_limit=_ANY_SIZE).put(*kept),
        # OpenAI returns no content of some purposes; a script that says what is in a file wants it returned.
        lenient=session.policy.lenient or params.get("file_id") in {each.id for each in kept},
        now=now,
    )
    try:
        return found.operation.serve(call).answer
    except RequestRefused as refused:
        return refused.failure


def _label(files: Sequence[GivenFile]) -> Iterator[tuple[GivenFile, str]]:
    """Yield the files, the last one first, as lists begin with the newest; each with what its id is made of.

    That is the same as of a file of the script's `resources` with this name.
    """
    times = Counter(file.filename for file in files)
    for file in reversed(files):
        times[file.filename] -= 1
        again = times[file.filename]
        yield file, f"resource {file.filename}" + (f" {again}" if again else "")


def _keep_file(file: GivenFile, label: str, now: float) -> Kept:
    made = make_file(_START, (file.content,), name=file.filename, purpose=file.purpose, now=now, label=label)
    shown = _say(file, {**made.value["file"], "expires_at": None})
    return Kept(made.kind, shown["id"], {**made.value, "file": shown, "until": None})


def _keep_container_file(container_id: str, file: GivenFile, label: str) -> Kept:
    made = make_container_file(container_id, file.filename, (file.content,), _START, label)
    shown = _say(file, made.value["shown"])
    return Kept(made.kind, shown["id"], {**made.value, "shown": shown})


def _say(file: GivenFile, shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is shown of a file, with what the script says of it."""
    says = {"id": file.file_id, "bytes": file.size, "created_at": file.created_at}
    return {**shown, **{name: value for name, value in says.items() if value is not None}}
