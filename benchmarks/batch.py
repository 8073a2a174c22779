"""Batches of many lines through one process: how long one takes, and how much memory.

Each batch belongs to another token, so what was kept of the one before may go. The process may take a tenth more memory
after the last batch than after the second one: by then all that can be kept is kept.

    .venv/bin/python -m benchmarks.batch --lines 10000
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from itertools import count, islice

import httpx2

from benchmarks.soak import resident_mebibytes
from conformance.server import Server, running

_GROWTH = 1.1
_BATCHES = 5
_DURATION = 3_600
"""Seconds of the session's clock, which is moved once."""


def main() -> int:
    """Run it, and return the exit status."""
    parser = argparse.ArgumentParser(description="batches of many lines, whose memory must not grow")
    parser.add_argument("--lines", type=int, default=10_000)
    arguments = parser.parse_args()
    with running("--batch-duration", f"{_DURATION}", "--on-unmatched", "echo", "--journals-size", "4MiB") as server:
        taken = list(_measure(server, arguments.lines))
    growth = taken[-1] / taken[1]
    print(f"growth {growth:.3f}, at most {_GROWTH}")
    return 0 if growth <= _GROWTH else 1


def _measure(server: Server, lines: int) -> Iterator[float]:
    """Yield the server's memory in MiB after each batch."""
    for number in range(_BATCHES):
        begin = time.monotonic()
        answered = _run(server, f"sk-batch-{number}", lines)
        seconds = time.monotonic() - begin
        assert answered == lines, f"{answered} of {lines} lines were answered"
        taken = resident_mebibytes(server)
        print(f"{lines} lines: {seconds:.2f} s, {lines / seconds:.0f} a second, {taken:.1f} MiB", flush=True)
        yield taken


def _run(server: Server, token: str, lines: int) -> int:
    """Send a batch, move the clock to its end, and return the number of lines in its output file."""
    with httpx2.Client(base_url=server.origin, headers={"authorization": f"Bearer {token}"}, timeout=600) as client:
        content = b"\n".join(islice(_spell_lines(), lines))
        sent = client.post("/v1/files", data={"purpose": "batch"}, files={"file": ("lines.jsonl", content)}).json()
        asked = {"input_file_id": sent["id"], "endpoint": "/v1/chat/completions", "completion_window": "24h"}
        batch = client.post("/v1/batches", json=asked).json()
        client.post("/_emulator/clock", json={"advance_s": _DURATION}).raise_for_status()
        done = client.get(f"/v1/batches/{batch['id']}").json()
        assert done["status"] == "completed", done
        return len(client.get(f"/v1/files/{done['output_file_id']}/content").content.splitlines())


def _spell_lines() -> Iterator[bytes]:
    for number in count():
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": f"Request {number}: and now?"}]}
        line = {"custom_id": f"{number}", "method": "POST", "url": "/v1/chat/completions", "body": body}
        yield json.dumps(line).encode()


if __name__ == "__main__":
    sys.exit(main())
