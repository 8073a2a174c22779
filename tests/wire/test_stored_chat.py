from typing import Any

import pytest
from openai import NotFoundError
from openai.types.chat import ChatCompletion, ChatCompletionStoreMessage

from llemulator_addon.emulator import Emulator
from tests.playing import chat, emulator, json_of, play, post, request, status
from tests.wire.answering import client
from tests.wire.shapes import assert_described, assert_sdk

# The description's own example has these keys, which neither its schema nor the SDK's types have.
BEYOND = {
    *("request_id", "tool_choice", "seed", "top_p", "temperature", "presence_penalty", "frequency_penalty"),
    *("input_user", "tools", "response_format"),
}


@pytest.fixture
def server() -> Emulator:
    """Three stored completions, of which one has metadata and one another model; a fourth was not stored."""
    server = emulator()
    play(
        server,
        chat("one", store=True, metadata={"a": "b"}),
        chat("two", store=True, model="gpt-4o-mini", stream=True),
        chat("three", store=True, temperature=0.5, user="me"),
        chat("four"),
    )
    return server


def _listed(server: Emulator, query: str = "") -> Any:  # noqa: ANN401 - JSON
    return json_of(play(server, request("GET", f"/v1/chat/completions{query}"))[0])


def _said(found: Any) -> list[str]:  # noqa: ANN401 - JSON
    return [each["choices"][0]["message"]["content"] for each in found["data"]]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", ["one", "two", "three"]),
        ("?order=desc", ["three", "two", "one"]),
        ("?limit=2", ["one", "two"]),
        ("?model=gpt-4o-mini", ["two"]),
        ("?metadata[a]=b", ["one"]),
        ("?metadata[a]=c", []),
    ],
)
def test_what_was_stored_is_listed(server: Emulator, query: str, said: list[str]) -> None:
    assert _said(_listed(server, query)) == said


def test_a_list_names_its_ends_and_goes_on_behind_its_last(server: Emulator) -> None:
    first = _listed(server, "?limit=2")
    rest = _listed(server, f"?after={first['last_id']}")

    assert [first[key] for key in ("object", "first_id", "last_id", "has_more")] == [
        "list",
        first["data"][0]["id"],
        first["data"][1]["id"],
        True,
    ]
    assert (_said(rest), rest["has_more"]) == (["three"], False)


def test_the_sdk_pages_through_all_of_them(server: Emulator) -> None:
    found = client(server).chat.completions.list(limit=1)

    assert [each.choices[0].message.content for each in found] == ["one", "two", "three"]


def test_a_stored_completion_is_what_was_answered_with_the_request_beside_it(server: Emulator) -> None:
    stored = _listed(server)["data"][2]

    assert_sdk(ChatCompletion, stored, beyond=BEYOND)
    assert_described("CreateChatCompletionResponse", stored, null=["$.choices[].logprobs"])
    assert {key: stored[key] for key in ("temperature", "top_p", "input_user", "metadata")} == {
        "temperature": 0.5,
        "top_p": 1.0,
        "input_user": "me",
        "metadata": {},
    }


def test_its_messages_are_those_of_the_request(server: Emulator) -> None:
    parts = [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": "https://i.example"}}]
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": parts}]
    (steps,) = play(server, chat(store=True, messages=messages))
    stored = json_of(steps)["id"]

    found = json_of(play(server, request("GET", f"/v1/chat/completions/{stored}/messages"))[0])

    assert found == {
        "object": "list",
        "data": [
            {
                "id": f"{stored}-0",
                "role": "system",
                "content": "Be brief.",
                "name": None,
                "content_parts": None,
            },
            {"id": f"{stored}-1", "role": "user", "content": "Look", "name": None, "content_parts": parts},
        ],
        "first_id": f"{stored}-0",
        "last_id": f"{stored}-1",
        "has_more": False,
    }


def test_the_sdk_lists_messages(server: Emulator) -> None:
    sdk = client(server)
    stored = next(iter(sdk.chat.completions.list()))

    (message,) = sdk.with_options().chat.completions.messages.with_raw_response.list(stored.id).parse().data

    assert isinstance(message, ChatCompletionStoreMessage)
    assert message.content == "one"


def test_metadata_is_changed_and_found(server: Emulator) -> None:
    stored = _listed(server)["data"][1]["id"]

    changed = json_of(play(server, post(f"/v1/chat/completions/{stored}", {"metadata": {"c": "d"}}))[0])

    assert changed["metadata"] == {"c": "d"}
    assert _said(_listed(server, "?metadata[c]=d")) == ["two"]
    assert _said(_listed(server)) == ["one", "two", "three"]


def test_what_is_deleted_is_gone(server: Emulator) -> None:
    stored = _listed(server)["data"][0]["id"]

    deleted = json_of(play(server, request("DELETE", f"/v1/chat/completions/{stored}"))[0])

    assert deleted == {"object": "chat.completion.deleted", "id": stored, "deleted": True}
    assert_described("ChatCompletionDeleted", deleted)
    assert _said(_listed(server)) == ["two", "three"]
    with pytest.raises(NotFoundError):
        client(server).chat.completions.retrieve(stored)


def test_another_token_sees_nothing(server: Emulator) -> None:
    assert json_of(play(server, request("GET", "/v1/chat/completions", token="sk-other"))[0])["data"] == []


def test_a_failure_is_not_stored() -> None:
    server = emulator([{"error": "no", "status": 500}])

    play(server, chat(store=True))

    assert _listed(server)["data"] == []


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", ""), ("DELETE", ""), ("GET", "/messages")])
def test_an_id_that_is_none_is_not_found_or_leniently_made_up(method: str, path: str) -> None:
    asked = request(method, f"/v1/chat/completions/chatcmpl-none{path}", body=b'{"metadata":{}}')

    assert status(play(emulator(), asked)[0]) == 404
    assert status(play(emulator(lenient=True), asked)[0]) == 200
