"""What one message, one call and one reasoning may have beside their words, on chat and Responses."""

import json
from typing import Any

import pytest
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from llemulator_addon.emulator import Emulator
from llemulator_addon.script.reader import read_script
from llemulator_addon.script.script_error import ScriptError
from tests.playing import body_of, chat, emulator, json_of, play, post, request
from tests.wire.shapes import assert_sdk, events

CITATION = {"type": "url_citation", "url": "https://a.example", "title": "A", "start_index": 0, "end_index": 5}
TOKENS: list[dict[str, Any]] = [
    {"token": "Hé", "logprob": -0.1, "top_logprobs": {"Hé": -0.1, "Hi": -2.0}},
    {"token": "llo", "logprob": -0.5},
]
TOP = [
    {"token": "Hé", "logprob": -0.1, "bytes": [72, 195, 169]},
    {"token": "Hi", "logprob": -2.0, "bytes": [72, 105]},
]


def _server(**reply: Any) -> Emulator:  # noqa: ANN401
    return emulator({"rules": [{"reply": reply}]})


def _responses(server: Emulator, **asked: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:  # noqa: ANN401
    body = {"model": "gpt-5", "input": "Hi", **asked}
    whole, streamed = play(server, post("/v1/responses", body), post("/v1/responses", {**body, "stream": True}))
    echoed = {"billing", "frequency_penalty", "presence_penalty", "store"}
    assert_sdk(Response, json_of(whole), beyond=echoed)
    return json_of(whole), events(body_of(streamed))


def _chat(server: Emulator, **asked: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:  # noqa: ANN401
    whole, streamed = play(server, chat(**asked), chat(stream=True, **asked))
    assert_sdk(ChatCompletion, json_of(whole))
    return json_of(whole), events(body_of(streamed))


def _kinds(told: list[dict[str, Any]]) -> list[str]:
    return [str(event["type"]).removeprefix("response.") for event in told]


def test_a_message_has_several_parts() -> None:
    parts = [{"text": "It is Oslo.", "annotations": [CITATION]}, {"text": " Sure."}, {"refusal": "No more."}]
    server = _server(blocks=[{"message": {"parts": parts, "id": "msg_1", "phase": "final_answer"}}])
    response, told = _responses(server)
    (item,) = response["output"]

    assert [part.get("text") or part.get("refusal") for part in item["content"]] == [
        "It is Oslo.",
        " Sure.",
        "No more.",
    ]
    assert (item["id"], item["status"], item["content"][0]["annotations"]) == ("msg_1", "completed", [CITATION])
    assert _kinds(told).count("content_part.done") == 3
    assert told[-1]["response"]["output"][0]["content"] == item["content"]
    whole, _ = _chat(_server(blocks=[{"message": {"parts": parts[:2]}}]))
    assert whole["choices"][0]["message"]["content"] == "It is Oslo. Sure."


def test_an_annotation_stands_where_the_script_says() -> None:
    message = {"text": "It is Oslo.", "annotations": [CITATION, CITATION], "annotations_at": [11, 2]}
    response, told = _responses(_server(blocks=[{"message": message}]), model="gpt-4o")
    before = [
        "".join(each["delta"] for each in told[:at] if each["type"] == "response.output_text.delta")
        for at, event in enumerate(told)
        if event["type"] == "response.output_text.annotation.added"
    ]
    order = [event["annotation_index"] for event in told if "annotation_index" in event]

    assert before == ["It", "It is Oslo."]
    assert order == [1, 0]
    assert response["output"][0]["content"][0]["annotations"] == [CITATION, CITATION]


@pytest.mark.parametrize("place", ["a", None, 1.5, [1]])
def test_a_place_of_an_annotation_that_is_no_number_is_sent_as_it_is(place: object) -> None:
    message = {"text": "Hello", "annotations": [{**CITATION, "start_index": place}]}
    (answer,) = play(_server(blocks=[{"message": message}]), chat())

    (annotation,) = json_of(answer)["choices"][0]["message"]["annotations"]
    assert annotation["url_citation"]["start_index"] == place


def test_an_annotation_about_no_text_comes_behind_the_text() -> None:
    empty = {**CITATION, "start_index": 0, "end_index": 0}
    _, told = _responses(_server(blocks=[{"message": {"text": "It is Oslo.", "annotations": [empty]}}]))
    kinds = _kinds(told)

    assert kinds.index("output_text.annotation.added") == kinds.index("output_text.done") - 1


def test_a_call_has_a_caller_and_a_status() -> None:
    call = {
        "name": "f",
        "arguments": {},
        "caller": "call_1",
        "status": "in_progress",
        "item_id": "fc_1",
        "id": "call_2",
    }
    program = {"type": "program", "call_id": "call_1", "code": "f()"}
    output = {"type": "program_output", "call_id": "call_1", "result": "7"}
    blocks = [{"hosted_call": program}, {"tool_call": call}, {"hosted_call": output}]
    response, told = _responses(_server(blocks=blocks))
    first, called, last = response["output"]

    assert called == {
        "id": "fc_1",
        "type": "function_call",
        "status": "in_progress",
        "arguments": "{}",
        "call_id": "call_2",
        "caller": {"type": "program", "caller_id": "call_1"},
        "name": "f",
    }
    assert (first["id"].partition("_")[0], last["id"].partition("_")[0]) == ("cm", "cmo")
    added = {event["item"]["type"]: event["item"] for event in told if event["type"] == "response.output_item.added"}
    assert (added["program"]["code"], added["program_output"]["result"]) == ("", "")
    assert added["function_call"]["caller"] == called["caller"]
    whole, _ = _chat(_server(tool_calls=[call]))
    assert whole["choices"][0]["message"]["tool_calls"][0]["id"] == "call_2"


def test_a_reasoning_has_content_and_further_fields() -> None:
    reasoning = {"summary": ["Short."], "content": ["Long ", "thoughts."], "encrypted_content": "gAAAx", "id": "rs_1"}
    response, told = _responses(_server(reasoning=reasoning, text="4"), reasoning={"summary": "detailed"})
    item = response["output"][0]

    assert item["content"] == [{"type": "reasoning_text", "text": text} for text in ("Long ", "thoughts.")]
    assert (item["id"], item["encrypted_content"]) == ("rs_1", "gAAAx")
    assert item["summary"] == [{"type": "summary_text", "text": "Short."}]
    deltas = [event["delta"] for event in told if event["type"] == "response.reasoning_text.delta"]
    assert "".join(deltas) == "Long thoughts."
    assert told[2]["item"]["content"] == []
    whole, _ = _chat(_server(reasoning=reasoning, text="4"), model="gpt-5")
    assert whole["choices"][0]["message"]["content"] == "4"


def test_log_probabilities_are_those_of_the_script() -> None:
    server = _server(text="Héllo", logprobs=TOKENS)
    whole, chunks = _chat(server, logprobs=True, top_logprobs=5)
    response, told = _responses(
        server, model="gpt-4o", include=["message.output_text.logprobs"], top_logprobs=5, store=False
    )
    entries = [
        {"token": "Hé", "logprob": -0.1, "bytes": [72, 195, 169], "top_logprobs": TOP},
        {"token": "llo", "logprob": -0.5, "bytes": [108, 108, 111], "top_logprobs": []},
    ]

    assert whole["choices"][0]["logprobs"]["content"] == entries
    deltas = [(c["choices"][0]["delta"].get("content"), c["choices"][0]["logprobs"]) for c in chunks]
    assert [(text, logs["content"]) for text, logs in deltas if text] == [("Hé", entries[:1]), ("llo", entries[1:])]
    assert response["output"][0]["content"][0]["logprobs"] == entries
    spoken = [entry for event in told if event["type"] == "response.output_text.delta" for entry in event["logprobs"]]
    assert spoken == entries


def test_a_request_gets_as_many_alternatives_as_it_asks_for_and_none_unasked() -> None:
    server = _server(text="Héllo", logprobs=TOKENS)
    asked, _ = _chat(server, logprobs=True, top_logprobs=1)
    unasked, _ = _chat(server)

    assert asked["choices"][0]["logprobs"]["content"][0]["top_logprobs"] == TOP[:1]
    assert unasked["choices"][0]["logprobs"] is None


def test_sound_is_that_of_the_script() -> None:
    spoken = {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "pcm16"}}
    given = {"transcript": "Hello.", "data": "AAECAwQF", "id": "audio_1", "expires_at": 9}
    whole, chunks = _chat(_server(audio=given), model="gpt-audio", **spoken)
    deltas = [chunk["choices"][0]["delta"].get("audio", {}) for chunk in chunks]

    assert whole["choices"][0]["message"]["audio"] == given
    assert "".join(delta.get("data", "") for delta in deltas) == given["data"]
    assert {delta["id"] for delta in deltas if "id" in delta} == {"audio_1"}
    assert {delta["expires_at"] for delta in deltas if "expires_at" in delta} == {9}
    silent, _ = _chat(_server(audio=given))
    response, _ = _responses(_server(audio=given), model="gpt-4o")
    assert silent["choices"][0]["message"]["content"] == "Hello."
    assert response["output"][0]["content"][0]["text"] == "Hello."


LISTS = [{"hosted_call": {"type": "mcp_list_tools", "server_label": name, "tools": []}} for name in "ab"]


@pytest.mark.parametrize("side_by_side", [True, [1, 1, 2, 2, 1, 2, 1, 2], [1, 1, 2, 2, 1, 2, 1, 2, 9, 1, 1]])
def test_items_go_on_side_by_side(side_by_side: object) -> None:
    server = _server(blocks=[*LISTS, {"text": "Hi"}], side_by_side=side_by_side)
    _, told = _responses(server, model="gpt-4o")
    listed = [
        (kind.rpartition(".")[2], event["output_index"])
        for kind, event in zip(_kinds(told), told, strict=True)
        if event.get("output_index") in {0, 1}
    ]
    assert listed == [
        *(("added", 0), ("in_progress", 0), ("added", 1), ("in_progress", 1)),
        *(("completed", 0), ("completed", 1), ("done", 0), ("done", 1)),
    ]
    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    assert len([kind for kind in _kinds(told) if kind == "output_item.done"]) == 3


def test_a_stored_stream_is_told_in_the_same_order_again() -> None:
    message = {"text": "It is.", "annotations": [CITATION], "annotations_at": [0]}
    server = _server(blocks=[*LISTS, {"message": message}], side_by_side=[1, 2])
    asked = {"model": "gpt-4o", "input": "Hi", "stream": True, "background": True}
    (made,) = play(server, post("/v1/responses", asked))
    told = events(body_of(made))
    (again,) = play(server, request("GET", f"/v1/responses/{told[0]['response']['id']}?stream=true"))

    assert _kinds(events(body_of(again))) == _kinds(told)


def test_calls_of_a_chat_go_on_side_by_side() -> None:
    calls = [{"name": name, "arguments": {"city": "Oslo"}} for name in ("f", "g")]
    _, chunks = _chat(_server(tool_calls=calls, side_by_side=True))
    places = [call["index"] for chunk in chunks for call in chunk["choices"][0]["delta"].get("tool_calls", ())]

    assert places == [0, 1] * (len(places) // 2)
    arguments = ["", ""]
    for chunk in chunks:
        for call in chunk["choices"][0]["delta"].get("tool_calls", ()):
            arguments[call["index"]] += call["function"]["arguments"]
    assert [json.loads(each) for each in arguments] == [{"city": "Oslo"}] * 2


@pytest.mark.parametrize(
    "reply",
    [
        {"text": "Hello", "logprobs": TOKENS},
        {"json": 1, "logprobs": [{"token": "1", "logprob": -1}]},
        {"text": "a", "logprobs": [{"token": "a", "logprob": 0.5}]},
        {"blocks": [{"message": {"text": "a", "parts": [{"text": "b"}]}}]},
        {"blocks": [{"message": {"parts": [{}]}}]},
        {"blocks": [{"message": {"text": "a", "annotations_at": [1]}}]},
        {"reasoning": {}, "text": "a"},
        {"audio": {"transcript": "a", "data": "no"}},
        {"audio": {"transcript": "a"}, "text": "b"},
        {"tool_calls": [{"name": "f", "status": "failed"}]},
        {"text": "a", "side_by_side": False},
        {"text": "a", "side_by_side": [0]},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(reply: dict[str, Any]) -> None:
    with pytest.raises(ScriptError):
        read_script({"rules": [{"reply": reply}]})


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ({"type": "web_search_call", "action": "search"}, '"action" of web_search_call must be an object'),
        (
            {"type": "shell_call", "action": ["ls"]},
            '"action" of shell_call must be an object whose commands are strings',
        ),
        (
            {"type": "shell_call", "action": {"commands": "ls"}},
            '"action" of shell_call must be an object whose commands are strings',
        ),
        ({"type": "shell_call_output", "output": None}, '"output" of shell_call_output must be an array'),
        (
            {"type": "apply_patch_call", "operation": {"diff": 5}},
            '"operation" of apply_patch_call must be an object whose diff is a string',
        ),
        ({"type": "code_interpreter_call", "code": 5}, '"code" of code_interpreter_call must be a string or null'),
        (
            {"type": "image_generation_call", "partial_images": "aGk="},
            '"partial_images" of image_generation_call must be an array of strings',
        ),
    ],
)
def test_a_hosted_call_with_a_field_of_another_type_is_refused(call: dict[str, object], problem: str) -> None:
    with pytest.raises(ScriptError) as refused:
        read_script({"rules": [{"reply": {"blocks": [{"hosted_call": call}]}}]})

    assert problem in str(refused.value)


def test_code_that_is_an_object_is_written_as_json() -> None:
    response, _ = _responses(_server(blocks=[{"hosted_call": {"type": "code_interpreter_call", "code": {"a": 1}}}]))

    assert response["output"][0]["code"] == '{"a":1}'
