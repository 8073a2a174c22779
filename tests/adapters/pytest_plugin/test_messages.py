"""What the plugin prints where a user's test fails or is wrong: each test is about a small suite of its own."""

import pytest

from tests.adapters.pytest_plugin.suites import Outcome


@pytest.mark.suite("""
def test_weather(llemulator):
    llemulator.on("weather in (Oslo|Rome)").reply("Sunny.", name="weather")
    ask("weather in Berlin")
""")
def test_a_test_fails_that_asked_what_no_rule_answers_and_says_what_differs(outcome: Outcome) -> None:
    outcome.assert_outcomes(passed=1, errors=1)
    told = outcome.text
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


@pytest.mark.suite("""
def test_colours(llemulator):
    llemulator.reply("x")
""")
def test_the_message_is_coloured_where_the_terminal_is(outcome: Outcome) -> None:
    assert "\x1b[31;1munused\x1b[0m" in outcome.coloured


@pytest.mark.suite("""
def test_wrong(llemulator):
    llemulator.reply("x").reply("y")
    assert ask("hello") == "y"
""")
def test_a_test_that_fails_shows_what_was_asked_and_is_not_verified_as_well(outcome: Outcome) -> None:
    outcome.assert_outcomes(failed=1)
    assert """  1  chat.completions gpt-4o "hello"  200 rule "reply('x')\"""" in outcome.text


@pytest.mark.suite("""
def test_skipped(llemulator):
    llemulator.reply("x")
    pytest.skip("not on this machine")

@pytest.mark.xfail
def test_expected_to_fail(llemulator):
    llemulator.reply("x")
    assert False
""")
def test_a_test_that_is_skipped_on_its_way_is_not_verified(outcome: Outcome) -> None:
    outcome.assert_outcomes(skipped=1, xfailed=1)


@pytest.mark.suite("""
@pytest.mark.llemulator(script="nowhere.yaml")
def test_no_file(): ...

@pytest.mark.llemulator(script={"responses": [{"patern": "x", "response": "y"}]})
def test_unknown_key(): ...

def test_unknown_word(llemulator):
    llemulator.on(modle="gpt-4o").reply("x")
""")
def test_what_is_wrong_in_a_script_is_told_at_the_line_of_the_test(outcome: Outcome) -> None:
    told = outcome.text
    assert "pytest.mark.llemulator: there is no nowhere.yaml in /" in told
    assert 'pytest.mark.llemulator: responses[0].patern: unknown key; did you mean "pattern"?' in told
    assert 'rules[0].match.modle: unknown key; did you mean "model"?' in told
    assert ">       llemulator.on" in told
    assert "def _bytes" not in told


@pytest.mark.suite("""
@pytest.mark.llemulator(verify=False)
def test_names(llemulator):
    llemulator.reply("one").reply("one").fail(429).stream("two").tool_call("f", a=1)
    llemulator.on("(?i)hello", model="gpt-4o").reply("three").on(turn=2).reply("four", name="mine")
    assert [rule.name for rule in llemulator.client.rules()] == [
        "reply('one')", "reply('one') (2)", "fail(429)", "stream('two')", "tool_call('f')",
        "on('(?i)hello', model='gpt-4o')", "mine",
    ]
""")
def test_rules_are_called_as_the_test_spells_them(outcome: Outcome) -> None:
    outcome.assert_outcomes(passed=1)


@pytest.mark.suite("""
def test_colons(llemulator):
    llemulator.on("summarise: now").reply("x")
    ask("summarize: this; and that")
""")
def test_texts_with_colons_are_told_whole_and_differences_once(outcome: Outcome) -> None:
    assert (
        f"""
    No rule matches. The closest is "on('summarise: now')":
      - user_text "summarise: now" is not found in the last user message, "summarize: this; and that".

  unused ({outcome.file}:6)
    Rule "on('summarise: now')" never answered.
    The nearest is request 1 (POST /v1/chat/completions, gpt-4o, "summarize: this; and that"):
      (see above)
"""
        in outcome.text
    )


@pytest.mark.suite("""
def test_verify(llemulator):
    llemulator.reply("x")
    ask("a")
    llemulator.verify(expectations=[{"match": "b"}])
""")
def test_an_expectation_that_fails_is_told_once_and_without_the_plugins_own_code(outcome: Outcome) -> None:
    told = outcome.text
    # Where `CI` is set, pytest says it in its summary, too.
    assert told.partition("short test summary")[0].count("Requests (1):") == 1
    assert "session.py" not in told.partition("short test summary")[0].replace("session.Unverified", "")


@pytest.mark.suite("""
@pytest.mark.llemulator(scirpt="x")
def test_it(llemulator):
    pass
""")
def test_a_mark_that_is_not_understood_is_told(outcome: Outcome) -> None:
    assert "pytest.mark.llemulator: it takes script, verify, verdicts and ignore, not scirpt" in outcome.text


@pytest.mark.suite("""
def test_no_rules(llemulator):
    ask("hi")
""")
def test_a_request_in_a_test_without_rules_is_unmatched(outcome: Outcome) -> None:
    outcome.assert_outcomes(passed=1, errors=1)
    assert "The script has no rules." in outcome.text


@pytest.mark.suite("""
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
def test_an_on_without_an_answer_is_told_with_its_line(outcome: Outcome) -> None:
    outcome.assert_outcomes(passed=3, errors=2)
    assert f"on('hi') in {outcome.file}:6 has no answer: add .reply(" in outcome.text
    assert f"unused ({outcome.file}:10)" in outcome.text


@pytest.mark.suite("""
def test_typo(llemulator):
    llemulator.script({"rules": [{"mtach": {}}]})

def test_of_python(llemulator):
    1 + "a"

def test_other_key(llemulator):
    assert ask("hi", key="sk-other-1234") == "x"
""")
def test_the_hint_of_a_failure_fits_its_reason(outcome: Outcome) -> None:
    outcome.assert_outcomes(failed=3)
    assert outcome.text.count("A client reads the environment") == 0
    assert "api.openai.com/v1/chat/completions with a key that ends in 1234" in outcome.text


@pytest.mark.suite("""
@pytest.mark.llemulator(ignore=["unusd"])
def test_mark(llemulator): ...
""")
def test_an_unknown_finding_in_the_mark_is_told_in_one_line(outcome: Outcome) -> None:
    assert 'pytest.mark.llemulator: ignore[0]: there is no finding "unusd"' in outcome.text
