"""Several people answer the requests that wait."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from llemulator_addon.core.outcome import Play
from llemulator_addon.core.steps import PlayedAnswer, Wait
from llemulator_addon.emulator import Emulator
from tests.playing import body_of, chat, emulator, json_of, play, played, post, request, status

_TEMPLATES = "/_emulator/templates"


async def _answered(server: Emulator, *answers: object, stream: bool = False) -> tuple[Play, list[tuple[int, Any]]]:
    """Let people answer one request at the same time; return what its client gets, and what each of them gets."""
    asking = asyncio.create_task(server.answer(chat("hello", stream=stream)))
    await asyncio.sleep(0)
    told = await asyncio.gather(*(server.answer(post("/_emulator/waiting/1", each)) for each in answers))
    steps = [played(each).steps for each in told]
    return played(await asking), [(status(each), json_of(each)) for each in steps]


def _client_gets(answer: object, *, stream: bool = False) -> Play:
    play, ((code, told),) = asyncio.run(_answered(emulator(on_unmatched="manual"), answer, stream=stream))
    assert code == 200, told
    return play


def test_of_two_who_answer_one_request_the_second_is_told_so() -> None:
    got, (first, second) = asyncio.run(_answered(emulator(on_unmatched="manual"), "from one", "from two"))

    assert json_of(got.steps)["choices"][0]["message"]["content"] == "from one"
    assert (first[0], second[0], second[1]["error"]["code"]) == (200, 409, "not_waiting")


def test_while_one_answers_nobody_else_can_and_after_a_mistake_the_request_waits_on() -> None:
    got, told = asyncio.run(_answered(emulator(on_unmatched="manual"), {"nothing": 1}, "good"))

    assert [code for code, _ in told] == [400, 200]
    assert json_of(got.steps)["choices"][0]["message"]["content"] == "good"


def test_a_claimed_request_is_off_the_list_until_its_answer_fails() -> None:
    async def listed() -> list[int]:
        server = emulator(on_unmatched="manual")
        asking = asyncio.create_task(server.answer(chat("hello")))
        await asyncio.sleep(0)
        waiting = server._waiting  # noqa: SLF001 - what is between two steps of one answer has no other witness
        (ask,) = waiting.list_here(key := (await server.sessions())[-1].key)
        with waiting.claim(ask):
            counts = [len(waiting.list_here(key))]
        counts.append(len(waiting.list_here(key)))
        assert await waiting.answer(ask, PlayedAnswer(()))
        assert not await waiting.answer(ask, PlayedAnswer(()))
        await asking
        return counts

    assert asyncio.run(listed()) == [0, 1]


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ("text alone", 200, "text alone"),
        ({"text": "a text"}, 200, "a text"),
        ({"tool_calls": [{"name": "get_weather", "arguments": {"city": "Oslo"}}]}, 200, "get_weather"),
        ({"json": {"a": [1]}}, 200, "a"),
        ({"failure": {"status": 429}}, 429, "rate limit"),
        ({"raw": {"status": 202, "json": {"anything": True}}}, 202, "anything"),
        ({"raw": {"status": 503, "body": "no JSON"}}, 503, "no JSON"),
        ({"echo": True}, 200, "hello"),
    ],
)
def test_a_person_gives_any_kind_of_answer(answer: object, code: int, said: str) -> None:
    got = _client_gets(answer)

    assert (status(got.steps), said.lower() in body_of(got.steps).decode().lower()) == (code, True)


def test_an_answer_is_streamed_at_a_rate() -> None:
    got = _client_gets({"text": "one two three four", "stream": {"tokens_per_second": 4}}, stream=True)

    assert {step.seconds for step in got.steps if isinstance(step, Wait)} == {0.25}


def _templates(server: Emulator) -> list[Any]:
    (shown,) = play(server, request("GET", _TEMPLATES, token=None))
    listed: list[Any] = json_of(shown)["data"]
    return listed


def test_answers_are_kept_under_a_name_for_everybody() -> None:
    server = emulator()
    for name, answer in (("busy", {"failure": {"status": 429}}), ("hi", "Hi!"), ("busy", "Later.")):
        play(server, post(_TEMPLATES, {"name": name, "answer": answer}, token="of one person"))

    assert _templates(server) == [{"name": "busy", "answer": "Later."}, {"name": "hi", "answer": "Hi!"}]
    (deleted,) = play(server, request("DELETE", f"{_TEMPLATES}/hi"))
    assert json_of(deleted) == {"object": "template.deleted", "name": "hi", "deleted": True}
    assert [each["name"] for each in _templates(server)] == ["busy"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "a"}, "invalid_template"),
        ({"name": "", "answer": "b"}, "invalid_template"),
        ({"name": "a" * 101, "answer": "b"}, "invalid_template"),
        ({"name": 1, "answer": "b"}, "invalid_template"),
        ([], "invalid_template"),
        ({"name": "a", "answer": {"txt": "b"}}, "invalid_answer"),
    ],
)
def test_a_template_that_would_not_answer_is_refused(body: object, code: str) -> None:
    server = emulator()
    (refused,) = play(server, post(_TEMPLATES, body))

    assert (status(refused), json_of(refused)["error"]["code"]) == (400, code)
    assert _templates(server) == []


def test_no_more_templates_are_kept_than_200() -> None:
    server = emulator()
    bodies = [post(_TEMPLATES, {"name": f"{number}", "answer": "a"}) for number in range(201)]
    *_, last, refused = [status(each) for each in play(server, *bodies)]
    (again,) = play(server, post(_TEMPLATES, {"name": "7", "answer": "b"}))

    assert (last, refused, status(again), len(_templates(server))) == (200, 400, 200, 200)


def test_a_template_that_is_not_there_is_not_deleted() -> None:
    (refused,) = play(emulator(), request("DELETE", f"{_TEMPLATES}/none"))

    assert (status(refused), json_of(refused)["error"]["code"]) == (404, "template_not_found")


def test_a_body_that_is_no_json_is_refused() -> None:
    (refused,) = play(emulator(), replace(post(_TEMPLATES), body=json.dumps({"a": 1}).encode()[:-1]))

    assert status(refused) == 400
