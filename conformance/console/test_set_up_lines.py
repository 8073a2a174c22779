"""The lines that the console shows to set up a client: each is run as it is shown, with a program of its runtime."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from conformance.clients.catalogue import SAID, environment
from conformance.server import Server, plain_environment, running

_HERE = Path(__file__).parent
_ROOT = _HERE.parent.parent
_PROGRAMS = _ROOT / "conformance/clients/programs"
_MODULES = _ROOT / "conformance/clients/js/node_modules"
_RUST = _HERE / "rust"
_SCRIPT = f'rules: [{{name: hello, match: {{user_text: "^Hello$"}}, reply: "{SAID}", optional: true}}]\n'
_SECONDS = 900

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (_ROOT / "console/node_modules/typescript").exists(),
        reason="the console is not built (.ci/install console)",
    ),
]


@cache
def _lines(origin: str) -> Mapping[str, str]:
    """Return the lines by the name of their runtime."""
    node = ["node", str(_HERE / "runtimes.mjs"), origin]
    shown = json.loads(subprocess.run(node, check=True, capture_output=True, text=True).stdout)
    return {each["name"]: each["lines"] for each in shown}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    script = tmp_path_factory.mktemp("script") / "script.yaml"
    script.write_text(_SCRIPT)
    with running("--script", str(script)) as server:
        yield server


# The programs, each put into a folder; what is returned goes before PATH ----------------------------------------------


def _on_path(program: str) -> str:
    if (found := shutil.which(program)) is None:
        pytest.skip(f"{program} is not on this machine; `.ci/install clients` brings it, as root on Debian")
    return str(Path(found).parent)


def _from_npm(path: str) -> str:
    if not (_MODULES / path).exists():
        pytest.skip(f"{path} is not there; `.ci/install clients` brings it, to Linux on x64")
    return str((_MODULES / path).parent)


def _python(folder: Path) -> str:
    shutil.copy(_PROGRAMS / "openai_sync.py", folder / "app.py")
    return str(Path(sys.executable).parent)


def _any_program(folder: Path) -> str:
    (folder / "script.yaml").write_text(_SCRIPT)
    return _python(folder)


def _module(path: str) -> Callable[[Path], str]:
    def place(folder: Path) -> str:
        shutil.copy(_PROGRAMS / "fetch.mjs", folder / "app.mjs")
        return _from_npm(path)

    return place


def _go(folder: Path) -> str:
    shutil.copy(_PROGRAMS / "ask.go", folder / "app.go")
    return _on_path("go")


def _rust(folder: Path) -> str:
    if not list(Path("/usr/share/cargo/registry").glob("reqwest-*")):
        pytest.skip("Debian's crate reqwest is not there; `.ci/install clients` brings it, as root on Debian")
    shutil.copytree(_RUST, folder, dirs_exist_ok=True)
    return _on_path("cargo")


def _ruby(folder: Path) -> str:
    shutil.copy(_PROGRAMS / "ask.rb", folder / "app.rb")
    return _on_path("ruby")


def _php(folder: Path) -> str:
    shutil.copy(_PROGRAMS / "ask.php", folder / "app.php")
    return _on_path("php")


def _java(folder: Path) -> str:
    where = _on_path("javac")
    subprocess.run([f"{where}/javac", "-d", str(folder / "built"), str(_PROGRAMS / "Ask.java")], check=True)
    jar = (f"{where}/jar", "--create", "--file", "app.jar", "--main-class", "Ask", "-C", "built", ".")
    subprocess.run(jar, cwd=folder, check=True)
    return where


def _curl(_folder: Path) -> str:
    return _on_path("curl")


PROGRAMS: dict[str, tuple[Callable[[Path], str], int]] = {
    "By a base URL": (_python, 2),
    "curl": (_curl, 1),
    "Python": (_python, 2),
    "Node from 22.21": (_module("node-24/bin/node"), 1),
    "Bun": (_module("bun-linux-x64/bin/bun"), 1),
    "Deno": (_module("deno-linux-x64/deno"), 1),
    "Go": (_go, 1),
    "Rust": (_rust, 1),
    "Ruby": (_ruby, 1),
    "Java": (_java, 2),
    "PHP": (_php, 1),
    "Any program on llemulator's machine": (_any_program, 2),
}
"""By the name of the lines, what puts a program there, and how often it asks."""

_READ_ALONE = {".NET on Linux"}
"""Lines that no test runs: Debian has no package of the runtime."""


def test_each_runtime_of_the_page_has_a_program_here() -> None:
    assert [name for name in _lines("http://127.0.0.1:1") if name not in _READ_ALONE] == list(PROGRAMS)


def test_the_lines_for_dotnet_set_the_variables_that_its_http_client_reads() -> None:
    # HttpClient.DefaultProxy reads HTTPS_PROXY; on Linux the certificates are those that OpenSSL's variables name.
    lines = _lines("http://127.0.0.1:1")[".NET on Linux"].splitlines()

    assert "export HTTPS_PROXY=http://127.0.0.1:1" in lines
    assert "export SSL_CERT_FILE=$PWD/llemulator-ca.pem" in lines
    assert lines[-1] == "dotnet app.dll"


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_lines_of_the_page_bring_the_requests_of_an_unmodified_program_here(
    name: str, server: Server, tmp_path: Path
) -> None:
    place, asks = PROGRAMS[name]
    path = place(tmp_path)
    surroundings = {
        **environment(plain_environment()),
        "OPENAI_API_KEY": "test-1",
        "PATH": f"{path}:{os.environ['PATH']}",
    }

    ran = subprocess.run(
        ["/bin/sh", "-euc", _lines(server.origin)[name]],
        cwd=tmp_path,
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count(SAID) == asks, ran.stdout + ran.stderr
