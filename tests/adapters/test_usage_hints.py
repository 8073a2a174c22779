import shlex
from dataclasses import replace
from pathlib import Path

from llemulator_addon.adapters.usage_hints import Address, examples, how_to_use

_ADDRESS = Address(url="http://127.0.0.1:8080", ca=Path("/my certs/ca.pem"), bundle=Path("/my certs/bundle.pem"))


def test_the_line_to_copy_survives_a_shell() -> None:
    line = next(line for line in how_to_use(_ADDRESS).splitlines() if "HTTPS_PROXY" in line)

    assert shlex.split(line) == [
        "export",
        "HTTPS_PROXY=http://127.0.0.1:8080",
        "SSL_CERT_FILE=/my certs/bundle.pem",
        "NODE_EXTRA_CA_CERTS=/my certs/ca.pem",
        "NODE_USE_ENV_PROXY=1",
    ]


def test_there_is_an_example_for_curl_python_and_node() -> None:
    heads = [line.partition(" (")[0] for line in examples(_ADDRESS).splitlines() if "npm" in line or line.endswith(":")]

    assert heads == ["curl:", "Python", "Node"]


def test_it_is_told_if_the_proxy_listens_on_all_addresses() -> None:
    everywhere = replace(_ADDRESS, is_everywhere=True)

    assert how_to_use(everywhere).splitlines()[:2] == [
        "llemulator listens on http://127.0.0.1:8080",
        "It also listens on all other addresses of this machine.",
    ]
    assert "other addresses" not in how_to_use(_ADDRESS)


def test_who_cannot_be_routed_by_variables_is_told_of_llemulator_run() -> None:
    assert how_to_use(_ADDRESS).splitlines()[-2:] == [
        "For an app that ignores these variables, such as Node before 22.21, use this instead:",
        "  llemulator run --script FILE -- COMMAND",
    ]
