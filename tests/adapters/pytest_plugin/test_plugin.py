"""The plugin, as a user's tests see it: each test here runs pytest on a small suite of its own."""

import re
from collections.abc import Callable

import pytest

pytest_plugins = ["pytester"]

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

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Run pytest on a suite, in which `ask` asks the API as any client would."""

    def run(suite: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(asking=_ASK)
        pytester.makepyfile(test_it="import os\nimport pytest\nfrom asking import ask\n" + suite)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *options)

    return run


def _text(result: pytest.RunResult) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", result.stdout.str())


def test_each_test_has_a_script_and_a_journal_of_its_own(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makefile(".yaml", weather="rules: [{match: {user_text: weather}, reply: {text: Sunny.}}]")

    result = run("""
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

    result.assert_outcomes(passed=13)


def test_a_test_fails_that_asked_what_no_rule_answers_and_says_what_differs(run: Run) -> None:
    result = run("""
def test_weather(llemulator):
    llemulator.on("weather in (Oslo|Rome)").reply("Sunny.", name="weather")
    ask("weather in Berlin")
""")

    result.assert_outcomes(passed=1, errors=1)
    told = _text(result)
    for line in (
        "llemulator found 2 problems:",
        "  unmatched",
        '    Request 1 (POST /v1/chat/completions, gpt-4o, "weather in Berlin") was not answered by a rule.',
        '    No rule matches. The closest is "weather":',
        "  unused",
        '    Rule "weather" never answered.',
        "Requests (1):",
        '    1  chat.completions gpt-4o "weather in Berlin"  400 no rule',
    ):
        assert line in told
    assert "weather in (Oslo|Rome)" in told.replace("\\", "")


def test_the_message_is_coloured_where_the_terminal_is(run: Run) -> None:
    result = run(
        """
def test_weather(llemulator):
    llemulator.reply("x")
""",
        "--color=yes",
    )

    assert "\x1b[31;1munused\x1b[0m" in result.stdout.str()


def test_a_test_that_fails_shows_what_was_asked_and_is_not_verified_as_well(run: Run) -> None:
    result = run("""
def test_weather(llemulator):
    llemulator.reply("x").reply("y")
    assert ask("hello") == "y"
""")

    result.assert_outcomes(failed=1)
    assert """  1  chat.completions gpt-4o "hello"  200 rule "reply('x')\"""" in _text(result)


def test_a_test_that_is_skipped_on_its_way_is_not_verified(run: Run) -> None:
    result = run("""
def test_skipped(llemulator):
    llemulator.reply("x")
    pytest.skip("not on this machine")

@pytest.mark.xfail
def test_expected_to_fail(llemulator):
    llemulator.reply("x")
    assert False
""")

    result.assert_outcomes(skipped=1, xfailed=1)


def test_what_is_wrong_in_a_script_is_told_at_the_line_of_the_test(run: Run) -> None:
    result = run("""
@pytest.mark.llemulator(script="nowhere.yaml")
def test_no_file(): ...

@pytest.mark.llemulator(script={"responses": [{"patern": "x", "response": "y"}]})
def test_unknown_key(): ...

def test_unknown_word(llemulator):
    llemulator.on(modle="gpt-4o").reply("x")
""")

    told = _text(result)
    assert "pytest.mark.llemulator: there is no nowhere.yaml in /" in told
    assert 'pytest.mark.llemulator: responses[0].patern: unknown key; did you mean "pattern"?' in told
    assert 'rules[0].match.modle: unknown key; did you mean "model"?' in told
    assert ">       llemulator.on" in told
    assert "def _bytes" not in told


def test_rules_are_called_as_the_test_spells_them(run: Run) -> None:
    result = run("""
@pytest.mark.llemulator(verify=False)
def test_names(llemulator):
    llemulator.reply("one").reply("one").fail(429).stream("two").tool_call("f", a=1)
    llemulator.on("(?i)hello", model="gpt-4o").reply("three").on(turn=2).reply("four", name="mine")
    assert [rule.name for rule in llemulator.client.rules()] == [
        "reply('one')", "reply('one') (2)", "fail(429)", "stream('two')", "tool_call('f')",
        "on('(?i)hello', model='gpt-4o')", "mine",
    ]
""")

    result.assert_outcomes(passed=1)


def test_texts_with_colons_are_told_whole_and_differences_once(run: Run) -> None:
    result = run("""
def test_colons(llemulator):
    llemulator.on("summarise: now").reply("x")
    ask("summarize: this; and that")
""")

    assert """
    No rule matches. The closest is "on('summarise: now')":
      - user_text "summarise: now" is not found in the last user message, "summarize: this; and that".

  unused (test_it.py:6)
    Rule "on('summarise: now')" never answered.
    The nearest is request 1 (POST /v1/chat/completions, gpt-4o, "summarize: this; and that"):
      (see above)
""" in _text(result)


def test_an_expectation_that_fails_is_told_once_and_without_the_plugins_own_code(run: Run) -> None:
    result = run("""
def test_verify(llemulator):
    llemulator.reply("x")
    ask("a")
    llemulator.verify(expectations=[{"match": "b"}])
""")

    told = _text(result)
    # Where `CI` is set, pytest says it in its summary, too.
    assert told.partition("short test summary")[0].count("Requests (1):") == 1
    assert "session.py" not in told.partition("short test summary")[0].replace("session.Unverified", "")


def test_what_is_verified_can_be_chosen(run: Run) -> None:
    run("""
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
""").assert_outcomes(passed=5, errors=1)


def test_a_mark_that_is_not_understood_is_told(run: Run) -> None:
    result = run("""
@pytest.mark.llemulator(scirpt="x")
def test_it(llemulator):
    pass
""")

    assert "pytest.mark.llemulator: it takes script, verify, verdicts and ignore, not scirpt" in _text(result)


def test_async_tests_of_both_plugins(run: Run) -> None:
    result = run(
        """
import asyncio

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
""",
        "-W",
        "ignore",
    )

    result.assert_outcomes(passed=2)


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


def test_a_request_outside_of_any_session_is_reported_with_its_test(run: Run) -> None:
    result = run("""
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

    result.assert_outcomes(passed=3, errors=1)
    told = _text(result)
    assert "ERROR at teardown of test_culprit" in told
    assert re.search(
        r"test_it\.py::test_culprit: POST api\.openai\.com/v1/chat/completions with a key that ends in \w{4}\n",
        told,
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
        urllib.request.urlopen("https://example.test/", timeout=20)

def test_in(llemulator):
    llemulator.reply("x")
    ask("a")
""",
        "--llemulator-hermetic",
    )

    result.assert_outcomes(passed=2, errors=1)
    assert "The host example.test was blocked" in " ".join(_text(result).split())


def test_no_proxy_is_started_where_no_test_needs_one(run: Run) -> None:
    result = run("""
import sys

def test_it():
    assert not {"llemulator_addon.client", "mitmproxy", "pydantic"} & set(sys.modules)
""")

    result.assert_outcomes(passed=1)


def test_a_request_in_a_test_without_rules_is_unmatched(run: Run) -> None:
    result = run("""
def test_no_rules(llemulator):
    ask("hi")
""")

    result.assert_outcomes(passed=1, errors=1)
    assert "The script has no rules." in _text(result)


def test_an_on_without_an_answer_is_told_with_its_line(run: Run) -> None:
    result = run("""
def test_forgotten(llemulator):
    llemulator.on("hi")

def test_unreachable(llemulator):
    llemulator.on("hi").reply("one")
    llemulator.on("hi there").reply("two")
    assert ask("hi there") == "one"

@pytest.mark.llemulator(ignore=["unused"])
def test_ignored(llemulator):
    llemulator.on("hi")
""")

    result.assert_outcomes(passed=3, errors=2)
    assert "on('hi') in test_it.py:6 has no answer: add .reply(" in _text(result)
    assert "unused (test_it.py:10)" in _text(result)


def test_a_tool_takes_arguments_of_any_name(run: Run) -> None:
    result = run("""
def test_names(llemulator):
    llemulator.tool_call("book", {"times": 2}, name="Ann", tool="x").tool_calls(("a", {"x": 1}), ("b", {}))
    ask("a"), ask("b")
    first, second = (each.answer["body"]["choices"][0]["message"]["tool_calls"] for each in llemulator.requests)
    assert first[0]["function"]["arguments"] == '{"times":2,"name":"Ann","tool":"x"}'
    assert [call["function"]["name"] for call in second] == ["a", "b"]
""")

    result.assert_outcomes(passed=1)


def test_the_clock_of_a_test_moves_its_rate_limits(run: Run) -> None:
    result = run("""
@pytest.mark.llemulator({"rules": [{"reply": "ok", "faults": [{"rate_limit": {"requests_per_minute": 1}}]}]})
def test_clock(llemulator):
    asked = [ask("a"), ask("b")]
    llemulator.clock.advance(61)
    assert [*asked, ask("c")] == ["ok", 429, "ok"]
    llemulator.clock.reset()
""")

    result.assert_outcomes(passed=1)


def test_the_hint_of_a_failure_fits_its_reason(run: Run) -> None:
    result = run("""
def test_typo(llemulator):
    llemulator.script({"rules": [{"mtach": {}}]})

def test_of_python(llemulator):
    1 + "a"

def test_other_key(llemulator):
    assert ask("hi", key="sk-other-1234") == "x"
""")

    result.assert_outcomes(failed=3)
    assert _text(result).count("A client reads the environment") == 0
    assert "api.openai.com/v1/chat/completions with a key that ends in 1234" in _text(result)


def test_an_unknown_finding_in_the_mark_is_told_in_one_line(run: Run) -> None:
    result = run("""
@pytest.mark.llemulator(ignore=["unusd"])
def test_mark(llemulator): ...
""")

    assert 'pytest.mark.llemulator: ignore[0]: there is no finding "unusd"' in _text(result)


def test_faults_and_a_rhythm_go_together(run: Run) -> None:
    result = run("""
def test_cut(llemulator):
    llemulator.on("hi").stream("one two three", tokens_per_second=1000, faults=[{"latency_ms": 1}], name="mine")
    assert ask("hi") == "one two three"
    assert llemulator.requests[0].rule == "mine"
    assert repr(llemulator) == "<llemulator with mine>"
""")

    result.assert_outcomes(passed=1)


def test_the_natural_tests_of_an_agent_of_retrieval_and_of_retries_pass(run: Run) -> None:
    result = run("""
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

    result.assert_outcomes(passed=3)
