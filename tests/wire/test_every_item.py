"""Items of every type that a client may send are kept and listed as items of the SDK's unions."""

from collections.abc import Sequence
from typing import Any, get_args

import pytest
from openai.types.conversations import ConversationItem
from openai.types.responses import ResponseItem

from tests.playing import emulator
from tests.wire.asking import Asking
from tests.wire.shapes import assert_described, assert_sdk

Item = dict[str, Any]

_IMAGE = {"type": "input_image", "image_url": "https://a.example/x.png"}
_FILES = [
    {"type": "input_file", "file_id": "file-1"},
    {"type": "input_file", "file_data": "aGk=", "filename": "a.pdf"},
]
_SAID = {"type": "output_text", "text": "Hello", "annotations": []}
_APPROVAL = {"type": "mcp_approval_request", "id": "mcpr_1", "server_label": "s", "name": "f", "arguments": "{}"}
_PROGRAM = {"type": "program", "id": "prog_1", "call_id": "c1", "code": "1", "fingerprint": "x"}
_FUNCTION = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
_DONE = {"status": "completed"}


def _answered(kind: str, call: Item, output: Item) -> list[Item]:
    """Return a call and what the client answers it with."""
    return [{"type": kind, "call_id": "c1", **call}, {"type": f"{kind}_output", "call_id": "c1", **output}]


SENT: dict[str, Sequence[Item]] = {
    "a message of a user": [{"role": "user", "content": "Hi"}],
    "a message of a developer": [{"role": "developer", "content": [{"type": "input_text", "text": "Hi"}]}],
    "images and files": [{"role": "user", "content": [{"type": "input_text", "text": "Hi"}, _IMAGE, *_FILES]}],
    "a message of the model": [{"role": "assistant", "content": "Hi"}],
    "an answer sent back": [{"type": "message", "id": "msg_1", "role": "assistant", "content": [_SAID], **_DONE}],
    "a refusal sent back": [{"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}],
    "a function": [_FUNCTION, {"type": "function_call_output", "call_id": "c1", "output": "x"}],
    "a function that returns parts": [
        _FUNCTION,
        {"type": "function_call_output", "call_id": "c1", "output": [{"type": "input_text", "text": "x"}, _IMAGE]},
    ],
    "a custom tool": _answered("custom_tool_call", {"name": "f", "input": "a"}, {"output": "x"}),
    "a computer": _answered(
        "computer_call",
        {"id": "cu_1", "action": {"type": "screenshot"}, "pending_safety_checks": [], **_DONE},
        {"output": {"type": "computer_screenshot", "image_url": "https://a.example/x.png"}},
    ),
    "reasoning": [{"type": "reasoning", "id": "rs_1", "summary": []}, {"role": "user", "content": "Hi"}],
    "a web search": [{"type": "web_search_call", "id": "ws_1", "action": {"type": "search", "query": "a"}, **_DONE}],
    "a file search": [{"type": "file_search_call", "id": "fs_1", "queries": ["a"], **_DONE}],
    "an image": [{"type": "image_generation_call", "id": "ig_1", "result": "aGk=", **_DONE}],
    "code": [
        {
            "type": "code_interpreter_call",
            "id": "ci_1",
            "code": "1",
            "container_id": "c",
            "outputs": None,
            **_DONE,
        }
    ],
    "a local shell": [
        {
            "type": "local_shell_call",
            "id": "lsh_1",
            "call_id": "c1",
            **_DONE,
            "action": {"type": "exec", "command": ["ls"], "env": {}},
        },
        {"type": "local_shell_call_output", "id": "lsho_1", "output": "x"},
    ],
    "a shell": _answered(
        "shell_call",
        {"action": {"commands": ["ls"]}},
        {"output": [{"stdout": "a", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}]},
    ),
    "a patch": _answered(
        "apply_patch_call",
        {"operation": {"type": "create_file", "path": "a", "diff": "+a"}, **_DONE},
        {"output": "ok", **_DONE},
    ),
    "a remote list of tools": [{"type": "mcp_list_tools", "id": "mcpl_1", "server_label": "s", "tools": []}],
    "an approval": [_APPROVAL, {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": True}],
    "a remote call": [{"type": "mcp_call", "id": "mcp_1", "server_label": "s", "name": "f", "arguments": "{}"}],
    "a compaction": [{"type": "compaction", "encrypted_content": "abc"}],
    "a search for tools": [
        {"type": "tool_search_call", "call_id": "c1", "arguments": {}, "execution": "client"},
        {"type": "tool_search_output", "call_id": "c1", "execution": "client", "tools": []},
    ],
    "a program": [_PROGRAM, {"type": "program_output", "id": "po_1", "call_id": "c1", "result": "1", **_DONE}],
    "more tools": [
        {
            "type": "additional_tools",
            "role": "developer",
            "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True}],
        }
    ],
    "other settings": [{"type": "configuration_update", "reasoning": {"effort": "low"}}],
}
# The description wants keys of these that it does not describe, or does not have the type yet.
_MISDESCRIBED = {"local_shell_call_output", "mcp_approval_response", "configuration_update"}
# The API sends a status with custom tools; the SDK's type for conversations has none.
_WITH_A_STATUS = {"custom_tool_call", "custom_tool_call_output"}
sent = pytest.mark.parametrize("items", SENT.values(), ids=SENT)


@pytest.mark.long
@sent
def test_what_a_response_was_given_is_listed_as_the_sdk_and_the_description_have_it(items: Sequence[Item]) -> None:
    # Leniently, because some of the items go on from an answer that was never given.
    client = Asking(emulator(lenient=True))
    made = client.respond(items, model="gpt-5.6")

    listed = client.get(f"/v1/responses/{made['id']}/input_items?order=asc")["data"]

    assert len(listed) == len(items)
    for item in listed:
        assert_sdk(ResponseItem, item)
        if item["type"] not in _MISDESCRIBED:
            assert_described("ItemResource", item)


@sent
def test_what_a_conversation_was_given_is_listed_as_the_sdk_has_it(items: Sequence[Item]) -> None:
    client = Asking(emulator({"resources": {"files": [{"id": "file-1", "filename": "a.pdf", "text": "a"}]}}))
    made = client.post("/v1/conversations", {"items": items})

    listed = client.get(f"/v1/conversations/{made['id']}/items?order=asc")["data"]

    assert len(listed) == len(items)
    for item in listed:
        if item["type"] != "configuration_update":  # not in that union
            assert_sdk(ConversationItem, item, beyond={"status"} if item["type"] in _WITH_A_STATUS else set())


def test_items_of_every_type_are_sent() -> None:
    client = Asking(emulator(lenient=True))
    types = {
        item["type"]
        for items in SENT.values()
        for item in client.get(f"/v1/responses/{client.respond(items, model='gpt-5.6')['id']}/input_items")["data"]
    }

    assert types == {
        kind
        for member in get_args(get_args(ResponseItem)[0])
        for kind in get_args(member.model_fields["type"].annotation)
    }


def test_what_is_no_item_is_not_listed() -> None:
    # Leniently, because some of the items go on from an answer that was never given.
    client = Asking(emulator(lenient=True))
    made = client.respond([{"role": "user", "content": "Hi"}, {"type": "compaction_trigger"}], model="gpt-5.6")

    listed = client.get(f"/v1/responses/{made['id']}/input_items")["data"]

    assert [item["type"] for item in listed] == ["message"]
