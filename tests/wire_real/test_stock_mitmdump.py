"""The addon does the same within stock mitmdump."""

import asyncio
import json
import re
import signal
import time
from pathlib import Path

import pytest

import llemulator_addon
from llemulator_addon.adapters.ending import SAME
from tests.wire_real.clients import Version, Way, ask, negotiate
from tests.wire_real.model_server import serving as serving_models
from tests.wire_real.processes import LLEMULATOR, MITMDUMP, run, started

_ADDON = str(Path(llemulator_addon.__file__).parent / "addon.py")
_QUESTION = b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi there"}]}'
_TOKEN = (("Authorization", "Bearer sk-test"),)
_EACH: list[tuple[Way, Version]] = [
    ("connect", "1.1"),
    ("connect", "2"),
    ("absolute", "1.1"),
    ("origin", "1.1"),
    ("tls", "1.1"),
]
_PORT = ("--listen-host", "127.0.0.1", "--listen-port", "0")


async def test_mitmdump_with_the_addon_answers_in_every_way_from_any_folder(tmp_path: Path) -> None:
    async with started(*MITMDUMP, *_PORT, "-s", _ADDON, cwd=tmp_path) as begun:
        answers = {each: await ask(begun.proxy, *each, headers=_TOKEN, body=_QUESTION) for each in _EACH}
        chosen = await negotiate(begun.proxy, "http/1.1", "h2")

    assert chosen == "h2"
    assert {each: (answer.status, b'"Hi there"' in answer.body) for each, answer in answers.items()} == dict.fromkeys(
        _EACH, (200, True)
    )
    assert begun.proxy.ca == tmp_path / "certs" / "ca.pem"


async def test_where_mitmdump_listens_on_all_addresses_that_is_told_with_what_others_can_do(tmp_path: Path) -> None:
    async with started(*MITMDUMP, "--listen-port", "0", "-s", _ADDON, cwd=tmp_path) as begun:
        await begun.read_until("?key=")
        ended = await begun.stop()

    assert re.search(r"^Console, for one browser and one time:\n  http://\S+/\?key=\S{20,}$", ended.out, re.MULTILINE)
    assert "It also listens on all other addresses of this machine.\n" in ended.out
    told = "anyone who can reach 0.0.0.0 from a private network can use this as a proxy to any host; "
    assert told in ended.out + ended.err


async def test_a_paced_stream_is_played_within_mitmdump_too(tmp_path: Path) -> None:
    (tmp_path / "slow.yaml").write_text(
        'rules: [{reply: {text: "one two three"}, stream: {tokens_per_second: 20, chunk_by: word}}]', "utf-8"
    )
    question = _QUESTION[:-1] + b', "stream": true}'
    options = ("-s", _ADDON, "--set", "llemulator_script=slow.yaml")
    async with started(*MITMDUMP, *_PORT, *options, cwd=tmp_path) as begun:
        before = time.monotonic()
        answer = await ask(begun.proxy, "connect", "2", headers=_TOKEN, body=question)

    assert answer.ended == "whole"
    assert answer.came(b" three") - before >= 2 * 0.05 - 0.01


async def test_an_upstream_is_asked_from_within_mitmdump_too(tmp_path: Path) -> None:
    question = json.dumps({**json.loads(_QUESTION), "model": "smollm", "stream": True}).encode()
    with serving_models() as models:
        options = ("-s", _ADDON, "--set", f"llemulator_upstream=smollm={models.url}")
        async with started(*MITMDUMP, *_PORT, *options, cwd=tmp_path) as begun:
            answers = [await ask(begun.proxy, *each, headers=_TOKEN, body=question) for each in _EACH]
        seen = models.seen()

    assert [(answer.status, answer.ended, answer.body.endswith(b"[DONE]\n\n")) for answer in answers] == [
        (200, "whole", True)
    ] * len(_EACH)
    assert "sk-test" not in json.dumps(seen)


async def test_a_request_that_waits_for_a_person_is_a_line_of_mitmdumps_log(tmp_path: Path) -> None:
    options = ("-s", _ADDON, "--set", "llemulator_on_unmatched=manual", "--set", "llemulator_script=")
    async with (
        started(*MITMDUMP, *_PORT, *options, cwd=tmp_path) as begun,
        asyncio.TaskGroup() as asking,
    ):
        asked = asking.create_task(ask(begun.proxy, headers=_TOKEN, body=_QUESTION))
        printed = await begun.read_until("waits for a person")
        asked.cancel()

    assert "request 1 waits for a person: POST /_emulator/waiting/1 answers it" in printed


@pytest.mark.parametrize(
    ("mode", "ways"),
    [
        ("reverse:https://api.openai.com", ["origin", "tls"]),
        ("upstream:http://127.0.0.1:9", ["connect", "absolute", "origin"]),
    ],
)
async def test_other_modes_of_mitmproxy_lead_here_as_well(tmp_path: Path, mode: str, ways: list[Way]) -> None:
    async with started(*MITMDUMP, *_PORT, "--mode", mode, "-s", _ADDON, cwd=tmp_path) as begun:
        answers = {way: await ask(begun.proxy, way, headers=_TOKEN, body=_QUESTION) for way in ways}

    assert {way: answer.status for way, answer in answers.items()} == dict.fromkeys(ways, 200)


async def test_it_is_stronger_than_options_that_would_make_mitmproxy_dial(tmp_path: Path) -> None:
    hostile = ("connection_strategy=eager", "upstream_cert=true", "allow_hosts=^other$", "stream_large_bodies=1")
    options = [word for option in hostile for word in ("--set", option)]
    async with started(*MITMDUMP, *_PORT, *options, "-s", _ADDON, cwd=tmp_path) as begun:
        answer = await ask(begun.proxy, headers=_TOKEN, body=_QUESTION)

    assert answer.status == 200


async def test_addons_beside_it_see_its_requests_and_answers(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text(
        "import importlib.util\n"
        "def running(): print('beside: finds', importlib.util.find_spec('emulator'), flush=True)\n"
        "def request(flow): print('beside: request', flow.request.path, flush=True)\n"
        "def response(flow): print('beside: response', len(flow.response.content), flush=True)\n",
        "utf-8",
    )
    scripts = ("-q", "-s", _ADDON, "-s", "beside.py")
    async with started(*MITMDUMP, *_PORT, *scripts, cwd=tmp_path) as begun:
        answer = await ask(begun.proxy, headers=_TOKEN, body=_QUESTION)
        ended = await begun.stop()

    # Our own modules do not stand in front of others of their names.
    assert "beside: finds None\n" in ended.out
    assert "beside: request /v1/chat/completions\n" in ended.out
    assert f"beside: response {len(answer.body)}\n" in ended.out


async def test_the_authority_is_mitmproxys_where_the_user_named_its_folder(tmp_path: Path) -> None:
    own = tmp_path / "own"
    async with started(*MITMDUMP, *_PORT, "--set", f"confdir={own}", "-s", _ADDON, cwd=tmp_path) as begun:
        answer = await ask(begun.proxy, headers=_TOKEN, body=_QUESTION)

    assert (answer.status, begun.proxy.ca) == (200, own / "ca.pem")


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("llemulator_debug=maybe", "--set llemulator_debug: expected true or false, got 'maybe'"),
        (
            "llemulator_script=missing.yaml",
            "missing.yaml: No such file or directory; use --script (LLEMULATOR_SCRIPT) to choose a script",
        ),
    ],
)
async def test_a_wrong_option_ends_mitmdump_before_it_forwards_anything(tmp_path: Path, option: str, line: str) -> None:
    ended = await run(*MITMDUMP, *_PORT, "-s", _ADDON, "--set", option, cwd=tmp_path)

    assert ended.status == 1
    assert f"llemulator: {line}\n" in ended.err


async def test_init_makes_the_short_name_work_in_a_folder(tmp_path: Path) -> None:
    written = await run(*LLEMULATOR, "init", cwd=tmp_path)
    again = await run(*LLEMULATOR, "init", cwd=tmp_path)
    async with started(*MITMDUMP, *_PORT, "-s", "llemulator_addon", cwd=tmp_path) as begun:
        answer = await ask(begun.proxy, headers=_TOKEN, body=_QUESTION)

    assert (written.status, again.status, answer.status) == (0, 0, 200)


_BUSY = """
def request(flow):
    if flow.request.path == "/busy":
        print("busy", flush=True)
        while True:
            pass
"""


async def test_a_second_signal_ends_a_mitmdump_that_is_busy(tmp_path: Path) -> None:
    (tmp_path / "busy.py").write_text(_BUSY, "utf-8")
    options = (*_PORT, "-s", _ADDON, "-s", "busy.py")
    async with (
        started(*MITMDUMP, *options, cwd=tmp_path) as begun,
        asyncio.TaskGroup() as asking,
    ):
        asked = asking.create_task(ask(begun.proxy, "origin", method="GET", path="/busy", headers=_TOKEN))
        await begun.read_until("busy")
        begun.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(4 * SAME)
        was_there = begun.process.returncode is None
        ended = await begun.stop()
        asked.cancel()

    assert (was_there, ended.status) == (True, -signal.SIGTERM)
