"""While a large request is read or its tokens are counted, others are answered. By order, and not by the clock."""

import asyncio

import pytest

from llemulator_addon.core.outcome import Ending
from llemulator_addon.core.request import Request
from llemulator_addon.wire import tokens
from tests.playing import chat, emulator, json_of, load, play, played, post, status

_WHOLE = Ending(how="whole", bytes_sent=1, sends=1, seconds=0.0)


async def _order(large: Request, *small: Request) -> list[str]:
    server, done = emulator(), list[str]()

    async def answered(name: str, asked: Request) -> None:
        played(await server.answer(asked))
        done.append(name)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(answered("large", large))
        for each in small:
            tasks.create_task(answered("small", each))
    return done


@pytest.mark.parametrize("token", ["sk-test-1234", "sk-another"])
def test_a_small_request_is_answered_while_a_large_body_is_read(token: str) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "iVBORw0K" * 100_000}}
    large = post("/v1/chat/completions", {"model": "gpt-4o", "messages": [{"role": "user", "content": [image]}]})

    assert asyncio.run(_order(large, chat(token=token), chat(token=token))) == ["small", "small", "large"]


def test_a_small_request_is_answered_while_tokens_are_counted() -> None:
    large = chat("words to be counted, none of which was seen before " * 3_000)

    assert asyncio.run(_order(large, chat(), chat())) == ["small", "small", "large"]


@pytest.mark.parametrize("script", [None, {"rules": [{"reply": "other words " * 20_000}]}])
def test_an_answer_is_the_same_whether_its_tokens_were_counted_beside_others(script: object) -> None:
    text = "so many words " * 20_000
    first, again = (emulator(seed=3) for _ in range(2))
    for server in (first, again):
        if script is not None:
            load(server, script)

    (one,) = play(first, chat(text))
    (other,) = play(again, chat(text))
    assert one == other
    expected = (
        tokens.count(text, "o200k_base") if script is None else tokens.count("other words " * 20_000, "o200k_base")
    )
    assert json_of(one)["usage"]["completion_tokens"] == expected


def test_a_request_counts_once_however_often_it_is_begun() -> None:
    server = emulator({"rules": [{"reply": "once " * 30_000, "times": 1}, {"reply": "then"}]})

    first, second = play(server, chat("a long question " * 9_000), chat())
    assert json_of(first)["choices"][0]["message"]["content"].startswith("once once")
    assert json_of(second)["choices"][0]["message"]["content"] == "then"
    assert [status(each) for each in (first, second)] == [200, 200]


def test_with_serialize_the_next_request_waits_for_the_large_one() -> None:
    server = emulator({"serialize": True, "rules": [{"reply": "one", "times": 1}, {"reply": "two"}]})

    async def both() -> list[str]:
        told: list[str] = []

        async def answered(asked: Request) -> None:
            outcome = played(await server.answer(asked))
            told.append(json_of(outcome.steps)["choices"][0]["message"]["content"])
            assert outcome.exchange is not None
            server.ended(outcome.exchange, _WHOLE)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(answered(chat("a long question, " * 9_000)))
            await asyncio.sleep(0)
            tasks.create_task(answered(chat()))
        return told

    assert asyncio.run(both()) == ["one", "two"]
