import pytest
from openai.pagination import SyncConversationCursorPage
from openai.types.conversations import Conversation, ConversationDeletedResource, ConversationItem, ConversationItemList

from tests.playing import emulator, play, post
from tests.wire.asking import Asking
from tests.wire.shapes import Differences, assert_described, assert_sdk, differences

ONE = {"type": "message", "role": "user", "content": "One"}


def test_a_conversation_is_made_shown_changed_and_deleted() -> None:
    client = Asking()

    made = client.post("/v1/conversations", {"metadata": {"topic": "demo"}})
    path = f"/v1/conversations/{made['id']}"
    changed = client.post(path, {"metadata": {"topic": "other"}})
    shown = client.get(path)
    gone = client.delete(path)

    assert list(made) == ["id", "object", "created_at", "metadata"]
    assert made["id"].startswith("conv_")
    assert (made["object"], made["metadata"]) == ("conversation", {"topic": "demo"})
    assert changed == shown == {**made, "metadata": {"topic": "other"}}
    assert gone == {"id": made["id"], "object": "conversation.deleted", "deleted": True}
    assert client.failing("GET", path) == (404, f"Conversation with id '{made['id']}' not found.")
    assert_sdk(Conversation, made)
    assert_sdk(ConversationDeletedResource, gone)
    assert_described("ConversationResource", made)
    assert_described("DeletedConversationResource", gone)
    assert differences("json conversation", {**made, "metadata": {}}) == Differences()


@pytest.mark.long
def test_a_conversation_begins_with_items_and_gets_more() -> None:
    client = Asking()
    made = client.post("/v1/conversations", {"items": [ONE]})
    path = f"/v1/conversations/{made['id']}/items"

    added = client.post(
        path, {"items": [{"role": "user", "content": "Two"}, {"role": "assistant", "content": "Three"}]}
    )
    listed = client.get(path)
    first = client.get(f"{path}?order=asc&limit=1")

    assert [item["content"][0]["text"] for item in added["data"]] == ["Two", "Three"]
    assert (added["first_id"], added["last_id"]) == (added["data"][0]["id"], added["data"][1]["id"])
    assert [item["content"][0]["text"] for item in listed["data"]] == ["Three", "Two", "One"]
    assert listed["data"][0]["content"] == [{"type": "output_text", "annotations": [], "logprobs": [], "text": "Three"}]
    assert ([item["content"][0]["text"] for item in first["data"]], first["has_more"]) == (["One"], True)
    assert_sdk(ConversationItemList, added)
    assert_sdk(SyncConversationCursorPage[ConversationItem], listed, beyond={"object", "first_id"})
    assert_described("ConversationItemList", added)


def test_one_item_is_shown_and_taken_out() -> None:
    client = Asking()
    made = client.post("/v1/conversations", {"items": [ONE]})
    path = f"/v1/conversations/{made['id']}/items"
    (item,) = client.get(path)["data"]

    shown = client.get(f"{path}/{item['id']}")
    left = client.delete(f"{path}/{item['id']}")

    assert shown == item
    assert left == made
    assert client.get(path)["data"] == []
    assert client.failing("GET", f"{path}/{item['id']}")[0] == 404


def test_a_response_reads_a_conversation_and_goes_on_with_it() -> None:
    client = Asking()
    made = client.post("/v1/conversations", {"items": [ONE]})

    first = client.respond("Two", conversation=made["id"])
    second = client.respond("Three", conversation={"id": made["id"]}, store=False)

    assert first["conversation"] == second["conversation"] == {"id": made["id"]}
    said = [item["content"][0]["text"] for item in client.get(f"/v1/conversations/{made['id']}/items")["data"]]
    assert said == ["Three", "Three", "Two", "Two", "One"]
    # Four messages with a role and one word each, and then 3.
    assert second["usage"]["input_tokens"] == 4 * 5 + 3


def test_a_streamed_response_is_in_the_conversation_too() -> None:
    client = Asking()
    made = client.post("/v1/conversations")

    asked = {"model": "gpt-4o", "input": "Hi", "conversation": made["id"], "stream": True}
    play(client.server, post("/v1/responses", asked))

    listed = client.get(f"/v1/conversations/{made['id']}/items?order=asc")
    assert [item["role"] for item in listed["data"]] == ["user", "assistant"]


def test_a_deleted_conversation_carries_nothing() -> None:
    client = Asking()
    made = client.post("/v1/conversations", {"items": [ONE]})
    client.delete(f"/v1/conversations/{made['id']}")

    refused = client.respond("Two", conversation=made["id"])

    assert refused["error"]["message"] == f"Conversation with id '{made['id']}' not found."


def test_items_that_are_wrong_are_refused() -> None:
    client = Asking()
    made = client.post("/v1/conversations")
    path = f"/v1/conversations/{made['id']}/items"

    assert client.post(path)["error"]["message"] == "Missing required parameter: 'items'."
    assert client.post(path, {"items": [{"role": "tool", "content": ""}]})["error"]["param"] == "items[0]"
    assert client.post(path, {"items": [ONE] * 21})["error"]["code"] == "array_above_max_length"
    assert client.post("/v1/conversations", {"metadata": "x"})["error"]["code"] == "invalid_type"


def test_a_lenient_server_has_any_conversation() -> None:
    client = Asking(emulator(lenient=True))
    path = "/v1/conversations/conv_any"

    assert client.get(path)["id"] == "conv_any"
    assert client.post(path, {"metadata": {"a": "b"}})["metadata"] == {"a": "b"}
    assert client.delete(path)["deleted"] is True
    assert client.get(f"{path}/items")["has_more"] is False
    assert client.post(f"{path}/items", {"items": [ONE]})["object"] == "list"
    assert client.get(f"{path}/items/msg_any")["id"] == "msg_any"
    assert client.delete(f"{path}/items/msg_any")["object"] == "conversation"
    assert client.respond("Hi", conversation="conv_any")["object"] == "response"
