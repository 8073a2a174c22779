"""A request that no rule answers: no client retries it, or takes it for something else, and each shows our message."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping

import pytest

from conformance.frameworks.test_frameworks import js_command, python_command
from conformance.server import Server, plain_environment, running
from llemulator_addon.client import Client

_PYTHON = {
    "OpenAI": "BadRequestError",
    "OpenAI, stream": "BadRequestError",
    "OpenAI, Responses": "BadRequestError",
    "AsyncOpenAI": "BadRequestError",
    "LangChain": "OpenAIInvalidRequestError",
    "LlamaIndex": "BadRequestError",
    "LiteLLM": "BadRequestError",
    "Pydantic AI": "ModelHTTPError",
    "Instructor": "InstructorRetryException",
    "DSPy": "LMInvalidRequestError",
    "OpenAI Agents SDK": "BadRequestError",
}
_JAVASCRIPT = {"OpenAI": "BadRequestError", "AI SDK": "APICallError", "LangChain.js": "BadRequestError"}
_SCRIPT = {"rules": [{"name": "weather", "match": {"user_text": "the weather"}, "reply": "Sunny."}]}
_CLOSEST = 'The closest is "weather": user_text "the weather" is not found in the last user message'


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Run a server."""
    with running() as server:
        yield server


@pytest.mark.parametrize(("language", "errors"), [("python", _PYTHON), ("js", _JAVASCRIPT)])
def test_an_unmatched_request_is_sent_once_and_its_error_names_the_closest_rule(
    language: str, errors: Mapping[str, str], server: Server
) -> None:
    command, more = {"python": python_command, "js": js_command}[language]("unmatched")
    env = {**plain_environment(), **server.through_proxy(), "OPENAI_API_KEY": f"sk-{language}", **more}
    with Client(server.origin, f"sk-{language}") as admin:
        admin.load(_SCRIPT)
        ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=900, check=False)
        told = [json.loads(line) for line in ended.stdout.splitlines()]
        sent = Counter(exchange.user_text for exchange in admin.requests(unmatched="true"))

    assert {each["case"]: each["error"] for each in told} == errors, ended.stderr[-4000:]
    assert [each["case"] for each in told if _CLOSEST not in each["says"]] == []
    assert sent == dict.fromkeys(errors, 1)
