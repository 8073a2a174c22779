"""The client of the admin routes against a running server."""

import asyncio
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from conformance.server import Server, running
from llemulator_addon.client import AsyncClient, Client, HostEgress, Loaded, NotReached, Refused, RuleUse

_SCRIPT = {"rules": [{"name": "hello", "match": {"user_text": "hello"}, "reply": {"text": "Hi"}, "times": 2}]}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.origin, f"sk-{secrets.token_hex(8)}") as client:
        yield client


def _ask(client: Client | AsyncClient, text: str, token: str | None = None) -> int:
    with httpx.Client(trust_env=False) as http:
        answer = http.post(
            f"{client.url}/v1/chat/completions",
            headers={"authorization": f"Bearer {token or client.token}"},
            json={"model": "gpt-4o", "messages": [{"role": "user", "content": text}]},
        )
    return answer.status_code


def test_a_script_is_loaded_shown_and_forgotten(client: Client) -> None:
    assert client.load(_SCRIPT, reset=True) == Loaded(session=client.token[-4:], loaded=1, rules=1)
    assert client.load_text("responses: Hello") == Loaded(session=client.token[-4:], loaded=1, rules=2)
    assert client.load(["a", "b"]).rules == 4
    assert client.rules()[0] == RuleUse(name="hello", answered=0, left=2, written=_SCRIPT["rules"][0])

    client.forget_rules()

    assert client.rules() == ()


def test_a_script_that_is_wrong_raises_with_its_place(client: Client) -> None:
    with pytest.raises(Refused, match="unknown key") as raised:
        client.load({"rulez": []})

    assert (raised.value.status, raised.value.code, raised.value.param) == (400, "invalid_script", "rulez")


def test_what_was_asked_is_read_in_pages_with_filters(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llemulator_addon.client._PAGE", 2)
    client.load(_SCRIPT)
    statuses = [_ask(client, text) for text in ("hello", "bye", "hello")]

    assert statuses == [200, 400, 200]
    assert [each.user_text for each in client.requests()] == ["hello", "bye", "hello"]
    assert [each.number for each in client.requests(rule="hello")] == [1, 3]
    assert [each.number for each in client.requests(limit=1)] == [1]
    assert client.request(2) == client.requests(unmatched="true")[0]
    assert client.request(1).answer["body"]["choices"][0]["message"]["content"] == "Hi"
    assert len(client.har()["log"]["entries"]) == 3


def test_an_exchange_that_is_not_kept_raises(client: Client) -> None:
    with pytest.raises(Refused, match="There is no exchange 1"):
        client.request(1)


def test_a_verdict_is_read(client: Client) -> None:
    client.load(_SCRIPT)
    _ask(client, "hello")
    verdict = client.verify(expectations=[{"match": "hello", "count": 2}])

    assert (verdict.passed, verdict.requests, verdict.answered, verdict.unmatched) == (False, 1, 1, 0)
    assert [(each.name, each.rule, each.requests) for each in verdict.findings] == [
        ("unused", "hello", ()),
        ("expectation", None, (1,)),
    ]
    assert client.verify(ignore=["unused"]).passed


def test_a_reset_forgets_the_session(client: Client) -> None:
    client.load(_SCRIPT)
    _ask(client, "hello")
    client.reset()

    assert (client.rules(), client.requests()) == ((), ())


def test_a_session_that_went_well_is_forgotten_as_it_is_concluded(client: Client) -> None:
    seen = max((each.number for each in client.unclaimed()), default=0)
    client.load({"responses": ["Hi"]})
    unused = client.conclude(unclaimed=seen)
    _ask(client, "hello")
    kept = client.conclude(unclaimed=seen, reset=False), client.requests()
    verdict = client.conclude(unclaimed=seen)

    assert ([each.name for each in unused.findings], kept[0], len(kept[1])) == (["unused"], verdict, 1)
    assert (verdict.passed, verdict.answered, client.rules(), client.requests()) == (True, 1, (), ())


def test_what_was_made_outside_of_any_session_is_amiss_as_well(client: Client) -> None:
    seen = max((each.number for each in client.unclaimed()), default=0)
    client.load(_SCRIPT)
    _ask(client, "hello")
    _ask(client, "secret words", token="sk-of-nobody-1234")
    verdict = client.conclude(unclaimed=seen, ignore=["unused"])

    assert [each.sentence for each in verdict.findings] == [
        "POST 127.0.0.1/v1/chat/completions with a key that ends in 1234 was made outside of any session."
    ]
    assert (len(client.requests()), client.conclude(unclaimed=seen + 1, ignore=["unused"]).passed) == (1, True)


def test_what_belongs_to_no_script_is_listed_without_its_words(client: Client) -> None:
    seen = max((each.number for each in client.unclaimed()), default=0)
    client.load(_SCRIPT)
    _ask(client, "hello")
    _ask(client, "secret words", token="sk-of-nobody-1234")

    (stray,) = client.unclaimed(seen)
    assert (stray.method, stray.path, stray.session) == ("POST", "/v1/chat/completions", "1234")


def test_egress_is_counted_by_host(client: Client) -> None:
    _ask(client, "hello")

    (host,) = client.egress()
    assert host == HostEgress(host="(this proxy)", answered=host.answered)


def test_the_certificate_is_read(client: Client) -> None:
    assert client.ca().startswith("-----BEGIN CERTIFICATE-----")


def test_a_connection_that_was_closed_is_opened_again(client: Client) -> None:
    client.load(_SCRIPT)
    client.close()

    assert len(client.rules()) == 1


def test_another_token_can_use_the_same_connection(client: Client) -> None:
    client.load(_SCRIPT)

    assert (len(client.copy_for("another").rules()), len(client.rules())) == (0, 1)


def test_the_same_can_be_awaited(server: Server) -> None:
    async def all_of_it() -> tuple[object, ...]:
        async with AsyncClient(server.origin, f"sk-{secrets.token_hex(8)}") as client:
            await client.load(_SCRIPT, reset=True)
            await client.load_text("responses: Hello")
            await asyncio.to_thread(_ask, client, "hello")
            asked = [(each.user_text, each.rule) for each in await client.requests()]
            one = await client.request(1)
            verdict = await client.verify(ignore=["unused"])
            await client.conclude(unclaimed=0, reset=False)
            har = await client.har()
            rules = [each.answered for each in await client.rules()]
            await client.forget_rules()
            await client.reset()
            pem, egress, unclaimed = await client.ca(), await client.egress(), await client.unclaimed()
            return (
                asked,
                one.number,
                verdict.passed,
                len(har["log"]["entries"]),
                rules,
                pem[:5],
                bool(egress),
                unclaimed,
            )

    *told, unclaimed = asyncio.run(all_of_it())
    assert told == [[("hello", "hello")], 1, True, 1, [1, 0], "-----", True]
    assert isinstance(unclaimed, tuple)


def test_a_person_answers_what_waits(client: Client) -> None:
    client.load({"responses": [], "defaults": {"on_unmatched": "manual"}})
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(_ask, client, "Who is there?")
        while not (waiting := client.waiting()):
            pass
        client.answer(waiting[0].number, {"failure": {"status": 418}})
        status = asked.result()

    assert (waiting[0].user_text, waiting[0].model, waiting[0].until) == (
        "Who is there?",
        "gpt-4o",
        waiting[0].at + 300,
    )
    assert (status, client.waiting()) == (418, ())
    with pytest.raises(Refused) as raised:
        client.answer(1, "Again.")
    assert (raised.value.status, raised.value.code) == (409, "not_waiting")


async def test_a_person_answers_asynchronously(server: Server) -> None:
    async with AsyncClient(server.origin, f"sk-{secrets.token_hex(8)}") as client:
        await client.load({"responses": [], "defaults": {"on_unmatched": "manual"}})
        asked = asyncio.create_task(asyncio.to_thread(_ask, client, "Who is there?"))
        while not (waiting := await client.waiting()):
            pass
        await client.answer(waiting[0].number, "A person.")

        assert await asked == 200


def test_a_server_that_is_not_there_is_named_with_its_address() -> None:
    told = r"^http://127\.0\.0\.1:1: Connection refused; is llemulator running there\?$"
    with Client("127.0.0.1:1", "sk-any") as client, pytest.raises(NotReached, match=told):
        client.reset()
