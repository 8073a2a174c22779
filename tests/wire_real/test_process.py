"""`llemulator` as a process: how it starts, what it says, and how it ends."""

import asyncio
import dataclasses
import gzip
import json
import os
import re
import shutil
import signal
import socket
import stat
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from benchmarks.servers import free_port
from conformance.server import plain_environment
from tests.patience import SECONDS
from tests.wire_real.clients import Answer, Proxy, Question, ask, connected
from tests.wire_real.processes import LLEMULATOR, Ended, run, started

_SLOW = """
rules:
  - reply: {text: "one two three"}
    stream: {ttft_ms: 0, tokens_per_second: 0.01}
"""
_QUESTION = b'{"model": "gpt-4o", "stream": true, "messages": [{"role": "user", "content": "Hi"}]}'
_TOKEN = (("Authorization", "Bearer sk-test"),)


@pytest.fixture(scope="module", params=[signal.SIGINT, signal.SIGTERM])
def whole_life(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Proxy, Ended]:
    """What a process said that was asked in each way, and was told to end by this signal."""

    async def live() -> tuple[Proxy, Ended]:
        async with started(*LLEMULATOR, "--port", "0", cwd=tmp_path_factory.mktemp("life")) as begun:
            for way in ("connect", "absolute", "origin", "tls"):
                answer = await ask(begun.proxy, way, headers=_TOKEN, body=_QUESTION)
                assert answer.status == 200
            return begun.proxy, await begun.stop(request.param)

    return asyncio.run(live())


def test_it_stops_with_status_0_and_neither_that_nor_a_connection_leaves_a_line(
    whole_life: tuple[Proxy, Ended],
) -> None:
    _, ended = whole_life

    assert (ended.status, ended.err) == (0, "")


async def test_each_request_is_a_line_of_the_log(tmp_path: Path) -> None:
    async with started(*LLEMULATOR, "--port", "0", cwd=tmp_path, env={"LOG_LEVEL": "info"}) as begun:
        await ask(begun.proxy, method="GET", path="/v1/models", headers=_TOKEN)
        ended = await begun.stop()

    assert re.fullmatch(r"llemulator: INFO: GET /v1/models: without a rule, 200 in \d\.\d\d s\n", ended.err)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_stops_by_a_signal_that_its_shell_let_it_ignore(tmp_path: Path, number: signal.Signals) -> None:
    # A shell without job control starts what ends in `&` so; whoever sends the signal wants it to end.
    command = ("sh", "-c", 'trap "" HUP INT QUIT; exec "$@"', "sh", *LLEMULATOR, "--port", "0")
    async with started(*command, cwd=tmp_path) as begun:
        begun.process.send_signal(signal.SIGHUP)
        answer = await ask(begun.proxy, method="GET", path="/v1/models", headers=_TOKEN)
        ended = await begun.stop(number)

    assert (answer.status, ended.status, ended.err) == (200, 0, "")


async def test_it_stops_at_once_in_the_middle_of_streams_and_says_so(
    tmp_path: Path,
) -> None:
    (tmp_path / "slow.yaml").write_text(_SLOW, "utf-8")
    async with (
        started(*LLEMULATOR, "--port", "0", "--script", "slow.yaml", cwd=tmp_path, env={"LOG_LEVEL": "info"}) as begun,
        connected(begun.proxy, "connect") as (reader, writer),
    ):
        question = Question(method="POST", path="/v1/chat/completions", headers=_TOKEN, body=_QUESTION)
        writer.write(question.as_h1())
        await reader.readuntil(b"data: ")
        ended = await begun.stop()
        rest = await reader.read()

    assert ended.status == 0
    assert re.fullmatch(r"llemulator: INFO: POST /v1/chat/completions .*, the server was stopped\n", ended.err)
    assert b"[DONE]" not in rest


async def test_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = await run(*LLEMULATOR, "--port", str(port), cwd=tmp_path)

    assert (ended.status, ended.out) == (1, "")
    assert ended.err == (
        f"llemulator: cannot listen on 127.0.0.1:{port}: the port is taken; "
        "choose another one with --port (PORT), or 0 for a free one\n"
    )


async def test_more_ports_answer_as_the_first_does(tmp_path: Path) -> None:
    first, second = free_port(), free_port()
    options = ("--listen", str(first), "--listen", f"127.0.0.1:{second}")
    async with started(*LLEMULATOR, "--port", "0", *options, cwd=tmp_path) as begun:
        proxies = [dataclasses.replace(begun.proxy, port=port) for port in (begun.proxy.port, first, second)]
        answers = [
            await ask(one, way, method="GET", path="/v1/models", headers=_TOKEN)
            for one in proxies
            for way in ("connect", "origin", "tls")
        ]
        ended = await begun.stop()

    assert [answer.status for answer in answers] == [200] * 9
    assert ended.out.endswith(f"It listens on {first} as well.\nIt listens on 127.0.0.1:{second} as well.\n")


async def test_another_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = await run(*LLEMULATOR, "--port", "0", "--listen", f"transparent@{port}", cwd=tmp_path)

    assert (ended.status, ended.out) == (1, "")
    assert ended.err == (
        f"llemulator: cannot listen on 127.0.0.1:{port}: the port is taken; "
        "choose another one with --listen (LLEMULATOR_LISTEN)\n"
    )


async def test_a_port_that_is_named_twice_is_one_line(tmp_path: Path) -> None:
    ended = await run(*LLEMULATOR, "--port", "18443", "--listen", "18443", cwd=tmp_path)

    assert ended.status == 1
    assert ended.err == (
        "llemulator: --listen (LLEMULATOR_LISTEN): Cannot spawn multiple servers on the same address: 127.0.0.1:18443\n"
    )


@pytest.mark.parametrize(
    ("options", "env", "line"),
    [
        (("--port", "much"), {}, "--port: expected a port number from 0 to 65535, got 'much'"),
        ((), {"LLEMULATOR_SEED": "-1"}, "LLEMULATOR_SEED: expected a whole number from 0, got '-1'"),
        (
            ("--script", "missing.yaml"),
            {},
            "missing.yaml: No such file or directory; use --script (LLEMULATOR_SCRIPT) to choose a script",
        ),
        (("--script", "wrong.json"), {}, 'wrong.json: respones: unknown key; did you mean "responses"?'),
        (
            ("--certs", "wrong.json"),
            {},
            "{cwd}/wrong.json: Not a directory; --certs (LLEMULATOR_CERTS) names another folder",
        ),
    ],
)
async def test_what_cannot_be_used_is_one_line_that_says_what_to_do(
    tmp_path: Path, options: tuple[str, ...], env: dict[str, str], line: str
) -> None:
    (tmp_path / "wrong.json").write_text('{"respones": "hi"}', "utf-8")

    ended = await run(*LLEMULATOR, *options, cwd=tmp_path, env={"PORT": "0", **env})

    assert (ended.status, ended.out, ended.err) == (1, "", f"llemulator: {line.format(cwd=tmp_path)}\n")


def test_it_says_the_line_that_leads_an_application_here(whole_life: tuple[Proxy, Ended]) -> None:
    proxy, ended = whole_life

    url, certs = f"http://127.0.0.1:{proxy.port}", proxy.ca.parent
    assert certs.name == "certs"
    assert ended.out == (
        f"llemulator listens on {url}\n"
        f"To watch requests, and to answer them by hand, open {url} in a browser.\n"
        "To send an app's calls here, run this in the shell that starts it:\n"
        f"  export HTTPS_PROXY={url} SSL_CERT_FILE={certs}/bundle.pem NODE_EXTRA_CA_CERTS={certs}/ca.pem "
        "NODE_USE_ENV_PROXY=1\n"
        "Or skip certificates and set the base URL:\n"
        f"  export OPENAI_BASE_URL={url}/v1\n"
        "For an app that ignores these variables, such as Node before 22.21, use this instead:\n"
        "  llemulator run --script FILE -- COMMAND\n"
    )


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_the_examples_that_it_prints_work(tmp_path: Path) -> None:
    async with started(*LLEMULATOR, "--port", "0", "--examples", cwd=tmp_path) as begun:
        said = await begun.read_until("for await")
        curl, python = (_example(said, head) for head in ("curl:", "Python (pip install openai):"))
        path = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
        by_curl = await run("sh", "-c", curl, cwd=tmp_path)
        by_python = await run("sh", "-c", python, cwd=tmp_path, env=path)

    assert (by_curl.status, '"content": "Hello"' in by_curl.out) == (0, True)
    assert (by_python.status, by_python.out) == (0, "Hello\n")


def _example(said: str, head: str) -> str:
    """Return the command below a heading, which is indented and goes on to the next heading."""
    return re.split(r"^\S.*:$", said.partition(f"\n{head}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


async def test_the_first_start_makes_an_authority_whose_key_nobody_else_can_read(tmp_path: Path) -> None:
    async with started(*LLEMULATOR, "--port", "0", cwd=tmp_path, env={"LLEMULATOR_CERTS": "elsewhere"}):
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "elsewhere").iterdir()}

    assert modes["mitmproxy-ca.pem"] == 0o600
    assert set(modes) == {
        ".gitignore",
        "bundle.pem",
        "ca.pem",
        "mitmproxy-ca.pem",
        "mitmproxy-dhparam.pem",
        "trust.p12",
    }


async def test_processes_that_start_together_agree_on_one_authority(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        begun = await asyncio.gather(
            *[stack.enter_async_context(started(*LLEMULATOR, "--port", "0", cwd=tmp_path)) for _ in range(3)]
        )
        answers = [await ask(one.proxy, method="GET", path="/v1/models", headers=_TOKEN) for one in begun]

    assert [answer.status for answer in answers] == [200, 200, 200]


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
@pytest.mark.parametrize("host", ["::1", "[::1]"])
async def test_it_listens_on_an_address_of_ipv6(tmp_path: Path, host: str) -> None:
    async with started(*LLEMULATOR, "--port", "0", "--host", host, cwd=tmp_path) as begun:
        answer = await ask(begun.proxy, method="GET", path="/v1/models", headers=_TOKEN)

    assert (begun.proxy.host, answer.status) == ("::1", 200)


async def test_what_others_can_do_who_reach_it_is_warned_of(tmp_path: Path) -> None:
    options = ("--host", "0.0.0.0", "--upstream", "http://127.0.0.1:1/v1", "--upstream-key", "sk-own")  # noqa: S104
    async with started(*LLEMULATOR, "--port", "0", *options, cwd=tmp_path) as begun:
        ended = await begun.stop()

    lines = ended.err.splitlines()
    assert [line.partition(" from ")[0].partition(" send ")[0] for line in lines] == [
        "llemulator: WARNING: anyone who can reach 0.0.0.0",
        "llemulator: WARNING: anyone who can reach 0.0.0.0 can",
    ]


async def test_a_body_that_is_not_in_its_coding_is_answered_as_json_that_cannot_be_read(tmp_path: Path) -> None:
    headers = (*_TOKEN, ("Content-Encoding", "gzip"))
    async with started(*LLEMULATOR, "--port", "0", cwd=tmp_path) as begun:
        wrong = await ask(begun.proxy, headers=headers, body=_QUESTION)
        right = await ask(begun.proxy, headers=headers, body=gzip.compress(_QUESTION))
        journal = await ask(begun.proxy, method="GET", path="/_emulator/requests", headers=_TOKEN)
        ended = await begun.stop()

    assert (wrong.status, right.status) == (400, 200)
    assert json.loads(wrong.body)["error"]["message"].startswith("We could not parse the JSON body of your request.")
    assert [each["status"] for each in json.loads(journal.body)["data"]] == [400, 200]
    assert ended.err == (
        "llemulator: WARNING: a request to api.openai.com has a body that is not in its content-encoding\n"
    )


async def test_a_misspelt_variable_is_warned_of_at_the_start(tmp_path: Path) -> None:
    variables = {"LLEMULATOR_SCIRPT": "x.yaml", "LLEMULATOR_PORT": "tcp://10.0.0.1:8080"}
    async with started(*LLEMULATOR, "--port", "0", cwd=tmp_path, env=variables) as begun:
        ended = await begun.stop()

    assert ended.err == (
        "llemulator: WARNING: LLEMULATOR_SCIRPT is not a setting and is ignored; did you mean LLEMULATOR_SCRIPT?\n"
    )


async def test_debug_logs_each_request_without_its_secrets(tmp_path: Path) -> None:
    async with started(*LLEMULATOR, "--port", "0", cwd=tmp_path, env={"LOG_LEVEL": "debug"}) as begun:
        await ask(begun.proxy, path="/v1/chat/completions?api-key=sk-query", headers=_TOKEN, body=_QUESTION)
        ended = await begun.stop()

    assert "llemulator: DEBUG: POST api.openai.com/v1/chat/completions (connect): 200\n" in ended.err
    assert "sk-" not in ended.err


async def test_a_log_that_nobody_reads_holds_up_no_answer(tmp_path: Path) -> None:
    long = f"/v1/{'a' * 8_000}"
    async with started(*LLEMULATOR, "--port", "0", cwd=tmp_path, env={"LOG_LEVEL": "debug"}) as begun:
        answers = [await ask(begun.proxy, path=long, headers=_TOKEN, body=_QUESTION) for _ in range(60)]
        begun.process.terminate()
        # It ends although nobody reads what it has still to say.
        async with asyncio.timeout(SECONDS):
            while begun.process.returncode is None:  # noqa: ASYNC110 - `wait` waits for the pipe as well
                await asyncio.sleep(0.05)
        await begun.process.communicate()

    assert {answer.status for answer in answers} == {404}
    assert begun.process.returncode == 0


async def test_a_standard_output_that_is_full_holds_up_no_answer(tmp_path: Path) -> None:
    port = free_port()
    full = os.open("/dev/full", os.O_WRONLY)
    process = await asyncio.create_subprocess_exec(
        *LLEMULATOR, "--port", str(port), cwd=tmp_path, env=plain_environment(), stdout=full, stderr=full
    )
    os.close(full)
    try:
        answer = await _asked_once_it_listens(Proxy(port=port, ca=tmp_path / "certs" / "ca.pem"))
    finally:
        process.terminate()
        status = await process.wait()

    assert (answer.status, status) == (200, 0)


async def _asked_once_it_listens(proxy: Proxy) -> Answer:
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                return await ask(proxy, method="GET", path="/v1/models", headers=_TOKEN)
            except OSError:
                await asyncio.sleep(0.05)


async def test_requests_that_are_sent_at_once_by_many_clients_are_all_answered(proxy: Proxy) -> None:
    answers = await asyncio.gather(*[ask(proxy, headers=_TOKEN, body=_QUESTION) for _ in range(60)])

    assert [answer.status for answer in answers] == [200] * 60
