"""Two thousand tests on two workers of pytest-xdist, each with a script of its own, none sees another's."""

import pytest

pytest_plugins = ["pytester"]

_TESTS = 2_000

_SUITE = """
import http.client, json, os
from urllib.parse import urlsplit

import pytest

@pytest.mark.parametrize("number", range({tests}))
def test_it(llemulator, number):
    llemulator.reply(f"answer {{number}}").reply(f"more {{number}}")
    assert [ask(llemulator, "one"), ask(llemulator, "two")] == [f"answer {{number}}", f"more {{number}}"]
    assert [request.user_text for request in llemulator.requests] == ["one", "two"]

def ask(llemulator, text):
    connection = http.client.HTTPConnection(urlsplit(llemulator.url).netloc, timeout=300)
    body = json.dumps({{"model": "gpt-4o", "messages": [{{"role": "user", "content": text}}]}})
    headers = {{"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "Content-Type": "application/json"}}
    connection.request("POST", "/v1/chat/completions", body, headers)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer["choices"][0]["message"]["content"]
"""


@pytest.mark.slow
def test_two_thousand_tests_on_two_workers_do_not_see_each_other(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=_SUITE.format(tests=_TESTS))

    result = pytester.runpytest_subprocess("-n2", "-q", "--llemulator-report", "-p", "no:cacheprovider")

    result.assert_outcomes(passed=_TESTS)
    result.stdout.fnmatch_lines([f"*{2 * _TESTS} * 0 * 0 *all of {_TESTS}"])
