"""`/api/preset-queue`: answers in a queue for the requests of an address, which send no key.

A translation: the address names a session, each answer is a rule with a raw reply that answers once, and the fallback
of such a session is `manual`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from email import message_from_bytes
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote

from llemulator_addon.admin import script
from llemulator_addon.admin.route import AdminCall, RequestBody, json_answer
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import PlayedAnswer, Steps
from llemulator_addon.engine.session import Session
from llemulator_addon.wire import json_bytes
from llemulator_addon.wire.credentials import is_address, key_of
from llemulator_addon.wire.errors import INVALID, RequestRefused, not_json

PATH = "/api/preset-queue"

Preset = Mapping[str, Any]
"""`response`, any JSON, and `status_code`."""

_OK = 200

_STATUS: Mapping[str, Any] = {"type": "integer", "minimum": 200, "maximum": 599, "default": _OK}
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


async def show_all(call: AdminCall) -> Steps:
    """Show the queues of all addresses."""
    sessions = (session for session in await call.server.store.all() if is_address(session.key.name))
    return json_answer({"queues": {session.key.name: list(_entries(session)) for session in sessions}})


async def show(call: AdminCall) -> Steps:
    """Show the answers that wait in the queue of an address."""
    address = _address(call)
    entries = list(_entries(await call.server.store.read(key_of(address))))
    return json_answer({"ip": address, "queue": entries, "length": len(entries)})


async def export(call: AdminCall) -> Steps:
    """Show the answers in the form that `import` takes."""
    return json_answer(list(_entries(await call.server.store.read(key_of(_address(call))))))


async def add(call: AdminCall) -> PlayedAnswer:
    """Add one answer to a queue: `response` is sent as it is, with `status_code`."""
    return await _load(call, [_entry(_read(call.request.body))])


async def add_all(call: AdminCall) -> PlayedAnswer:
    """Add the answers of `responses`, all with one `status_code`."""
    body = _read(call.request.body)
    responses = body.get("responses") if isinstance(body, Mapping) else None
    if not isinstance(responses, list):
        raise RequestRefused(_wrong("expected a list in `responses`"))
    status = body.get("status_code", _OK)
    return await _load(call, [{"response": response, "status_code": status} for response in responses])


async def add_file(call: AdminCall) -> PlayedAnswer:
    """Add the answers of a file, which has a list; it comes as a form's part `file`, or alone."""
    listed = _read(_file(call))
    if not isinstance(listed, list):
        raise RequestRefused(_wrong("expected a list in the file"))
    return await _load(call, [_entry(each) for each in listed])


async def clear(call: AdminCall) -> Steps:
    """Empty the queue of an address."""
    address = _address(call)
    return json_answer({"ip": address, "cleared": await _forget(call, address)})


async def clear_all(call: AdminCall) -> Steps:
    """Empty the queues of all addresses."""
    addresses = [session.key.name for session in await call.server.store.all() if is_address(session.key.name)]
    return json_answer({"cleared": {address: await _forget(call, address) for address in addresses}})


async def _forget(call: AdminCall, address: str) -> int:
    def transition(session: Session) -> tuple[Session, int]:
        return session.forget_rules(), len(list(_entries(session)))

    return await call.server.store.change(key_of(address), transition)


async def _load(call: AdminCall, entries: Sequence[Preset]) -> PlayedAnswer:
    """Load the answers as rules into the session of the address."""
    address = _address(call)
    rules = [
        {"reply": {"raw": {"status": entry["status_code"], "json": entry["response"]}}, "times": 1} for entry in entries
    ]
    loaded = json_bytes.compact({"rules": rules, "defaults": {"on_unmatched": "manual"}})
    headers = {"authorization": f"Bearer {address}", "content-type": "application/json"}
    await script.load(replace(call, request=replace(call.request, body=loaded, json=None, headers=headers)))
    waiting = len(list(_entries(await call.server.store.read(key_of(address)))))
    return PlayedAnswer(json_answer({"ip": address, "added": len(rules), "length": waiting}))


def _entries(session: Session) -> Iterator[Preset]:
    """Yield the answers that were not used: rules with a raw reply that answer once."""
    for position, rule in enumerate(session.script.index.rules):
        reply = rule.written.get("reply")
        raw = reply.get("raw") if isinstance(reply, Mapping) else None
        if isinstance(raw, Mapping) and rule.times == 1 and session.times_left(position):
            yield {"response": raw.get("json"), "status_code": raw.get("status", _OK)}


def _entry(given: object) -> Preset:
    """Return an answer with its status; an object without `response` is an answer itself."""
    if isinstance(given, Mapping) and "response" in given:
        return {"response": given["response"], "status_code": given.get("status_code", _OK)}
    return {"response": given, "status_code": _OK}


def is_own(request: Request) -> bool:
    """Whether a path names the address from which the request comes."""
    return _read_address(request) == request.client


def _read_address(request: Request) -> str:
    return unquote(request.path.removeprefix(PATH).split("/")[1])


def _address(call: AdminCall) -> str:
    given = _read_address(call.request)
    try:
        return str(ip_address(given))
    except ValueError:
        raise RequestRefused(_wrong(f"expected the address of a client, got {given[:_SHOWN]}")) from None


_SHOWN = 40


def _file(call: AdminCall) -> bytes:
    """Return the content of a form's part `file`, or the whole body where it is no form."""
    kind = call.request.headers.get("content-type", "")
    if not kind.startswith("multipart/"):
        return call.request.body
    form = message_from_bytes(b"Content-Type: " + kind.encode("utf-8", "replace") + b"\r\n\r\n" + call.request.body)
    parts = form.walk() if form.is_multipart() else ()
    for part in parts:
        if part.get_param("name", header="content-disposition") == "file":
            content = part.get_payload(decode=True)
            return content if isinstance(content, bytes) else b""
    raise RequestRefused(_wrong("expected a part named file"))


def _read(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json_bytes.read(body)
    except ValueError:
        raise RequestRefused(not_json()) from None


def _wrong(message: str) -> Failure:
    return Failure(status=400, type=INVALID, code="invalid_preset_queue", message=message)
