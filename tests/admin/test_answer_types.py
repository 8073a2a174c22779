"""The answers of the admin routes are as their description says: no member is missing, and none is not described."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter

from llemulator_addon.admin import ROUTES
from llemulator_addon.core.admin_keys import admin_keys_in
from llemulator_addon.core.outcome import Ending
from llemulator_addon.core.request import Request
from llemulator_addon.core.resources import Kept
from llemulator_addon.core.unclaimed import digest_of
from llemulator_addon.emulator import Emulator
from llemulator_addon.engine.session import Session
from llemulator_addon.live.admin_access import AdminAccess
from llemulator_addon.wire.credentials import key_of
from llemulator_addon.wire.webhooks import DELIVERY
from tests.playing import TOKEN, body_of, chat, emulator, json_of, played, post, request, status

_HERE = "127.0.0.1"
_HOOK = "http://127.0.0.1:9000/hook"
_NO_JSON = {
    ("GET", path)
    for path in (
        "/", "/health", "/healthz", "/metrics", "/readyz", "/ws", "/_emulator/ca.pem", "/_emulator/console/{file}",
        "/_emulator/live",
        "/_emulator/openapi.json", "/_emulator/requests/live", "/_emulator/script.schema.json",
    )
}  # fmt: skip
"""Answers without a type: they are no JSON, are for probes and people, or are described elsewhere."""
_BODIES: dict[str, object] = {
    "/_emulator/script": {"rules": [{"match": {"user_text": "never"}, "reply": "a", "faults": [{"latency_ms": 1}]}]},
    "/_emulator/script/check": {"rules": [{"reply": "a"}, {"reply": "b"}]},
    "/_emulator/clock": {"advance_s": 1},
    "/_emulator/capacity": {"profile": "gpu", "max_num_seqs": 8},
    "/_emulator/verify": {"egress": True, "unclaimed": 0},
    "/_emulator/templates": {"name": "a", "answer": "b"},
    "/_emulator/sign-in": {"key": "key-of-an-admin"},
    "/api/preset-queue/{address}": {"response": {"a": 1}, "status_code": 201},
    "/api/preset-queue/{address}/batch": {"responses": [{"a": 1}]},
    "/api/preset-queue/{address}/import": [{"a": 1}],
    "/_emulator/waiting/{number}": "a",
}
_DESCRIBED = [(path, method) for path, route in ROUTES.items() for method in route.methods]


async def _used(*, waits: bool) -> tuple[Emulator, list[asyncio.Task[Any]]]:
    """Return a server on which everything happened that answers tell of."""
    access = AdminAccess(admin_keys_in("key-of-an-admin"), secret=b"s")
    server = emulator(debug=True, access=access, on_unmatched="manual" if waits else "echo", webhooks=(_HOOK,))
    key = key_of(TOKEN)
    await server._store.change(key, _deliver)  # noqa: SLF001 - a delivery that was made before
    if waits:
        asking = asyncio.create_task(server.answer(chat("hello", tools=[_TOOL])))
        await asyncio.sleep(0)
        return server, [asking]
    called = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "c", "content": "r"},
    ]
    for asked in (
        chat("hello", stream=True),
        chat(messages=messages),
        request("GET", "/v1/nothing"),
        post(f"/api/preset-queue/{_HERE}", {"response": [], "status_code": 429}),
        post("/_emulator/templates", {"name": "a", "answer": {"text": "b"}}),
    ):
        answered = played(await server.answer(_signed(asked)))
        if answered.exchange is not None:
            ending = Ending(how="whole", bytes_sent=1, sends=1, seconds=0.5, left=(0.5,))
            await server.note_end(answered.exchange, ending)
    return server, []


_TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}


def _deliver(session: Session) -> tuple[Session, None]:
    tried = {"at": 1.0, "status": None, "error": "nobody is there"}
    value = {"number": 1, "id": "evt", "endpoint": "whe", "url": _HOOK, "event": {"type": "a"}, "state": "failed"}
    kept = Kept(DELIVERY, "1", {**value, "next": None, "attempts": [tried]})
    file = Kept("file", "file-1", {"content": (b"abc",)})
    return session.change(resources=session.resources.put(kept, file)), None


def _signed(asked: Request) -> Request:
    return replace(asked, headers={**asked.headers, "x-llemulator-key": "key-of-an-admin"})


def _asked(path: str, method: str) -> Request:
    filled = path.replace("{number}", "1").replace("{address}", _HERE).replace("{name}", "a")
    body = _BODIES.get(path)
    asked = request(method, filled) if body is None or method != "POST" else post(filled, body)
    return _signed(replace(asked, way="origin", host="llemulator"))


@pytest.mark.parametrize(("path", "method"), _DESCRIBED, ids=[f"{method} {path}" for path, method in _DESCRIBED])
def test_an_answer_is_of_the_type_that_is_described(path: str, method: str) -> None:
    described = ROUTES[path].answers.get(method.lower())
    if described is None:
        assert (method, path) in _NO_JSON
        return

    async def answered() -> Any:  # noqa: ANN401 - JSON
        server, tasks = await _used(waits="waiting" in path)
        steps = played(await server.answer(_asked(path, method))).steps
        for task in tasks:
            task.cancel()
        assert status(steps) == 200, body_of(steps)
        return json_of(steps)

    value = asyncio.run(answered())
    assert path != "/_emulator/waiting" or value["data"]
    adapter = TypeAdapter(described.type)
    assert adapter.dump_python(adapter.validate_python(value, strict=True)) == value


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_kind_of_exchange_is_of_its_type(number: int) -> None:
    async def answered() -> Any:  # noqa: ANN401 - JSON
        server, _ = await _used(waits=False)
        digest = digest_of(key_of(TOKEN))
        asked = _signed(request("GET", f"/_emulator/sessions/{digest}/requests/{number}"))
        return json_of(played(await server.answer(asked)).steps)

    value = asyncio.run(answered())
    described = ROUTES["/_emulator/requests/{number}"].answers["get"]
    adapter = TypeAdapter(described.type)
    assert adapter.dump_python(adapter.validate_python(value, strict=True)) == value
