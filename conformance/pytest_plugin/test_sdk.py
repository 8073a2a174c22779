"""The official SDK in tests that use the plugin: made in the test, with nothing said about proxies or certificates."""

import pytest

pytest_plugins = ["pytester"]

_SUITE = """
import openai
import pytest
from openai import AsyncOpenAI, OpenAI

ASKED = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}

def test_sync(llemulator):
    llemulator.on("(?i)hello").reply("Hi there!")
    answer = OpenAI().chat.completions.create(**ASKED)
    assert answer.choices[0].message.content == "Hi there!"
    (request,) = llemulator.requests
    assert (request.client["sdk"], request.connection["way"]) == ("openai-python", "connect")

@pytest.mark.asyncio
async def test_async(llemulator):
    llemulator.stream("Hi there!", ttft_ms=5, tokens_per_second=500)
    async with AsyncOpenAI() as client:
        stream = await client.chat.completions.create(**ASKED, stream=True)
        said = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
    assert "".join(said) == "Hi there!"

@pytest.mark.llemulator(verdicts=True)
def test_retries(llemulator):
    llemulator.fail(429, times=2, retry_after=1).reply("well")
    assert OpenAI().chat.completions.create(**ASKED).choices[0].message.content == "well"
    assert [request.client["retry"] for request in llemulator.requests] == [0, 1, 2]

def test_failure(llemulator):
    llemulator.fail(400, code="bad", message="no")
    with pytest.raises(openai.BadRequestError, match="no"):
        OpenAI().chat.completions.create(**ASKED)
"""


def test_the_sdk_goes_through_with_nothing_but_the_fixture(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=_SUITE)

    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:anyio", "-W", "ignore::ResourceWarning")

    result.assert_outcomes(passed=4)
