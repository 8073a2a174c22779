"""That what is counted is what is taken: a process of its own keeps much, and is measured from outside of Python."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import SECONDS

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")

_MEBIBYTE = 1 << 20

_PROGRAM = """
import asyncio, gc, json, sys
from pathlib import Path
from llemulator_addon.core.request import Request
from llemulator_addon.store.memory import MemoryStore
from llemulator_addon.emulator import Emulator, EmulatorSettings

def taken():
    gc.collect()
    return int(Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0]) * 1024

async def counted(emulator):
    return sum(each.size + each.journal.size + each.resources.size for each in await emulator.sessions())

async def ask(emulator, path, body, number):
    headers = {"authorization": f"Bearer sk-{number % tokens}", "content-type": "application/json"}
    body = json.dumps(body).encode()
    await emulator.answer(Request(method="POST", path=path, headers=headers, body=body, at=float(number)))

def asked(number):
    text = f"{number} " + "x" * length
    if path.endswith("responses"):
        return {"model": "gpt-4o", "input": text}
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}

async def main():
    emulator = Emulator(EmulatorSettings(), MemoryStore)
    for number in range(50):
        await ask(emulator, path, asked(number), 0)
    before = taken(), await counted(emulator)
    for number in range(requests):
        await ask(emulator, path, asked(number), number)
    print(json.dumps([taken() - before[0], await counted(emulator) - before[1]]))

path, requests, tokens, length = sys.argv[1], *map(int, sys.argv[2:])
asyncio.run(main())
"""


@pytest.mark.long
@pytest.mark.parametrize(
    ("path", "requests", "tokens", "length"),
    [
        pytest.param("/v1/responses", 1_000, 1, 20_000, marks=pytest.mark.slow),
        pytest.param("/v1/responses", 100, 1, 200_000, marks=pytest.mark.slow),
        ("/v1/responses", 300, 1, 20_000),
        ("/v1/chat/completions", 4_000, 40, 500),
        ("/v1/chat/completions", 8_000, 8_000, 1),
    ],
)
def test_what_is_counted_is_what_is_taken(path: str, requests: int, tokens: int, length: int) -> None:
    program = [sys.executable, "-c", _PROGRAM, path, *map(str, (requests, tokens, length))]
    said = subprocess.run(program, capture_output=True, text=True, check=True, timeout=2 * SECONDS).stdout
    taken, counted = json.loads(said)

    assert counted > 5 * _MEBIBYTE
    assert counted / 3 < taken < 2 * counted + 16 * _MEBIBYTE, (taken / _MEBIBYTE, counted / _MEBIBYTE)
