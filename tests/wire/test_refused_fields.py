"""Members that are checked alike on both endpoints: each refusal with its parameter, code and message."""

from typing import Any

import pytest

from tests.playing import emulator, json_of, play, post, status

CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
NAMES = "^[a-zA-Z0-9_-]+$"
USER = {"role": "user", "content": "hi"}


def _chat(*messages: dict[str, Any], **more: object) -> tuple[str, dict[str, Any]]:
    return CHAT, {"model": "gpt-4o", "messages": list(messages) or [USER], **more}


def _respond(*items: dict[str, Any], **more: object) -> tuple[str, dict[str, Any]]:
    return RESPONSES, {"model": "gpt-4o", "input": [USER, *items], **more}


def _call(**fields: object) -> dict[str, Any]:
    return {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}", **fields}


def _result(call_id: str = "c1", output: object = "r") -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": output}


def _named(name: str) -> list[dict[str, Any]]:
    call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": "{}"}}
    return [
        USER,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "r"},
    ]


def _tool(name: str) -> dict[str, Any]:
    return {"type": "function", "name": name, "parameters": {"type": "object", "properties": {}}}


def _shown(part: object) -> dict[str, Any]:
    return {"role": "user", "content": [part]}


Refusal = tuple[str | None, str, str]
"""Parameter, code and message."""


def _too_long(param: str, most: int, got: int) -> Refusal:
    return (
        param,
        "string_above_max_length",
        (
            f"Invalid '{param}': string too long. Expected a string with maximum length {most}, but got a string with "
            f"length {got} instead."
        ),
    )


def _wrong_pattern(param: str) -> Refusal:
    return (
        param,
        "invalid_value",
        f"Invalid '{param}': string does not match pattern. Expected a string that matches the pattern '{NAMES}'.",
    )


def _wrong_id(param: str, got: str, begins: str) -> Refusal:
    return (param, "invalid_value", f"Invalid '{param}': '{got}'. Expected an ID that begins with '{begins}'.")


def _other_letters(param: str, got: str) -> Refusal:
    return (
        param,
        "invalid_value",
        (
            f"Invalid '{param}': '{got}'. Expected an ID that contains letters, numbers, underscores, or dashes, but "
            "this value contained additional characters."
        ),
    )


def _unknown(param: str) -> Refusal:
    return (param, "unknown_parameter", f"Unknown parameter: '{param}'.")


def _missing(param: str) -> Refusal:
    return (param, "missing_required_parameter", f"Missing required parameter: '{param}'.")


def _lookaround(param: str, place: str) -> Refusal:
    message = f"Invalid JSON schema: regex lookaround is not supported. Found at {place}."
    return (param, "invalid_json_schema", message)


METADATA_16: Refusal = (
    "metadata",
    "object_above_max_properties",
    (
        "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an object "
        "with 17 properties instead."
    ),
)
LONG = "x" * 70
MANY = {f"k{number}": "v" for number in range(17)}
SPOKEN = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "x"}]}
PDF = (
    "Expected a base64-encoded data URL with an application/pdf MIME type (e.g. "
    "'data:application/pdf;base64,SGVsbG8sIFdvcmxkIQ=='), but got"
)
FILE = (
    "Expected a base64-encoded data URL with a valid file MIME type (e.g. "
    "'data:text/plain;base64,SGVsbG8sIFdvcmxkIQ=='), but got unsupported MIME type 'audio/mpeg'. Please see "
    "https://platform.openai.com/docs/assistants/tools/file-search#supported-files for supported file types."
)
STRICT = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


def _schema(pattern: str, *, strict: bool = True) -> dict[str, Any]:
    email = {"type": "string", "pattern": pattern}
    return {**STRICT, "properties": {"email": email}, "required": ["email"], **({} if strict else {"title": "t"})}


def _function(schema: object, **more: object) -> dict[str, Any]:
    return {"type": "function", "name": "f", "parameters": schema, **more}


def _format(schema: object, **more: object) -> dict[str, Any]:
    return {"format": {"type": "json_schema", "name": "s", "schema": schema, **more}}


REFUSED: dict[str, tuple[tuple[str, dict[str, Any]], Refusal]] = {
    # Ids of items.
    "an id of a call": (_respond(_call(id="call_1"), _result()), _wrong_id("input[1].id", "call_1", "fc")),
    "an id of a custom call": (
        _respond({"type": "custom_tool_call", "id": "fc_1", "call_id": "c1", "name": "f", "input": "x"}),
        _wrong_id("input[1].id", "fc_1", "ctc"),
    ),
    "an id of a search": (
        _respond({"type": "web_search_call", "id": "msg_1", "status": "completed"}),
        _wrong_id("input[1].id", "msg_1", "ws"),
    ),
    "an id of a reasoning": (
        _respond({"type": "reasoning", "id": "msg_1", "summary": []}, SPOKEN),
        _wrong_id("input[1].id", "msg_1", "rs"),
    ),
    "a placeholder of a framework": (
        _respond({**SPOKEN, "id": "__fake_id__"}),
        _wrong_id("input[1].id", "__fake_id__", "msg"),
    ),
    "an empty id": (_respond(_call(id=""), _result()), _other_letters("input[1].id", "")),
    "an id with a dot": (_respond(_call(id="fc_1.2"), _result()), _other_letters("input[1].id", "fc_1.2")),
    "a long id": (_respond(_call(id="fc_" + LONG), _result()), _too_long("input[1].id", 64, 73)),
    # Lengths.
    "a long id of a call": (_respond(_call(call_id=LONG), _result(LONG)), _too_long("input[1].call_id", 64, 70)),
    "a long id of a result": (_respond(_call(), _result(LONG)), _too_long("input[2].call_id", 64, 70)),
    **{
        f"a long {name} {where}": (body, _too_long(name, 64, 70))
        for name in ("prompt_cache_key", "safety_identifier", "user")
        for where, body in (("in chat", _chat(**{name: LONG})), ("in Responses", _respond(**{name: LONG})))
    },
    "a long value of metadata": (_respond(metadata={"a": "x" * 600}), _too_long("metadata.a", 512, 600)),
    "a long value of metadata in chat": (
        _chat(store=True, metadata={"a": "x" * 600}),
        _too_long("metadata.a", 512, 600),
    ),
    "much metadata": (_respond(metadata=MANY), METADATA_16),
    "much metadata in chat": (_chat(store=True, metadata=MANY), METADATA_16),
    "a text of more than ten million characters": (
        _respond({"role": "user", "content": "x" * 10_485_761}),
        _too_long("input[1].content", 10_485_760, 10_485_761),
    ),
    # Names.
    "a tool with a dot": (_respond(tools=[_tool("calendar.update")]), _wrong_pattern("tools[0].name")),
    "a tool of a long name": (_respond(tools=[_tool(LONG)]), _too_long("tools[0].name", 64, 70)),
    "a tool with a dot in a namespace": (
        _respond(
            tools=[{"type": "namespace", "name": "n", "description": "d", "tools": [{"type": "custom", "name": "a.b"}]}]
        ),
        _wrong_pattern("tools[0].tools[0].name"),
    ),
    "a call with a dot in chat": (
        _chat(*_named("a.b")),
        _wrong_pattern("messages[1].tool_calls[0].function.name"),
    ),
    "a call without a name in chat": (
        _chat(*_named("")),
        (
            "messages[1].tool_calls[0].function.name",
            "empty_string",
            (
                "Invalid 'messages[1].tool_calls[0].function.name': empty string. Expected a string with minimum "
                "length 1, but got an empty string instead."
            ),
        ),
    ),
    "a call with a dot": (_respond(_call(name="a.b"), _result()), _wrong_pattern("input[1].name")),
    "a schema's name with a space": (_respond(text=_format(STRICT, name="my s")), _wrong_pattern("text.format.name")),
    "a schema's name with a space in chat": (
        _chat(response_format={"type": "json_schema", "json_schema": {"name": "my s", "schema": STRICT}}),
        _wrong_pattern("response_format.json_schema.name"),
    ),
    "an author with a space": (
        _chat({"role": "user", "name": "John Doe", "content": "x"}),
        _wrong_pattern("messages[0].name"),
    ),
    # Only answers have them.
    "the status of a reasoning": (
        _respond({"type": "reasoning", "id": "rs_1", "summary": [], "status": None}, SPOKEN),
        _unknown("input[1].status"),
    ),
    "parsed arguments": (_respond(_call(parsed_arguments={}), _result()), _unknown("input[1].parsed_arguments")),
    "a parsed text": (
        _respond(
            {"role": "assistant", "content": [{"type": "output_text", "text": "{}", "parsed": {}}]},
        ),
        _unknown("input[1].content[0].parsed"),
    ),
    # Files.
    "a file by its address in chat": (
        _chat(_shown({"type": "file", "file": {"filename": "a.pdf", "file_data": "https://example.com/a.pdf"}})),
        (
            "messages[0].content[0].file.file_data",
            "invalid_value",
            f"Invalid file data: 'messages[0].content[0].file.file_data'. {PDF} a value without the 'data:' prefix.",
        ),
    ),
    "a file of another kind in chat": (
        _chat(_shown({"type": "file", "file": {"filename": "a.txt", "file_data": "data:text/plain;base64,aGk="}})),
        (
            "messages[0].content[0].file.file_data",
            "invalid_value",
            f"Invalid file data: 'messages[0].content[0].file.file_data'. {PDF} unsupported MIME type 'text/plain'.",
        ),
    ),
    "a file that is no base64 in chat": (
        _chat(_shown({"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,!"}})),
        (
            "messages[0].content[0].file.file_data",
            "invalid_value",
            f"Invalid file data: 'messages[0].content[0].file.file_data'. {PDF} an invalid base64-encoded value.",
        ),
    ),
    "a file of nothing in chat": (_chat(_shown({"type": "file"})), _missing("messages[0].content[0].file")),
    "a file without id and data in chat": (
        _chat(_shown({"type": "file", "file": {}})),
        _missing("messages[0].content[0].file.file_id"),
    ),
    "a file without a name in chat": (
        _chat(_shown({"type": "file", "file": {"file_data": "data:application/pdf;base64,aGk="}})),
        _missing("messages[0].content[0].file.file_id"),
    ),
    "a result's file that is no data URL": (
        _respond(_call(), _result(output=[{"type": "input_file", "filename": "a.pdf", "file_data": "JVBERi0="}])),
        ("input[2].output[0].file_data", "invalid_value", "Invalid 'input[2].output[0].file_data'."),
    ),
    "a result's file that is a sound": (
        _respond(
            _call(),
            _result(output=[{"type": "input_file", "filename": "a", "file_data": "data:audio/mpeg;base64,aGk="}]),
        ),
        (
            "input[2].output[0].file_data",
            "invalid_value",
            f"Invalid file data: 'input[2].output[0].file_data'. {FILE}",
        ),
    ),
    "a file that is a sound, by its address": (
        _respond(_shown({"type": "input_file", "file_url": "https://example.com/a.MP3?x=1"})),
        (
            "input",
            "unsupported_file",
            "The file type you uploaded is not supported. Please try again with a pdf",
        ),
    ),
    "a file without a name": (
        _respond(_shown({"type": "input_file", "file_data": "data:application/pdf;base64,aGk="})),
        _missing("input[1].content[0].filename"),
    ),
    "a result's part that is an answer's": (
        _respond(_call(), _result(output=[{"type": "output_text", "text": "r"}])),
        (
            "input[2].output[0]",
            "invalid_value",
            "Invalid value: 'output_text'. Supported values are: 'input_text', 'input_image', and 'input_file'.",
        ),
    ),
    # Patterns that look around, and references.
    **{
        f"{form} in a tool": (
            _respond(tools=[_function(_schema(f"^{form}a).+$"), strict=True)]),
            _lookaround("tools", "$.properties.email.pattern"),
        )
        for form in ("(?=", "(?!", "(?<=", "(?<!")
    },
    "a lookahead in a tool that is not strict": (
        _respond(tools=[_function(_schema("(?!a)"))]),
        _lookaround("tools", "$.properties.email.pattern"),
    ),
    "a lookahead in a format": (
        _respond(text=_format(_schema("(?!a)"), strict=True)),
        _lookaround("text.format.schema", "$.properties.email.pattern"),
    ),
    "a lookahead in chat": (
        _chat(tools=[{"type": "function", "function": {"name": "f", "parameters": _schema("(?!a)")}}]),
        _lookaround("tools", "$.properties.email.pattern"),
    ),
    "a lookahead in a format of chat": (
        _chat(response_format={"type": "json_schema", "json_schema": {"name": "s", "schema": _schema("(?!a)")}}),
        _lookaround("response_format", "$.properties.email.pattern"),
    ),
    "a lookahead far inside": (
        _respond(
            tools=[
                _function(
                    {
                        "type": "object",
                        "properties": {"a": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/E"}]}},
                        "$defs": {"E": {"type": "array", "items": {"type": "string", "pattern": "x(?<=a)"}}},
                    }
                )
            ]
        ),
        _lookaround("tools", "$.$defs.E.items.pattern"),
    ),
    "a lookahead in one of several": (
        _respond(
            tools=[
                _function({"type": "object", "properties": {"a": {"anyOf": [{"type": "string", "pattern": "(?=)"}]}}})
            ]
        ),
        _lookaround("tools", "$.properties.a.anyOf[0].pattern"),
    ),
    "a reference outside the definitions": (
        _respond(
            text=_format(
                {
                    **STRICT,
                    "properties": {"x": {"type": "string"}, "y": {"$ref": "#/properties/x"}},
                    "required": ["x", "y"],
                },
                strict=True,
            )
        ),
        (
            "text.format.schema",
            "invalid_json_schema",
            (
                "Invalid schema for response_format 's': In context=('properties', 'y'), reference can only point to "
                "definitions defined at the top level of the schema."
            ),
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_member_is_refused_with_its_place(case: str) -> None:
    (path, body), (param, code, message) = REFUSED[case]

    (steps,) = play(emulator(), post(path, body))

    assert json_of(steps) == {
        "error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    }
    assert status(steps) == 400


TAKEN: dict[str, tuple[str, dict[str, Any]]] = {
    "no id": _respond(_call(), _result()),
    "an id of the type": _respond(_call(id="fc_1"), _result()),
    "a long id of a call in chat": _chat(
        USER,
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "x" * 51, "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "x" * 51, "content": "r"},
    ),
    "keys of 64 characters": _respond(prompt_cache_key="x" * 64, user="x" * 64, metadata={"a" * 64: "x" * 512}),
    "a file as base64 alone in a message": _respond(
        _shown({"type": "input_file", "filename": "a.pdf", "file_data": "aGk="})
    ),
    "a result's file": _respond(
        _call(),
        _result(output=[{"type": "input_file", "filename": "a.txt", "file_data": "data:text/plain;base64,aGk="}]),
    ),
    "a file of chat": _chat(
        _shown({"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk="}})
    ),
    "brackets that look like a group that looks around": _respond(
        tools=[_function({"type": "object", "properties": {"a": {"type": "string", "pattern": r"[(?=]\(?!x(?:a)"}}})]
    ),
    "a reference to all of the schema": _respond(
        text=_format({**STRICT, "properties": {"a": {"$ref": "#"}}, "required": ["a"]}, strict=True)
    ),
}


@pytest.mark.parametrize("case", TAKEN)
def test_a_member_that_is_right_is_taken(case: str) -> None:
    path, body = TAKEN[case]

    (steps,) = play(emulator(), post(path, body))

    assert status(steps) == 200, json_of(steps)


def test_items_of_conversations_are_checked_alike() -> None:
    (steps,) = play(emulator(), post("/v1/conversations", {"items": [{**SPOKEN, "id": "fc_1"}]}))

    assert json_of(steps)["error"]["message"] == (
        "Invalid 'items[0].id': 'fc_1'. Expected an ID that begins with 'msg'."
    )
