"""What must hold whatever comes: no exception below the adapters, which a client would see as this program's 500."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress

from llemulator_addon.admin.dispatch import is_admin
from llemulator_addon.core.outcome import Ending, Play
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Cut, Head, Send, Steps, Wait
from llemulator_addon.emulator import Emulator, EmulatorSettings
from llemulator_addon.script.reader import read_script, read_text
from llemulator_addon.script.script_error import ScriptError
from llemulator_addon.store.memory import MemoryStore
from llemulator_addon.wire import json_bytes
from tests.playing import body_of, chat, connect, post, request, shake_hands, status

_ENDING = Ending(how="whole", bytes_sent=1, sends=1, seconds=0.0)
_JSON, _YAML = "application/json", "application/yaml"
# Short: whole vectors, printed as a script, would be nine tenths of the work.
_EMBED = {"model": "text-embedding-3-small", "input": ["a", "b"], "dimensions": 8}


def load(body: bytes, language: str) -> None:
    """Load it as a script; where it is one, play it, and read it again as it is printed."""
    server = Emulator(EmulatorSettings(debug=True), MemoryStore)
    content_type = _YAML if language == "yaml" else _JSON
    sent = request("POST", "/_emulator/script", body=body, headers={"content-type": content_type})
    (steps,) = answered(server, [sent])
    if status(steps) == 200:
        play(server)
        reads_again(body, language)
    else:
        assert status(steps) == 400, steps
        error = json.loads(body_of(steps))["error"]
        assert error["code"] == "invalid_script"
        assert error["message"]


def play(server: Emulator) -> None:
    """Ask on every endpoint, and for all that there is to see of it."""
    answered(server, _questions())
    connect(server)
    shake_hands(server)
    for steps in answered(server, looks()):
        assert status(steps) in range(200, 500), steps


def reads_again(body: bytes, language: str) -> None:
    """A script that was accepted is the same when it is printed and read again."""
    try:
        script = read_text(body, "yaml" if language == "yaml" else "json")
    except ScriptError:
        return
    printed = script.dump()
    assert read_script(printed) == script
    assert read_text(json_bytes.pretty(printed), "json").dump() == script.dump()


def answered(server: Emulator, requests: Iterable[Request]) -> list[Steps]:
    """Let requests be answered one after the other; what is wrong in this program is raised."""

    async def one_after_the_other() -> list[Steps]:
        return [steps for asked in requests for steps in await steps_of(server, asked)]

    all_steps = asyncio.run(one_after_the_other())
    for steps in all_steps:
        can_be_sent(steps)
    return all_steps


async def steps_of(server: Emulator, asked: Request) -> list[Steps]:
    """Return the answer; none where it is an upstream's, or somebody would have to be waited for."""
    answering = asyncio.ensure_future(server.answer(asked))
    if is_admin(asked):
        await asyncio.wait({answering})
    for _ in range(20):
        await asyncio.sleep(0)
    if not answering.done():
        answering.cancel()
        with suppress(asyncio.CancelledError):
            await answering
        return []
    outcome = answering.result()
    if outcome.exchange is not None:
        await server.note_end(outcome.exchange, _ENDING)
    return [outcome.steps] if isinstance(outcome, Play) else []


def can_be_sent(steps: Steps) -> None:
    """Whether a way in can play it."""
    for step in steps:
        match step:
            case Head():
                assert step.status in range(200, 600)
                for name, value in step.headers:
                    assert name.encode("ascii")
                    assert not {"\r", "\n", "\0"} & set(f"{name}{value}")
                    assert isinstance(value.encode("latin-1"), bytes)
            case Send():
                assert isinstance(step.piece, bytes)
            case Wait():
                assert step.seconds >= 0
            case Cut():
                pass


def _questions() -> Iterator[Request]:
    for stream in (False, True):
        for text in ("", "help me with the weather", "\ud83d \0"):
            yield chat(text, stream=stream)
            yield post("/v1/responses", {"model": "gpt-4o", "input": text, "stream": stream})
        yield chat(
            "a",
            stream=stream,
            n=2,
            tools=[_TOOL],
            logprobs=True,
            stream_options={"include_usage": True} if stream else None,
        )
        yield post("/v1/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": "a", "stream": stream})
    yield post("/v1/embeddings", _EMBED)
    yield post("/v1/moderations", {"input": "a"})
    yield request("GET", "/v1/models")
    yield request("GET", "/v1/nothing/of/that")


_TOOL = {"type": "function", "function": {"name": "a", "parameters": {"type": "object", "properties": {}}}}


def looks() -> Iterator[Request]:
    for path in (
        *("/_emulator/script", "/_emulator/state", "/_emulator/clock", "/_emulator/unclaimed"),
        *("/_emulator/requests", "/_emulator/requests?format=full", "/_emulator/requests?format=har"),
        "/_emulator/requests?format=script",
        "/_emulator/requests/1",
    ):
        yield request("GET", path)
    yield request("POST", "/_emulator/verify")
    yield request("DELETE", "/_emulator/script")
