"""Commands and requests that the documents of four similar emulators print do here what they say there.

A request is sent as it is printed, by curl; only its port is that of the server under test. Other commands are run by
`test_printed_commands.py`; files and names that a container engine would need must exist.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ruamel.yaml import YAML

from conformance.server import Server, plain_environment, running
from tests.patience import SECONDS
from tests.project.pages import ROOT


class Sent(NamedTuple):
    """A request of a document, and what its answer must have."""

    document: str
    command: str
    answer: str
    """A regular expression."""


_GUIDE, _LLEMULATOR, _SIMULATOR, _MOKKU, _TOOL = (
    "llemulator-guide",
    "llemulator",
    "openai-api-simulator",
    "openai-mokku",
    "mock-openai-tool",
)
_JSON = '-H "Content-Type: application/json"'
_TOKEN = f'-H "Authorization: Bearer test-token" {_JSON}'
_HI = '[{"role": "user", "content": "Hello!"}]'


def _script(body: str) -> str:
    return f"curl -sS -X POST http://localhost:8080/_emulator/script {_TOKEN} -d '{body}'"


REQUESTS = (
    # These share a token: each script replaces the one before.
    Sent(_GUIDE, _script('{"reset": true, "responses": "Hello from the emulator!"}'), r'"rules": 1'),
    Sent(
        _GUIDE,
        f"curl -sS -X POST http://localhost:8080/v1/chat/completions {_TOKEN} "
        """-d '{"model": "gpt-4", "messages": [{"role": "user", "content": "Say hello"}]}'""",
        r"Hello from the emulator!",
    ),
    Sent(_GUIDE, _script('{"reset": true, "responses": ["First response", "Second", "Third"]}'), r'"rules": 3'),
    Sent(
        _LLEMULATOR, _script('{"reset": true, "responses": {".*hello.*": "Hi there!", ".*": "What?"}}'), r'"rules": 2'
    ),
    Sent(
        _GUIDE,
        _script(
            '{"reset": true, "responses": ["Default first response", {"pattern": ".*help.*", "response": '
            '"I can help!", "times": 2}, "Default second response"]}'
        ),
        r'"rules": 3',
    ),
    Sent(
        _GUIDE,
        _script('{"reset": true, "models": ["gpt-4", "claude-3", "custom-model"], "responses": "Test response"}'),
        r'"rules": 1',
    ),
    Sent(_GUIDE, f"curl -sS http://localhost:8080/v1/models {_TOKEN}", r'"id": "custom-model"'),
    Sent(_GUIDE, f"curl -sS http://localhost:8080/v1/models/custom-model {_TOKEN}", r'"object": "model"'),
    Sent(
        _GUIDE,
        f"curl -sS -N {_TOKEN} "
        """-d '{"model":"gpt-4","stream":true,"messages":[{"role":"user","content":"Hi"}]}' """
        "http://localhost:8080/v1/chat/completions",
        r'(?s)^data: \{.*"content":"Test".*data: \[DONE\]\n\n$',
    ),
    Sent(_GUIDE, f"curl -sS -X POST http://localhost:8080/_emulator/reset {_TOKEN}", r"\{"),
    Sent(_GUIDE, f"curl -sS http://localhost:8080/_emulator/state {_TOKEN}", r'"rules"'),
    Sent(_GUIDE, "curl -sS http://localhost:8080/healthz", r'"status": "ok"'),
    Sent(_GUIDE, "curl -sS http://localhost:8080/readyz", r'"status": "ready"'),
    Sent(_SIMULATOR, "curl -sS http://localhost:8090/", r'"service": "llemulator",\s+"status": "ok"'),
    Sent(_SIMULATOR, "curl -sS http://localhost:8090/health", r'"ok": true'),
    Sent(_SIMULATOR, "curl -sS http://localhost:8090/v1/models", r'"object": "list"'),
    Sent(_SIMULATOR, "curl -sS http://localhost:8090/models", r'"object": "list"'),
    Sent(
        _SIMULATOR,
        f"curl -sS -N -X POST http://localhost:8090/v1/chat/completions {_JSON} "
        """-d '{"model":"gpt-sim-1","messages":[{"role":"user","content":"Hello"}],"stream":true}'""",
        r"(?s)^data: \{.*data: \[DONE\]\n\n$",
    ),
    Sent(
        _SIMULATOR,
        f"curl -sS -X POST http://localhost:8090/chat/completions {_JSON} "
        """-d '{"model":"gpt-sim-1","messages":[{"role":"user","content":"Hello"}],"stream":false}'""",
        r'"object": "chat.completion"',
    ),
    Sent(
        _SIMULATOR,
        f"curl -sS -N http://localhost:8090/v1/chat/completions {_JSON} "
        """-d '{"model":"gpt-sim-1","messages":[{"role":"user","content":"Hi"}],"stream":true,"stream_options":"""
        """{"delay_min_ms":5,"delay_max_ms":10,"tokens_per_second":300}}'""",
        r"(?s)^data: \{.*data: \[DONE\]\n\n$",
    ),
    Sent(
        _SIMULATOR,
        f"curl -sS -X POST http://localhost:8090/v1/chat/completions {_JSON} "
        """-d '{"model":"gpt-sim-1","messages":[{"role":"user","content":"Give me a Person JSON"}],"response_format":"""
        """{"type":"json_schema","json_schema":{"type":"object","properties":{"name":{"type":"string"},"age":"""
        """{"type":"integer"},"email":{"type":"string","format":"email"}},"required":["name","email"]}}}'""",
        r'\\"email\\":\\"[^"]+@',
    ),
    Sent(
        _MOKKU,
        f"""curl -sS http://localhost:8080/v1/chat/completions {_JSON} -d '{{"model": "gpt-4", "messages": {_HI}}}'""",
        r'"object": "chat.completion"',
    ),
    Sent(
        _MOKKU,
        f"curl -sS http://localhost:8080/v1/chat/completions {_JSON} "
        f"""-d '{{"model": "gpt-4", "messages": {_HI}, "stream": true}}'""",
        r"(?s)^data: \{.*data: \[DONE\]\n\n$",
    ),
    Sent(_MOKKU, "curl -sS http://localhost:8080/v1/models/gpt-4", r'"id": "gpt-4"'),
    Sent(
        _MOKKU,
        f"""curl -sS http://localhost:8080/v1/completions {_JSON} -d '{{"model": "davinci-002", "prompt": "Hi"}}'""",
        r'"object": "text_completion"',
    ),
    Sent(
        _MOKKU,
        f"curl -sS http://localhost:8080/v1/embeddings {_JSON} "
        """-d '{"model": "text-embedding-3-small", "input": "Hi"}'""",
        r'"object": "embedding"',
    ),
    Sent(
        _MOKKU,
        f"curl -sS http://localhost:8080/v1/chat/completions {_JSON} "
        f"""-d '{{"model": "credit-error", "messages": {_HI}}}'""",
        r'(?s)"You exceeded your current quota, please check your plan and billing details.*"insufficient_quota"',
    ),
    Sent(
        _TOOL,
        f"curl -sS -X POST http://localhost:8088/v1/chat/completions {_JSON} "
        f"""-d '{{"model": "gpt-3.5-turbo", "messages": {_HI}}}'""",
        r'"object": "chat.completion"',
    ),
    Sent(
        _TOOL,
        f"curl -sS -X POST http://localhost:8088/api/preset-queue/192.168.1.100 {_JSON} "
        """-d '{"response": {"error": {"message": "Internal server error", "type": "server_error"}}, "status_code": """
        """500}'""",
        r'"length": 1',
    ),
    Sent(
        _TOOL,
        f"curl -sS -X POST http://localhost:8088/api/preset-queue/192.168.1.100/batch {_JSON} "
        """-d '{"responses": [{"id": "resp-1", "choices": [{"message": {"content": "Response 1"}}]}, """
        """{"id": "resp-2", "choices": [{"message": {"content": "Response 2"}}]}], "status_code": 200}'""",
        r'"length": 3',
    ),
    Sent(
        _TOOL,
        """echo '[{"id": "chatcmpl-1"}, {"id": "chatcmpl-2"}]' | """
        "curl -sS -X POST http://localhost:8088/api/preset-queue/192.168.1.100/import -F 'file=@-;filename=queue.json'",
        r'"length": 5',
    ),
    Sent(_TOOL, "curl -sS http://localhost:8088/api/preset-queue", r'"192.168.1.100": \['),
    Sent(_TOOL, "curl -sS http://localhost:8088/api/preset-queue/192.168.1.100", r'"status_code": 500'),
    Sent(_TOOL, "curl -sS http://localhost:8088/api/preset-queue/192.168.1.100/export", r"^\["),
    Sent(_TOOL, "curl -sS -X DELETE http://localhost:8088/api/preset-queue/192.168.1.100", r'"cleared": 5'),
    Sent(_TOOL, "curl -sS -X DELETE http://localhost:8088/api/preset-queue", r'"cleared": \{'),
)


@pytest.fixture(scope="module")
def simulating() -> Iterator[Server]:
    with running("--on-unmatched", "simulate", env={"DEBUG": "true"}) as server:
        yield server


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("document", list(dict.fromkeys(sent.document for sent in REQUESTS)))
def test_the_printed_requests_are_answered_as_their_document_says(document: str, simulating: Server) -> None:
    for sent in REQUESTS:
        if sent.document == document:
            answer = _answer(sent.command, simulating)
            assert re.search(sent.answer, answer), f"{sent.command}\n{answer}"


def _answer(command: str, server: Server) -> str:
    ended = subprocess.run(
        ["bash", "-c", re.sub(r"localhost:\d+", f"127.0.0.1:{server.port}", command)],
        env=plain_environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return ended.stdout + ended.stderr


# Names ----------------------------------------------------------------------------------------------------------------


def test_baked_false_makes_the_small_image() -> None:
    told = subprocess.run(
        ["make", "--dry-run", "compose-up"],
        cwd=ROOT,
        env={**plain_environment(), "BAKED": "false"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    ).stdout
    smollm = _services()["smollm"]

    assert "BAKED=false" in told
    assert smollm["build"]["args"] == {"BAKED": "${BAKED:-true}"}
    assert (ROOT / smollm["build"]["dockerfile"]).read_text("utf-8").count("ARG BAKED=true") == 1


def test_the_services_ports_and_names_that_are_printed_are_in_the_compose_file() -> None:
    services = _services()
    published = {port.split(":")[1] for service in services.values() for port in service.get("ports", ())}

    assert {"smollm", "openwebui"} <= services.keys()
    assert services["llemulator"]["networks"]["default"] == {"aliases": ["simulator"]}
    assert services["llemulator"]["environment"]["LLEMULATOR_LISTEN"] == "8090"
    assert published == {"8080", "8090", "8081", "3000", "16686"}


def test_the_deployment_and_the_chart_have_the_printed_names_too() -> None:
    manifests = list(YAML(typ="safe").load_all(ROOT / "k8s" / "openai-emulator.yaml"))
    (deployment,) = (each for each in manifests if each["kind"] == "Deployment")
    chart = YAML(typ="safe").load(ROOT / "charts" / "openai-emulator" / "Chart.yaml")

    # kubectl set image deployment/openai-emulator openai-emulator=your-registry/openai-emulator:tag
    assert deployment["metadata"]["name"] == "openai-emulator"
    assert [container["name"] for container in deployment["spec"]["template"]["spec"]["containers"]] == [
        "openai-emulator"
    ]
    # helm install openai-emulator ./charts/openai-emulator
    assert chart["name"] == "llemulator"


@pytest.mark.long
def test_emulator_url_names_a_server_that_runs_for_npm_test(simulating: Server) -> None:
    npm, folder = shutil.which("npm"), ROOT / "conformance" / "js"
    if npm is None or not (folder / "node_modules").exists():
        pytest.skip("npm, or what it installs, is not here")

    ended = subprocess.run(
        [npm, "test", "--silent", "--", "one text answers"],
        cwd=folder,
        env={**plain_environment(), "EMULATOR_URL": simulating.origin},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    played = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
    assert (ended.returncode, [case["problems"] for case in played if case["problems"]]) == (0, []), ended.stderr
    assert played


@pytest.mark.long
def test_emulator_url_names_a_server_that_runs_for_pytest(simulating: Server) -> None:
    pytest_program = Path(ROOT, ".venv", "bin", "pytest")
    if not pytest_program.exists():
        pytest.skip("this is not a clone with its own environment")

    ended = subprocess.run(
        [str(pytest_program), "-q", "-p", "no:cacheprovider", "-k", "one and text and answers", "test_python_sdk.py"],
        cwd=ROOT / "conformance" / "python",
        env={**plain_environment(), "EMULATOR_URL": simulating.origin},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout[-3000:]
    assert " passed" in ended.stdout


def _services() -> dict[str, Any]:
    services: dict[str, Any] = YAML(typ="safe").load(ROOT / "docker-compose.yml")["services"]
    return services
