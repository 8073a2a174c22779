"""The commands that the documents of similar emulators print are run as printed, or listed with the reason why not."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from benchmarks.servers import free_port
from conformance.server import Server, plain_environment, running
from tests.patience import SECONDS
from tests.project.pages import ROOT

RUN = {
    "make help": "make compose-up",
    "make setup": "",
    "make build": "",
    "make curl-sim": "chat.completion",
    "make curl-text": "chat.completion",
    "make curl-stream": "data: [DONE]",
    "make open": "http://localhost:3000",
}
"""Commands that end by themselves, and what they print."""
STARTS = ("make run", "make run PORT=8090", "make run-sim")
"""Commands that run a server until they are stopped; here it listens on a free port."""
_ENGINE = "needs a container engine"
_CLUSTER = "needs a Kubernetes cluster, which needs a container engine"
_OF_ANOTHER = "starts that project's own program; ours is started by `make run`"
NOT_RUN = {
    "make docker-build": _ENGINE,
    "make docker-run": _ENGINE,
    "make docker-run PORT=8090": _ENGINE,
    "make docker-test": f"{_ENGINE}; `make matrix` runs it where there is one",
    "make compose-up": _ENGINE,
    "BAKED=false make compose-up": _ENGINE,
    "make compose-down": _ENGINE,
    "make compose-up-noai": _ENGINE,
    "make compose-down-noai": _ENGINE,
    "make compose-logs": _ENGINE,
    "make compose-down && make compose-up": _ENGINE,
    "docker build -t openai-emulator .": _ENGINE,
    "docker run -p 8080:8080 openai-emulator": _ENGINE,
    "docker run -p 8080:8080 -e DEBUG=true openai-emulator": _ENGINE,
    "docker build -t mock-openai-tool:latest .": _ENGINE,
    "docker run -d -p 8088:8000 --name mock-openai-tool mock-openai-tool:latest": _ENGINE,
    "docker compose up --build": _ENGINE,
    "kubectl apply -f k8s/": _CLUSTER,
    "kubectl set image deployment/openai-emulator openai-emulator=your-registry/openai-emulator:tag": _CLUSTER,
    "helm install openai-emulator ./charts/openai-emulator": _CLUSTER,
    "make test": "it runs this test, and takes minutes",
    "make conformance": "takes minutes; CI runs the same tests",
    "cd conformance/js && npm test": "run with fewer cases in test_other_documents.py",
    "cd conformance/python && pytest": "run with fewer cases in test_other_documents.py",
    "make fmt": "changes files of the clone; CI checks that it would change none",
    "make tidy": "the same as `make fmt`",
    "make run-smollm": "downloads 145 MB; conformance/smollm runs the program with a tiny model",
    "make local-dev": "the same as `make run-smollm`",
    "make build-smollm": "installs 1 GB; conformance/smollm does it",
    "make setup-dev": "the same as `make build-smollm`",
    "./openai-emulator": _OF_ANOTHER,
    "go run cmd/openai-emulator/main.go": _OF_ANOTHER,
    "go run .": _OF_ANOTHER,
    "go build ./cmd/server": _OF_ANOTHER,
    "./server -port 8090": _OF_ANOTHER,
    "./server -port 8090 -stream_delay_min_ms 50 -stream_delay_max_ms 200 -stream_tokens_per_second 30": _OF_ANOTHER,
    "./openai-api-simulator-smollm": _OF_ANOTHER,
    "pip install -r requirements.txt": _OF_ANOTHER,
    "uvicorn mock_openai_tool.backend.main:app --host 0.0.0.0 --port 8000": _OF_ANOTHER,
    "uvicorn mock_openai_tool.backend.main:app --host 0.0.0.0 --port 9000": _OF_ANOTHER,
    "git clone https://github.com/yourusername/mock-openai-tool.git": "needs the network",
}
"""All others, with the reason."""
_TARGETS = sorted({found for line in (*RUN, *STARTS, *NOT_RUN) for found in re.findall(r"make ([a-z-]+)", line)})

needs_clone = pytest.mark.skipif(
    not (ROOT / ".venv" / "installed").exists(), reason="this is not a clone with its own environment"
)


@pytest.fixture(scope="module")
def simulating() -> Iterator[Server]:
    with running("--on-unmatched", "simulate", "--models", "smollm,gpt-sim-1") as server:
        yield server


@pytest.mark.parametrize("target", _TARGETS)
def test_every_printed_target_of_make_exists(target: str) -> None:
    ended = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
    )

    assert ended.returncode == 0, ended.stderr


@pytest.mark.long
@needs_clone
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("command", RUN)
def test_a_printed_command_runs(command: str, simulating: Server, tmp_path: Path) -> None:
    # A browser that says what it opens.
    browser = tmp_path / "xdg-open"
    browser.write_text("#!/bin/sh\necho $1\n")
    browser.chmod(0o755)
    env = {**plain_environment(), "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}

    ended = subprocess.run(
        [*command.split(), f"PORT={simulating.port}"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    assert RUN[command] in ended.stdout


@pytest.mark.long
@needs_clone
@pytest.mark.parametrize("command", STARTS)
def test_a_printed_command_starts_a_server_that_answers_and_ends(command: str, tmp_path: Path) -> None:
    port = free_port()
    words = [word for word in command.split() if not word.startswith("PORT=")]
    # Certificates go to the home of whoever runs it.
    env = {**plain_environment(), "LLEMULATOR_CERTS": str(tmp_path), "LLEMULATOR_LISTEN": ""}
    process = subprocess.Popen(
        [*words, f"PORT={port}"], cwd=ROOT, env=env, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        assert b"ok" in _read_when_up(port, process)
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(SECONDS)


def _read_when_up(port: int, process: subprocess.Popen[bytes]) -> bytes:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    return b""
