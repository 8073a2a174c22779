"""The plugin, as a user's tests see it: each test here is about a small suite of its own."""

import re

import pytest

from tests.adapters.pytest_plugin.suites import Outcome, Run, text_of

pytest_plugins = ["pytester"]


@pytest.mark.suite("""
def test_reply(llemulator):
    llemulator.reply("one").reply("two")
    assert [ask("a"), ask("b")] == ["one", "two"]
    assert [request.user_text for request in llemulator.requests] == ["a", "b"]
    assert [request.text for request in llemulator.requests] == ["one", "two"]

def test_on(llemulator):
    llemulator.on("(?i)hello").reply("Hi").on(model="gpt-4o-mini").reply("small")
    assert [ask("Hello"), ask("hello again"), ask("x", model="gpt-4o-mini")] == ["Hi", "Hi", "small"]

def test_fail(llemulator):
    llemulator.fail(429, retry_after=1).reply("well")
    assert [ask("a"), ask("a")] == [429, "well"]

def test_stream(llemulator):
    llemulator.stream("Hello there", ttft_ms=1, chunk_by="word")
    assert "[DONE]" in ask("a", stream=True)

def test_script(llemulator):
    llemulator.script({"responses": {"a": "A"}}).script("responses: {b: B}")
    assert [ask("a"), ask("b")] == ["A", "B"]

@pytest.mark.llemulator(script="weather.yaml")
def test_mark(llemulator):
    assert ask("the weather") == "Sunny."

@pytest.mark.llemulator({"responses": "Hi"})
def test_mark_without_naming_the_fixture():
    assert ask("x") == "Hi"

def test_tool_call(llemulator):
    llemulator.tool_call("get_weather", city="Oslo")
    ask("x")
    (request,) = llemulator.requests
    assert request.answer["body"]["choices"][0]["finish_reason"] == "tool_calls"

def test_verify(llemulator):
    llemulator.reply("x")
    ask("a")
    assert llemulator.verify(expectations=[{"match": "a", "count": 1}]).passed

def test_env(llemulator):
    import subprocess, sys
    llemulator.reply("from another process")
    code = "from asking import ask; print(ask('x'))"
    said = subprocess.run([sys.executable, "-c", code], env=llemulator.env, capture_output=True, text=True).stdout
    assert said == "from another process\\n"

def test_env_is_that_of_run(llemulator):
    import subprocess, sys
    names = "JAVA_TOOL_OPTIONS", "PHP_INI_SCAN_DIR", "WGETRC", "LLEMULATOR_RUN_CA", "all_proxy", "PIP_CERT"
    assert [name for name in names if name not in llemulator.env] == []
    assert "node.cjs" in llemulator.env["NODE_OPTIONS"] and llemulator.env["OPENAI_API_KEY"] == llemulator.token
    llemulator.reply("preloaded")
    code = "import http.client, os, json; c = http.client.HTTPSConnection('api.openai.com');"
    code += "key = {'Authorization': 'Bearer ' + os.environ['OPENAI_API_KEY'], 'Content-Type': 'application/json'};"
    code += "m = {'model': 'gpt-4o', 'messages': [{'role': 'user', 'content': 'x'}]};"
    code += "c.request('POST', '/v1/chat/completions', json.dumps(m), key);"
    code += "print('preloaded' in c.getresponse().read().decode())"
    said = subprocess.run([sys.executable, "-c", code], env=llemulator.env, capture_output=True, text=True)
    assert said.stdout == "True\\n", said.stderr

def test_token(llemulator):
    assert os.environ["OPENAI_API_KEY"] == llemulator.token

def test_without_the_fixture_nothing_is_changed():
    assert "OPENAI_API_KEY" not in os.environ and "HTTPS_PROXY" not in os.environ
""")
def test_each_test_has_a_script_and_a_journal_of_its_own(outcome: Outcome) -> None:
    outcome.assert_outcomes(passed=13)


@pytest.mark.suite("""
@pytest.mark.llemulator(verify=False)
def test_not(llemulator):
    llemulator.reply("x")

@pytest.mark.llemulator(ignore=["unused"])
def test_less(llemulator):
    llemulator.reply("x")

def test_told_by_the_test_itself(llemulator):
    llemulator.reply("x")
    with pytest.raises(AssertionError, match="never answered"):
        llemulator.verify()

@pytest.mark.llemulator(verdicts=True)
def test_client(llemulator):
    llemulator.fail(503)
    ask("x")

def test_client_is_only_reported(llemulator):
    llemulator.fail(503)
    ask("x")
""")
def test_what_is_verified_can_be_chosen(outcome: Outcome) -> None:
    outcome.assert_outcomes(passed=5, errors=1)


@pytest.mark.suite("""
import asyncio

pytestmark = pytest.mark.filterwarnings("ignore")

@pytest.mark.asyncio
async def test_asyncio(llemulator):
    llemulator.reply("x")
    assert await asyncio.to_thread(ask, "a") == "x"

@pytest.mark.anyio
async def test_anyio(llemulator):
    import anyio.to_thread
    llemulator.reply("x")
    assert await anyio.to_thread.run_sync(ask, "a") == "x"

@pytest.fixture
def anyio_backend():
    return "asyncio"
""")
def test_async_tests_of_both_plugins(outcome: Outcome) -> None:
    outcome.assert_outcomes(passed=2)


def test_a_session_for_all_tests(run: Run) -> None:
    result = run("""
@pytest.fixture(scope="session", autouse=True)
def app(llemulator_session):
    llemulator_session.script({"responses": {"a": "A", "b": "B"}})
    return llemulator_session

def test_one():
    assert ask("a") == "A"

def test_two():
    assert ask("b") == "B"

def test_own(llemulator):
    llemulator.reply("mine")
    assert ask("a") == "mine"

def test_three(app):
    assert ask("b") == "B"
    assert [request.user_text for request in app.requests] == ["a", "b", "b"]
""")

    result.assert_outcomes(passed=4)


@pytest.mark.suite("""
KEYS = []

def test_before(llemulator):
    KEYS.append(llemulator.token)
    llemulator.reply("x")
    ask("a")

def test_culprit(llemulator):
    llemulator.reply("x")
    ask("a")
    ask("b", key=KEYS[0])

def test_after(llemulator):
    llemulator.reply("x")
    ask("a")
""")
def test_a_request_outside_of_any_session_is_reported_with_its_test(outcome: Outcome) -> None:
    outcome.assert_outcomes(passed=3, errors=1)
    assert "ERROR at teardown of test_culprit" in outcome.text
    assert re.search(
        re.escape(outcome.file)
        + r"::test_culprit: POST api\.openai\.com/v1/chat/completions with a key that ends in \w{4}\n",
        outcome.summary,
    )


def test_the_report_is_a_table(run: Run) -> None:
    result = run(
        """
def test_one(llemulator):
    llemulator.reply("x")
    ask("a")

def test_two(llemulator):
    llemulator.fail(503)
    ask("a")
""",
        "--llemulator-report",
    )

    result.stdout.fnmatch_lines(
        [
            "answered unmatched unused  test",
            "       1         0      0  test_it.py::test_one",
            "       1         0      0  test_it.py::test_two  ?gave_up_early?",
            "       2         0      0  all of 2",
            "answered    passed refused  host",
            "       2         0       0  api.openai.com",
        ]
    )


@pytest.mark.slow
def test_workers_of_xdist_have_a_proxy_each_and_report_together(run: Run) -> None:
    result = run(
        """
@pytest.mark.parametrize("number", range(40))
def test_it(llemulator, number):
    llemulator.reply(str(number))
    assert ask("a") == str(number)
""",
        "--llemulator-report",
        "-n2",
    )

    result.assert_outcomes(passed=40)
    result.stdout.fnmatch_lines(["      40         0      0  all of 40", "      40         0       0  api.openai.com"])


def test_a_hermetic_run_fails_the_test_that_reached_out(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nllemulator_allow = *.allowed.test\n")

    result = run(
        """
import urllib.request

def test_out(llemulator):
    with pytest.raises(OSError, match="403"):
        urllib.request.urlopen("https://example.test/", timeout=300)

def test_in(llemulator):
    llemulator.reply("x")
    ask("a")
""",
        "--llemulator-hermetic",
    )

    result.assert_outcomes(passed=2, errors=1)
    assert "The host example.test was blocked" in " ".join(text_of(result).split())


def test_no_proxy_is_started_where_no_test_needs_one(run: Run) -> None:
    result = run("""
import sys

def test_it():
    assert not {"llemulator_addon.client", "mitmproxy", "pydantic"} & set(sys.modules)
""")

    result.assert_outcomes(passed=1)


@pytest.mark.suite("""
def test_names(llemulator):
    llemulator.tool_call("book", {"times": 2}, name="Ann", tool="x").tool_calls(("a", {"x": 1}), ("b", {}))
    ask("a"), ask("b")
    first, second = (each.answer["body"]["choices"][0]["message"]["tool_calls"] for each in llemulator.requests)
    assert first[0]["function"]["arguments"] == '{"times":2,"name":"Ann","tool":"x"}'
    assert [call["function"]["name"] for call in second] == ["a", "b"]
""")
def test_a_tool_takes_arguments_of_any_name(outcome: Outcome) -> None:
    outcome.assert_outcomes(passed=1)


@pytest.mark.suite("""
@pytest.mark.llemulator({"rules": [{"reply": "ok", "faults": [{"rate_limit": {"requests_per_minute": 1}}]}]})
def test_clock(llemulator):
    asked = [ask("a"), ask("b")]
    llemulator.clock.advance(61)
    assert [*asked, ask("c")] == ["ok", 429, "ok"]
    llemulator.clock.reset()
""")
def test_the_clock_of_a_test_moves_its_rate_limits(outcome: Outcome) -> None:
    outcome.assert_outcomes(passed=1)


@pytest.mark.suite("""
def test_cut(llemulator):
    llemulator.on("hi").stream("one two three", tokens_per_second=1000, faults=[{"latency_ms": 1}], name="mine")
    assert ask("hi") == "one two three"
    assert llemulator.requests[0].rule == "mine"
    assert repr(llemulator) == "<llemulator with mine>"
""")
def test_faults_and_a_rhythm_go_together(outcome: Outcome) -> None:
    outcome.assert_outcomes(passed=1)


@pytest.mark.suite("""
from openai import OpenAI

def chat(client, messages):
    return client.chat.completions.create(model="gpt-4o", messages=messages).choices[0].message

def test_agent(llemulator):
    llemulator.on("weather").tool_call("get_weather", city="Oslo")
    llemulator.on(tool_result={"name": "get_weather"}).reply("Take an umbrella.")

    client, messages = OpenAI(), [{"role": "user", "content": "weather?"}]
    while (said := chat(client, messages)).tool_calls:
        messages += [said, {"role": "tool", "tool_call_id": said.tool_calls[0].id, "content": "rain"}]
    assert said.content == "Take an umbrella."

def test_rag(llemulator):
    llemulator.on(any_text="capital of Norway is Oslo").reply("Oslo.")

    client, texts = OpenAI(), ["Bread needs flour", "The capital of Norway is Oslo"]
    made = client.embeddings.create(model="text-embedding-3-small", input=[*texts, "capital of Norway?"]).data
    *known, asked = (each.embedding for each in made)
    best = max(range(2), key=lambda n: sum(a * b for a, b in zip(known[n], asked)))
    assert chat(client, [{"role": "user", "content": texts[best] + ". Capital?"}]).content == "Oslo."

def test_retry(llemulator):
    llemulator.fail(429, retry_after=0).reply("Hello")

    assert chat(OpenAI(), [{"role": "user", "content": "Hi"}]).content == "Hello"
    assert [each.status for each in llemulator.requests] == [429, 200]
""")
def test_the_natural_tests_of_an_agent_of_retrieval_and_of_retries_pass(outcome: Outcome) -> None:
    outcome.assert_outcomes(passed=3)
