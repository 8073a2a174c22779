"""`llemulator smollm`: a model on this machine, loaded and served as SmolLM is, though a tiny one of random weights."""

import json
import math
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from conformance.server import Server, plain_environment, running
from conformance.smollm.hub import Hub, hub_with
from conformance.venvs import ROOT, programs_of
from llemulator_addon.client import Client

_PROGRAMS = Path(__file__).parent / "programs"
_SECONDS = 300
_WORDS = {"zorp", "blick", "quam", "thrum", "vexo", "lunt"}
"""All that the tiny model says; `programs/tiny_model.py` has them, and its width."""
_WIDTH = 64
_NO_HUB = {"HF_ENDPOINT": "http://127.0.0.1:9"}
_KEY = "sk-key-of-the-application"
_OTHER_KEY = "sk-key-for-upstreams"
_FILE = "tiny.gguf"
_TAKEN = "the port is taken; choose another one with --port (PORT), or 0 for a free one"


@pytest.fixture(scope="module")
def python() -> str:
    """Return the Python of an environment with the extra."""
    return str(programs_of(ROOT / "requirements" / "smollm.txt") / "python")


@pytest.fixture(scope="module")
def model(python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("model") / _FILE
    subprocess.run([python, str(_PROGRAMS / "tiny_model.py"), str(file)], check=True)
    return file


@pytest.fixture(scope="module")
def server(python: str, model: Path) -> Iterator[Server]:
    options = ("--model-file", str(model), "--examples", "--hermetic")
    env = {**_ours(), "OPENAI_API_KEY": _KEY, "LLEMULATOR_UPSTREAM_KEY": _OTHER_KEY}
    with running(*options, command="smollm", python=python, env=env) as server:
        yield server


# Asking ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def got(server: Server) -> dict[str, Any]:
    """Return what the official SDK got, in a program that was only told of a proxy and a certificate."""
    with Client(server.origin, _KEY) as admin:
        admin.load({"rules": [{"match": {"user_text": "By rule"}, "reply": {"text": "As the rule says."}}]})
    env = {**plain_environment(), **server.through_proxy(), "OPENAI_API_KEY": _KEY}
    ended = _run(sys.executable, str(_PROGRAMS / "ask.py"), env=env)
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


@pytest.mark.parametrize("way", ["said", "responses", "completions"])
def test_the_model_answers_whole(way: str, got: Mapping[str, Any]) -> None:
    assert got[way].split()
    assert set(got[way].split()) <= _WORDS


def test_the_model_answers_as_a_stream(got: Mapping[str, Any]) -> None:
    *chunks, last = got["streamed"]
    said = [chunk["choices"][0]["delta"].get("content") for chunk in chunks]

    assert len([text for text in said if text]) == 8
    assert {text.strip() for text in said if text} <= _WORDS
    assert {chunk["model"] for chunk in chunks} == {"smollm"}
    assert last["usage"]["completion_tokens"] == 8


def test_the_model_answers_in_the_form_of_a_schema(got: Mapping[str, Any]) -> None:
    value = json.loads(got["as_json"])

    assert set(value) == {"color", "dark"}
    assert value["color"] in {"red", "blue"}
    assert value["dark"] in {True, False}


def test_the_model_gives_embeddings(got: Mapping[str, Any]) -> None:
    assert len(got["embedding"]) == _WIDTH
    assert math.hypot(*got["embedding"]) == pytest.approx(1, abs=1e-3)


def test_a_rule_answers_before_the_model(got: Mapping[str, Any]) -> None:
    assert got["ruled"] == "As the rule says."


def test_the_model_is_listed(got: Mapping[str, Any]) -> None:
    assert got["model"] == "smollm"
    assert {"smollm", "gpt-4o"} <= set(got["models"])


def test_other_models_are_not_answered_by_it(python: str, model: Path) -> None:
    assert _said_of_another_model(python, model) == "Hello there"  # the echo


def test_every_model_is_answered_by_it_where_that_is_asked_for(python: str, model: Path) -> None:
    said = _said_of_another_model(python, model, "--every-model")

    assert said.split()
    assert set(said.split()) <= _WORDS


def _said_of_another_model(python: str, model: Path, *options: str) -> str:
    program = (
        "import openai; print(openai.OpenAI().chat.completions.create(model='gpt-4o', max_tokens=8,"
        " messages=[{'role': 'user', 'content': 'Hello there'}]).choices[0].message.content)"
    )
    with running("--model-file", str(model), *options, command="smollm", python=python, env=_ours()) as server:
        env = {**plain_environment(), **server.through_proxy(), "OPENAI_API_KEY": _KEY}
        return _run(sys.executable, "-c", program, env=env).stdout.strip()


def test_the_line_that_is_printed_works(server: Server) -> None:
    _, line = "".join(server.said).split("smollm, streaming:\n")
    ended = _run("bash", "-c", line, env=plain_environment())
    chunks = [json.loads(each.removeprefix("data: ")) for each in ended.stdout.split("\n\n") if "{" in each]
    said = [chunk["choices"][0]["delta"].get("content") for chunk in chunks]

    assert {text.strip() for text in said if text} <= _WORDS
    assert any(said)


def test_no_key_reaches_the_model(server: Server, got: Mapping[str, Any]) -> None:
    if not Path("/proc/self/mem").exists():
        pytest.skip("only where the memory of another program can be read")
    assert got["said"]
    (pid,) = _children(server.pid)
    url = re.findall(r"smollm answers on (\S+)", "".join(server.said))[0]
    curl = ["curl", "--silent", "--noproxy", "*", f"{url}/models", "-H", "Authorization: Bearer sk-given-to-it"]
    for _ in range(5):
        subprocess.run(curl, check=True, capture_output=True)
    memory = _memory(pid)

    assert b"sk-given-to-it" in memory  # it would be seen
    assert [key for key in (_KEY, _OTHER_KEY) if key.encode() in memory] == []


# Starting and ending --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_end_on_a_signal(number: signal.Signals, python: str, model: Path, tmp_path: Path) -> None:
    with _begun(python, "--model-file", str(model), cwd=tmp_path) as command:
        (pid,) = _children(command.pid)
        command.send_signal(number)
        _, err = command.communicate(timeout=_SECONDS)

    assert command.returncode == 0
    assert "Traceback" not in err
    assert _is_gone(pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_fetching_too(number: signal.Signals, python: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        env = {**_ours(), "HF_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        command = [python, "-m", "llemulator_addon", "smollm", "--cache", str(tmp_path)]
        with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as fetching:
            connection, _ = silent.accept()
            with connection:
                fetching.send_signal(number)
                _, err = fetching.communicate(timeout=_SECONDS)

    assert fetching.returncode == 0
    assert [line.partition(" (")[0] for line in err.splitlines()] == [
        "llemulator: fetching smollm-135m-instruct-add-basics-q8_0.gguf"
    ]


def test_the_model_does_not_stay_where_the_command_is_killed(python: str, model: Path, tmp_path: Path) -> None:
    with _begun(python, "--model-file", str(model), cwd=tmp_path) as command:
        (pid,) = _children(command.pid)
        command.kill()

        assert _is_gone(pid)


def test_the_command_ends_where_the_model_does_and_says_why(python: str, model: Path, tmp_path: Path) -> None:
    with _begun(python, "--model-file", str(model), cwd=tmp_path) as command:
        (pid,) = _children(command.pid)
        os.kill(pid, signal.SIGKILL)
        _, err = command.communicate(timeout=_SECONDS)

    assert command.returncode == 1
    assert err.splitlines()[-1] == "llemulator: smollm is gone: its server was ended by SIGKILL"


def test_a_port_that_is_taken_is_one_line(python: str, model: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = _smollm(python, "--model-file", str(model), "--port", str(port), cwd=tmp_path)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines()[2:] == [f"llemulator: cannot listen on 127.0.0.1:{port}: {_TAKEN}"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"hello, I am no model", "cannot be served: invalid magic characters: 'hell', expected 'GGUF'"),
        (None, "data is not within the file bounds, model is corrupted or incomplete"),
    ],
)
def test_a_file_that_is_no_model_is_one_line(
    content: bytes | None, says: str, python: str, model: Path, tmp_path: Path
) -> None:
    file = tmp_path / "broken.gguf"
    file.write_bytes(content or model.read_bytes()[:200_000])
    ended = _smollm(python, "--model-file", str(file), cwd=tmp_path)
    loading, line = ended.stderr.splitlines()

    assert (ended.returncode, ended.stdout) == (1, "")
    assert loading == f"llemulator: loading {file}"
    assert line.startswith(f"llemulator: {file}: ")
    assert line.endswith(says)


def test_a_file_that_is_not_there_is_one_line(python: str, tmp_path: Path) -> None:
    ended = _smollm(python, "--model-file", "none.gguf", cwd=tmp_path)

    assert (ended.returncode, ended.stderr) == (1, "llemulator: --model-file none.gguf: there is no such file\n")


# Fetching -------------------------------------------------------------------------------------------------------------


def test_without_a_hub_it_says_so_and_how_to_put_the_file_there_by_hand(python: str, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    ended = _smollm(python, "--cache", str(cache), cwd=tmp_path, env=_NO_HUB)
    _, why, what_to_do = ended.stderr.splitlines()

    assert (ended.returncode, ended.stdout) == (1, "")
    assert re.fullmatch(rf"llemulator: (\S+\.gguf) is not in {cache}, and the hub did not give it: .* refused", why)
    assert re.search(r"from http://127\.0\.0\.1:9/\S+\.gguf, and put it there; or name .* --model-file$", what_to_do)


@pytest.mark.parametrize("address", ["http://[", "http://127.0.0.1:99999"])
def test_an_address_that_is_none_is_told(address: str, python: str, tmp_path: Path) -> None:
    ended = _smollm(python, "--cache", str(tmp_path), cwd=tmp_path, env={"HF_ENDPOINT": address})

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[1].startswith("llemulator: HF_ENDPOINT is no address of a hub: ")
    assert "Traceback" not in ended.stderr


def test_a_folder_that_cannot_be_made_is_told(python: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = _smollm(python, cwd=tmp_path, env={"LLEMULATOR_MODEL_CACHE": "file/models"})

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[1:] == [
        "llemulator: file/models: Not a directory; --cache (LLEMULATOR_MODEL_CACHE) names another folder"
    ]


def test_make_run_smollm_sets_up_what_it_needs(tmp_path: Path) -> None:
    env = {**plain_environment(), **_NO_HUB, "LLEMULATOR_MODEL_CACHE": str(tmp_path / "cache")}
    ended = _run("make", "--no-print-directory", "run-smollm", env=env)

    assert ended.returncode == 2  # as make ends where what it runs does with 1
    assert f"is not in {tmp_path / 'cache'}, and the hub did not give it" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_weights_are_fetched_once_and_kept(python: str, model: Path, tmp_path: Path) -> None:
    with hub_with(model.read_bytes()) as hub:
        first = _fetch(python, tmp_path, model, hub)
    again = _fetch(python, tmp_path, model, hub)
    path = f"/somebody/something/resolve/{hub.revision}/{_FILE}"

    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert again.stdout == f"{tmp_path / _FILE}\n"
    assert (tmp_path / _FILE).read_bytes() == model.read_bytes()
    assert set(hub.asked) == {("HEAD", path, None), ("GET", path, None), ("GET", "/store/0815", None)}
    assert hub.asked.count(("GET", "/store/0815", None)) == 1


def test_fetching_shows_how_far_it_is(python: str, model: Path, tmp_path: Path) -> None:
    with hub_with(model.read_bytes()) as hub:
        shown = _on_a_terminal(_fetching(python, tmp_path, model, hub), {**_ours(), "HF_ENDPOINT": hub.url})

    assert f"fetching {_FILE} (0 MB) of somebody/something into {tmp_path}" in shown
    assert re.search(rf"{_FILE}: 100%\|", shown)


def test_what_broke_off_is_not_taken_for_the_whole(python: str, model: Path, tmp_path: Path) -> None:
    with hub_with(model.read_bytes(), until=100_000) as hub:
        broken_off = _fetch(python, tmp_path, model, hub)
    assert broken_off.returncode == 1
    assert "the hub did not give it: peer closed connection" in broken_off.stderr
    assert not (tmp_path / _FILE).exists()

    with hub_with(model.read_bytes()) as hub:
        assert _fetch(python, tmp_path, model, hub).returncode == 0


def test_a_file_put_there_by_hand_is_taken(python: str, model: Path, tmp_path: Path) -> None:
    (tmp_path / _FILE).write_bytes(model.read_bytes())
    ended = _fetch(python, tmp_path, model, Hub(url=_NO_HUB["HF_ENDPOINT"]))

    assert (ended.returncode, ended.stdout) == (0, f"{tmp_path / _FILE}\n")


def test_another_file_than_that_of_the_hub_is_not_taken(python: str, model: Path, tmp_path: Path) -> None:
    with hub_with(model.read_bytes()[:-1]) as hub:
        ended = _fetch(python, tmp_path, model, hub)

    assert ended.returncode == 1
    assert f"{tmp_path / _FILE} is not what somebody/something has: its SHA-256 is" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("status", [401, 404, 503])
def test_a_hub_that_refuses_is_two_lines(status: int, python: str, model: Path, tmp_path: Path) -> None:
    with hub_with(b"", status=status) as hub:
        ended = _fetch(python, tmp_path, model, hub)

    assert ended.returncode == 1
    assert f"the hub did not give it: {'Server' if status > 500 else 'Client'} error '{status} " in ended.stderr
    assert len(ended.stderr.splitlines()) == 2


# Running --------------------------------------------------------------------------------------------------------------


def _ours() -> dict[str, str]:
    return {**plain_environment(), "PYTHONPATH": str(ROOT)}


def _run(*command: str, env: Mapping[str, str], cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    nothing = subprocess.DEVNULL
    return subprocess.run(
        command, cwd=cwd, env=env, stdin=nothing, capture_output=True, text=True, timeout=_SECONDS, check=False
    )


def _smollm(
    python: str, *options: str, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return _run(python, "-m", "llemulator_addon", "smollm", *options, env={**_ours(), **(env or {})}, cwd=cwd)


@contextmanager
def _begun(python: str, *options: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the command until the body ends; the body begins once it listens."""
    command = [python, "-m", "llemulator_addon", "smollm", "--port", "0", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=cwd, env=_ours(), stdout=pipe, stderr=pipe, text=True) as begun:
        try:
            assert begun.stdout
            while "listens on" not in begun.stdout.readline():
                assert begun.poll() is None
            yield begun
        finally:
            begun.kill()


def _fetching(python: str, folder: Path, model: Path, hub: Hub) -> list[str]:
    digest = sha256(model.read_bytes()).hexdigest()
    program = str(_PROGRAMS / "fetch.py")
    return [python, program, str(folder), model.name, hub.revision, digest, str(model.stat().st_size)]


def _fetch(python: str, folder: Path, model: Path, hub: Hub) -> subprocess.CompletedProcess[str]:
    env = {**_ours(), "HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_nobody_needs_it"}
    return _run(*_fetching(python, folder, model, hub), env=env)


def _on_a_terminal(command: list[str], env: Mapping[str, str]) -> str:
    """Return all that a command shows on a terminal."""
    ours, its = pty.openpty()
    termios.tcsetwinsize(its, (24, 120))
    with subprocess.Popen(command, env=env, stdin=its, stdout=its, stderr=its) as begun:
        os.close(its)
        shown = b"".join(_read(ours))
        assert begun.wait(_SECONDS) == 0
    os.close(ours)
    return shown.decode()


def _read(terminal: int) -> Iterator[bytes]:
    while select.select([terminal], [], [], _SECONDS)[0]:
        try:
            yield os.read(terminal, 4096)
        except OSError:  # nobody has it open any more
            return


def _children(pid: int) -> list[int]:
    return [child for child in _programs() if _stat(child)[1:2] == [str(pid)]]


def _is_gone(pid: int) -> bool:
    """Wait until a program has ended, whether anybody took note or not."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        if _stat(pid)[:1] in ([], ["Z"]):
            return True
        time.sleep(0.05)
    return False


def _programs() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdecimal()]


def _stat(pid: int) -> list[str]:
    """Return the state of a program, its parent and more; nothing if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return []


def _memory(pid: int) -> bytes:
    """Return all that a program has in its memory and could have written there."""
    found = []
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text("utf-8").splitlines():
            place, rights, *_ = line.split()
            if rights.startswith("rw"):
                begin, end = (int(number, 16) for number in place.split("-"))
                found.append(os.pread(memory.fileno(), end - begin, begin))
    return b"".join(found)
