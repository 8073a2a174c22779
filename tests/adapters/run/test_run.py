"""`llemulator run` as its user starts it: real programs under a real proxy."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks.servers import free_port
from conformance.server import Server, plain_environment, running
from tests.patience import SECONDS

_LLEMULATOR = [sys.executable, "-m", "llemulator_addon"]
_SCRIPT = """
rules:
  - {name: greeting, match: {user_text: "(?i)hello"}, reply: "Hi there!"}
"""
_ASK = """
import os, sys, urllib.request, json
body = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": sys.argv[1]}]}).encode()
headers = {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "Content-Type": "application/json"}
url = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1") + "/chat/completions"
answer = urllib.request.urlopen(urllib.request.Request(url, body, headers))
print(json.load(answer)["choices"][0]["message"]["content"])
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("script") / "script.yaml"
    file.write_text(_SCRIPT)
    return str(file)


@pytest.fixture(scope="module")
def server(script: str) -> Iterator[Server]:
    with running("--script", script) as server:
        yield server


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _environment(**more: str) -> dict[str, str]:
    # The package is found by its place also from another folder.
    return {**plain_environment(), **more}


def _run(*arguments: str, asks: str = "", folder: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*_LLEMULATOR, "run", *arguments],
        cwd=folder,
        env=_environment(**more),
        input=asks,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def _ask(text: str) -> tuple[str, ...]:
    return ("--", sys.executable, "-c", _ASK, text)


@pytest.fixture(scope="module")
def greeted(script: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """A program that said hello, and the empty folder in which it was run."""
    folder = tmp_path_factory.mktemp("greeted")
    return _run("--script", script, "--strict", *_ask("Hello"), folder=folder), folder


def test_an_unmodified_program_is_answered_and_its_output_is_its_own(
    greeted: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    ended, _ = greeted

    assert (ended.returncode, ended.stdout) == (0, "Hi there!\n")
    assert ended.stderr.splitlines() == [
        "llemulator: 1 request answered, none of them unmatched",
        "llemulator:   answered   passed  refused  host",
        "llemulator:          1        0        0  api.openai.com",
    ]


def test_nothing_stays_in_the_folder_in_which_it_is_run(
    greeted: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    _, folder = greeted

    assert list(folder.iterdir()) == []


@pytest.fixture(scope="module")
def ended() -> subprocess.CompletedProcess[str]:
    """A program that sent no request and ended with 7: it printed its input, its arguments and two variables."""
    shown = "sys.stdin.read().upper(), sys.argv[1:], os.environ['PORT'], os.environ['HOST']"
    program = f"import os, sys; print({shown}, sep='\\n')"
    arguments = ("--", "--port", "1")
    command = (sys.executable, "-c", f"{program}; sys.exit(7)", *arguments)
    return _run("--", *command, asks="given", PORT="1", HOST="nowhere.test", DEBUG="verbose", LOG_LEVEL="all")


def test_the_standard_input_and_the_status_are_the_programs(ended: subprocess.CompletedProcess[str]) -> None:
    assert (ended.returncode, ended.stdout.splitlines()[0]) == (7, "GIVEN")


def test_arguments_of_the_program_are_its_own(ended: subprocess.CompletedProcess[str]) -> None:
    assert ended.stdout.splitlines()[1] == "['--', '--port', '1']"


def test_variables_that_mean_the_program_are_not_taken_for_the_servers(ended: subprocess.CompletedProcess[str]) -> None:
    assert ended.stdout.splitlines()[2:] == ["1", "nowhere.test"]


def test_a_program_that_failed_is_told_that_it_may_be_for_that(ended: subprocess.CompletedProcess[str]) -> None:
    assert ended.stderr.splitlines()[1] == "llemulator:   - the program ended with status 7 before it sent a request"


def test_a_program_that_a_signal_ended_gives_the_status_that_a_shell_gives() -> None:
    assert _run("--", "sh", "-c", "kill -KILL $$").returncode == 128 + signal.SIGKILL


def test_a_command_that_is_not_there_is_one_clear_line() -> None:
    ended = _run("--", "no-such-program")

    assert (ended.returncode, ended.stderr) == (127, "llemulator: no-such-program: there is no such command\n")


def test_a_file_that_cannot_be_executed_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "odd").write_bytes(b"\x00")
    (tmp_path / "odd").chmod(0o755)

    ended = _run("--", "./notes.txt"), _run("--", "./odd")

    assert [each.returncode for each in ended] == [126, 126]
    assert [len(each.stderr.splitlines()) for each in ended] == [1, 1]


def test_no_command_a_bad_script_and_a_taken_port_are_told(server: Server) -> None:
    said = [
        _run().stderr,
        _run("--script", "missing.yaml", "--", "true").stderr,
        _run("--port", str(server.port), "--", "true").stderr,
    ]

    taken = f"cannot listen on 127.0.0.1:{server.port}: the port is taken; choose another one with --port (PORT)"
    assert [line.partition(" ")[2].strip() for line in said] == [
        "no command; usage: llemulator run [options] -- CMD [ARGUMENT ...]",
        "missing.yaml: No such file or directory; use --script (LLEMULATOR_SCRIPT) to choose a script",
        f"{taken}, or 0 for a free one",
    ]


# Strictness -----------------------------------------------------------------------------------------------------------


def test_strict_ends_with_3_where_no_rule_answered(script: str) -> None:
    ended = _run("--script", script, "--strict", "--", "sh", "-c", f"'{sys.executable}' -c '{_ASK}' Bye || true")

    assert ended.returncode == 3
    assert re.search(r'unmatched: Request 1 \(.*"Bye"\) was not answered by a rule\. .*greeting', ended.stderr)
    assert 'unused: Rule "greeting" never answered.' in ended.stderr


def test_strict_ends_with_0_where_all_is_well(greeted: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    ended, _ = greeted

    assert "--strict" in ended.args
    assert ended.returncode == 0


def test_the_programs_own_failure_is_stronger_than_strict(script: str) -> None:
    assert _run("--script", script, "--strict", "--", "sh", "-c", "exit 5").returncode == 5


def test_hermetic_refuses_other_hosts_and_counts_them() -> None:
    program = "import urllib.request\ntry: urllib.request.urlopen('https://example.com')\nexcept OSError as e: print(e)"
    ended = _run("--hermetic", "--", sys.executable, "-c", program)

    assert "refused" in ended.stdout or "hermetic" in ended.stdout
    assert re.search(r" 0 +0 +1 +example\.com", ended.stderr)


def test_a_program_that_never_came_is_told_the_likely_reason() -> None:
    ended = _run("--", sys.executable, "-c", "", LLM_BASE_URL="https://other.test/v1")

    said = ended.stderr.splitlines()
    assert ended.returncode == 0
    assert said[0].startswith("llemulator: no request to OpenAI's hosts came through the proxy")
    assert said[1] == "llemulator:   - LLM_BASE_URL resolves to another address"
    assert said[2].startswith("llemulator:   - python: a client with a proxy or a resolver of its own")


def test_a_program_that_does_not_trust_the_certificate_is_told_so() -> None:
    program = """
import ssl, urllib.request
urllib.request.urlopen("https://api.openai.com", context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
"""
    ended = _run("--", sys.executable, "-I", "-c", program)

    assert ended.returncode == 1
    assert "the program does not trust the certificate for api.openai.com" in ended.stderr


# Ways in --------------------------------------------------------------------------------------------------------------


def test_a_client_that_knows_no_proxy_is_led_here_by_the_name(script: str) -> None:
    program = """
import http.client
connection = http.client.HTTPSConnection("api.openai.com")
connection.request("GET", "/v1/models", headers={"Authorization": "Bearer any"})
print(connection.getresponse().status)
"""
    ended = _run("--script", script, "--", sys.executable, "-c", program)

    assert ended.stdout == "200\n"


def test_a_sitecustomize_of_the_user_still_runs_and_the_path_is_as_before(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import builtins\nbuiltins.seen = __file__\n")
    program = "import builtins, sys; print(builtins.seen, [p for p in sys.path if 'preloads' in p])"
    ended = _run("--", sys.executable, "-c", program, PYTHONPATH=str(tmp_path))

    assert ended.stdout == f"{tmp_path}/sitecustomize.py []\n"


def test_the_base_url_is_this_proxy_where_asked_for(script: str) -> None:
    ended = _run("--script", script, "--base-url", *_ask("Hello"))

    assert ended.stdout == "Hi there!\n"
    assert ended.stderr.splitlines()[-1] == "llemulator:          1        0        0  (this proxy)"


def test_the_variables_for_a_shell_lead_it_to_a_server_that_runs(server: Server, tmp_path: Path) -> None:
    printed = _run("--env-only", "--port", str(server.port), XDG_CACHE_HOME=str(tmp_path), SSL_CERT_DIR="/roots")
    shell = 'eval "$ENVIRONMENT"; echo "${SSL_CERT_DIR-unset}"; exec "$0" -c "$PROGRAM" Hello'
    asked = subprocess.run(
        ["sh", "-c", shell, sys.executable],
        env=_environment(ENVIRONMENT=printed.stdout, PROGRAM=_ASK, SSL_CERT_DIR="/roots"),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert (printed.returncode, printed.stderr) == (0, "")
    assert asked.stdout == "unset\nHi there!\n", asked.stderr


def test_the_variables_are_not_printed_where_no_server_runs() -> None:
    port = free_port()
    ended = _run("--env-only", "--port", str(port))

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"llemulator: no llemulator answers on http://127.0.0.1:{port}; start one with")


# Reports --------------------------------------------------------------------------------------------------------------


def test_what_came_of_it_is_written_to_files(script: str, tmp_path: Path) -> None:
    files = [tmp_path / f"report.{ending}" for ending in ("xml", "json", "html")]
    ended = _run("--script", script, *(word for file in files for word in ("--report", str(file))), *_ask("Hello"))

    assert ended.returncode == 0
    assert [case.get("name") for case in ET.parse(files[0]).iter("testcase")] == [  # noqa: S314 - written here
        "greeting",
        "1 chat.completions Hello",
    ]
    told = json.loads(files[1].read_text())
    assert (told["verdict"]["passed"], told["exchanges"][0]["rule"], told["hosts"][0]["host"]) == (
        True,
        "greeting",
        "api.openai.com",
    )
    assert "sk-llemulator" not in files[1].read_text()
    assert "<h1" in files[2].read_text()


def test_a_report_that_finds_no_room_ends_with_1_and_leaves_the_one_that_was_there(
    server: Server, tmp_path: Path
) -> None:
    report, other = tmp_path / "report.json", tmp_path / "report.xml"
    report.write_text("before")
    limited = "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))"
    command = [
        sys.executable,
        "-c",
        f"{limited}; sys.argv[0] = 'run'; runpy.run_module('llemulator_addon', None, '__main__')",
    ]
    # Its certificates are there already: they would find no room either.
    certs = tmp_path / "certs"
    shutil.copytree(server.certs, certs)
    ended = subprocess.run(
        [*command, "run", "--certs", str(certs), "--report", str(report), "--report", str(other), *_ask("Hello")],
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert (ended.returncode, report.read_text(), other.exists()) == (1, "before", True)
    assert f"llemulator: --report {report}: File too large" in ended.stderr


def test_a_report_of_another_kind_is_refused_before_anything_runs(tmp_path: Path) -> None:
    ended = _run("--report", "report.pdf", "--", "touch", str(tmp_path / "ran"))

    assert (ended.returncode, (tmp_path / "ran").exists()) == (1, False)


# Signals --------------------------------------------------------------------------------------------------------------

# Written past `print`, in the middle of which the signal may come: that cannot be entered twice.
_COUNTS = """
import os, signal, sys
for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"):
    signal.signal(getattr(signal, name), lambda number, frame: os.write(1, b"%d\\n" % number))
print("ready", flush=True)
sys.stdin.readline()
sys.exit(9)
"""


@pytest.fixture
def counting() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*_LLEMULATOR, "run", "--", sys.executable, "-c", _COUNTS],
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as started:
        assert started.stdout
        assert started.stdout.readline() == "ready\n"
        yield started
        started.kill()


def test_a_signal_goes_to_the_program_which_decides(counting: subprocess.Popen[str]) -> None:
    assert counting.stdout
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
    heard = []
    for number in signals:
        os.kill(counting.pid, number)
        heard.append(counting.stdout.readline())
    counting.communicate("\n", timeout=SECONDS)

    assert (heard, counting.returncode) == ([f"{int(number)}\n" for number in signals], 9)


def test_a_key_of_the_terminal_comes_once_and_the_terminal_is_the_programs() -> None:
    program = """
import os, signal, sys, time
seen = []
signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
print("ready", sys.stdin.isatty(), sys.stdout.isatty(), sys.stderr.isatty(), flush=True)
try:
    line = input()
finally:
    print("seen", len(seen), flush=True)
"""
    in_terminal = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"
    with subprocess.Popen(
        [sys.executable, "-c", in_terminal, *_LLEMULATOR, "run", "--", sys.executable, "-c", program],
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as started:
        assert started.stdin
        assert started.stdout
        said = _until(started, "ready")
        started.stdin.write("\x03")
        started.stdin.flush()
        _until(started, "^C")
        started.stdin.write("\n")
        started.stdin.flush()
        rest = started.stdout.read()
        status = started.wait(SECONDS)

    assert said.strip() == "ready True True True"
    assert "seen 1" in rest
    assert status == 0


def _until(started: subprocess.Popen[str], word: str) -> str:
    assert started.stdout
    said = ""
    while word not in said or not (said.endswith("\n") or word == "^C"):
        said += started.stdout.read(1)
    return said


def test_an_unmodified_tiktoken_gets_its_vocabularies_without_a_network(tmp_path: Path) -> None:
    encodings = ("cl100k_base", "o200k_base")
    count = f"import tiktoken; print(*(len(tiktoken.get_encoding(each).encode('Hello there')) for each in {encodings}))"
    done = _run("--hermetic", "--", sys.executable, "-c", count, TIKTOKEN_CACHE_DIR=str(tmp_path / "cache"))

    assert (done.returncode, done.stdout) == (0, "2 2\n")
