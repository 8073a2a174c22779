import re
from pathlib import Path

import pytest

from llemulator_addon.adapters.hosts import OPENAI_HOSTS, Hosts
from llemulator_addon.adapters.run.environment import Environment, ProxyRoute, environment, undoes
from llemulator_addon.adapters.run.files import PRELOADS, Files

_URL = "http://127.0.0.1:9999"
_HOSTS = Hosts(OPENAI_HOSTS)
_FILES = Files(
    ca=Path("/c/ca.pem"),
    bundle=Path("/c/bundle.pem"),
    truststore=Path("/c/trust.p12"),
    wgetrc=Path("/c/wgetrc"),
    php_ini=Path("/c/php"),
)


def _made(*, base_url: bool = False, files: Files = _FILES, **inherited: str) -> Environment:
    return environment(
        ProxyRoute(url=_URL, files=files, hosts=_HOSTS, base_url=base_url, key="sk-of-this-run"), inherited
    )


def test_all_that_is_set_where_nothing_is_inherited() -> None:
    made = _made()

    assert made == Environment(
        set={
            **dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy"), _URL),
            **dict.fromkeys(("NO_PROXY", "no_proxy"), "localhost,127.0.0.1,::1"),
            **dict.fromkeys(
                (
                    "SSL_CERT_FILE",
                    "REQUESTS_CA_BUNDLE",
                    "CURL_CA_BUNDLE",
                    "GIT_SSL_CAINFO",
                    "AWS_CA_BUNDLE",
                    "PIP_CERT",
                    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
                    "HTTPLIB2_CA_CERTS",
                ),
                "/c/bundle.pem",
            ),
            **dict.fromkeys(("NODE_EXTRA_CA_CERTS", "DENO_CERT"), "/c/ca.pem"),
            "NODE_USE_ENV_PROXY": "1",
            "NODE_OPTIONS": f"--require={PRELOADS}/node.cjs",
            "PYTHONPATH": f"{PRELOADS}/python",
            "LLEMULATOR_RUN_ADDRESS": "127.0.0.1:9999",
            "LLEMULATOR_RUN_HOSTS": ",".join(OPENAI_HOSTS),
            "LLEMULATOR_RUN_CA": "/c/ca.pem",
            "JAVA_TOOL_OPTIONS": "-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=9999 "
            "-Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=9999 -Djavax.net.ssl.trustStore=/c/trust.p12 "
            "-Djavax.net.ssl.trustStoreType=PKCS12 -Djavax.net.ssl.trustStorePassword=changeit",
            "PHP_INI_SCAN_DIR": ":/c/php",
            "WGETRC": "/c/wgetrc",
            "OPENAI_API_KEY": "sk-of-this-run",
        }
    )


def test_a_program_without_a_key_gets_one_that_nobody_can_guess() -> None:
    keys = {environment(ProxyRoute(url=_URL, files=_FILES, hosts=_HOSTS), {}).set["OPENAI_API_KEY"] for _ in range(20)}

    assert len(keys) == 20
    assert all(re.fullmatch("sk-llemulator-[0-9a-f]{24}", key) for key in keys)


def test_what_is_inherited_is_kept_beside_ours() -> None:
    made = _made(
        NODE_OPTIONS="--max-old-space-size=512 ",
        PYTHONPATH="/mine",
        JAVA_TOOL_OPTIONS="-Xmx1g",
        PHP_INI_SCAN_DIR="/php",
        NO_PROXY="internal.test, .corp.test",
        OPENAI_API_KEY="sk-mine",
    ).set

    assert made["NODE_OPTIONS"].startswith("--max-old-space-size=512 --require=")
    assert made["PYTHONPATH"].endswith(":/mine")
    assert made["JAVA_TOOL_OPTIONS"].startswith("-Xmx1g -Dhttps.proxyHost=")
    assert made["PHP_INI_SCAN_DIR"] == "/php:/c/php"
    assert made["NO_PROXY"] == made["no_proxy"] == "localhost,127.0.0.1,::1,internal.test,.corp.test"
    assert "OPENAI_API_KEY" not in made


@pytest.mark.parametrize(
    "entry",
    [
        "*",
        "api.openai.com",
        "API.OpenAI.com",
        ".openai.com",
        "openai.com",
        "*.openai.com",
        "com",
        "api.openai.com:443",
        "mine.openai.azure.com",
        "kr.api.openai.com",
        ".azure.com",
        "azure.us",
        ".cn",
        ".microsoft.com",
    ],
)
def test_an_entry_of_no_proxy_that_undoes_it_is_left_out(entry: str) -> None:
    assert undoes(entry, _HOSTS)
    assert _made(no_proxy=f"a.test,{entry}").set["no_proxy"] == "localhost,127.0.0.1,::1,a.test"


@pytest.mark.parametrize("entry", ["example.com", "notopenai.com", "10.0.0.0/8", "::1", "platform.openai.com", ".svc"])
def test_an_entry_of_no_proxy_that_means_somebody_else_stays(entry: str) -> None:
    assert not undoes(entry, _HOSTS)


def test_a_base_url_that_leads_elsewhere_is_set_aside_and_said() -> None:
    made = _made(OPENAI_BASE_URL="http://user:secret@ollama.test:11434/v1", OPENAI_API_BASE="https://api.openai.com/v1")

    assert (made.removed, made.notes) == (
        ("OPENAI_BASE_URL",),
        ("OPENAI_BASE_URL is removed: it named ollama.test, which is not answered here",),
    )


def test_the_base_url_is_set_where_it_is_asked_for() -> None:
    made = _made(base_url=True, OPENAI_BASE_URL="http://ollama.test/v1")

    assert (made.set["OPENAI_BASE_URL"], made.set["OPENAI_API_BASE"], made.removed) == (
        f"{_URL}/v1",
        f"{_URL}/v1",
        (),
    )


def test_another_proxy_is_replaced_and_that_is_said() -> None:
    made = _made(https_proxy="corp.test:3128")

    assert made.set["https_proxy"] == _URL
    assert made.notes == ("another proxy is set (corp.test); it is not used: other hosts are reached directly",)


def test_what_would_change_the_roots_is_taken_away() -> None:
    whole = _made(SSL_CERT_DIR="/roots").apply_to({"SSL_CERT_DIR": "/roots", "HOME": "/h"})

    assert (whole.get("SSL_CERT_DIR"), whole["HOME"]) == (None, "/h")


def test_paths_with_blanks_are_quoted_for_those_that_separate_by_them() -> None:
    folder = Path("/a b")
    files = Files(ca=folder, bundle=folder, truststore=folder / "t.p12", wgetrc=folder, php_ini=folder)

    assert '"-Djavax.net.ssl.trustStore=/a b/t.p12"' in _made(files=files).set["JAVA_TOOL_OPTIONS"]


def test_an_environment_made_from_one_of_ours_has_each_option_once() -> None:
    first = _made(PYTHONPATH="/a:/b", NODE_OPTIONS="--trace-warnings")
    second = environment(ProxyRoute(url=_URL, files=_FILES, hosts=_HOSTS), first.set)

    for name in ("PYTHONPATH", "NODE_OPTIONS", "JAVA_TOOL_OPTIONS"):
        assert second.set[name] == first.set[name]
