"""Real bodies of every request that carries one, with every field of which this program reads something."""

from typing import Any

type Json = Any

_SCHEMA = {
    "type": "object",
    "properties": {
        "a": {"type": "string", "enum": ["x", "y"], "description": "d"},
        "b": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]},
        "c": {"type": "array", "items": {"$ref": "#/$defs/e"}, "minItems": 1},
    },
    "required": ["a", "b", "c"],
    "additionalProperties": False,
    "$defs": {"e": {"type": "object", "properties": {}, "required": [], "additionalProperties": False}},
}
_TOOL = {"type": "function", "function": {"name": "a", "description": "d", "parameters": _SCHEMA, "strict": True}}
_NAMED = {"name": "s", "strict": True, "schema": _SCHEMA}
_PIXEL = "data:image/png;base64,iVBORw0KGgo="

CHAT: tuple[Json, ...] = (
    {
        "model": "gpt-4o",
        "messages": [
            {"role": "system", "content": "Be brief. JSON."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Hi"},
                    {"type": "image_url", "image_url": {"url": _PIXEL, "detail": "low"}},
                    {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
                    {"type": "file", "file": {"file_id": "f"}},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c", "type": "function", "function": {"name": "a", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "x"}]},
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}], "audio": {"id": "a"}},
            {"role": "user", "content": "Go on", "name": "n"},
        ],
        "tools": [_TOOL, {"type": "custom", "custom": {"name": "b", "format": {"type": "text"}}}],
        "tool_choice": {"type": "function", "function": {"name": "a"}},
        "parallel_tool_calls": True,
        "response_format": {"type": "json_schema", "json_schema": _NAMED},
        "n": 2,
        "stream": True,
        "stream_options": {"include_usage": True, "include_obfuscation": False},
        "logprobs": True,
        "top_logprobs": 2,
        "temperature": 0.5,
        "top_p": 1,
        "frequency_penalty": 0,
        "presence_penalty": 0,
        "max_completion_tokens": 9,
        "stop": ["x"],
        "seed": 1,
        "store": True,
        "metadata": {"a": "b"},
        "logit_bias": {"1": 5},
        "modalities": ["text"],
        "service_tier": "auto",
        "prediction": {"type": "content", "content": "x"},
        "user": "u",
    },
    {
        "model": "gpt-audio",
        "messages": [{"role": "user", "content": "Say it"}],
        "modalities": ["text", "audio"],
        "audio": {"voice": "alloy", "format": "wav"},
    },
    {
        "model": "gpt-5.1",
        "messages": [{"role": "developer", "content": "a"}, {"role": "user", "content": "json please"}],
        "reasoning_effort": "low",
        "verbosity": "low",
        "response_format": {"type": "json_object"},
        "web_search_options": {"search_context_size": "low"},
        "moderation": {"model": "omni-moderation-latest"},
        "stream": False,
    },
    {
        "model": "gpt-4o",
        "messages": [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "", "function_call": {"name": "a", "arguments": "{}"}},
            {"role": "function", "name": "a", "content": "x"},
        ],
        "functions": [{"name": "a", "parameters": _SCHEMA}],
        "function_call": {"name": "a"},
        "stop": "x",
        "store": True,
    },
    {
        "model": "gpt-sim-1",
        "messages": [{"role": "user", "content": "a"}],
        "tools": [_TOOL],
        "tool_choice": "required",
        "response_length": "short",
        "tool_strategy": "auto",
        "stream": True,
        "stream_options": {"delay_min_ms": 0, "delay_max_ms": 1, "tokens_per_second": 1000},
    },
    {"model": "gpt-silent", "messages": [{"role": "user", "content": "a"}]},
)

_ITEMS: tuple[Json, ...] = (
    {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
    {"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": _PIXEL, "detail": "auto"}]},
    {"type": "message", "role": "user", "content": [{"type": "input_file", "file_id": "f", "filename": "n"}]},
    {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [
            {"type": "output_text", "text": "x", "annotations": [], "logprobs": []},
            {"type": "refusal", "refusal": "n"},
        ],
    },
    {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "t"}], "encrypted_content": None},
    {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "a", "arguments": "{}", "status": "completed"},
    {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "x"}]},
    {"type": "custom_tool_call", "call_id": "d", "name": "b", "input": "x"},
    {"type": "custom_tool_call_output", "call_id": "d", "output": "x"},
    {
        "type": "shell_call",
        "call_id": "e",
        "action": {"commands": ["ls"], "timeout_ms": 1, "max_output_length": 9},
        "environment": None,
    },
    {
        "type": "shell_call_output",
        "call_id": "e",
        "output": [{"stdout": "", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}],
    },
    {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}},
    {
        "type": "computer_call_output",
        "call_id": "g",
        "output": {"type": "computer_screenshot", "image_url": _PIXEL},
        "acknowledged_safety_checks": [],
    },
    {"type": "mcp_list_tools", "id": "mcpl_1", "server_label": "l", "tools": [{"name": "t", "input_schema": {}}]},
    {"type": "mcp_approval_response", "approval_request_id": "m", "approve": True},
    {"type": "local_shell_call", "id": "l", "call_id": "l", "action": {"type": "exec", "command": ["a"], "env": {}}},
    {"type": "apply_patch_call", "call_id": "p", "operation": {"type": "update_file", "path": "a", "diff": "d"}},
    {"type": "compaction", "encrypted_content": "x"},
    {"type": "item_reference", "id": "msg_1"},
    {"type": "message", "role": "user", "content": "Go on"},
)

RESPONSES: tuple[Json, ...] = (
    {
        "model": "gpt-4o",
        "input": [*_ITEMS[:9], _ITEMS[-1]],
        "instructions": "Be brief.",
        "tools": [
            {"type": "function", "name": "a", "description": "d", "parameters": _SCHEMA, "strict": True},
            {"type": "custom", "name": "b", "format": {"type": "grammar", "syntax": "regex", "definition": "a"}},
            {"type": "web_search", "user_location": {"type": "approximate", "city": "x"}, "filters": {}},
            {"type": "file_search", "vector_store_ids": ["v"], "ranking_options": {"score_threshold": 0.1}},
            {"type": "mcp", "server_label": "l", "server_url": "u", "headers": {"a": "b"}, "require_approval": "never"},
            {"type": "code_interpreter", "container": {"type": "auto", "file_ids": []}},
            {"type": "image_generation", "partial_images": 2},
            {"type": "namespace", "name": "n", "description": "d", "tools": [{"type": "function", "name": "z"}]},
        ],
        "tool_choice": {"type": "function", "name": "a"},
        "text": {"format": {"type": "json_schema", **_NAMED}, "verbosity": "low"},
        "stream": True,
        "stream_options": {"include_obfuscation": True},
        "store": True,
        "background": False,
        "previous_response_id": None,
        "conversation": None,
        "include": ["message.output_text.logprobs", "reasoning.encrypted_content"],
        "top_logprobs": 2,
        "metadata": {"a": "b"},
        "max_output_tokens": 20,
        "max_tool_calls": 3,
        "truncation": "auto",
        "parallel_tool_calls": True,
        "temperature": 1,
        "top_p": 1,
        "prompt_cache_key": "k",
        "safety_identifier": "s",
        "service_tier": "auto",
        "user": "u",
    },
    {"model": "gpt-4o", "input": [*_ITEMS[9:]], "store": True, "instructions": [{"role": "system", "content": "a"}]},
    {
        "model": "gpt-5.1",
        "input": "Hi",
        "reasoning": {"effort": "low", "summary": "auto"},
        "conversation": {"id": "conv_1"},
        "background": True,
        "prompt": {"id": "p", "variables": {"a": "b"}, "version": "1"},
    },
    {
        "model": "gpt-4o",
        "input": "Hi",
        "tools": [{"type": "function", "name": "a", "parameters": _SCHEMA}],
        "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "a"}]},
        "previous_response_id": "resp_1",
    },
    {
        "model": "gpt-sim-1",
        "input": "Hi",
        "tools": [{"type": "function", "name": "a", "parameters": _SCHEMA}, {"type": "web_search"}],
        "tool_choice": "required",
        "stream": True,
        "stream_options": {"delay_min_ms": 0, "delay_max_ms": 1, "tokens_per_second": 1000},
    },
    {"model": "gpt-3.5-turbo-instruct", "prompt": ["a", "b"], "stream": True, "logprobs": 2},
)

BODIES: dict[str, tuple[Json, ...]] = {
    "chat.completions": CHAT,
    "responses": RESPONSES,
    "completions": (
        {
            "model": "gpt-3.5-turbo-instruct",
            "prompt": ["a", "b"],
            "n": 2,
            "best_of": 2,
            "logprobs": 2,
            "echo": True,
            "suffix": "s",
            "max_tokens": 3,
            "stop": ["x"],
            "logit_bias": {"1": 5},
        },
        {
            "model": "gpt-3.5-turbo-instruct",
            "prompt": [[1, 2], [3]],
            "stream": True,
            "stream_options": {"include_usage": True},
        },
    ),
    "embeddings": (
        {"model": "text-embedding-3-small", "input": ["a", "b"], "dimensions": 8, "encoding_format": "base64"},
        {"model": "text-embedding-3-small", "input": [[1, 2], [3]], "user": "u", "encoding_format": "float"},
    ),
    "moderations": (
        {
            "model": "omni-moderation-latest",
            "input": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": _PIXEL}}],
        },
        {"input": ["a", "b"]},
    ),
    "chat.completions.update": ({"metadata": {"a": "b"}},),
    "responses.cancel": ({},),
    "responses.input_tokens.count": ({key: RESPONSES[0][key] for key in ("model", "input", "tools", "instructions")},),
    "responses.compact": ({"model": "gpt-4o", "input": [*_ITEMS], "previous_response_id": None},),
    "conversations.create": ({"items": [*_ITEMS], "metadata": {"a": "b"}},),
    "conversations.update": ({"metadata": {"a": "b"}},),
    "conversations.items.create": ({"items": [*_ITEMS]},),
    "realtime.client_secrets.create": (
        {
            "expires_after": {"anchor": "created_at", "seconds": 60},
            "session": {
                "type": "realtime",
                "model": "gpt-realtime",
                "tools": [{"type": "function", "name": "a", "parameters": {}}],
                "audio": {
                    "input": {"turn_detection": {"type": "server_vad"}, "transcription": {"model": "whisper-1"}},
                    "output": {"voice": "marin", "speed": 1},
                },
            },
        },
    ),
    "realtime.translations.client_secrets.create": (
        {"session": {"model": "gpt-realtime-translate", "audio": {"output": {"language": "fr"}}}},
    ),
    "realtime.calls.create": ({"sdp": "v=0"},),
    "realtime.calls.accept": ({"type": "realtime", "model": "gpt-realtime", "instructions": "Be brief."},),
    "realtime.calls.hangup": ({},),
    "realtime.calls.refer": ({"target_uri": "tel:+14155550123"},),
    "realtime.calls.reject": ({"status_code": 486},),
    "traces.ingest": ({"data": [{"object": "trace", "id": "t", "metadata": {}}]},),
    "files.create": (
        {
            "file": {"filename": "a.jsonl"},
            "purpose": "batch",
            "expires_after[anchor]": "created_at",
            "expires_after[seconds]": "3600",
        },
    ),
    "images.generate": (
        {
            "model": "gpt-image-1",
            "prompt": "A cat",
            "n": 2,
            "quality": "low",
            "size": "1024x1024",
            "background": "transparent",
            "output_format": "png",
            "output_compression": 9,
            "moderation": "low",
            "stream": True,
            "partial_images": 1,
            "user": "u",
        },
        {"model": "dall-e-3", "prompt": "A cat", "response_format": "url", "style": "vivid", "size": "1024x1024"},
    ),
    "images.edit": (
        {"image[]": [{"filename": "a.png"}], "prompt": "A cat", "model": "gpt-image-1", "n": "1", "stream": "true"},
        {"images": [{"file_id": "file-1"}], "prompt": "A cat", "mask": {"file_id": "file-1"}},
    ),
    "audio.speech": (
        {
            "model": "gpt-4o-mini-tts",
            "input": "Hello",
            "voice": "alloy",
            "instructions": "i",
            "response_format": "wav",
            "speed": 2,
            "stream_format": "sse",
        },
        {"model": "tts-1", "input": "Hello", "voice": {"id": "v"}},
    ),
    "audio.transcriptions": (
        {
            "file": {"filename": "a.wav"},
            "model": "gpt-4o-transcribe",
            "response_format": "json",
            "language": "en",
            "languages[]": ["en"],
            "keywords[]": ["a"],
            "include[]": ["logprobs"],
            "stream": "true",
            "chunking_strategy[type]": "server_vad",
            "known_speaker_names[]": ["a"],
            "prompt": "p",
            "temperature": "0.5",
        },
        {
            "file": {"filename": "a.wav"},
            "model": "whisper-1",
            "response_format": "verbose_json",
            "timestamp_granularities[]": ["word", "segment"],
        },
    ),
    "audio.translations": ({"file": {"filename": "a.mp3"}, "model": "whisper-1", "response_format": "srt"},),
    "batches.create": (
        {
            "input_file_id": "file-1",
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            "metadata": {"a": "b"},
            "output_expires_after": {"anchor": "created_at", "seconds": 3_600},
        },
    ),
    "batches.cancel": ({},),
    "uploads.create": (
        {
            "bytes": 2,
            "filename": "a.txt",
            "mime_type": "text/plain",
            "purpose": "user_data",
            "expires_after": {"anchor": "created_at", "seconds": 3_600},
        },
    ),
    "uploads.parts.create": ({"data": {"filename": "part"}},),
    "uploads.complete": ({"part_ids": ["part_1"], "md5": "0"},),
    "uploads.cancel": ({},),
}
"""By the name of the endpoint or operation; an object with nothing but a `filename` is a file.

Those without a line here have the bodies that OpenAI's types describe (`described.py`).
"""

ADMIN: dict[str, tuple[Json, ...]] = {
    "/_emulator/verify": (
        {
            "expectations": [
                {"match": "(?i)a", "count": 1},
                {"name": "n", "match": {"model": "gpt-4o", "json": {"n": 2}}, "at_least": 1, "at_most": 3},
            ],
            "order": ["a", {"tool_result": {"name": "b"}}],
            "egress": {"allow": ["*.example.com"]},
            "unclaimed": 0,
            "ignore": ["new_connections"],
        },
    ),
    "/_emulator/clock": ({"advance_s": 60}, {"at": 1e9}, {"reset": True}),
    "/_emulator/calls": ({"from": "sip:+1@a.example", "to": "b", "sip_headers": [{"name": "a", "value": "b"}]},),
    "/_emulator/capacity": (
        {"profile": "crowded", "max_num_seqs": 8},
        {"max_waiting": 1, "max_model_len": 9_000, "kv_cache_tokens": 9_000, "ttft_ms": 1, "refuse_with": 429},
        {"prefill_ms_per_token": 0.1, "tokens_per_second": 9.5, "jitter": 0.5, "time_factor_under_load": 1},
    ),
    "/_emulator/reset": ({},),
    "/_emulator/requests/{number}/again": ({},),
    "/_emulator/webhooks/{number}": ({},),
    "/_emulator/script/check": ({"rules": [{"match": {"user_text": "a"}, "reply": "b"}]},),
    "/_emulator/sign-in": ({"key": "a"},),
    "/_emulator/templates": ({"name": "a", "answer": {"text": "a"}},),
    "/_emulator/waiting/{number}": (
        {"text": "a", "stream": {"ttft_ms": 1}, "faults": [{"latency_ms": 1}]},
        {"echo": True},
        {"tool_calls": [{"name": "a", "arguments": {"b": [1]}}], "template": True},
    ),
    "/api/preset-queue/{address}": ({"response": {"a": 1}, "status_code": 200}, {"response": "a"}),
    "/api/preset-queue/{address}/batch": ({"responses": [{"a": 1}, "b"], "status_code": 500},),
    "/api/preset-queue/{address}/import": ([{"response": {"a": 1}, "status_code": 200}],),
}
"""By path. A script is a body of its own kind (`values.SCRIPTS`)."""
