"""A recorded answer becomes a reply that makes the same answer again."""

import json
from typing import Any

import pytest

from llemulator_addon.script.reader import read_script
from llemulator_addon.script.recorded import join_chunks, reply_of
from tests.playing import body_of, chat, emulator, json_of, play, post, status
from tests.wire.shapes import events

CITED = {
    "text": "It is Oslo.",
    "annotations": [
        {"type": "url_citation", "url": "https://a.example", "title": "A", "start_index": 6, "end_index": 10}
    ],
}
REPLIES: dict[str, dict[str, Any]] = {
    "text": {"text": "Hello there, 世界!"},
    "refusal": {"refusal": "No."},
    "calls": {"tool_calls": [{"name": "f", "arguments": {"a": 1}}, {"name": "g", "arguments": "{bad"}]},
    "custom call": {"tool_calls": [{"name": "shell", "input": "ls"}]},
    "text and a call": {"text": "I look.", "tool_calls": [{"name": "f", "arguments": {}}]},
    "cut off": {"text": "It was", "finish_reason": "length"},
    "counts": {
        "text": "a",
        "usage": {"prompt_tokens": 9, "cached_tokens": 4, "reasoning_tokens": 1, "total_tokens": 99},
    },
    "tier": {"text": "a", "service_tier": "flex", "model": "gpt-4o-2024-08-06"},
    "no usage": {"text": "a", "usage": None},
    "citation": {"blocks": [{"message": CITED}]},
    "log probabilities": {"text": "Hi", "logprobs": [{"token": "H", "logprob": -1.0}, {"token": "i", "logprob": -0.5}]},
    "bytes of a character in two tokens": {
        "text": "a世b",
        "logprobs": [
            {"token": "a", "logprob": -0.1},
            {"token": "\\xe4\\xb8", "logprob": -0.2, "bytes": [0xE4, 0xB8]},
            {"token": "\\x96", "logprob": -0.3, "bytes": [0x96]},
            {"token": "b", "logprob": -0.4},
        ],
    },
    "log probabilities of a refusal": {
        "refusal": "No.",
        "logprobs": [{"token": "No", "logprob": -1.0, "top_logprobs": {"No": -1.0}}, {"token": ".", "logprob": -0.5}],
    },
    "fingerprint": {"text": "a", "system_fingerprint": "fp_44709d6fcb"},
    "no fingerprint": {"text": "a", "system_fingerprint": None},
    "moderated": {"text": "a", "moderation": {"input": {"violence": 0.9}, "output": {"violence": True}}},
}
ITEMS: dict[str, dict[str, Any]] = {
    "parts": {"blocks": [{"message": {"parts": [CITED, {"text": "Sure."}, {"refusal": "No more."}]}}]},
    "place of a citation": {"blocks": [{"message": {**CITED, "annotations_at": [11]}}]},
    "reasoning": {"blocks": [{"reasoning": {"summary": ["a", "b"], "content": "c"}}, {"text": "d"}]},
    "caller": {"blocks": [{"tool_call": {"name": "f", "arguments": {}, "caller": "call_1", "status": "in_progress"}}]},
    "hosted": {"blocks": [{"hosted_call": {"type": "web_search_call"}}, {"text": "There."}]},
    "side by side": {
        "side_by_side": [1, 1, 2, 2, 1, 2, 1, 2],
        "blocks": [{"hosted_call": {"type": "mcp_list_tools", "server_label": name}} for name in "ab"],
    },
}
ASKED = {"logprobs": True, "top_logprobs": 2}
MODERATED = {"model": "omni-moderation-latest"}
NEW = frozenset({"id", "created", "created_at", "completed_at", "obfuscation"})
"""Each answer has its own."""


def _chat(reply: dict[str, Any]) -> dict[str, Any]:
    moderation = {"moderation": MODERATED} if "moderation" in reply else {}
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}], **ASKED, **moderation}


def _played(reply: object, path: str, seed: int, body: dict[str, Any]) -> bytes:
    (steps,) = play(emulator({"seed": seed, "rules": [{"reply": reply}]}), post(path, body))
    assert status(steps) == 200
    return body_of(steps)


def _lasting(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key not in NEW}


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_a_completion_is_answered_again(reply: dict[str, Any]) -> None:
    asked = _chat(reply)
    recorded = json.loads(_played(reply, "/v1/chat/completions", 1, asked))
    again = json.loads(_played(reply_of(recorded), "/v1/chat/completions", 2, asked))

    assert _lasting(again) == _lasting(recorded)


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_a_stream_of_chunks_is_answered_again(reply: dict[str, Any]) -> None:
    asked = {**_chat(reply), "stream": True, "stream_options": {"include_usage": True}}
    recorded = events(_played(reply, "/v1/chat/completions", 1, asked))
    again = events(_played(reply_of(join_chunks(recorded)), "/v1/chat/completions", 2, asked))

    assert list(map(_lasting, again)) == list(map(_lasting, recorded))


@pytest.mark.parametrize("reply", [*REPLIES.values(), *ITEMS.values()], ids=[*REPLIES, *ITEMS])
@pytest.mark.parametrize("stream", [False, True])
def test_a_response_is_answered_again(reply: dict[str, Any], *, stream: bool) -> None:
    reasoning = {"reasoning": {"summary": "detailed"}} if "reasoning" in str(reply) else {}
    model = "gpt-5" if reasoning else "gpt-4o"
    asked = {"model": model, "input": "Hi", "stream": stream, **reasoning}
    if model == "gpt-4o":
        asked["include"] = ["message.output_text.logprobs"]
    first = _played(reply, "/v1/responses", 1, asked)
    told = events(first) if stream else []
    answer = told[-1]["response"] if stream else json.loads(first)
    second = _played(reply_of(answer, events=told), "/v1/responses", 2, asked)

    if stream:
        assert [_told(event) for event in events(second)] == [_told(event) for event in told]
    else:
        assert _lasting(json.loads(second)) == _lasting(answer)


def _told(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event without what no two answers share; items keep their ids."""
    response = event.get("response")
    return {**_lasting(event), **({"response": _lasting(response)} if response else {})}


def test_vectors_are_answered_again() -> None:
    asked = {"model": "text-embedding-3-small", "input": ["a", "b"], "encoding_format": "float"}
    (recorded,) = play(emulator(), post("/v1/embeddings", asked))
    (again,) = play(emulator({"rules": [{"reply": reply_of(json_of(recorded))}]}), post("/v1/embeddings", asked))

    assert json_of(again) == json_of(recorded)


def test_an_error_is_answered_again() -> None:
    failure = {"status": 429, "type": "tokens", "code": "rate_limit_exceeded", "message": "Wait."}
    (recorded,) = play(emulator({"rules": [{"reply": {"failure": failure}}]}), chat())
    (again,) = play(emulator({"rules": [{"reply": reply_of(json_of(recorded), status=status(recorded))}]}), chat())

    assert (status(again), json_of(again)) == (429, json_of(recorded))


def test_another_answer_is_given_as_it_is() -> None:
    reply = reply_of({"object": "new.thing", "a": [1]}, status=202)

    assert reply == {"raw": {"status": 202, "json": {"object": "new.thing", "a": [1]}}}
    assert len(read_script({"rules": [{"reply": reply}]}).rules) == 1
