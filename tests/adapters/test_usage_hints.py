import shlex
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
