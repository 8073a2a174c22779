"""The same seed and the same requests give the same bytes, in any process."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from llemulator_addon.core.request import Request
from tests.playing import chat, emulator, play, post, request

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
    everything = [
        *play(server, *asked),
        *play(emulator({**_SCRIPT, "rules": [], "defaults": {"on_unmatched": "simulate"}}), *_on_every_endpoint()),
        *play(server, *_on_every_endpoint(), *_looks()),
    ]
    return sha256(repr(everything).encode()).hexdigest()


def _on_every_endpoint() -> list[Request]:
    schema = {"type": "object", "properties": {"a": {"enum": ["x", "y"]}, "b": {"type": "array"}}}
    form = {"type": "json_schema", "name": "s", "schema": schema}
    tool = {"type": "function", "name": "f", "parameters": schema}
    return [
        *(
            each
            for stream in (False, True)
            for each in (
                chat("Tell me", stream=stream, logprobs=True, top_logprobs=3, store=True),
                post("/v1/responses", {"model": "o4-mini", "input": "Tell me", "stream": stream}),
                post("/v1/responses", {"model": "gpt-4o", "input": "As JSON", "text": {"format": form}}),
                post("/v1/responses", {"model": "gpt-4o", "input": "Call", "tools": [tool], "tool_choice": "required"}),
                post("/v1/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": "Tell me", "stream": stream}),
            )
        ),
        post("/v1/embeddings", {"model": "text-embedding-3-small", "input": "Tell me"}),
        post("/v1/moderations", {"input": "Tell me"}),
        post("/v1/conversations", {"items": [{"type": "message", "role": "user", "content": "Hi"}]}),
        request("GET", "/v1/chat/completions"),
    ]


def _looks() -> list[Request]:
    paths = ("script", "requests?format=full", "requests?format=har", "requests?format=script", "unclaimed")
    return [*(request("GET", f"/_emulator/{path}") for path in paths), post("/_emulator/verify")]


@pytest.mark.long
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
