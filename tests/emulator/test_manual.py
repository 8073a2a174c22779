"""`manual`: a request waits until a person answers it."""

import asyncio
import json
from typing import Any

import pytest

from llemulator_addon.core.outcome import Answered
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Cut, Send, Steps, Wait
from llemulator_addon.emulator import Emulator
from tests.patience import SECONDS
from tests.playing import TOKEN, body_of, chat, emulator, json_of, played, post, request, said, status

_MANUAL = {"responses": {"scripted": "of the rule"}, "defaults": {"on_unmatched": "manual"}}


async def _got(server: Emulator, asked: Request) -> Steps:
    return played(await server.answer(asked)).steps


async def _waiting(server: Emulator, token: str = TOKEN) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json_of(await _got(server, request("GET", "/_emulator/waiting", token=token)))["data"]
    return found


async def _answer(server: Emulator, number: int, answer: object) -> Steps:
    return await _got(server, post(f"/_emulator/waiting/{number}", answer))


async def _asked(server: Emulator, asked: Request) -> asyncio.Task[Answered]:
    """Ask, and let it come to where it waits."""
    task = asyncio.create_task(server.answer(asked))
    await asyncio.sleep(0)
    assert not task.done()
    return task


async def _settled(task: asyncio.Task[Answered]) -> Steps:
    async with asyncio.timeout(SECONDS):
        return played(await task).steps


async def test_a_request_that_no_rule_answers_waits_and_is_listed_and_gets_the_persons_words() -> None:
    server = emulator(_MANUAL)
    assert said(await _got(server, chat("scripted"))) == "of the rule"
    task = await _asked(server, chat("Who are you?", at=1000.0))

    (shown,) = await _waiting(server)
    assert (shown["number"], shown["at"], shown["until"], shown["endpoint"]) == (2, 1000.0, 1300.0, "chat.completions")
    assert (shown["model"], shown["stream"], shown["user_text"]) == ("gpt-4o", False, "Who are you?")
    assert shown["prompt"]["messages"] == [{"role": "user", "text": "Who are you?"}]
    answered = await _answer(server, 2, {"text": "A person."})

    assert json_of(answered) == {"object": "waiting.answered", "number": 2, "answered": True}
    assert said(await _settled(task)) == "A person."
    assert await _waiting(server) == []


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ("A text alone.", "A text alone."),
        ({"json": {"a": 1}}, '{"a":1}'),
        ({"echo": True}, "Hi"),
        ({"failure": {"status": 429}}, "429 rate_limit_exceeded"),
        ({"template": True, "text": "You said {{ prompt.text }}"}, "You said Hi"),
        ({"raw": {"json": {"choices": [{"message": {"content": "raw"}}]}}}, "raw"),
    ],
)
async def test_an_answer_is_a_reply_as_in_a_rule(answer: object, wanted: str) -> None:
    server = emulator(on_unmatched="manual")
    task = await _asked(server, chat("Hi"))

    await _answer(server, 1, answer)

    assert said(await _settled(task)) == wanted


async def test_a_person_can_let_an_answer_be_made_up() -> None:
    server = emulator(on_unmatched="manual")
    task = await _asked(server, chat("How is bread baked?", response_length="short"))

    await _answer(server, 1, {"simulate": True})

    assert 120 <= len(said(await _settled(task))) <= 450


async def test_an_answer_can_call_tools() -> None:
    server = emulator(on_unmatched="manual")
    task = await _asked(server, chat("Hi"))

    await _answer(server, 1, {"tool_calls": [{"name": "get_weather", "arguments": {"city": "Oslo"}}]})

    (call,) = json_of(await _settled(task))["choices"][0]["message"]["tool_calls"]
    assert (call["function"]["name"], call["function"]["arguments"]) == ("get_weather", '{"city":"Oslo"}')


async def test_an_answer_says_in_which_rhythm_a_stream_is_sent_and_what_goes_wrong_with_it() -> None:
    server = emulator(on_unmatched="manual")
    task = await _asked(server, chat("Hi", stream=True))
    stream = {"tokens_per_second": 4, "chunk_by": "word"}

    await _answer(server, 1, {"text": "one two three", "stream": stream, "faults": [{"cut_after": {"sends": 3}}]})

    steps = await _settled(task)
    assert {step.seconds for step in steps if isinstance(step, Wait)} == {0.25}
    assert [type(step) for step in steps if not isinstance(step, Wait)][1:] == [Send, Send, Send, Cut]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi"}]}),
        ("/v1/responses", {"input": "Hi"}),
        ("/v1/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": "Hi"}),
        ("/openai/deployments/mine/chat/completions", {"messages": [{"role": "user", "content": "Hi"}]}),
    ],
)
async def test_every_endpoint_that_speaks_waits(path: str, body: dict[str, Any], *, stream: bool) -> None:
    server = emulator(on_unmatched="manual")
    task = await _asked(server, post(path, {"model": "gpt-4o", "stream": stream, **body}))

    assert [shown["stream"] for shown in await _waiting(server)] == [stream]
    await _answer(server, 1, {"text": "yes"})

    steps = await _settled(task)
    assert (status(steps), b"yes" in body_of(steps)) == (200, True)


async def test_what_is_asked_to_be_stored_is_stored_once_it_is_answered() -> None:
    server = emulator(on_unmatched="manual")
    task = await _asked(server, post("/v1/responses", {"model": "gpt-4o", "input": "Hi"}))
    await _answer(server, 1, {"text": "kept"})
    response = json_of(await _settled(task))

    again = json_of(await _got(server, request("GET", f"/v1/responses/{response['id']}")))

    assert again["output"][0]["content"][0]["text"] == "kept"


async def test_the_journal_has_the_answer_and_verify_takes_it_for_wanted() -> None:
    server = emulator(on_unmatched="manual")
    task = await _asked(server, chat("Hi"))
    before = json_of(await _got(server, request("GET", "/_emulator/requests/1")))
    await _answer(server, 1, {"text": "personally"})
    await _settled(task)

    after = json_of(await _got(server, request("GET", "/_emulator/requests/1")))
    assert (before["status"], before["ending"], after["status"]) == (0, None, 200)
    assert after["answer"]["body"]["choices"][0]["message"]["content"] == "personally"
    assert json_of(await _got(server, post("/_emulator/verify", {})))["passed"]


# All requests wait ----------------------------------------------------------------------------------------------------

_HOLDING = {
    "rules": [{"name": "hello", "match": {"user_text": "Hi"}, "reply": "of the rule", "times": 1}],
    "defaults": {"manual": {"all": True}},
}


async def test_a_session_that_holds_all_asks_a_person_also_where_a_rule_matches_and_uses_up_no_rule() -> None:
    server = emulator(_HOLDING)
    task = await _asked(server, chat("Hi"))

    await _answer(server, 1, "A person.")

    assert said(await _settled(task)) == "A person."
    (rule,) = json_of(await _got(server, request("GET", "/_emulator/script")))["rules"]
    assert (rule["answered"], rule["left"]) == (0, 1)
    shown = json_of(await _got(server, request("GET", "/_emulator/requests/1")))
    assert (shown["rule"], shown["unmatched"]) == (None, None)


async def test_a_person_lets_the_rules_answer_a_request_that_is_held() -> None:
    server = emulator(_HOLDING)
    task = await _asked(server, chat("Hi"))

    await _answer(server, 1, {"rules": True})

    assert said(await _settled(task)) == "of the rule"
    (rule,) = json_of(await _got(server, request("GET", "/_emulator/script")))["rules"]
    assert (rule["answered"], rule["left"]) == (1, 0)
    shown = json_of(await _got(server, request("GET", "/_emulator/requests/1")))
    assert (shown["rule"], shown["unmatched"], shown["status"]) == ("hello", None, 200)
    assert json_of(await _got(server, post("/_emulator/verify", {})))["passed"]


async def test_a_held_request_that_no_rule_matches_gets_the_fallback_and_counts_as_unmatched() -> None:
    server = emulator(_HOLDING)
    task = await _asked(server, chat("Bye"))

    await _answer(server, 1, {"rules": True})

    assert said(await _settled(task)) == "400 no_matching_rule"
    assert "hello" in json_of(await _got(server, request("GET", "/_emulator/requests/1")))["unmatched"]
    (session,) = json_of(await _got(server, request("GET", "/_emulator/sessions")))["data"]
    assert session["unmatched"] == 1
    assert not json_of(await _got(server, post("/_emulator/verify", {})))["passed"]


async def test_the_faults_of_a_rule_and_the_rhythm_that_a_person_gives_act_on_an_answer_of_the_rules() -> None:
    limited = {"reply": "one two", "faults": [{"rate_limit": {"requests_per_minute": 1}}]}
    server = emulator({"rules": [limited], "defaults": {"manual": {"all": True}}})
    first = await _asked(server, chat("Hi", stream=True))
    await _answer(server, 1, {"rules": True, "stream": {"tokens_per_second": 4, "chunk_by": "word"}})
    second = await _asked(server, chat("Hi"))
    await _answer(server, 2, {"rules": True})

    assert {step.seconds for step in await _settled(first) if isinstance(step, Wait)} == {0.25}
    assert said(await _settled(second)) == "429 rate_limit_exceeded"
    assert json_of(await _got(server, request("GET", "/_emulator/requests/2")))["rule"] is not None


@pytest.mark.parametrize(
    "beyond_rules",
    [
        {"defaults": {"on_unmatched": "manual"}},
        {"defaults": {"manual": {"all": True}}, "upstream": "http://127.0.0.1:1/v1"},
        {"defaults": {"manual": {"all": True}}, "upstream": {"gpt-4o": "http://127.0.0.1:1/v1"}},
    ],
)
async def test_an_unmatched_request_waits_on_until_a_rule_was_loaded_that_answers_it(
    beyond_rules: dict[str, object],
) -> None:
    server = emulator({"rules": [], **beyond_rules})
    task = await _asked(server, chat("Hi"))
    refused = await _answer(server, 1, {"rules": True})
    assert (status(refused), json_of(refused)["error"]["code"]) == (409, "no_rule_answers")
    assert [shown["number"] for shown in await _waiting(server)] == [1]

    await _got(server, post("/_emulator/script", {"rules": [{"name": "late", "reply": "of a new rule"}]}))
    await _answer(server, 1, {"rules": True})

    assert said(await _settled(task)) == "of a new rule"
    shown = json_of(await _got(server, request("GET", "/_emulator/requests/1")))
    assert (shown["rule"], shown["unmatched"]) == ("late", None)
    assert json_of(await _got(server, post("/_emulator/verify", {})))["passed"]


async def test_a_wrong_word_is_told_as_json_spells_it() -> None:
    server = emulator(_HOLDING)
    task = await _asked(server, chat("Hi"))

    refused = json_of(await _answer(server, 1, {"rules": False}))

    assert refused["error"]["message"] == "rules: expected true, got false"
    task.cancel()


async def test_a_request_that_is_sent_again_is_not_held() -> None:
    server = emulator(_HOLDING)
    task = await _asked(server, chat("Hi"))
    await _answer(server, 1, "A person.")
    await _settled(task)

    await _got(server, post("/_emulator/requests/1/again", None))

    assert json_of(await _got(server, request("GET", "/_emulator/requests/2")))["rule"] == "hello"
    assert await _waiting(server) == []


# When nobody answers --------------------------------------------------------------------------------------------------


async def test_after_its_time_a_request_fails_so_that_sdks_do_not_try_again() -> None:
    server = emulator({"rules": [], "defaults": {"on_unmatched": "manual", "manual": {"timeout_s": 0.01}}})

    steps = await _got(server, chat("Hi"))

    assert said(steps) == "504 nobody_answered"
    assert dict(steps[0].headers)["x-should-retry"] == "false"  # type: ignore[union-attr]
    assert "within 0.01 seconds" in json_of(steps)["error"]["message"]
    assert status(await _answer(server, 1, {"text": "too late"})) == 409


async def test_the_server_says_how_long_where_the_script_does_not() -> None:
    assert said(await _got(emulator(on_unmatched="manual", manual_timeout=0.01), chat("Hi"))) == "504 nobody_answered"


async def test_a_client_that_leaves_is_off_the_list_and_noted() -> None:
    server = emulator(on_unmatched="manual")
    task = await _asked(server, chat("Hi"))

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await _waiting(server) == []
    gone = await _answer(server, 1, {"text": "Hello?"})
    assert (status(gone), json_of(gone)["error"]["code"]) == (409, "not_waiting")
    assert json_of(await _got(server, request("GET", "/_emulator/requests/1")))["ending"]["how"] == "client_left"


async def test_answering_what_never_was_is_404_and_names_what_waits() -> None:
    server = emulator(on_unmatched="manual")
    task = await _asked(server, chat("Hi"))

    never = [await _answer(server, 7, {"text": "x"}), await _got(server, post("/_emulator/waiting/x", {"text": "x"}))]

    assert [(status(steps), json_of(steps)["error"]["code"]) for steps in never] == [(404, "request_not_found")] * 2
    assert json_of(never[0])["error"]["message"] == "There is no request 7. Waiting: 1."
    task.cancel()


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        ({}, None),
        ({"txt": "x"}, "txt"),
        ({"text": "x", "simulate": True}, None),
        ({"text": "x", "rules": True}, None),
        ({"rules": False}, "rules"),
        ({"text": "x", "faults": [{"connect": {"status": 502}}]}, "faults"),
        ({"template": True, "text": "{{ nobody }}"}, "text"),
        ([1], None),
    ],
)
async def test_a_wrong_answer_is_refused_and_the_request_waits_on(answer: object, place: str | None) -> None:
    server = emulator(on_unmatched="manual")
    task = await _asked(server, chat("Hi"))

    refused = await _answer(server, 1, answer)

    assert (status(refused), json_of(refused)["error"]["param"]) == (400, place)
    assert [shown["number"] for shown in await _waiting(server)] == [1]
    await _answer(server, 1, {"text": "right"})
    assert said(await _settled(task)) == "right"


async def test_the_first_answer_counts() -> None:
    server = emulator(on_unmatched="manual")
    task = await _asked(server, chat("Hi"))

    first, second = await _answer(server, 1, {"text": "first"}), await _answer(server, 1, {"text": "second"})

    assert (status(first), status(second), said(await _settled(task))) == (200, 409, "first")


@pytest.mark.parametrize("forgetting", ["reset", "load"])
async def test_a_reset_answers_those_that_wait_and_numbers_begin_anew(forgetting: str) -> None:
    server = emulator(on_unmatched="manual")
    task, other = await _asked(server, chat("Hi")), await _asked(server, chat("Hi", token="another"))

    path, body = ("/_emulator/reset", {}) if forgetting == "reset" else ("/_emulator/script", {"reset": True})
    await _got(server, post(path, body))

    assert said(await _settled(task)) == "409 session_forgotten"
    again = await _asked(server, chat("Hi again"))
    assert [shown["user_text"] for shown in await _waiting(server)] == ["Hi again"]
    await _answer(server, 1, {"text": "anew"})
    assert said(await _settled(again)) == "anew"
    assert not other.done()
    other.cancel()


async def test_serialize_holds_the_turn_while_a_person_is_asked() -> None:
    server = emulator({"serialize": True, "responses": [], "defaults": {"on_unmatched": "manual"}})
    first, second, third = [asyncio.create_task(server.answer(chat(text))) for text in ("a", "b", "c")]
    await asyncio.sleep(0)
    assert [shown["user_text"] for shown in await _waiting(server)] == ["a"]

    first.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert [shown["user_text"] for shown in await _waiting(server)] == ["b"]
    await _answer(server, 2, {"text": "for b"})
    answered = played(await second)
    for _ in range(5):
        await asyncio.sleep(0)

    assert said(answered.steps) == "for b"
    assert await _waiting(server) == []  # the answer to b has not left yet
    third.cancel()


async def test_another_token_sees_nothing_of_it_and_secrets_are_not_shown() -> None:
    server = emulator(on_unmatched="manual")
    task = await _asked(server, chat("my key is sk-test-1234, and sk-proj-abcdefghijklmnopqrst"))

    assert await _waiting(server, token="another") == []
    assert "sk-" not in json.dumps(await _waiting(server))
    task.cancel()


async def test_a_default_rate_limit_refuses_before_anybody_is_asked() -> None:
    limit = {"rate_limit": {"requests_per_minute": 1}}
    server = emulator({"rules": [], "defaults": {"on_unmatched": "manual", "faults": [limit]}})
    task = await _asked(server, chat("Hi"))

    assert said(await _got(server, chat("Hi"))) == "429 rate_limit_exceeded"
    task.cancel()
