"""What real traffic looked like, and what llemulator makes of the same answer: the same events with the same keys."""

import asyncio
import json
from collections import Counter
from dataclasses import replace

import pytest

from conformance.recordings.as_script import as_script
from conformance.recordings.compare import Plain, differences, plain_chunks, plain_stream
from conformance.recordings.deviations import explained
from conformance.recordings.recorded import Recorded, all_recorded, events_of
from llemulator_addon.core.outcome import Play
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Head, Send
from llemulator_addon.emulator import Emulator, EmulatorSettings
from llemulator_addon.store.memory import MemoryStore
from llemulator_addon.wire import sse
from llemulator_addon.wire.json_bytes import pretty, write_ascii

RECORDED = all_recorded()


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda recorded: recorded.name)
def test_a_recorded_answer_played_from_a_script_differs_in_nothing_unexplained(recorded: Recorded) -> None:
    ours = asyncio.run(_played(recorded))

    assert [found for found in _found(recorded, ours) if not explained(found)] == []


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda recorded: recorded.name)
def test_a_recorded_answer_is_turned_into_a_reply_and_back_without_loss(recorded: Recorded) -> None:
    ours = replace(recorded, body=asyncio.run(_played(recorded)))

    assert as_script(ours) == as_script(recorded)


def test_every_kind_of_answer_is_among_the_recordings() -> None:
    kinds = Counter((recorded.path, recorded.streams) for recorded in RECORDED)

    assert kinds == {
        ("/v1/responses", False): 45,
        ("/v1/responses", True): 25,
        ("/v1/chat/completions", True): 3,
        ("/v1/chat/completions", False): 2,
    }


@pytest.mark.parametrize(
    "recorded", [each for each in RECORDED if b'"obfuscation"' in each.body], ids=lambda it: it.name
)
def test_recorded_streams_are_padded_by_the_rules_that_ours_follow(recorded: Recorded) -> None:
    lines = [line.removeprefix(b"data: ") for line in recorded.body.split(b"\n") if b'"obfuscation"' in line]
    events = [json.loads(line) for line in lines]

    if recorded.path == "/v1/responses":
        assert {(len(event["delta"]) + len(event["obfuscation"])) % 16 for event in events} == {0}
    else:
        assert {len(line) % 16 for line in lines} == {1}


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda recorded: recorded.name)
def test_recorded_json_is_spelled_as_ours_to_the_byte(recorded: Recorded) -> None:
    if recorded.streams:
        lines = [line for line in recorded.body.split(b"\n") if line.startswith(b"data: {")]
        assert [sse.frame_unnamed(json.loads(line.removeprefix(b"data: "))).strip() for line in lines] == lines
    elif recorded.path == "/v1/responses":
        assert write_ascii(json.loads(recorded.body)) == recorded.body
    else:
        assert pretty(json.loads(recorded.body)) + b"\n" == recorded.body


def _found(recorded: Recorded, ours: bytes) -> list[str]:
    if not recorded.streams:
        return list(differences(Plain().event(json.loads(recorded.body)), Plain().event(json.loads(ours))))
    plain = plain_stream if recorded.path == "/v1/responses" else plain_chunks
    theirs, played = plain(list(events_of(recorded.body))), plain(list(events_of(ours)))
    if (one := [event.get("type") for event in theirs]) != (other := [event.get("type") for event in played]):
        return [f"events: recorded {one}, ours {other}"]
    return [
        f"{event.get('type', 'chunk')}: {found}"
        for event, our_event in zip(theirs, played, strict=True)
        for found in differences(event, our_event)
    ]


async def _played(recorded: Recorded) -> bytes:
    emulator = Emulator(EmulatorSettings(api_date=recorded.day, lenient=_goes_on(recorded)), MemoryStore)
    loaded = await _answer(emulator, "/_emulator/script", as_script(recorded))
    assert loaded[0] == 200, loaded[1].decode()
    status, body = await _answer(emulator, recorded.path, recorded.request)
    assert status == 200, body.decode()
    return body


def _goes_on(recorded: Recorded) -> bool:
    """Whether an exchange needs what another recording made, or none: an earlier answer, or a container."""
    given = recorded.request.get("input")
    items = given if isinstance(given, list) else []
    made = any(item.get("type") in {"reasoning", "compaction"} for item in items)
    tools = recorded.request.get("tools")
    in_container = any(isinstance(tool.get("container"), str) for tool in tools) if isinstance(tools, list) else False
    return made or in_container or "previous_response_id" in recorded.request


async def _answer(emulator: Emulator, path: str, body: object) -> tuple[int, bytes]:
    headers = {"authorization": "Bearer recorded", "content-type": "application/json"}
    request = Request(method="POST", path=path, headers=headers, body=json.dumps(body).encode())
    outcome = await emulator.answer(request)
    assert isinstance(outcome, Play)
    head = next(step for step in outcome.steps if isinstance(step, Head))
    # What is large is made while it is sent.
    steps = outcome.whole() if outcome.whole else outcome.steps
    return head.status, b"".join(step.piece for step in steps if isinstance(step, Send))
