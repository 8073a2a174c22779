"""What all that lives may take in memory."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from llemulator_addon.core.outcome import Ending, Play
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Head, Send
from llemulator_addon.emulator import Emulator, EmulatorSettings
from llemulator_addon.store.memory import MemoryStore

_KIBIBYTE = 1 << 10
_GONE = 404


def _request(method: str, path: str, body: object = None, key: str = "sk-test") -> Request:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    sent = b"" if body is None else json.dumps(body).encode()
    return Request(method=method, path=path, headers=headers, body=sent, client="127.0.0.1")


async def _answer(emulator: Emulator, request: Request) -> tuple[Head, Any]:
    outcome = await emulator.answer(request)
    assert isinstance(outcome, Play)
    head, *sends = outcome.steps
    assert isinstance(head, Head)
    body = b"".join(step.piece for step in sends if isinstance(step, Send))
    return head, body if b"event:" in body else json.loads(body)


def _asking(text: str, **more: object) -> Request:
    return _request("POST", "/v1/responses", {"model": "gpt-4o", "input": text, **more})


async def test_what_made_room_is_gone_as_if_it_had_been_deleted() -> None:
    emulator = Emulator(EmulatorSettings(stored_size=64 * _KIBIBYTE), MemoryStore)
    made = [(await _answer(emulator, _asking("x" * 10_000)))[1]["id"] for _ in range(8)]

    found = [(await _answer(emulator, _request("GET", f"/v1/responses/{each}")))[0].status for each in made]
    after = await _answer(emulator, _asking("And?", previous_response_id=made[0]))

    assert (found[0], found[-1], after[0].status) == (_GONE, 200, 400)
    assert after[1]["error"]["code"] == "previous_response_not_found"


@pytest.mark.parametrize("stream", [False, True])
async def test_a_response_that_is_too_large_to_be_kept_is_answered_and_says_so(stream: bool) -> None:  # noqa: FBT001
    emulator = Emulator(EmulatorSettings(stored_size=64 * _KIBIBYTE), MemoryStore)

    head, _ = await _answer(emulator, _asking("x" * 100_000, stream=stream))

    assert head.status == 200
    assert "64 KiB that a token may store. --stored-size" in dict(head.headers)["x-llemulator-not-kept"]


async def test_a_response_that_is_not_to_be_stored_says_nothing_of_that() -> None:
    head, _ = await _answer(
        Emulator(EmulatorSettings(stored_size=64 * _KIBIBYTE), MemoryStore), _asking("x" * 100_000, store=False)
    )

    assert (head.status, "x-llemulator-not-kept" in dict(head.headers)) == (200, False)


async def test_a_conversation_that_is_too_large_to_be_kept_is_refused() -> None:
    emulator = Emulator(EmulatorSettings(stored_size=64 * _KIBIBYTE), MemoryStore)
    item = {"type": "message", "role": "user", "content": "x" * 100_000}

    head, body = await _answer(emulator, _request("POST", "/v1/conversations", {"items": [item]}))

    assert (head.status, body["error"]["code"]) == (413, "too_large_to_keep")


async def test_a_script_that_takes_more_than_a_token_may_have_is_refused_and_the_one_before_stays() -> None:
    emulator = Emulator(EmulatorSettings(script_size=64 * _KIBIBYTE), MemoryStore)
    await _answer(emulator, _request("POST", "/_emulator/script", {"responses": ["Hello"]}))

    head, body = await _answer(emulator, _request("POST", "/_emulator/script", {"responses": ["x" * 100_000]}))
    _, shown = await _answer(emulator, _request("GET", "/_emulator/script"))

    assert (head.status, body["error"]["code"], len(shown["rules"])) == (400, "invalid_script", 1)
    assert "the limit for a token is 64 KiB (--script-size" in body["error"]["message"]


@pytest.mark.long
@pytest.mark.parametrize(
    "script",
    [
        {"models": [f"model-{number}" for number in range(2_000)]},
        {"defaults": {"faults": [{"failure": {"status": 500, "message": "x" * 100_000}}]}},
        {"upstream": {f"model-{number}": "http://127.0.0.1:1/v1" for number in range(2_000)}},
        {"rules": [{"match": {"user_text": "[^a]{1000}i"}, "reply": "Hello"}]},
    ],
)
async def test_all_of_a_script_counts(script: object) -> None:
    head, body = await _answer(
        Emulator(EmulatorSettings(script_size=64 * _KIBIBYTE), MemoryStore),
        _request("POST", "/_emulator/script", script),
    )

    assert (head.status, body["error"]["code"]) == (400, "invalid_script")
    assert "--script-size" in body["error"]["message"]


async def test_settings_that_are_loaded_again_take_no_more_than_once() -> None:
    emulator = Emulator(EmulatorSettings(script_size=64 * _KIBIBYTE), MemoryStore)
    models = {"models": [f"model-{number}" for number in range(300)]}

    statuses = [(await _answer(emulator, _request("POST", "/_emulator/script", models)))[0].status for _ in range(9)]

    assert statuses == [200] * 9


@pytest.mark.long
async def test_many_tokens_leave_no_more_sessions_than_there_is_room_for() -> None:
    emulator = Emulator(EmulatorSettings(sessions_size=100 * _KIBIBYTE), MemoryStore)
    await _answer(emulator, _request("POST", "/_emulator/script", {"responses": ["Hello"]}, key="sk-mine"))
    for number in range(1_000):
        await _answer(emulator, _request("GET", "/v1/models", key=f"sk-{number}"))

    _, mine = await _answer(emulator, _request("GET", "/_emulator/script", key="sk-mine"))

    assert sum(session.size for session in await emulator.sessions()) <= 101 * _KIBIBYTE
    assert len(mine["rules"]) == 1


async def test_requests_for_which_there_is_no_room_to_wait_are_refused_until_there_is() -> None:
    emulator = Emulator(EmulatorSettings(on_unmatched="manual", waiting_size=200 * _KIBIBYTE), MemoryStore)
    waiting = [asyncio.create_task(emulator.answer(_asking("Hello", store=False))) for _ in range(3)]
    await asyncio.sleep(0)

    head, body = await _answer(emulator, _asking("Hello"))
    _, shown = await _answer(emulator, _request("GET", "/_emulator/waiting"))
    waiting[0].cancel()
    await asyncio.wait(waiting[:1])
    again = asyncio.create_task(emulator.answer(_asking("Hello")))
    await asyncio.sleep(0)

    assert (head.status, body["error"]["code"], len(shown["data"])) == (503, "no_room_to_wait", 3)
    assert "200 KiB of memory together. --waiting-size" in body["error"]["message"]
    assert not again.done()
    for task in (*waiting, again):
        task.cancel()


async def test_what_alone_is_too_large_to_wait_is_refused() -> None:
    emulator = Emulator(EmulatorSettings(on_unmatched="manual", waiting_size=200 * _KIBIBYTE), MemoryStore)

    head, _ = await _answer(emulator, _asking("x" * 100_000))

    assert head.status == 503


@pytest.mark.long
async def test_with_serialize_only_who_waits_for_his_turn_needs_room() -> None:
    emulator = Emulator(EmulatorSettings(waiting_size=100 * _KIBIBYTE), MemoryStore)
    await _answer(emulator, _request("POST", "/_emulator/script", {"serialize": True, "responses": "Hello"}))

    first = await _answer(emulator, _asking("x" * 1_000_000))
    second = asyncio.create_task(emulator.answer(_asking("Hello")))
    await asyncio.sleep(0)
    third = await _answer(emulator, _asking("Hello"))

    assert (first[0].status, second.done(), third[0].status) == (200, False, 503)
    second.cancel()


async def test_of_a_long_path_to_which_nobody_lays_claim_the_beginning_is_shown() -> None:
    emulator = Emulator(EmulatorSettings(), MemoryStore)
    await _answer(emulator, _request("GET", "/v1/" + "x" * 1_000_000))

    _, shown = await _answer(emulator, _request("GET", "/_emulator/unclaimed"))

    assert [len(each["path"]) for each in shown["data"]] == [1_000]


# What is not read yet -------------------------------------------------------------------------------------------------


async def _begun(emulator: Emulator, request: Request) -> Play:
    outcome = await emulator.answer(request)
    assert isinstance(outcome, Play)
    return outcome


def _status(play: Play) -> int:
    return next(step.status for step in play.steps if isinstance(step, Head))


async def test_answers_that_are_not_read_have_one_bound_and_small_ones_are_given_beside_them() -> None:
    emulator = Emulator(EmulatorSettings(unread_size=200 * _KIBIBYTE), MemoryStore)
    for key in ("sk-one", "sk-two", "sk-three"):
        await _begun(emulator, _request("POST", "/_emulator/script", {"responses": "x" * 90_000}, key))
    first, second, third = [
        await _begun(emulator, _request("POST", "/v1/responses", {"model": "gpt-4o", "input": "Hi"}, key))
        for key in ("sk-one", "sk-two", "sk-three")
    ]
    small = await _begun(emulator, _asking("Hello"))

    head = next(step for step in third.steps if isinstance(step, Head))
    assert [_status(each) for each in (first, second, third, small)] == [200, 200, 503, 200]
    assert dict(head.headers)["retry-after"] == "1"
    assert b"--unread-size" in b"".join(step.piece for step in third.steps if isinstance(step, Send))


async def test_an_answer_for_which_there_was_no_room_used_nothing_up_and_is_given_once_another_was_read() -> None:
    emulator = Emulator(EmulatorSettings(unread_size=100 * _KIBIBYTE), MemoryStore)
    script = {"responses": ["x" * 90_000, "y" * 90_000]}
    await _begun(emulator, _request("POST", "/_emulator/script", script))
    first = await _begun(emulator, _asking("Hello"))
    refused = await _begun(emulator, _asking("Hello"))

    assert first.exchange is not None
    await emulator.note_end(first.exchange, Ending(how="client_left", bytes_sent=0, sends=0, seconds=0.0))
    again = await _begun(emulator, _asking("Hello"))

    assert (_status(refused), _status(again)) == (503, 200)
    assert b"yyyy" in b"".join(step.piece for step in again.steps if isinstance(step, Send))


@pytest.mark.long
async def test_one_answer_alone_is_given_whatever_its_size() -> None:
    emulator = Emulator(EmulatorSettings(unread_size=_KIBIBYTE), MemoryStore)

    assert _status(await _begun(emulator, _asking("x" * 2_000_000, truncation="auto"))) == 200


async def test_a_large_journal_is_shown_exchange_by_exchange_and_counts_until_it_is_read() -> None:
    emulator = Emulator(EmulatorSettings(unread_size=500 * _KIBIBYTE), MemoryStore)
    for _ in range(4):
        await _begun(emulator, _asking("x" * 30_000))
    asked = _request("GET", "/_emulator/requests")
    har = replace(asked, query=(("format", "har"),))

    first, second = await _begun(emulator, har), await _begun(emulator, har)
    assert first.exchange is not None
    await emulator.note_end(first.exchange, Ending(how="client_left", bytes_sent=0, sends=0, seconds=0.0))
    third = await _begun(emulator, har)

    assert [_status(each) for each in (first, second, third)] == [200, 503, 200]
    assert third.whole is not None
    pieces = [step.piece for step in third.whole() if isinstance(step, Send)]
    assert len(json.loads(b"".join(pieces))["log"]["entries"]) == 4
    assert max(map(len, pieces)) < 300_000
