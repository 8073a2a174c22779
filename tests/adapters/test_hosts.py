import re

import pytest

from llemulator_addon.adapters.hosts import OPENAI_HOSTS, Hosts


@pytest.mark.parametrize(
    "host",
    ["api.openai.com", "API.OpenAI.com", "api.openai.com.", "eu.api.openai.com", "mine.openai.azure.com", "llemulator"],
)
def test_openais_hosts_are_known_in_any_spelling(host: str) -> None:
    assert host in Hosts(OPENAI_HOSTS)


@pytest.mark.parametrize(
    "host",
    [
        "openai.com",
        "chat.api.openai.com",
        "api.openai.com.evil.test",
        "xapi.openai.com",
        "apiXopenai.com",
        "openai.azure.com",
        "",
    ],
)
def test_other_hosts_are_not(host: str) -> None:
    assert host not in Hosts(OPENAI_HOSTS)


def test_no_globs_hold_nothing() -> None:
    assert "api.openai.com" not in Hosts([])


def test_a_question_mark_stands_for_one_character() -> None:
    hosts = Hosts(["gpu?.test"])

    assert ("gpu1.test" in hosts, "gpu12.test" in hosts, "gpu.test" in hosts) == (True, False, False)


def test_what_is_no_text_is_in_no_set() -> None:
    assert None not in Hosts(["*"])


@pytest.mark.parametrize(
    ("written", "holds"),
    [
        ("api.openai.com:443", True),
        ("api.openai.com:8443", True),
        ("api.openai.com", True),
        ("api.openai.com.:443", True),
        ("api.openai.com.evil.test:443", False),
        ("evil.test:443/api.openai.com", False),
    ],
)
def test_the_expressions_for_mitmproxy_hold_for_host_and_port(written: str, holds: bool) -> None:  # noqa: FBT001
    found = any(re.search(expression, written, re.IGNORECASE) for expression in Hosts(OPENAI_HOSTS).expressions)

    assert found == holds
