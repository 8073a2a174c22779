"""Runs pytest on a suite of a user's."""

import pytest

from tests.adapters.pytest_plugin.suites import Run

_ASK = """
import json, os, urllib.error, urllib.request

def ask(text, model="gpt-4o", key=None, **body):
    asked = {"model": model, "messages": [{"role": "user", "content": text}], **body}
    request = urllib.request.Request(
        "https://api.openai.com/v1/chat/completions",
        json.dumps(asked).encode(),
        {"Authorization": "Bearer " + (key or os.environ["OPENAI_API_KEY"]), "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            answer = answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    return answer.decode() if body.get("stream") else json.loads(answer)["choices"][0]["message"]["content"]
"""


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Run pytest on a suite, in which `ask` asks the API as any client would."""

    def run(suite: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(asking=_ASK)
        pytester.makepyfile(test_it="import os\nimport pytest\nfrom asking import ask\n" + suite)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *options)

    return run
