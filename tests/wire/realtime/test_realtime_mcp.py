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


_TOOL = {"name": "find_order", "description": "Finds it.", "input_schema": {"type": "object", "required": ["id"]}}


def _listing(*lists: object, **match: object) -> dict[str, Any]:
    blocks = [{"hosted_call": {"type": "mcp_list_tools", **each}} for each in lists]  # type: ignore[dict-item]
    return {"match": {"endpoint": "realtime.mcp_list_tools", **match}, "reply": {"blocks": blocks}}


def _list_of(talking: Talking) -> tuple[list[str], Any]:
    """Return what came for a list, and the item that the conversation has of it then."""
    came = talking.update(tools=[_SERVER])[3:]
    (shown,) = talking.send("conversation.item.retrieve", item_id=came[-1]["item_id"])
    assert shown["item"] == came[0]["item"]
    return kinds(came), shown["item"]


def test_a_script_gives_the_tools_of_a_server_with_their_schemas() -> None:
    talking = Talking(session_of({"rules": [_listing({"tools": [_TOOL, {"name": "other"}]})]}))

    came, item = _list_of(talking)

    assert came == ["conversation.item.done", "mcp_list_tools.completed"]
    assert item["tools"] == [
        {**_TOOL, "annotations": None},
        {
            "name": "other",
            "description": None,
            "input_schema": {"type": "object", "properties": {}},
            "annotations": None,
        },
    ]


@pytest.mark.parametrize(
    "rule",
    [
        _listing({"error": "No server answers there.", "tools": [_TOOL]}),
        {"match": {"endpoint": "realtime.mcp_list_tools"}, "reply": {"failure": {"status": 424, "message": "Nobody."}}},
    ],
)
def test_a_script_says_that_the_tools_of_a_server_cannot_be_listed(rule: object) -> None:
    talking = Talking(session_of({"rules": [rule]}))

    came, item = _list_of(talking)

    assert came == ["conversation.item.done", "mcp_list_tools.failed"]
    assert (item["server_label"], item["tools"]) == ("orders", [])


def test_a_rule_may_list_the_tools_of_several_servers_or_be_for_one() -> None:
    of_one = _listing({"error": "x"}, json={"server_label": "broken"})
    of_two = _listing({"server_label": "else", "tools": []}, {"server_label": "orders", "tools": [_TOOL]})
    talking = Talking(session_of({"rules": [of_one, of_two]}))

    events = talking.update(tools=[_SERVER, {**_SERVER, "server_label": "broken"}, {**_SERVER, "server_label": "else"}])

    lists = _items(events, "conversation.item.done")
    assert [(each["server_label"], len(each["tools"])) for each in lists] == [("orders", 1), ("broken", 0), ("else", 0)]
    ends = [each["type"] for each in events if each["type"] in {"mcp_list_tools.completed", "mcp_list_tools.failed"}]
    assert ends == ["mcp_list_tools.completed", "mcp_list_tools.failed", "mcp_list_tools.completed"]


def test_the_request_for_a_list_has_neither_the_address_nor_the_keys_of_the_server() -> None:
    talking = Talking(session_of(_SCRIPT))

    talking.update(tools=[{**_SERVER, "authorization": "secret", "headers": {"x-key": "secret"}}])

    (asked,) = talking.requests
    assert (asked.json or {}).keys() == {"server_label", "allowed_tools", "item_id", "previous_item_id"}


@pytest.mark.parametrize("reply", [_listing({"tools": [_TOOL]})["reply"], {"failure": {"status": 500}}])
def test_a_list_that_was_deleted_meanwhile_stays_away(reply: object) -> None:
    talking = Talking(session_of({"rules": [{"match": {"endpoint": "realtime.mcp_list_tools"}, "reply": reply}]}))
    talking.holds_answers = True
    item = talking.update(tools=[_SERVER])[1]["item"]
    talking.send("conversation.item.delete", item_id=item["id"])
    came = talking.play()

    assert "conversation.item.input_audio_transcription.failed" not in kinds(came)
    assert talking.send("conversation.item.retrieve", item_id=item["id"])[0]["type"] == "error"


def test_rules_for_responses_are_not_used_up_by_a_list() -> None:
    talking = Talking(session_of({"rules": [{"match": {"endpoint": "realtime"}, "reply": "Hello", "times": 1}]}))
    talking.update(output_modalities=["text"], tools=[_SERVER])
    talking.say("Hi")

    assert _items(talking.ask())[0]["content"][0]["text"] == "Hello"


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
