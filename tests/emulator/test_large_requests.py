"""While a large request is read or its tokens are counted, others are answered. By order, and not by the clock."""

import asyncio
import threading

import pytest

from llemulator_addon.core.outcome import Ending, Outcome
from llemulator_addon.core.request import Request
from llemulator_addon.engine.session import Session
from llemulator_addon.live.large_requests import Ahead, is_large
from llemulator_addon.store.memory import MemoryStore
from llemulator_addon.store.port import Limits
from llemulator_addon.wire import tokens
from llemulator_addon.wire.credentials import key_of
from llemulator_addon.wire.large_json import has_many_values
from tests.patience import SECONDS
from tests.playing import chat, emulator, json_of, load, play, played, post, status

_KEY = key_of("sk-test")
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


def test_a_large_body_is_read_beside_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    read_in = list[str]()

    def noting(body: bytes) -> bool:
        read_in.append(threading.current_thread().name)
        return has_many_values(body)

    monkeypatch.setattr("llemulator_addon.wire.json_bytes.has_many_values", noting)
    large = chat("x" * (1 << 20))

    assert asyncio.run(_order(large)) == ["large"]
    assert read_in == ["deciding_0"]


def test_a_small_request_is_answered_while_tokens_are_counted() -> None:
    large = chat("words to be counted, none of which was seen before " * 3_000)

    assert asyncio.run(_order(large, chat(), chat())) == ["small", "small", "large"]


async def test_a_small_request_is_answered_while_the_rules_answer_a_large_one_that_was_held() -> None:
    server, done = emulator({"rules": [{"match": {"model": "gpt-4o"}, "reply": "Hello"}]}), list[str]()
    played(await server.answer(post("/_emulator/script", {"defaults": {"manual": {"all": True}}})))
    news = await server.news.read()

    async def answered(name: str, asked: Request) -> None:
        played(await server.answer(asked))
        done.append(name)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(answered("large", chat("words of a request that was held " * 10_000)))
        while not any(notice.happening == "waiting" for notice in news.take()):
            await news.wait(SECONDS)
        tasks.create_task(answered("the rules", post("/_emulator/waiting/1", {"rules": True})))
        tasks.create_task(answered("small", chat(token="sk-another")))

    assert done[0] == "small"
    assert sorted(done[1:]) == ["large", "the rules"]


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
            await server.note_end(outcome.exchange, _WHOLE)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(answered(chat("a long question, " * 9_000)))
            await asyncio.sleep(0)
            tasks.create_task(answered(chat()))
        return told

    assert asyncio.run(both()) == ["one", "two"]


def test_each_request_takes_its_own_rule_although_others_are_answered_while_a_thread_decides() -> None:
    count = 8
    server = emulator({"rules": [{"reply": f"answer {number}", "times": 1} for number in range(2 * count)]})

    async def all_at_once() -> list[str]:
        asked = [chat("a long question, " * (9_000 if number % 2 else 1)) for number in range(2 * count)]
        outcomes = await asyncio.gather(*(server.answer(each) for each in asked))
        return [json_of(played(each).steps)["choices"][0]["message"]["content"] for each in outcomes]

    assert sorted(asyncio.run(all_at_once())) == sorted(f"answer {number}" for number in range(2 * count))


async def test_a_bug_in_the_thread_is_told_to_whoever_waits() -> None:
    class Bug(Exception):
        """A bug."""

    def decide(_: Session, *, request: Request) -> tuple[Session, Outcome]:
        raise Bug(request)

    with pytest.raises(Bug):
        await Ahead(1).decide(MemoryStore(lambda _: Session(), Limits()), _KEY, chat(), decide)


@pytest.mark.parametrize(
    ("body", "is_it"), [(b'{"n": 2}', False), (b'{"n": 12}', True), (b'{"n":\n128}', True), (b" " * 300_000, True)]
)
def test_many_choices_and_large_bodies_are_decided_about_in_a_thread(body: bytes, is_it: bool) -> None:  # noqa: FBT001
    assert is_large(Request(method="POST", path="/v1/chat/completions", body=body)) is is_it
