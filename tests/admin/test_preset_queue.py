"""Queues of answers for clients that send no key, by their addresses."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from llemulator_addon.core.request import Request
from llemulator_addon.emulator import Emulator
from tests.playing import chat, emulator, json_of, play, post, request, status

_HERE = "127.0.0.1"
_QUEUE = f"/api/preset-queue/{_HERE}"
_ANSWER = {"id": "chatcmpl-test-1", "choices": [{"message": {"content": "A preset answer"}}]}


def _here(asked: Request) -> Request:
    return replace(asked, way="origin", host=_HERE, keyless=_HERE, client=_HERE)


def _ask(server: Emulator) -> tuple[int, Any]:
    (answer,) = play(server, _here(chat(token=None)))
    return status(answer), json_of(answer)


def _send(server: Emulator, path: str, body: object) -> Any:  # noqa: ANN401 - JSON
    (answer,) = play(server, _here(post(path, body, token=None)))
    return json_of(answer)


def _get(server: Emulator, path: str, method: str = "GET") -> Any:  # noqa: ANN401 - JSON
    (answer,) = play(server, _here(request(method, path, token=None)))
    return json_of(answer)


def test_answers_come_in_their_order_as_they_were_given() -> None:
    server = emulator()
    _send(server, _QUEUE, {"response": _ANSWER, "status_code": 200})
    _send(server, _QUEUE, {"response": {"error": {"message": "Rate limit exceeded"}}, "status_code": 429})

    assert [_ask(server), _ask(server)] == [(200, _ANSWER), (429, {"error": {"message": "Rate limit exceeded"}})]


def test_another_address_has_another_queue() -> None:
    server = emulator({"responses": "for others"})
    _send(server, "/api/preset-queue/192.168.1.100", {"response": _ANSWER})

    assert _ask(server)[1]["choices"][0]["message"]["content"] == "for others"
    assert _get(server, "/api/preset-queue/192.168.1.100")["length"] == 1


def test_many_answers_are_added_with_one_status() -> None:
    server = emulator()

    added = _send(server, f"{_QUEUE}/batch", {"responses": [{"id": "1"}, {"id": "2"}], "status_code": 201})

    assert added == {"ip": _HERE, "added": 2, "length": 2}
    assert [_ask(server), _ask(server)] == [(201, {"id": "1"}), (201, {"id": "2"})]


def test_a_file_is_imported_and_exported() -> None:
    server = emulator()
    file = json.dumps([{"id": "1"}, {"response": {"id": "2"}, "status_code": 500}])
    form = f'--x\r\nContent-Disposition: form-data; name="file"; filename="queue.json"\r\n\r\n{file}\r\n--x--\r\n'
    asked = post(f"{_QUEUE}/import", token=None, headers={"content-type": "multipart/form-data; boundary=x"})
    play(server, _here(replace(asked, body=form.encode())))

    exported = _get(server, f"{_QUEUE}/export")

    assert exported == [{"response": {"id": "1"}, "status_code": 200}, {"response": {"id": "2"}, "status_code": 500}]
    _get(server, _QUEUE, "DELETE")
    assert _send(server, f"{_QUEUE}/import", exported)["length"] == 2
    assert [_ask(server), _ask(server)] == [(200, {"id": "1"}), (500, {"id": "2"})]


def test_queues_are_shown_and_emptied() -> None:
    server = emulator({"responses": "no queue"})
    _send(server, _QUEUE, {"response": _ANSWER})
    shown = _get(server, "/api/preset-queue")

    cleared = _get(server, "/api/preset-queue", "DELETE")

    assert shown == {"queues": {_HERE: [{"response": _ANSWER, "status_code": 200}]}}
    assert cleared == {"cleared": {_HERE: 1}}
    assert _get(server, _QUEUE) == {"ip": _HERE, "queue": [], "length": 0}


def test_behind_the_queue_a_person_answers() -> None:
    async def asked() -> list[Any]:
        server = emulator()
        await server.answer(_here(post(_QUEUE, {"response": _ANSWER}, token=None)))
        await server.answer(_here(chat(token=None)))
        waiting = asyncio.create_task(server.answer(_here(chat("Who is there?", token=None))))
        await asyncio.sleep(0)
        listed = await server.answer(_here(request("GET", "/_emulator/waiting", token=None)))
        waiting.cancel()
        return json_of(listed.steps)["data"]  # type: ignore[union-attr, no-any-return]

    assert [each["user_text"] for each in asyncio.run(asked())] == ["Who is there?"]


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/api/preset-queue/nobody", {"response": {}}, "expected the address of a client, got nobody"),
        (f"{_QUEUE}/batch", {"response": {}}, "expected a list in `responses`"),
        (f"{_QUEUE}/import", {}, "expected a list in the file"),
    ],
)
def test_what_is_no_queue_is_refused(path: str, body: object, told: str) -> None:
    assert _send(emulator(), path, body)["error"]["message"] == told


def test_at_openais_hosts_there_are_no_queues() -> None:
    (answer,) = play(emulator(), replace(request("GET", "/api/preset-queue"), way="connect"))

    assert status(answer) == 404


@pytest.mark.parametrize("status_code", [0, 199, 600, "200", 200.5, True, None])
def test_a_status_that_is_none_is_refused(status_code: object) -> None:
    server = emulator()

    told = _send(server, _QUEUE, {"response": {}, "status_code": status_code})["error"]["message"]

    assert told == "status_code: expected a whole number from 200 to 599"
    assert _get(server, _QUEUE)["queue"] == []


def test_a_file_of_more_than_10_mib_is_refused() -> None:
    file = b"[" + b" " * (10 << 20) + b"]"
    (answer,) = play(emulator(), _here(replace(post(f"{_QUEUE}/import", token=None), body=file)))

    assert (status(answer), json_of(answer)["error"]["code"]) == (413, "file_too_large")


def test_an_import_takes_the_place_of_a_queue_if_that_is_wanted() -> None:
    server = emulator()
    _send(server, f"{_QUEUE}/batch", {"responses": [{"id": "1"}, {"id": "2"}]})

    _send(server, f"{_QUEUE}/import?replace=true", [{"id": "2"}, {"id": "1"}])

    assert [_ask(server)[1], _ask(server)[1]] == [{"id": "2"}, {"id": "1"}]


@pytest.mark.parametrize("token", ["sk-of-an-sdk", None])
def test_a_client_gets_the_queue_of_its_address_whatever_key_it_sends(token: str | None) -> None:
    server = emulator()
    _send(server, _QUEUE, {"response": _ANSWER})
    (answer,) = play(server, _here(chat(token=token)))

    assert json_of(answer) == _ANSWER


def test_a_token_with_a_script_of_its_own_does_not_get_the_queue() -> None:
    server = emulator()
    _send(server, _QUEUE, {"response": _ANSWER})
    play(server, post("/_emulator/script", {"responses": "its own"}))
    (answer,) = play(server, _here(chat()))

    assert json_of(answer)["choices"][0]["message"]["content"] == "its own"


def test_before_anybody_fills_a_queue_nothing_is_answered_otherwise() -> None:
    server = emulator()
    _send(server, "/api/preset-queue/192.0.2.1", {"response": _ANSWER})
    keyless, with_key = play(server, _here(chat("hello", token=None)), _here(chat("hello")))

    assert [json_of(each)["choices"][0]["message"]["content"] for each in (keyless, with_key)] == ["hello", "hello"]


def test_after_a_queue_was_emptied_its_address_is_answered_as_before() -> None:
    server = emulator({"defaults": {"on_unmatched": "simulate"}, "responses": "the default script"})
    _send(server, _QUEUE, {"response": _ANSWER})

    _get(server, _QUEUE, "DELETE")

    assert _ask(server)[1]["choices"][0]["message"]["content"] == "the default script"
    _send(server, _QUEUE, {"response": _ANSWER})
    assert _ask(server)[1] == _ANSWER


def test_if_all_addresses_have_queues_a_person_answers_who_has_none() -> None:
    async def waits(server: Emulator) -> bool:
        asking = asyncio.create_task(server.answer(_here(chat(token="sk-of-an-sdk"))))
        await asyncio.sleep(0)
        listed = await server.answer(_here(request("GET", "/_emulator/waiting", token=None)))
        asking.cancel()
        return bool(json_of(listed.steps)["data"])  # type: ignore[union-attr]

    assert [asyncio.run(waits(emulator(has_preset_queues=switch))) for switch in (True, False)] == [True, False]


def test_a_queue_that_is_used_up_leaves_no_rules_behind() -> None:
    server = emulator()
    for _ in range(3):
        _send(server, _QUEUE, {"response": _ANSWER})
        _ask(server)
    _send(server, _QUEUE, {"response": _ANSWER})

    (shown,) = play(server, _here(request("GET", "/_emulator/script", token=None)))
    assert len(json_of(shown)["rules"]) == 1


def test_queues_are_given_out_and_taken_in_again_as_they_were() -> None:
    async def refilled() -> Any:  # noqa: ANN401 - JSON
        first, second = emulator(), emulator()
        for path, body in ((_QUEUE, {"response": [1, None], "status_code": 429}), ("/api/preset-queue/::1", "text")):
            await first.answer(_here(post(path, body, token=None)))
        for _ in range(2):
            await second.fill_preset_queues(json.loads(json.dumps(await first.preset_queues())))
        return await second.preset_queues()

    assert asyncio.run(refilled()) == {
        _HERE: [{"response": [1, None], "status_code": 429}],
        "::1": [{"response": "text", "status_code": 200}],
    }


def test_each_change_of_a_queue_is_told() -> None:
    async def told() -> list[str]:
        server = emulator()
        reader = await server.news.read()
        for asked in (
            post(_QUEUE, {"response": _ANSWER}, token=None),
            chat(token=None),
            request("DELETE", _QUEUE, token=None),
            request("DELETE", "/api/preset-queue", token=None),
        ):
            await server.answer(_here(asked))
        return [f"{each.happening} {each.session.name}".strip() for each in reader.take()]

    assert asyncio.run(told()) == [f"queue {_HERE}", f"begun {_HERE}", f"queue {_HERE}", f"queue {_HERE}", "queue"]
