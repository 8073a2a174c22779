"""The tests on the pages pass, with real applications: an agent with a tool, a search, and a plain client."""

from collections.abc import Mapping

import pytest

from tests.adapters.pytest_plugin.suites import Outcome, run_together
from tests.project.pages import Block, blocks

_APPLICATIONS = """
import json
from openai import OpenAI

TOOLS = [{"type": "function", "function": {"name": "get_weather", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}}}}]


class my_app:
    def greet(text):
        asked = [{"role": "user", "content": text}]
        return OpenAI().chat.completions.create(model="gpt-4o", messages=asked).choices[0].message.content


class my_agent:
    def run(text):
        messages = [{"role": "user", "content": text}]
        while True:
            asked = {"model": "gpt-4o", "messages": messages, "tools": TOOLS}
            message = OpenAI().chat.completions.create(**asked).choices[0].message
            if not message.tool_calls:
                return message.content
            messages.append(message)
            for call in message.tool_calls:
                result = f"rain in {json.loads(call.function.arguments)['city']}"
                messages.append({"role": "tool", "tool_call_id": call.id, "content": result})


class my_search:
    texts = ["Paris is the capital of France.", "Oslo is the capital of Norway.", "Cats sleep a lot."]

    def ask(text):
        answer = OpenAI().embeddings.create(model="text-embedding-3-small", input=[text, *my_search.texts])
        asked, *stored = (each.embedding for each in answer.data)
        near = max(zip(stored, my_search.texts), key=lambda pair: sum(map(float.__mul__, asked, pair[0])))[1]
        return my_app.greet(f"{near} {text}")
"""
_MOST_LINES = 10
_TESTS = [block for block in blocks("python") if "def test_" in block.text and "(llemulator)" in block.text]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Outcome]:
    folder = tmp_path_factory.mktemp("pages")
    (folder / "applications.py").write_text(_APPLICATIONS)
    head = "from applications import my_agent, my_app, my_search\n"
    return run_together(folder, {_file_of(block): f"{head}{block.text}" for block in _TESTS})


def _file_of(block: Block) -> str:
    return f"test_{_TESTS.index(block)}"


@pytest.mark.parametrize("block", _TESTS, ids=str)
def test_a_test_on_a_page_passes(block: Block, outcomes: Mapping[str, Outcome]) -> None:
    outcomes[_file_of(block)].assert_outcomes(passed=block.text.count("def test_"))


def test_the_tests_of_an_agent_of_a_search_and_of_a_retry_are_short() -> None:
    of = {name: block for block in _TESTS for name in ("agent", "rag", "retry") if f"def test_{name}(" in block.text}

    assert of.keys() == {"agent", "rag", "retry"}
    assert all(test.count("\n") < _MOST_LINES for block in of.values() for test in block.text.split("def test_"))
