import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llemulator_addon.adapters.hosts import OPENAI_HOSTS, REFUSED_HOSTS, Hosts

_ANSWERED = Hosts(OPENAI_HOSTS)
_REFUSED = Hosts(REFUSED_HOSTS)

_LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
_PUBLISHED_REGIONS = ("us", "eu", "ae", "au", "ca", "gb", "in", "jp", "kr", "sg", "mtls")
_AZURE_CLOUDS = ("com", "us", "cn", "de")


@pytest.mark.parametrize(
    "host",
    [
        "api.openai.com",
        "API.OpenAI.com",
        "api.openai.com.",
        "api.openai.com..",
        " api.openai.com",
        "\uff41\uff50\uff49.openai.com",
        "api\u3002openai\uff0ecom",
        "a\u00adpi.open\u200bai.com",
        "mine.openai.azure.com",
        "llemulator",
    ],
)
def test_openais_hosts_are_known_in_any_spelling(host: str) -> None:
    assert host in _ANSWERED


@given(st.sampled_from(_PUBLISHED_REGIONS) | st.lists(_LABELS, min_size=1, max_size=3).map(".".join))
def test_every_region_is_answered_whether_published_or_not(region: str) -> None:
    assert f"{region}.api.openai.com" in _ANSWERED


@given(
    st.lists(_LABELS, min_size=1, max_size=3).map(".".join),
    st.sampled_from(
        (
            "openai.azure",
            "cognitiveservices.azure",
            "services.ai.azure",
            "api.cognitive.microsoft",
            "privatelink.openai.azure",
        )
    ),
    st.sampled_from(_AZURE_CLOUDS) | _LABELS,
)
def test_every_azure_openai_resource_is_answered_in_every_cloud(resource: str, service: str, cloud: str) -> None:
    assert f"{resource}.{service}.{cloud}" in _ANSWERED


@given(
    st.lists(_LABELS, max_size=3),
    st.sampled_from(("openai.com", "chatgpt.com", "oaiusercontent.com", "oaistatic.com", "openai.org", "sora.com")),
)
def test_whatever_else_belongs_to_openai_is_refused(labels: list[str], domain: str) -> None:
    host = ".".join((*labels, domain))

    assert host in _ANSWERED or host in _REFUSED


@pytest.mark.parametrize(
    "host",
    [
        "api.openai.com.evil.test",
        "apiXopenai.com",
        "notopenai.com",
        "openai.com.evil.test",
        "azure.com",
        "management.azure.com",
        "example.com",
        "api.anthropic.com",
        "",
    ],
)
def test_other_hosts_are_neither_answered_nor_refused(host: str) -> None:
    assert host not in _ANSWERED
    assert host not in _REFUSED


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
