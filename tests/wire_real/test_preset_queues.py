"""The integration test of mock-openai-tool, and what else its documents promise, against a running llemulator."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.patience import SECONDS
from tests.project.pages import blocks
from tests.wire_real.processes import LLEMULATOR, Started, run, started
from tests.wire_real.websocket_client import talking

_HERE = "127.0.0.1"


def _chat(text: str = "Test") -> dict[str, object]:
    return {"model": "gpt-3.5-turbo", "messages": [{"role": "user", "content": text}]}


def _answer(number: int) -> dict[str, Any]:
    return {"id": f"test-{number}", "choices": [{"message": {"content": f"Answer {number}"}}]}


class _Tool:
    """The calls that its documents show."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def ask(self, text: str = "Test", **headers: str) -> tuple[int, Any]:
        answered = await self.http.post("/v1/chat/completions", json=_chat(text), headers=headers)
        return answered.status_code, answered.json()

    async def send(self, method: str, path: str = "", address: str = _HERE, **more: Any) -> Any:  # noqa: ANN401 - JSON
        queue = f"/api/preset-queue/{address}{path}" if address else "/api/preset-queue"
        return (await self.http.request(method, queue, **more)).json()


@asynccontextmanager
async def _running(folder: Path, *options: str) -> AsyncIterator[tuple[_Tool, Started]]:
    """Start llemulator."""
    async with started(*LLEMULATOR, "--port", "0", *options, cwd=folder) as begun:
        url = f"http://127.0.0.1:{begun.proxy.port}"
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=SECONDS) as http:
            yield _Tool(http), begun


@pytest.mark.parametrize("options", [(), ("--preset-queues", "preset_queues.json")], ids=["first use", "switched on"])
async def test_the_integration_test_of_mock_openai_tool_passes(tmp_path: Path, options: tuple[str, ...]) -> None:
    async with _running(tmp_path, *options) as (tool, _):
        await tool.send("POST", "/batch", json={"responses": [_answer(1), _answer(2)], "status_code": 200})
        status, data = await tool.ask()
        left = await tool.send("GET")
        await tool.send("DELETE")
        cleared = await tool.send("GET")

    assert status == 200
    assert data["choices"][0]["message"]["content"] == "Answer 1"
    assert (left["length"], cleared["length"]) == (1, 0)


async def test_errors_are_answered_with_their_status_and_sdk_keys_are_no_obstacle(tmp_path: Path) -> None:
    error = {"error": {"message": "Rate limit exceeded", "type": "rate_limit_error"}}
    async with _running(tmp_path) as (tool, _):
        await tool.send("POST", json={"response": error, "status_code": 429})

        assert await tool.ask(authorization="Bearer sk-of-an-sdk") == (429, error)


async def test_a_file_is_imported_and_exported_again(tmp_path: Path) -> None:
    file = json.dumps([_answer(1), _answer(2)])
    async with _running(tmp_path) as (tool, _):
        await tool.send("POST", "/import", files={"file": ("queue.json", file)})
        exported = await tool.send("GET", "/export")

    assert [each["response"] for each in exported] == [_answer(1), _answer(2)]


async def test_queues_outlast_a_restart_without_what_was_used(tmp_path: Path) -> None:
    options = ("--preset-queues", "preset_queues.json")
    async with _running(tmp_path, *options) as (tool, begun):
        await tool.send("POST", "/batch", json={"responses": [_answer(1), _answer(2)], "status_code": 200})
        await tool.send("POST", address="192.168.1.100", json={"response": _answer(3), "status_code": 500})
        await tool.ask()
        ended = await begun.stop()
    async with _running(tmp_path, *options) as (tool, _):
        kept = await tool.send("GET", address="")
        answered = await tool.ask()

    assert (ended.status, ended.err) == (0, "")
    assert kept["queues"] == {
        _HERE: [{"response": _answer(2), "status_code": 200}],
        "192.168.1.100": [{"response": _answer(3), "status_code": 500}],
    }
    assert answered == (200, _answer(2))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[1]", "expected an object with a list for each address"),
        ('{"nobody": []}', "expected the address of a client, got nobody"),
        ("{", "no JSON"),
    ],
)
async def test_a_file_that_has_no_queues_stops_the_start(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "queues.json").write_text(text)
    process = await asyncio.create_subprocess_exec(
        *LLEMULATOR, "--port", "0", "--preset-queues", "queues.json", cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, said = await process.communicate()

    assert process.returncode != 0
    assert f"queues.json: {told}" in said.decode()


async def test_messages_tell_of_requests_and_queues(tmp_path: Path) -> None:
    async with (
        _running(tmp_path, "--preset-queues", "queues.json") as (tool, begun),
        talking(begun.proxy, headers=(), path="/ws") as client,
    ):
        messages = client.messages()
        await tool.send("POST", json={"response": _answer(1), "status_code": 201})
        told = [await anext(messages)]
        await tool.ask("from the queue")
        told += [await anext(messages), await anext(messages)]
        asking = asyncio.create_task(tool.ask("for a person"))
        told.append(await anext(messages))
        number = int(told[-1]["id"].partition("/")[2])
        await tool.http.post(f"/_emulator/waiting/{number}", json="Good day")
        status, data = await asking
        told.append(await anext(messages))
        await tool.send("DELETE", address="")
        told.append(await anext(messages))

    added, used, completed, waiting, answered, cleared = _sort_by_cause(told)
    assert (added, used, cleared) == (
        {"type": "queue_updated", "ip": _HERE},
        {"type": "queue_updated", "ip": _HERE},
        {"type": "all_queues_updated"},
    )
    assert (completed["type"], completed["response"], completed["status_code"]) == (
        "completed_request",
        _answer(1),
        201,
    )
    assert (waiting["type"], waiting["ip"], waiting["body"]) == ("new_request", _HERE, _chat("for a person"))
    assert waiting["port"] > 0
    assert (answered["id"], answered["port"], answered["response"]) == (waiting["id"], waiting["port"], data)
    assert status == 200


def _sort_by_cause(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the messages in the order of their causes: an answer's end may be told before or after its queue."""
    return told if told[1]["type"] == "queue_updated" else [told[0], told[2], told[1], *told[3:]]


@pytest.mark.parametrize(("origin", "status"), [("https://evil.example", b"403"), ("http://api.openai.com", b"101")])
async def test_a_page_of_another_site_gets_no_messages(tmp_path: Path, origin: str, status: bytes) -> None:
    async with (
        started(*LLEMULATOR, "--port", "0", cwd=tmp_path) as begun,
        talking(begun.proxy, headers=(("Origin", origin),), path="/ws") as client,
    ):
        assert client.head.encode().split(b" ")[1] == status


async def test_the_messages_end_when_the_program_stops(tmp_path: Path) -> None:
    async with (
        started(*LLEMULATOR, "--port", "0", cwd=tmp_path) as begun,
        talking(begun.proxy, headers=(), path="/ws"),
    ):
        ended = await begun.stop()

    assert (ended.status, ended.err) == (0, "")


async def test_the_test_on_the_page_passes(tmp_path: Path) -> None:
    (shown,) = (block for block in blocks("python") if block.page == "docs/preset-queues.md")
    async with _running(tmp_path, "--preset-queues", "preset_queues.json") as (_, begun):
        (tmp_path / "test_shown.py").write_text(shown.text.replace(":8088", f":{begun.proxy.port}"))
        ended = await run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_shown.py", cwd=tmp_path)

    assert (ended.status, "1 passed" in ended.out) == (0, True), ended.out
