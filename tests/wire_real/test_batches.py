"""Batches with the official SDK, over real sockets."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from openai import OpenAI

from conformance.server import Server, running
from tests.wire_real.sdk import official

_LINES = 10_000
_MIB = 1 << 20


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running("--batch-duration", "3600") as started:
        yield started


@pytest.fixture
def client(server: Server, request: pytest.FixtureRequest) -> Iterator[OpenAI]:
    with official(server, f"sk-{request.node.name}") as client:
        yield client


def _begin(client: OpenAI, count: int) -> str:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
    lines = [
        json.dumps({"custom_id": f"line-{n}", "method": "POST", "url": "/v1/chat/completions", "body": body})
        for n in range(count)
    ]
    file = client.files.create(file=("lines.jsonl", "\n".join(lines).encode()), purpose="batch")
    return client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", metadata={"a": "b"}
    ).id


def _advance(client: OpenAI, server: Server, seconds: float) -> None:
    headers = {"authorization": f"Bearer {client.api_key}"}
    httpx2.post(f"{server.origin}/_emulator/clock", json={"advance_s": seconds}, headers=headers).raise_for_status()


def test_a_batch_is_polled_to_its_end_with_the_clock_moved_once(client: OpenAI, server: Server) -> None:
    batch = client.batches.retrieve(_begin(client, 3))
    assert batch.status == "validating"

    _advance(client, server, 3_600)
    batch = client.batches.retrieve(batch.id)

    assert (batch.status, batch.output_file_id is None, batch.error_file_id) == ("completed", False, None)
    lines = client.files.content(batch.output_file_id or "").text.splitlines()
    assert [json.loads(line)["custom_id"] for line in lines] == ["line-0", "line-1", "line-2"]
    assert [each.id for each in client.batches.list()] == [batch.id]


@pytest.mark.slow
def test_a_batch_of_ten_thousand_lines_holds_up_nobody_and_memory_stays_flat(client: OpenAI, server: Server) -> None:
    batch = _begin(client, _LINES)
    _advance(client, server, 3_600)
    before, told = _memory(server), list[object]()
    working = threading.Thread(target=lambda: told.append(client.batches.retrieve(batch)))
    longest, began = 0.0, time.monotonic()
    with official(server, "sk-another-client") as other:
        other.models.list()
        working.start()
        while working.is_alive():
            asked = time.monotonic()
            other.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Hi"}])
            longest = max(longest, time.monotonic() - asked)
    working.join()
    whole = time.monotonic() - began

    done = client.batches.retrieve(batch)
    assert (done.status, done.request_counts and done.request_counts.completed) == ("completed", _LINES)
    # Compared with the whole, which takes as much longer where the machine is slow.
    assert longest < whole / 2
    assert _memory(server) - before < 64 * _MIB


def _memory(server: Server) -> int:
    status = Path(f"/proc/{server.pid}/status").read_text("utf-8")
    return 1024 * int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
