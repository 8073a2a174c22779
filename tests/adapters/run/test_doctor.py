"""`llemulator doctor` as its user starts it, on a machine with the runtimes that a test puts there."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.server import Server, plain_environment, running
from llemulator_addon.adapters.run.doctor import node_is_led_by
from llemulator_addon.adapters.run.environment import TRUST
from tests.patience import SECONDS


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder of programs that has Python and no other runtime."""
    programs = tmp_path / "bin"
    programs.mkdir()
    _put(programs / "python3", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    return programs


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder without any program: where a test is about the shell, no runtime needs to be asked."""
    programs = tmp_path / "bin"
    programs.mkdir()
    return programs


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as server:
        yield server


def _put(file: Path, text: str) -> None:
    file.write_text(text)
    file.chmod(0o755)


def _doctor(machine: Path, *arguments: str, **more: str) -> tuple[int, dict[str, str]]:
    """Return the status, and by name of the check its mark and what is said of it."""
    inherited = {name: value for name, value in plain_environment().items() if name not in TRUST}
    ended = subprocess.run(
        [sys.executable, "-m", "llemulator_addon", "doctor", *arguments],
        cwd=machine,
        env={**inherited, "PATH": str(machine), "PYTHONIOENCODING": "utf-8", **more},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.stderr == ""
    checks: dict[str, str] = {}
    name = ""
    for line in ended.stdout.splitlines():
        name = line[2:12].strip() or name
        checks[name] = f"{checks.get(name, '')} {line[:2].strip()} {line[13:]}".strip()
    return ended.returncode, checks


def test_where_all_is_well_nothing_is_to_be_done(machine: Path) -> None:
    status, checks = _doctor(machine, "--port", "0")

    assert status == 0
    assert {name: said[0] for name, said in checks.items()} == {
        **dict.fromkeys(("port", "clock", "NO_PROXY", "base URL", "authority", "python"), "✓"),
        **dict.fromkeys(("proxy", "trust"), "-"),
        **dict.fromkeys(("node", "bun", "deno", "java", "go", "ruby", "php", "curl", "wget"), "-"),
    }
    assert checks["python"].endswith(" is answered")
    assert checks["ruby"] == "- not on this machine"


def test_a_runtime_that_does_not_come_is_told_with_the_likely_reason(machine: Path) -> None:
    _put(machine / "ruby", '#!/bin/sh\n[ "$1" = --version ] && echo ruby 3.1.2 && exit\necho no way >&2\nexit 1\n')

    status, checks = _doctor(machine, "--port", "0")

    assert status == 1
    assert checks["ruby"] == (
        "✗ 3.1.2: no way  → it did not come; likely a client that uses no proxy (Net::HTTP.new(host, port, nil))"
    )


def test_a_runtime_that_does_not_trust_the_certificate_is_told_so(machine: Path) -> None:
    ask = "import ssl, urllib.request as u\nu.urlopen('https://api.openai.com', context=ssl.SSLContext(16))"
    _put(machine / "curl", f'#!{sys.executable} -I\nimport sys\nif "--version" in sys.argv: sys.exit()\n{ask}\n')

    status, checks = _doctor(machine, "--port", "0")

    assert status == 1
    assert checks["curl"].endswith("→ it does not trust the certificate: is another one set in its own configuration?")


def test_variables_that_undo_it_are_told(bare: Path) -> None:
    status, checks = _doctor(
        bare, "--port", "0", NO_PROXY="a.test,.openai.com", OPENAI_BASE_URL="http://ollama.test/v1"
    )

    assert status == 1
    assert checks["NO_PROXY"].startswith("✗ bypasses the proxy by .openai.com  → take that out of NO_PROXY")
    assert checks["base URL"].startswith("✗ another one is set by OPENAI_BASE_URL  → unset OPENAI_BASE_URL;")


def test_a_base_url_that_points_at_a_llemulator_is_right_and_any_other_is_told(server: Server, bare: Path) -> None:
    ours = f"{server.origin}/v1"
    _, led = _doctor(bare, "--port", "0", OPENAI_BASE_URL=ours, OPENAI_API_BASE=ours)
    _, mixed = _doctor(bare, "--port", "0", OPENAI_BASE_URL=ours, OPENAI_API_BASE="http://127.0.0.1:9/v1")

    assert led["base URL"] == f"✓ llemulator answers at 127.0.0.1:{server.port}"
    assert mixed["base URL"].startswith("✗ another one is set by OPENAI_API_BASE  → unset OPENAI_API_BASE;")


def test_a_port_that_is_taken_is_told_unless_it_is_by_llemulator(server: Server, bare: Path) -> None:
    status, checks = _doctor(bare, "--port", str(server.port))

    assert (status, checks["port"]) == (0, f"✓ llemulator listens on 127.0.0.1:{server.port} already")


def test_a_shell_that_is_led_to_a_server_that_runs_is_as_it_should_be(server: Server, bare: Path) -> None:
    _, checks = _doctor(bare, "--port", "0", HTTPS_PROXY=server.origin, SSL_CERT_FILE=str(server.ca))

    assert checks["proxy"] == f"✓ llemulator answers at 127.0.0.1:{server.port}"
    assert checks["trust"] == "✓ its certificate is in what SSL_CERT_FILE names"


def test_a_shell_whose_variables_are_of_yesterday_is_told(server: Server, bare: Path) -> None:
    with running() as yesterday:
        proxy = {"HTTPS_PROXY": server.origin}
        checked = [
            _doctor(bare, "--port", "0", **variables)
            for variables in (
                {**proxy, "SSL_CERT_FILE": str(yesterday.ca), "NODE_EXTRA_CA_CERTS": str(server.ca)},
                {**proxy, "SSL_CERT_FILE": str(bare / "gone.pem")},
                proxy,
                {**proxy, "https_proxy": yesterday.origin},
                {"HTTPS_PROXY": "http://user:secret@127.0.0.1:9"},
            )
        ]

    assert [status for status, _ in checked] == [1] * 5
    trust, proxies = ([checks[name].split("  → ")[0] for _, checks in checked] for name in ("trust", "proxy"))
    assert trust[:3] == [
        "✗ the certificate of that llemulator is not in what SSL_CERT_FILE names",
        "✗ no file that can be read is named by SSL_CERT_FILE: clients fail at their start",
        "✗ no variable names the certificate to trust",
    ]
    assert proxies[3:] == [
        "✗ HTTPS_PROXY and https_proxy differ",
        "✗ no llemulator answers at 127.0.0.1:9, which HTTPS_PROXY names",
    ]


def test_somebody_s_own_proxy_is_no_fault(bare: Path) -> None:
    status, checks = _doctor(bare, "--port", "0", HTTPS_PROXY="http://proxy.invalid:3128")

    assert (status, checks["proxy"][0]) == (0, "-")


def test_an_authority_that_cannot_be_used_is_told(bare: Path) -> None:
    (bare / "certs").mkdir()
    (bare / "certs" / "mitmproxy-ca.pem").write_text("nothing")

    status, checks = _doctor(bare, "--port", "0")

    assert status == 1
    assert checks["authority"].startswith("✗ programs cannot be asked  → ")
    assert "remove it to have a new one made" in checks["authority"]


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node on this machine")
def test_node_is_asked_too(machine: Path) -> None:
    (machine / "node").symlink_to(str(shutil.which("node")))

    status, checks = _doctor(machine, "--port", "0")

    assert (status, checks["node"][0]) == (0, "✓")


@pytest.mark.parametrize(
    ("version", "by"),
    [
        ("v18.20.8", "preload"),
        ("v20.20.2", "preload"),
        ("v22.20.0", "preload"),
        ("v22.21.0", "HTTPS_PROXY and"),
        ("v24.4.1", "preload"),
        ("v24.5.0", "HTTPS_PROXY and"),
        ("v26.0.0", "HTTPS_PROXY and"),
        ("odd", "or"),
    ],
)
def test_what_leads_a_version_of_node_is_said(version: str, by: str) -> None:
    assert by in node_is_led_by(version)
