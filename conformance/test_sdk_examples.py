"""The examples that the official Python SDK brings with its sources run unmodified, each as a process of its own."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.sdk_suite import NEWEST
from conformance.server import Server, plain_environment, running
from conformance.sources import source_package
from conformance.venvs import programs_of

pytestmark = pytest.mark.slow

_QUERY = {"table_name": "orders", "columns": ["id"], "conditions": [], "order_by": "asc"}
_SCRIPT = {
    "rules": [
        {
            "match": {"has_tool": "Query"},
            "reply": {"tool_calls": [{"name": "Query", "arguments": _QUERY}]},
            "times": 9,
        }
    ],
    "legacy": True,
    "defaults": {"on_unmatched": "simulate"},
}
_RUNS = {
    "async_demo.py": "",
    "audio.py": "the quick brown fox jumped over the lazy dogs\n" * 2,
    "demo.py": "----- standard request -----",
    "image_stream.py": "Final image completed!",
    "parsing.py": "answer:",
    "parsing_stream.py": "answer:",
    "parsing_tools.py": "orders",
    "parsing_tools_stream.py": "tool_calls.function.arguments.done",
    "picture.py": "/v1/images/pictures/",
    "responses_input_tokens.py": "input tokens:",
    "streaming.py": "chat.completion.chunk",
    "uploads.py lines.jsonl": "status='completed'",
    "uploads.py lines.jsonl memory": "filename='my_file.txt'",
    "video.py": "Video successfully completed:",
    "responses/background.py": "response.output_text.done",
    "responses/background_async.py": "response.output_text.done",
    "responses/background_streaming.py": "ResponseTextDeltaEvent",
    "responses/multi_agent_streaming.py": "",
    "responses/streaming.py": "response.output_text.delta",
    "responses/streaming_tools.py": "response.completed",
    "responses/structured_outputs.py": "answer:",
    "responses/structured_outputs_tools.py": "table name: Table.orders",
}
"""What each prints, by its name and arguments. The others need Azure, a browser, a microphone or another package."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    script = tmp_path_factory.mktemp("script") / "script.json"
    script.write_text(json.dumps(_SCRIPT))
    with running("--script", str(script)) as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy, because some examples write beside themselves."""
    folder = tmp_path_factory.mktemp("sdk")
    sources = source_package("openai", NEWEST.version, NEWEST.sha256)
    shutil.copytree(sources / "examples", folder / "examples")
    (folder / "lines.jsonl").write_text("a line\n" * 1_000)
    return folder


@pytest.mark.parametrize("example", _RUNS)
def test_an_example_of_the_sdk_runs_unmodified(example: str, server: Server, folder: Path) -> None:
    name, *arguments = example.split()
    command = [str(programs_of(NEWEST.lock) / "python"), f"examples/{name}", *arguments]
    env = {**plain_environment(), **server.through_proxy(), "OPENAI_API_KEY": f"sk-{name}", "COLUMNS": "200"}

    done = subprocess.run(
        command, check=False, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr[-3_000:]
    assert _RUNS[example] in done.stdout
