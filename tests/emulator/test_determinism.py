"""The same seed and the same requests give the same bytes, in any process."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from tests.playing import chat, emulator, play, request

_SCRIPT = {
    "seed": 42,
    "defaults": {"stream": {"ttft_ms": 10, "tokens_per_second": 100, "jitter": 0.5}},
    "rules": [
        {"match": {"user_text": "tool"}, "reply": {"tool_calls": [{"name": "f", "arguments": {"b": 1, "a": 2}}]}},
        {"match": {"has_tool": "x"}, "reply": "never"},
        {"match": {"user_text": "dice"}, "reply": {"template": True, "text": "{{ uuid() }} {{ random() }} {{ body }}"}},
        {"reply": "Hello there", "faults": [{"failure": {"probability": 0.5}}]},
    ],
}


def fingerprint() -> str:
    """Play some requests and return a digest of all that is answered."""
    server = emulator(_SCRIPT)
    asked = [
        chat("tool"),
        chat("dice", n=2, stream=True),
        *[chat("Hi", stream=True, stream_options={"include_usage": True})] * 5,
        chat("tool", tools=[{"type": "function", "function": {"name": name}} for name in ("x", "y", "z")], stream=True),
        request("GET", "/v1/models"),
        chat("x", model="nope"),
    ]
    return sha256(repr(play(server, *asked)).encode()).hexdigest()


def test_the_same_seed_gives_the_same_bytes_whatever_the_process_hashes_with() -> None:
    here = Path(__file__)
    found = set()
    for seed in ("0", "1", "2"):
        command = [
            sys.executable,
            "-c",
            "from tests.emulator.test_determinism import fingerprint; print(fingerprint())",
        ]
        ended = subprocess.run(
            command,
            cwd=here.parents[2],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        found.add(ended.stdout.strip())

    assert found == {fingerprint()}
