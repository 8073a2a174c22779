from typing import Any

import pytest
from openai.pagination import SyncCursorPage
from openai.types.responses import CompactedResponse, Response, ResponseItem
from openai.types.responses.input_token_count_response import InputTokenCountResponse

from llemulator_addon.core.prompt import CalledTool, Message, Prompt
from llemulator_addon.core.reply import Text, ToolCall
from llemulator_addon.core.request import Request
from llemulator_addon.core.resources import Resources
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.wire.answer import Body, Call, EventStream
from llemulator_addon.wire.endpoints.responses import read
from llemulator_addon.wire.endpoints.stored_responses import retrieve
from llemulator_addon.wire.models import DEFAULT_MODELS
from llemulator_addon.wire.responses.ids import Ids, make_encrypted
from tests.playing import emulator, load
from tests.wire.asking import Asking
from tests.wire.responding import STAMP, answer
from tests.wire.shapes import assert_described, assert_sdk, differences
from tests.wire.shapes import events as events_of

ECHOED = ("billing", "frequency_penalty", "presence_penalty", "store")


def understood(resources: Resources, **body: Any) -> Prompt:  # noqa: ANN401 - a body
    request = Request(method="POST", path="/v1/responses")
    models = dict.fromkeys(DEFAULT_MODELS)
    call = Call(request=request, stamp=Stamp(7, 9), models=models, resources=resources)
    return read(call, {"model": "gpt-4o", **body})


# What was said before -----------------------------------------------------------------------------------------------


def test_a_response_goes_on_from_an_earlier_one() -> None:
    first = answer(Text("Sunny."), input="What is the weather?", instructions="Be brief.")
    resources = Resources().put(*first.keeps)
    (kept,) = first.keeps

    prompt = understood(resources, input="And tomorrow?", previous_response_id=kept.value["id"])

    # The instructions of the earlier one are not carried over.
    assert prompt.messages == (
        Message(role="user", text="What is the weather?"),
        Message(role="assistant", text="Sunny."),
        Message(role="user", text="And tomorrow?"),
    )


def test_a_rule_sees_the_earlier_turns() -> None:
    client = Asking(emulator())
    remembers = {"match": {"turn": 2, "any_text": "colour"}, "reply": "Still blue."}
    load(client.server, {"rules": [{"match": {"turn": 1}, "reply": "Blue."}, remembers]})

    first = client.respond("What colour?")
    second = client.respond("Sure?", previous_response_id=first["id"])

    assert second["output"][0]["content"][0]["text"] == "Still blue."
    assert second["previous_response_id"] == first["id"]


def test_a_chain_is_as_long_as_it_was_made() -> None:
    client = Asking()
    before = client.respond("1")
    for number in range(2, 6):
        before = client.respond(str(number), previous_response_id=before["id"])

    # Five turns of two messages, 3 + role + text each, and 3; but the last has not answered yet.
    assert before["usage"]["input_tokens"] == 9 * 5 + 3


def test_a_tools_result_is_joined_with_the_call_of_the_earlier_turn() -> None:
    first = answer(ToolCall(name="weather", arguments='{"city":"Oslo"}', id="call_1"), input="Weather?")
    resources = Resources().put(*first.keeps)
    result = {"type": "function_call_output", "call_id": "call_1", "output": "12 degrees"}

    prompt = understood(resources, input=[result], previous_response_id=first.keeps[0].value["id"])

    called = CalledTool(id="call_1", name="weather", arguments='{"city":"Oslo"}')
    assert prompt.messages == (
        Message(role="user", text="Weather?"),
        Message(role="assistant", called=(called,)),
        Message(role="tool", text="12 degrees", answers="call_1"),
    )
    assert prompt.tool_called("call_1") == called


@pytest.mark.parametrize("reference", [{"type": "item_reference"}, {}])
def test_a_reference_stands_for_the_item_that_it_names(reference: dict[str, Any]) -> None:
    first = answer(Text("Sunny."), input="Weather?")
    said = first.keeps[0].value["response"]["output"][0]

    prompt = understood(
        Resources().put(*first.keeps),
        input=[reference | {"id": said["id"]}, {"role": "user", "content": "Sure?"}],
    )

    assert [message.text for message in prompt.messages] == ["Sunny.", "Sure?"]


SHELL = '{"commands":["ls"],"max_output_length":null,"timeout_ms":null}'


def test_items_of_all_kinds_become_the_conversation() -> None:
    prompt = understood(
        Resources(),
        instructions="Be kind.",
        input=[
            {"role": "developer", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "Look"},
                    {"type": "input_image", "image_url": "data:image/png;base64,aGk="},
                    {"type": "input_text", "text": "here"},
                ],
            },
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": make_encrypted("a", Ids(STAMP))},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "I look."}]},
            {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"},
            {"type": "custom_tool_call", "call_id": "call_2", "name": "run", "input": "ls"},
            {"type": "function_call_output", "call_id": "call_1", "output": [{"type": "input_text", "text": "one"}]},
            {"type": "custom_tool_call_output", "call_id": "call_2", "output": "two"},
            {"type": "shell_call", "call_id": "call_3", "action": {"commands": ["ls"]}},
            {"type": "shell_call_output", "call_id": "call_3", "output": [{"stdout": "a"}]},
        ],
        tools=[
            {"type": "function", "name": "f", "description": "Do it.", "parameters": {"type": "object"}},
            {"type": "namespace", "name": "n", "description": "", "tools": [{"type": "custom", "name": "run"}]},
            {"type": "web_search"},
        ],
    )

    unread = prompt.messages[2].unread
    assert len(unread) == 16
    assert prompt.messages == (
        Message(role="system", text="Be kind."),
        Message(role="developer", text="Be brief."),
        Message(role="user", text="Look\nhere", parts=("Look", "here"), unread=unread),
        Message(
            role="assistant",
            text="I look.",
            called=(
                CalledTool(id="call_1", name="f", arguments="{}"),
                CalledTool(id="call_2", name="run", arguments="ls"),
            ),
        ),
        Message(role="tool", text="one", answers="call_1"),
        Message(role="tool", text="two", answers="call_2"),
        Message(role="assistant", called=(CalledTool(id="call_3", name="shell", arguments=SHELL),)),
        Message(role="tool", text='[{"stdout":"a"}]', answers="call_3"),
    )
    assert [(tool.name, tool.kind) for tool in prompt.tools] == [
        ("f", "function"),
        ("run", "custom"),
        ("web_search", "web_search"),
    ]


def test_what_is_not_stored_cannot_be_gone_on_from() -> None:
    client = Asking()
    unstored = client.respond(store=False)

    refused = client.respond(previous_response_id=unstored["id"])

    assert refused["error"]["code"] == "previous_response_not_found"
    assert client.failing("GET", f"/v1/responses/{unstored['id']}")[0] == 404


# Stored responses ---------------------------------------------------------------------------------------------------


def test_a_stored_response_is_shown_as_it_was_sent_and_can_be_deleted() -> None:
    client = Asking()
    made = client.respond(metadata={"a": "b"})
    path = f"/v1/responses/{made['id']}"

    shown = client.get(path)
    gone = client.delete(path)

    assert shown == made
    assert list(gone.items()) == [("id", made["id"]), ("object", "response"), ("deleted", True)]
    assert client.failing("GET", path) == (404, f"Response with id '{made['id']}' not found.")
    assert client.failing("DELETE", path)[0] == 404


@pytest.mark.long
def test_input_items_are_listed_in_pages() -> None:
    client = Asking()
    first = client.respond("One")
    made = client.respond(
        [{"role": "user", "content": text} for text in ("Two", "Three")], previous_response_id=first["id"]
    )
    path = f"/v1/responses/{made['id']}/input_items"

    newest = client.get(path)
    oldest = client.get(f"{path}?order=asc&limit=1")

    assert [item["content"][0]["text"] for item in newest["data"]] == ["Three", "Two"]
    assert list(newest["data"][0].items()) == [
        ("id", newest["first_id"]),
        ("type", "message"),
        ("status", "completed"),
        ("content", [{"type": "input_text", "text": "Three"}]),
        ("role", "user"),
    ]
    assert [item["content"][0]["text"] for item in oldest["data"]] == ["Two"]
    assert oldest["has_more"] is True
    assert_sdk(SyncCursorPage[ResponseItem], newest, beyond={"object", "first_id", "last_id"})
    assert_described("ResponseItemList", newest)


def test_an_unknown_response_has_no_input_and_cannot_be_cancelled() -> None:
    client = Asking()

    assert client.failing("GET", "/v1/responses/resp_x/input_items")[0] == 404
    assert client.failing("POST", "/v1/responses/resp_x/cancel")[0] == 404


# In the background --------------------------------------------------------------------------------------------------


def test_a_response_in_the_background_is_queued_then_in_progress_then_completed() -> None:
    client = Asking()
    made = client.respond("Hi", background=True)

    polled = [client.get(f"/v1/responses/{made['id']}") for _ in range(3)]

    assert [each["status"] for each in (made, *polled)] == ["queued", "in_progress", "completed", "completed"]
    assert [bool(each["output"]) for each in (made, *polled)] == [False, False, True, True]
    assert [each["usage"] is None for each in (made, *polled)] == [True, True, False, False]
    assert ["billing" in each for each in (made, *polled)] == [False, False, True, True]
    for each in (made, *polled):
        assert_sdk(Response, each, beyond=[key for key in ECHOED if key in each])


def test_a_response_in_the_background_can_be_cancelled_until_it_is_done() -> None:
    client = Asking()
    queued, done = client.respond(background=True), client.respond(background=True)
    for _ in range(2):
        client.get(f"/v1/responses/{done['id']}")

    cancelled = [client.post(f"/v1/responses/{queued['id']}/cancel") for _ in range(2)]

    assert [(each["status"], each["output"], each["completed_at"]) for each in cancelled] == [
        ("cancelled", [], None)
    ] * 2
    assert client.get(f"/v1/responses/{queued['id']}") == cancelled[0]
    assert client.post(f"/v1/responses/{done['id']}/cancel")["status"] == "completed"
    assert_sdk(Response, cancelled[0], beyond=ECHOED)


def test_a_response_that_is_not_in_the_background_cannot_be_cancelled() -> None:
    client = Asking()
    made = client.respond()

    assert client.failing("POST", f"/v1/responses/{made['id']}/cancel") == (
        400,
        "Cannot cancel a synchronous response.",
    )


def test_what_runs_in_the_background_is_found_again_even_if_it_is_not_stored() -> None:
    client = Asking()
    made = client.respond(background=True, store=False)

    assert client.get(f"/v1/responses/{made['id']}")["status"] == "in_progress"


@pytest.mark.parametrize("background", [True, False])
def test_a_stream_is_told_again_from_behind_any_event(background: bool) -> None:  # noqa: FBT001 - a table of variants
    made = answer(Text("Hello there, you"), stream=True, background=background, chunk_by="character")
    assert isinstance(made, EventStream)
    resources = Resources().put(*made.keeps)
    told = events_of(b"".join(piece.piece for piece in made.pieces))

    def again(*query: tuple[str, str]) -> list[Any]:
        request = Request(method="GET", path="/v1/responses/x", query=(("stream", "true"), *query))
        call = Call(
            request=request,
            params={"response_id": made.keeps[0].value["id"]},
            stamp=Stamp(7, 9),
            models={},
            resources=resources,
        )
        served = retrieve(call).answer
        assert isinstance(served, EventStream)
        return events_of(b"".join(piece.piece for piece in served.pieces)) if list(served.pieces) else []

    assert again() == told
    for number in range(len(told)):
        assert again(("starting_after", str(number))) == told[number + 1 :]
    assert not any("obfuscation" in event for event in again(("include_obfuscation", "false")))


def test_a_stream_of_a_response_in_the_background_finishes_it() -> None:
    client = Asking()
    made = client.respond(background=True)

    told = client.stream(f"/v1/responses/{made['id']}?stream=true")

    assert told[-1]["type"] == "response.completed"
    assert client.get(f"/v1/responses/{made['id']}")["status"] == "completed"


# Counting and compacting --------------------------------------------------------------------------------------------


def test_input_tokens_are_those_that_a_response_is_charged_for() -> None:
    client = Asking()
    first = client.respond("One", instructions="Be kind.")
    asked = {"model": "gpt-4o", "input": "Two", "previous_response_id": first["id"]}

    counted = client.post("/v1/responses/input_tokens", asked)

    assert counted == {
        "object": "response.input_tokens",
        "input_tokens": client.post("/v1/responses", asked)["usage"]["input_tokens"],
    }
    assert_sdk(InputTokenCountResponse, counted)
    assert_described("TokenCountsResource", counted)


@pytest.mark.long
def test_a_conversation_is_compacted_to_what_the_user_said() -> None:
    client = Asking()
    first = client.respond("One")

    compacted = client.post(
        "/v1/responses/compact", {"model": "gpt-5.6", "input": "Two", "previous_response_id": first["id"]}
    )

    *kept, summary = compacted["output"]
    assert [item["content"][0]["text"] for item in kept] == ["One", "Two"]
    assert (summary["type"], list(summary)) == ("compaction", ["id", "type", "encrypted_content"])
    found = differences("json response.compaction", compacted)
    assert (found.missing, found.wrong, found.never) == (
        (),
        (),
        ("usage.input_tokens_details.cache_write_tokens",) if found.never else (),
    )
    # The SDK's type knows no messages of users in an output; they are recorded.
    assert_sdk(CompactedResponse, {**compacted, "output": [summary]})
    again = client.respond([*compacted["output"], {"role": "user", "content": "Three"}])
    assert again["output"][0]["content"][0]["text"] == "Three"


@pytest.mark.parametrize("path", ["compact", "input_tokens"])
def test_an_unknown_model_cannot_count_or_compact(path: str) -> None:
    refused = Asking().post(f"/v1/responses/{path}", {"model": "gpt-0", "input": "Hi"})

    assert refused["error"]["code"] == "model_not_found"


# The form of before Responses ---------------------------------------------------------------------------------------


def test_a_body_with_a_prompt_and_no_input_gets_a_text_completion() -> None:
    client = Asking()

    made = client.post("/v1/responses", {"model": "gpt-4o", "prompt": "Hi there"})

    assert made["object"] == "text_completion"
    assert made["choices"] == [{"text": "Hi there", "index": 0, "logprobs": None, "finish_reason": "stop"}]
    assert Asking(emulator(lenient=True)).post("/v1/responses", {"prompt": {"id": "pmpt_1"}})["object"] == "response"


def test_a_stored_prompt_needs_neither_input_nor_model() -> None:
    made = Asking().post("/v1/responses", {"prompt": {"id": "pmpt_1", "variables": {"city": "Oslo"}}})

    assert made["prompt"] == {"id": "pmpt_1", "variables": {"city": "Oslo"}}
    assert made["model"] == "gpt-4o"


# A lenient server ---------------------------------------------------------------------------------------------------


def test_a_lenient_server_has_any_response() -> None:
    client = Asking(emulator(lenient=True))

    assert client.get("/v1/responses/resp_any")["id"] == "resp_any"
    assert client.delete("/v1/responses/resp_any")["deleted"] is True
    assert client.post("/v1/responses/resp_any/cancel")["object"] == "response"
    assert client.get("/v1/responses/resp_any/input_items?after=any")["has_more"] is False
    assert client.stream("/v1/responses/resp_any?stream=true&starting_after=0")[-1]["type"] == "response.completed"
    assert client.post("/v1/responses/input_tokens")["object"] == "response.input_tokens"
    assert client.post("/v1/responses/compact", {"model": "any"})["object"] == "response.compaction"
    assert client.post("/v1/responses")["object"] == "response"


def test_a_response_is_answered_in_one_piece_of_json() -> None:
    made = answer(Text("Hi"))

    assert isinstance(made, Body)
    assert made.content_type == "application/json"
