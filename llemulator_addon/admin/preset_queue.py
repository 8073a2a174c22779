"""`/api/preset-queue`: answers in a queue for the requests of an address.

A translation: the address names a session, each answer is a rule with a raw reply that answers once, and the fallback
of such a session is `manual`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import Any, TypedDict
from urllib.parse import unquote

from llemulator_addon.admin import script
from llemulator_addon.admin.route import AdminCall, RequestBody, Server, json_answer
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import PlayedAnswer, Steps
from llemulator_addon.engine.session import Progress, Session
from llemulator_addon.wire import json_bytes
from llemulator_addon.wire.credentials import is_address, key_of
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.multipart import SentFile, is_form, read_form

PATH = "/api/preset-queue"

_OK, _LEAST, _MOST = 200, 200, 599
_FILE_AT_MOST = 10 << 20
_DEFAULTS: Mapping[str, object] = {"on_unmatched": "manual"}


class Preset(TypedDict):
    """One answer in a queue."""

    response: Any
    """The body, any JSON."""
    status_code: int


class PresetQueue(TypedDict):
    """The answers that wait in the queue of an address."""

    ip: str
    queue: list[Preset]
    length: int


class PresetQueues(TypedDict):
    """The answers that wait in all queues, by address."""

    queues: dict[str, list[Preset]]


_STATUS: Mapping[str, Any] = {"type": "integer", "minimum": _LEAST, "maximum": _MOST, "default": _OK}
_ENTRY: Mapping[str, Any] = {
    "description": "The answer: any JSON; or an object with the answer in `response`, and its status",
    "properties": {"response": {}, "status_code": _STATUS},
}
_BATCH: Mapping[str, Any] = {
    "type": "object",
    "required": ["responses"],
    "properties": {"responses": {"type": "array", "items": {}}, "status_code": _STATUS},
}
_LIST: Mapping[str, Any] = {"type": "array", "items": _ENTRY}
_FORM: Mapping[str, Any] = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "contentMediaType": "application/json"}},
}

ONE = RequestBody(name="PresetAnswer", schema=lambda: _ENTRY)
BATCH = RequestBody(name="PresetBatch", schema=lambda: _BATCH)
FILE = RequestBody(name="PresetFile", schema=lambda: _LIST, form=_FORM)


# Routes ---------------------------------------------------------------------------------------------------------------


async def show_all(call: AdminCall) -> Steps:
    """Show the queues of all addresses."""
    return json_answer(PresetQueues(queues=await list_queues(call.server)))


async def show(call: AdminCall) -> Steps:
    """Show the answers that wait in the queue of an address."""
    address = _address(call)
    entries = await _list_queue(call.server, address)
    return json_answer(PresetQueue(ip=address, queue=entries, length=len(entries)))


async def export(call: AdminCall) -> Steps:
    """Show the answers in the form that `import` takes."""
    return json_answer(await _list_queue(call.server, _address(call)))


async def add(call: AdminCall) -> PlayedAnswer:
    """Add one answer to a queue: `response` is sent as it is, with `status_code`."""
    return await _add(call, [_entry(_read(call.request.body))])


async def add_all(call: AdminCall) -> PlayedAnswer:
    """Add the answers of `responses`, all with one `status_code`."""
    body = _read(call.request.body)
    responses = body.get("responses") if isinstance(body, Mapping) else None
    if not isinstance(responses, list):
        raise RequestRefused(_wrong("expected a list in `responses`"))
    status = body.get("status_code", _OK)
    return await _add(call, [_entry({"response": response, "status_code": status}) for response in responses])


async def add_file(call: AdminCall) -> PlayedAnswer:
    """Add the answers of a file, which has a list; it comes as a form's part `file`, or alone.

    With `replace=true` in the query, they take the place of the whole queue. A file has 10 MiB at most.
    """
    content = _file(call.request)
    if len(content) > _FILE_AT_MOST:
        raise RequestRefused(_TOO_LARGE)
    listed = _read(content)
    if not isinstance(listed, list):
        raise RequestRefused(_wrong("expected a list in the file"))
    return await _add(call, [_entry(each) for each in listed], anew=call.request.query_value("replace") == "true")


async def clear(call: AdminCall) -> Steps:
    """Empty the queue of an address."""
    address = _address(call)
    cleared = await _forget(call.server, address)
    call.server.news.tell("queue", key_of(address))
    return json_answer({"ip": address, "cleared": cleared})


async def clear_all(call: AdminCall) -> Steps:
    """Empty the queues of all addresses."""
    cleared = {address: await _forget(call.server, address) for address in await list_queues(call.server)}
    call.server.news.tell("queue")
    return json_answer({"cleared": cleared})


def is_own(request: Request) -> bool:
    """Whether a path names the address from which the request comes."""
    return _read_address(request) == request.client


# Queues as rules ------------------------------------------------------------------------------------------------------


async def list_queues(server: Server) -> dict[str, list[Preset]]:
    """Return the answers that wait, by address; of an address that has or had a queue."""
    sessions = await server.store.all()
    return {each.key.name: list(_entries(each)) for each in sessions if is_address(each.key.name) and _is_queue(each)}


async def fill(server: Server, address: str, entries: Sequence[Preset], *, only_begin: bool = False) -> int:
    """Add answers to the queue of an address; return how many wait then. Raises `RequestRefused`.

    `only_begin`: if it has no queue yet.
    """
    key = key_of(address)
    session = await server.store.change(key, _drop_used)
    rules = [
        {"reply": {"raw": {"status": entry["status_code"], "json": entry["response"]}}, "times": 1} for entry in entries
    ]
    defaults = {} if session.settings.defaults.on_unmatched == "manual" else {"defaults": _DEFAULTS}
    body = json_bytes.compact({"rules": rules, **defaults})
    loading = Request(method="POST", path="/_emulator/script", headers={"content-type": "application/json"}, body=body)

    def become_queue(before: Session, after: Session) -> Session:
        return before if only_begin and before.is_preset_queue else after.become_preset_queue()

    await script.load_then(AdminCall(request=loading, server=server, named=key), become_queue)
    server.queued.note_filled(address)
    server.news.tell("queue", key)
    return len(await _list_queue(server, address))


async def fill_all(server: Server, queues: Mapping[str, Sequence[Preset]]) -> None:
    """Put answers in place of the queues of some addresses.

    A queue that is in a shared store stays as it is: another process may have filled it from the same file.
    """
    for address, entries in queues.items():
        is_shared = server.store.link.is_shared
        if not is_shared:
            await _forget(server, address)
        await fill(server, address, entries, only_begin=is_shared)


def read_queues(value: object) -> dict[str, list[Preset]]:
    """Read what `list_queues` returned, from its JSON; raises `RequestRefused`."""
    if not isinstance(value, Mapping) or not all(isinstance(entries, list) for entries in value.values()):
        raise RequestRefused(_wrong("expected an object with a list for each address"))
    return {_check_address(str(address)): [_entry(each) for each in entries] for address, entries in value.items()}


async def _add(call: AdminCall, entries: Sequence[Preset], *, anew: bool = False) -> PlayedAnswer:
    address = _address(call)
    if anew:
        await _forget(call.server, address)
    waiting = await fill(call.server, address, entries)
    return PlayedAnswer(json_answer({"ip": address, "added": len(entries), "length": waiting}))


async def _list_queue(server: Server, address: str) -> list[Preset]:
    return list(_entries(await server.store.read(key_of(address))))


async def _forget(server: Server, address: str) -> int:
    """Empty a queue: the address is answered again as if it never had one. Return how many answers waited."""
    key = key_of(address)

    def transition(session: Session) -> tuple[Session, int]:
        own = session.script.own
        if own.settings.get("defaults") == _DEFAULTS:
            settings = {name: value for name, value in own.settings.items() if name != "defaults"}
            own = replace(own, defaults=None, settings=settings)
        left = replace(server.fresh(key).script, own=own)
        return session.change(script=left, progress=Progress()), len(list(_entries(session)))

    server.queued.note_cleared(address)
    return await server.store.change(key, transition)


def _drop_used(session: Session) -> tuple[Session, Session]:
    """Forget the answers of a queue once all were used: a session has room for a bounded number of rules."""
    rules = session.rules_with_use()
    if rules and session.script.owner == "token" and all(rule.times == used for rule, used in rules):
        session = session.forget_rules()
    return session, session


def _is_queue(session: Session) -> bool:
    return session.script.owner == "token" and session.on_unmatched == "manual"


def _entries(session: Session) -> Iterator[Preset]:
    """Yield the answers that were not used: rules with a raw reply that answer once."""
    for position, rule in enumerate(session.script.index.rules):
        reply = rule.written.get("reply")
        raw = reply.get("raw") if isinstance(reply, Mapping) else None
        if isinstance(raw, Mapping) and rule.times == 1 and session.times_left(position):
            yield {"response": raw.get("json"), "status_code": raw.get("status", _OK)}


# Reading --------------------------------------------------------------------------------------------------------------


def _entry(given: object) -> Preset:
    """Return an answer with its status; an object without `response` is an answer itself."""
    if not isinstance(given, Mapping) or "response" not in given:
        return {"response": given, "status_code": _OK}
    status = given.get("status_code", _OK)
    if type(status) is not int or not _LEAST <= status <= _MOST:
        raise RequestRefused(_wrong(f"status_code: expected a whole number from {_LEAST} to {_MOST}"))
    return {"response": given["response"], "status_code": status}


def _address(call: AdminCall) -> str:
    return _check_address(_read_address(call.request))


def _read_address(request: Request) -> str:
    return unquote(request.path.removeprefix(PATH).split("/")[1])


def _check_address(given: str) -> str:
    try:
        return str(ip_address(given))
    except ValueError:
        raise RequestRefused(_wrong(f"expected the address of a client, got {given[:_SHOWN]}")) from None


_SHOWN = 40


def _file(request: Request) -> bytes:
    """Return the content of a form's part `file`, or the whole body if it is no form."""
    if not is_form(request):
        return request.body
    file = read_form(request).get("file")
    if isinstance(file, SentFile):
        return file.content
    if isinstance(file, str):
        return file.encode()
    raise RequestRefused(_wrong("expected a part named file"))


def _read(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json_bytes.read(body)
    except ValueError as error:
        raise RequestRefused(_wrong(f"not JSON: {error}")) from None


def _wrong(message: str) -> Failure:
    return Failure(status=400, type=INVALID, code="invalid_preset_queue", message=message)


_TOO_LARGE = Failure(
    status=413, type=INVALID, code="file_too_large", message="A file of answers has 10 MiB at most. Send it in parts."
)
