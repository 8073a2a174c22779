"""MCP servers in Realtime: their tools, calls that OpenAI makes, and approvals."""

from typing import Any

import pytest

from tests.wire.realtime.talking import Event, Talking, kinds, session_of

_SERVER = {
    "type": "mcp",
    "server_label": "orders",
    "server_url": "https://mcp.example",
    "allowed_tools": ["find_order"],
}
_CALL = {"type": "mcp_call", "name": "find_order", "arguments": {"id": 7}}
_SCRIPT: dict[str, Any] = {
    "rules": [
        {
            "match": {"user_text": "find"},
            "reply": {"blocks": [{"hosted_call": {**_CALL, "output": "shipped"}}, {"text": "It is on its way."}]},
            "times": 1,
        },
        {"match": {"user_text": "break"}, "reply": {"blocks": [{"hosted_call": {**_CALL, "error": "No such order"}}]}},
        {
            "match": {"user_text": "cancel", "event": "response.create"},
            "reply": {
                "blocks": [{"hosted_call": {"type": "mcp_approval_request", "name": "cancel_order", "arguments": "{}"}}]
            },
        },
        {
            "match": {"user_text": "cancel", "event": "conversation.item.create"},
            "reply": {
                "blocks": [{"hosted_call": {**_CALL, "name": "cancel_order", "output": "done"}}, {"text": "Cancelled."}]
            },
        },
    ]
}


def _talking() -> Talking:
    talking = Talking(session_of(_SCRIPT))
    talking.update(output_modalities=["text"], tools=[_SERVER])
    return talking


def _items(events: list[Event], kind: str = "response.output_item.done") -> list[Any]:
    return [each["item"] for each in events if each["type"] == kind]


def test_the_tools_of_a_server_are_listed_once() -> None:
    talking = Talking(session_of(_SCRIPT))

    first = talking.update(tools=[_SERVER])
    again = talking.update(tools=[_SERVER], instructions="Be brief.")

    assert kinds(first) == [
        "session.updated",
        "conversation.item.added",
        "mcp_list_tools.in_progress",
        "conversation.item.done",
        "mcp_list_tools.completed",
    ]
    (item,) = _items(first, "conversation.item.done")
    assert (item["type"], item["server_label"], [tool["name"] for tool in item["tools"]]) == (
        "mcp_list_tools",
        "orders",
        ["find_order"],
    )
    assert kinds(again) == ["session.updated"]


def test_a_call_on_a_server_is_made_within_the_response() -> None:
    talking = _talking()
    talking.say("find my order")

    events = talking.ask()

    of_call = [each["type"] for each in events if "mcp_call" in each["type"]]
    assert of_call[0] == "response.mcp_call_arguments.delta"
    assert of_call[-3:] == [
        "response.mcp_call_arguments.done",
        "response.mcp_call.in_progress",
        "response.mcp_call.completed",
    ]
    call, said = _items(events)
    assert (call["server_label"], call["name"], call["arguments"], call["output"], call["error"]) == (
        "orders",
        "find_order",
        '{"id":7}',
        "shipped",
        None,
    )
    assert said["content"][0]["text"] == "It is on its way."
    assert "".join(each["delta"] for each in events if each["type"] == of_call[0]) == '{"id":7}'


def test_a_call_that_fails_says_why() -> None:
    talking = _talking()
    talking.say("break it")

    events = talking.ask()

    assert "response.mcp_call.failed" in kinds(events)
    assert _items(events)[0]["error"] == {"type": "tool_execution_error", "message": "No such order"}


@pytest.mark.parametrize("approve", [True, False])
def test_after_an_approval_the_model_goes_on_without_being_asked(approve: bool) -> None:  # noqa: FBT001
    talking = _talking()
    talking.say("cancel my order")
    (request,) = _items(talking.ask())

    events = talking.send(
        "conversation.item.create",
        item={
            "id": "approval",
            "type": "mcp_approval_response",
            "approval_request_id": request["id"],
            "approve": approve,
        },
    )

    assert request["type"] == "mcp_approval_request"
    assert kinds(events)[:3] == ["conversation.item.added", "conversation.item.done", "response.created"]
    assert [each["type"] for each in _items(events)] == ["mcp_call", "message"]


def test_an_approval_of_nothing_is_refused() -> None:
    talking = _talking()

    (refused,) = talking.send(
        "conversation.item.create",
        item={"type": "mcp_approval_response", "approval_request_id": "nobody's", "approve": True},
    )

    assert (refused["type"], refused["error"]["param"]) == ("error", "item.approval_request_id")


def test_a_call_that_is_cancelled_has_the_arguments_that_were_sent() -> None:
    talking = _talking()
    talking.say("find my order")
    talking.holds_answers = True
    talking.ask()
    talking.play(5)

    events = talking.send("response.cancel")

    (call,) = _items(events)
    assert call["type"] == "mcp_call"
    assert '{"id":7}'.startswith(call["arguments"])
    assert events[-1]["response"]["status"] == "cancelled"
