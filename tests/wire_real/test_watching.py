"""`--watch` as a user has it: a process, a file, and an editor."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.patience import SECONDS
from tests.wire_real.clients import Proxy, ask
from tests.wire_real.processes import LLEMULATOR, MITMDUMP, Started, started

_BODY = b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}'
_TOKEN = "sk-test"
_REQUEST = "INFO: POST "
"""In the log line of a request."""
_ADDON = str(Path(__file__).parents[2] / "llemulator_addon/addon.py")
_WAYS = {
    "llemulator": (*LLEMULATOR, "--port", "0", "--script", "script.yaml", "--watch"),
    "mitmdump": (
        *(*MITMDUMP, "-q", "-s", _ADDON, "--listen-port", "0"),
        *("--set", "llemulator_script=script.yaml", "--set", "llemulator_watch=true"),
    ),
}


@pytest.mark.parametrize("command", _WAYS.values(), ids=list(_WAYS))
async def test_a_changed_script_is_played_from_its_start(command: Sequence[str], tmp_path: Path) -> None:
    script = tmp_path / "script.yaml"
    script.write_text("responses: [one, two]\n", "utf-8")
    async with started(*command, cwd=tmp_path) as begun:
        await ask(begun.proxy, path="/_emulator/script", way="origin", headers=_token("sk-own"), body=b'["own"]')
        before = [await _said(begun.proxy) for _ in range(3)]
        _write_over(script, "responses: [three, four]\n")
        after = await _until_other_than(before[-1], begun.proxy)
        own = await _said(begun.proxy, "sk-own")

    assert (before, after) == (["one", "two", "script_exhausted"], "three")
    assert own == "own"


@pytest.mark.parametrize(
    ("broken_script", "why"),
    [
        ("responses:\n  - {respones: new}\n", "responses[0].respones: "),
        ("defaults: {on_unmatched: upstream}\n", "defaults.on_unmatched: there is no upstream; "),
    ],
)
async def test_a_broken_script_keeps_the_old_one_and_says_why_in_one_line(
    tmp_path: Path, broken_script: str, why: str
) -> None:
    script = tmp_path / "script.yaml"
    script.write_text("responses: {'': old}\n", "utf-8")
    async with started(*_WAYS["llemulator"], cwd=tmp_path, env={"LOG_LEVEL": "info"}) as begun:
        _write_over(script, broken_script)
        broken = await _logged(begun)
        kept = await _said(begun.proxy)
        _replace(script, "responses: {'': mended}\n")
        mended = await _logged(begun)
        played = await _said(begun.proxy)
        ended = await begun.stop()

    assert broken.startswith(f"llemulator: ERROR: the script stays as it was: script.yaml: {why}")
    assert mended == "llemulator: INFO: script.yaml has changed, and is played from its beginning\n"
    more = [line for line in ended.err.splitlines() if _REQUEST not in line]
    assert (kept, played, ended.status, more) == ("old", "mended", 0, [])


async def test_a_script_that_is_gone_is_played_on(tmp_path: Path) -> None:
    script = tmp_path / "script.yaml"
    script.write_text("responses: {'': old}\n", "utf-8")
    async with started(*_WAYS["llemulator"], cwd=tmp_path, env={"LOG_LEVEL": "info"}) as begun:
        script.unlink()
        gone = await _logged(begun)
        said = await _said(begun.proxy)

    assert gone.startswith("llemulator: ERROR: the script stays as it was: script.yaml: No such file or directory")
    assert said == "old"


async def test_without_a_script_there_is_nothing_to_watch(tmp_path: Path) -> None:
    async with started(*LLEMULATOR, "--port", "0", "--watch", cwd=tmp_path) as begun:
        ended = await begun.stop()

    assert (ended.status, ended.err) == (
        0,
        "llemulator: WARNING: there is nothing to watch: --watch (LLEMULATOR_WATCH) goes with --script\n",
    )


def _write_over(file: Path, text: str) -> None:
    """Change a file in its place, in one write: it may be read at any time, and is longer than before."""
    with file.open("r+b", buffering=0) as opened:
        assert opened.write(text.encode()) >= file.stat().st_size


def _replace(file: Path, text: str) -> None:
    """Change a file as most editors do: another one takes its place."""
    other = file.with_suffix(".new")
    other.write_text(text, "utf-8")
    other.rename(file)


async def _said(proxy: Proxy, token: str = _TOKEN) -> str:
    answer = await ask(proxy, headers=_token(token), body=_BODY)
    value = json.loads(answer.body)
    return str(value["error"]["code"] if "error" in value else value["choices"][0]["message"]["content"])


async def _until_other_than(said: str, proxy: Proxy) -> str:
    async with asyncio.timeout(SECONDS):
        while (now := await _said(proxy)) == said:  # noqa: ASYNC110 - only answers tell from outside
            await asyncio.sleep(0.1)
    return now


async def _logged(begun: Started) -> str:
    assert begun.process.stderr is not None
    async with asyncio.timeout(SECONDS):
        while _REQUEST in (line := (await begun.process.stderr.readline()).decode()):
            pass
        return line


def _token(token: str) -> tuple[tuple[str, str], ...]:
    return (("Authorization", f"Bearer {token}"), ("Content-Type", "application/json"))
