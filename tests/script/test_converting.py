"""Scripts made from the files of other tools do what those did, and what is not carried is named."""

import pytest

from llemulator_addon.script.converting import CONVERTERS
from llemulator_addon.script.converting.converted import Converted
from llemulator_addon.script.reader import read_script
from llemulator_addon.script.script_error import ScriptError
from tests.playing import chat, emulator, json_of, play, post, texts

_MOCKLLM = {
    "responses": {"what colour is the sky?": "Purple.", "what is 2+2?": "2+2 equals 9."},
    "defaults": {"unknown_response": "No idea."},
    "settings": {"lag_enabled": True, "lag_factor": 10},
}


def test_mockllms_prompts_are_compared_as_a_whole_in_any_case() -> None:
    converted = CONVERTERS["mockllm"](_MOCKLLM)

    asked = (chat(" What colour is the SKY? "), chat("what is 2+2?"), chat("what is 22?"), chat("so what is 2+2?"))
    assert texts(emulator(converted.script), *asked) == ["Purple.", "2+2 equals 9.", "No idea.", "No idea."]
    assert converted.script["defaults"] == {
        "stream": {"chunk_by": "character", "tokens_per_second": 100.0, "jitter": 0.5}
    }
    assert [str(lost) for lost in converted.lost] == [
        "settings.lag_enabled: holds for streams only; an answer in one piece comes at once"
    ]


def test_what_mockllm_has_and_scripts_have_not_is_named_and_left_out() -> None:
    converted = CONVERTERS["mockllm"](
        {"responses": {"a": "b", "c": 1}, "settings": {"lag_enabled": True, "lag_factor": 0, "port": 1}, "more": 1}
    )

    assert converted.script["defaults"] == {"stream": {"chunk_by": "character"}}
    assert [rule["reply"] for rule in converted.script["rules"]] == ["b", "I don't know the answer to that."]
    assert [str(lost) for lost in converted.lost] == [
        "more: is not known",
        "responses.c: has no text for its answer",
        "settings.port: is not known",
        "settings.lag_enabled: holds for streams only; an answer in one piece comes at once",
    ]


def _aimock(*fixtures: object) -> Converted:
    converted = CONVERTERS["aimock"]({"fixtures": list(fixtures)})
    read_script(converted.script)
    return converted


@pytest.mark.long
def test_aimocks_fixtures_answer_the_same() -> None:
    converted = _aimock(
        {"match": {"userMessage": "hello", "model": "gpt-4"}, "response": {"content": "Old hi!"}},
        {"match": {"userMessage": "hello"}, "response": {"content": "Hi!", "usage": {"prompt_tokens": 1}}},
        {"match": {"systemMessage": ["a.b", "c"], "userMessage": "(x)"}, "response": {"content": {"as": "json"}}},
        {"match": {"userMessage": "slow down"}, "response": {"error": {"message": "Wait."}, "status": 429}},
        {"match": {}, "response": {"content": "I understand."}},
    )
    system = [{"role": "system", "content": "c and a.b"}, {"role": "user", "content": "an (x)"}]
    asked = (chat("hello", model="gpt-4"), chat("oh hello"), chat(messages=system), chat("slow down"), chat("(x)"))

    assert texts(emulator(converted.script), *asked) == [
        "Old hi!",
        "Hi!",
        '{"as":"json"}',
        "429 rate_limit_exceeded",
        "I understand.",
    ]
    assert converted.lost == ()


def test_aimocks_tools_and_blocks_are_called() -> None:
    converted = _aimock(
        {
            "match": {"toolName": "f", "hasToolResult": False},
            "response": {"toolCalls": [{"name": "f", "arguments": {"a": 1}}]},
        },
        {"match": {"toolResultContains": "cancelled"}, "response": {"content": "Nothing was booked."}},
        {"match": {"hasToolResult": True}, "response": {"content": "Booked."}},
        {
            "match": {"turnIndex": 0, "userMessage": "y"},
            "response": {"blocks": [{"type": "toolCall", "name": "g"}, {"type": "text", "text": "t"}]},
        },
    )
    tools = [{"type": "function", "function": {"name": "f"}}]
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    history = [{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [call]}]
    results = [[*history, {"role": "tool", "tool_call_id": "c", "content": text}] for text in ("cancelled", "fine")]
    server = emulator(converted.script)

    (called,) = play(server, chat("x", tools=tools))
    assert json_of(called)["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == '{"a":1}'
    assert texts(server, *[chat(messages=messages) for messages in results]) == ["Nothing was booked.", "Booked."]
    (blocks,) = play(server, chat("y"))
    assert json_of(blocks)["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "g"


def test_aimocks_sequences_are_played_in_the_order_of_their_numbers() -> None:
    converted = _aimock(
        {"match": {"userMessage": "status", "sequenceIndex": 1}, "response": {"content": "second"}},
        {"match": {"userMessage": "status", "sequenceIndex": 0}, "response": {"content": "first"}},
        {"match": {"userMessage": "status"}, "response": {"content": "later"}},
    )

    assert texts(emulator(converted.script), *[chat("status")] * 4) == ["first", "second", "later", "later"]


def test_aimocks_embeddings_pace_and_chaos_are_carried() -> None:
    converted = _aimock(
        {"match": {"inputText": "query"}, "response": {"embedding": [0.5, 0.25]}},
        {
            "match": {"endpoint": "chat"},
            "response": {"content": "Once upon a time"},
            "streamingProfile": {"ttft": 200, "tps": 30, "jitter": 0.1},
            "chunkSize": 5,
            "chaos": {"dropRate": 0.3},
            "truncateAfterChunks": 3,
        },
    )
    embedding, chatting = converted.script["rules"]
    asked = post("/v1/embeddings", {"model": "text-embedding-3-small", "input": "a query", "encoding_format": "float"})

    assert embedding == {"match": {"endpoint": "embeddings", "any_text": "query"}, "reply": {"json": [0.5, 0.25]}}
    assert json_of(play(emulator(converted.script), asked)[0])["data"][0]["embedding"] == [0.5, 0.25]
    assert chatting["stream"] == {"ttft_ms": 200, "tokens_per_second": 30, "jitter": 0.1, "chunk_by": 5}
    assert chatting["faults"] == [{"failure": {"status": 500, "probability": 0.3}}, {"cut_after": {"sends": 3}}]


def test_what_aimock_has_and_scripts_have_not_is_named_and_left_out() -> None:
    converted = _aimock(
        {"match": {"turnIndex": "2"}, "response": {"content": "a"}},
        {"match": {"endpoint": "video"}, "response": {"video": {"id": "v"}}},
        {"match": {"mood": "good"}, "response": {"content": "a"}},
        {"match": {}, "response": {"image": {"url": "u"}}},
        {"match": {"userMessage": "x"}, "response": {"content": "b", "id": "chatcmpl-1"}, "disconnectAfterMs": 5},
        {"match": {"userMessage": "y"}, "response": {"content": "c"}, "chaos": {"malformedRate": 0.5}},
    )

    assert [rule["reply"] for rule in converted.script["rules"]] == [{"text": "b"}, {"text": "c"}]
    assert sorted(map(str, converted.lost)) == [
        'fixtures[0].match.turnIndex: has "2", where a number is understood',
        'fixtures[1].match.endpoint: names "video", which scripts do not answer',
        "fixtures[2].match.mood: is not known",
        "fixtures[3].response: has image, which replies do not say",
        "fixtures[4].disconnectAfterMs: is not known",
        "fixtures[4].response.id: is made from the seed, or as the endpoint has it",
        "fixtures[5].chaos.malformedRate: is a matter of chance; here only failures are",
    ]


def test_aimocks_words_of_a_wrong_kind_and_blocks_of_another_are_left_out_with_their_rule() -> None:
    converted = _aimock(
        {"match": {"userMessage": 1}, "response": {"content": "a"}},
        {"match": {"model": "gpt-*"}, "response": {"content": "a"}},
        {"match": {"predicate": "code"}, "response": {"content": "a"}},
        {"match": {}, "response": {"blocks": [{"type": "image"}]}},
        {"match": {"userMessage": "z"}, "response": {"content": "d", "finishReason": "length"}, "latency": 100},
    )

    assert converted.script["rules"] == [
        {
            "match": {"user_text": "z"},
            "reply": {"text": "d", "finish_reason": "length"},
            "stream": {"ttft_ms": 100, "tokens_per_second": 10.0},
        }
    ]
    assert [str(lost) for lost in converted.lost] == [
        "fixtures[0].match.userMessage: has the number 1, where text is understood",
        "fixtures[1].match.model: has a name with * or ?, which are no letters here",
        "fixtures[2].match.predicate: is code",
        "fixtures[3].response.blocks[0]: is a block of another type than text and toolCall",
    ]


@pytest.mark.parametrize("tool", CONVERTERS)
@pytest.mark.parametrize("value", [None, 5, "x", {"fixtures": 5, "responses": 5}, {"fixtures": [5], "responses": [5]}])
def test_what_is_no_file_of_the_tool_is_refused(tool: str, value: object) -> None:
    with pytest.raises(ScriptError):
        CONVERTERS[tool](value)
