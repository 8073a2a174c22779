"""`POST /v1/chat/completions`: reading the body, and writing the answer as JSON or as chunks."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from llemulator_addon.core.prompt import CalledTool, Message, Prompt, Tool
from llemulator_addon.core.reply import Choice, Failure, Refusal, Says, ToolCall
from llemulator_addon.wire import sse
from llemulator_addon.wire.answer import Answer, Body, Call, Endpoint, Manner, Piece, Stream, cut
from llemulator_addon.wire.bodies import RequestBody, read_body
from llemulator_addon.wire.errors import INVALID, Refused
from llemulator_addon.wire.jsons import pretty
from llemulator_addon.wire.logprobs import logprobs_of
from llemulator_addon.wire.families import family
from llemulator_addon.wire.models import dated_name
from llemulator_addon.wire.usage import Counted, counted

NAME = "chat.completions"


def read(_: Call, body: Mapping[str, Any]) -> Prompt:
    """Understand a body; raises `Refused` in OpenAI's words."""
    asked = read_body(ChatBody, body)
    if asked.stream_options is not None and not asked.stream:
        raise Refused(_STREAM_OPTIONS_WITHOUT_STREAM)
    return Prompt(
        endpoint=NAME,
        model=asked.model,
        messages=tuple(map(_message, asked.messages)),
        tools=tuple(_tools(asked)),
        stream=bool(asked.stream),
        choices=asked.n or 1,
        body=body,
    )


def write(prompt: Prompt, says: Says, manner: Manner) -> Answer:
    """Write what the model says as one object, or as chunks where the request asks for a stream."""
    if prompt.stream:
        return Stream(pieces=tuple(_pieces(prompt, says, manner)))
    return Body(body=pretty(_completion(prompt, says, manner)) + b"\n")


ENDPOINT = Endpoint(name=NAME, method="POST", path="/chat/completions", read=read, write=write)


# Reading ------------------------------------------------------------------------------------------------------------


class Part(RequestBody):
    """A part of a message's content. Only text is understood; other parts stand in the body as they are."""

    type: str
    text: str | None = None
    refusal: str | None = None


def _branch(content: object) -> str | None:
    return "text" if isinstance(content, str) else "parts" if isinstance(content, list) else None


Content = (
    Annotated[
        Annotated[str, Tag("text")] | Annotated[list[Part], Tag("parts")],
        Discriminator(_branch, custom_error_type="content_type", custom_error_message="neither text nor parts"),
    ]
    | None
)


class CalledFunction(RequestBody):
    """Name and arguments of a call in the conversation."""

    name: str
    arguments: str


class CustomInput(RequestBody):
    """Name and free text of a custom tool's call."""

    name: str
    input: str


class CallInMessage(RequestBody):
    """A tool call that an assistant's message carries."""

    id: str
    type: str = "function"
    function: CalledFunction | None = None
    custom: CustomInput | None = None


class ChatMessage(RequestBody):
    """A message of any role."""

    role: Literal["system", "assistant", "user", "function", "tool", "developer"]
    content: Content = None
    name: str | None = None
    tool_calls: list[CallInMessage] | None = None
    tool_call_id: str | None = None
    function_call: CalledFunction | None = None


class NamedFunction(RequestBody):
    """A function that the model may call."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


class OfferedTool(RequestBody):
    """An entry of `tools`."""

    type: str
    function: NamedFunction | None = None
    custom: NamedFunction | None = None


class StreamOptions(RequestBody):
    """Options of a streamed answer."""

    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class ChatBody(RequestBody):
    """What this program understands of the body; the rest is let through."""

    model: str
    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Annotated[int, Field(ge=1, le=128)] | None = None
    tools: list[OfferedTool] | None = None
    functions: list[NamedFunction] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None


_STREAM_OPTIONS_WITHOUT_STREAM = Failure(
    status=400,
    type=INVALID,
    param="stream_options",
    message="The 'stream_options' parameter is only allowed when 'stream' is enabled.",
)


def _message(message: ChatMessage) -> Message:
    calls = [_called(call) for call in message.tool_calls or ()]
    if (legacy := message.function_call) is not None:
        calls.append(CalledTool(id=legacy.name, name=legacy.name, arguments=legacy.arguments))
    return Message(
        role=message.role,
        text=_text(message.content),
        called=tuple(calls),
        answers=message.name if message.role == "function" else message.tool_call_id,
    )


def _text(content: str | list[Part] | None) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(part.text or part.refusal or "" for part in content if part.text or part.refusal)


def _called(call: CallInMessage) -> CalledTool:
    if call.custom is not None:
        return CalledTool(id=call.id, name=call.custom.name, arguments=call.custom.input)
    if call.function is not None:
        return CalledTool(id=call.id, name=call.function.name, arguments=call.function.arguments)
    return CalledTool(id=call.id, name="", arguments="")


def _tools(asked: ChatBody) -> Iterator[Tool]:
    for tool in asked.tools or ():
        if (named := tool.function or tool.custom) is not None:
            yield _tool(tool.type, named)
    for named in asked.functions or ():
        yield _tool("function", named)


def _tool(kind: str, named: NamedFunction) -> Tool:
    return Tool(name=named.name, kind=kind, description=named.description or "", parameters=named.parameters or {})


# Writing one object -------------------------------------------------------------------------------------------------


def _completion(prompt: Prompt, says: Says, manner: Manner) -> dict[str, Any]:
    return {
        "id": _id(manner),
        "object": "chat.completion",
        "created": manner.stamp.created,
        "model": _model(prompt, says, manner),
        "choices": [_choice(prompt, says.choice(index), index, manner) for index in range(prompt.choices)],
        "usage": _usage(counted(prompt, says)),
        "service_tier": _service_tier(prompt),
        "system_fingerprint": _fingerprint(prompt, manner),
    }


def _choice(prompt: Prompt, choice: Choice, index: int, manner: Manner) -> dict[str, Any]:
    of_family = family(prompt.model)
    logprobs = {"logprobs": _all_logprobs(prompt, choice, manner)} if of_family.reasoning is None else {}
    return {
        "index": index,
        "message": _assistant(prompt, choice, index, manner),
        **logprobs,
        "finish_reason": _finish_reason(prompt, choice),
    }


def _assistant(prompt: Prompt, choice: Choice, index: int, manner: Manner) -> dict[str, Any]:
    """Spell the message. `tool_calls` stands between `content` and `refusal`, as recorded."""
    calls = _calls(choice)
    text, refusal = choice.text, _refusal(choice)
    return {
        "role": "assistant",
        "content": None if refusal is not None or (calls and not text) else text,
        **_spelled_calls(prompt, calls, index, manner),
        "refusal": refusal,
        "annotations": [],
    }


def _spelled_calls(prompt: Prompt, calls: list[ToolCall], choice: int, manner: Manner) -> dict[str, Any]:
    if not calls:
        return {}
    if _is_legacy(prompt):
        return {"function_call": {"name": calls[0].name, "arguments": calls[0].arguments}}
    return {"tool_calls": [_call(call, choice, position, manner) for position, call in enumerate(calls)]}


def _call(call: ToolCall, choice: int, position: int, manner: Manner) -> dict[str, Any]:
    call_id = _call_id(call, choice, position, manner)
    if call.custom:
        return {"id": call_id, "type": "custom", "custom": {"name": call.name, "input": call.arguments}}
    return {"id": call_id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _all_logprobs(prompt: Prompt, choice: Choice, manner: Manner) -> dict[str, Any] | None:
    if not prompt.body.get("logprobs"):
        return None
    top = prompt.body.get("top_logprobs") or 0
    spoken: dict[str, Any] = {"content": None, "refusal": None}
    for key, text in (("content", choice.text), ("refusal", _refusal(choice))):
        if text:
            spoken[key] = logprobs_of(_deltas(prompt, text, manner), top, manner.stamp)
    return spoken


# Writing a stream ---------------------------------------------------------------------------------------------------

_Delta = tuple[dict[str, Any], int]
"""A chunk's `choices[0]`, and how many tokens it brings."""


def _pieces(prompt: Prompt, says: Says, manner: Manner) -> Iterator[Piece]:
    options = prompt.body.get("stream_options") or {}
    wants_usage = bool(options.get("include_usage"))
    obfuscates = options.get("include_obfuscation") is not False
    base = _chunk_base(prompt, says, manner)
    chunks = [
        ({**base, "choices": [choice], **({"usage": None} if wants_usage else {})}, tokens)
        for choice, tokens in _interleaved(prompt, says, manner)
    ]
    if wants_usage:
        chunks.append(({**base, "choices": [], "usage": _usage(counted(prompt, says))}, 0))
    padding = manner.stamp.base62("obfuscation", _BLOCK * len(chunks)) if obfuscates else ""
    for number, (chunk, tokens) in enumerate(chunks):
        if obfuscates:
            chunk["obfuscation"] = _obfuscation(chunk, padding, number)
        yield Piece(sse.unnamed(chunk), tokens)
    yield Piece(sse.DONE)


def _chunk_base(prompt: Prompt, says: Says, manner: Manner) -> dict[str, Any]:
    return {
        "id": _id(manner),
        "object": "chat.completion.chunk",
        "created": manner.stamp.created,
        "model": _model(prompt, says, manner),
        "service_tier": _service_tier(prompt),
        "system_fingerprint": _fingerprint(prompt, manner),
    }


_BLOCK = 16


def _obfuscation(chunk: dict[str, Any], padding: str, number: int) -> str:
    """Pad a delta to blocks of 16 characters, as OpenAI does so that its length tells nothing of the token's."""
    delta = chunk["choices"][0]["delta"] if chunk["choices"] else {}
    said = len(delta.get("content") or delta.get("refusal") or "")
    return padding[number * _BLOCK : number * _BLOCK + _BLOCK - said % _BLOCK]


def _interleaved(prompt: Prompt, says: Says, manner: Manner) -> Iterator[_Delta]:
    """Take the choices' chunks in turns: with `n` above 1 they arrive interleaved, one choice a chunk."""
    streams = [_choice_chunks(prompt, says.choice(index), index, manner) for index in range(prompt.choices)]
    for row in zip_longest(*streams):
        yield from (chunk for chunk in row if chunk is not None)


def _choice_chunks(prompt: Prompt, choice: Choice, index: int, manner: Manner) -> Iterator[_Delta]:
    shows = family(prompt.model).reasoning is None
    asks = shows and bool(prompt.body.get("logprobs"))

    def chunk(delta: dict[str, Any], logs: dict[str, Any] | None = None, finish: str | None = None) -> dict[str, Any]:
        return {"index": index, "delta": delta, **({"logprobs": logs} if shows else {}), "finish_reason": finish}

    opening, deltas = _deltas_of(prompt, choice, index, manner)
    yield chunk(opening, {"content": [], "refusal": None} if asks else None), 0
    for delta, tokens in deltas:
        logs = _chunk_logprobs(delta, prompt, manner) if asks else None
        yield chunk(delta, logs), tokens
    # The finish chunk always has an empty delta.
    yield chunk({}, None, _finish_reason(prompt, choice)), 0


def _deltas_of(prompt: Prompt, choice: Choice, index: int, manner: Manner) -> tuple[dict[str, Any], Iterable[_Delta]]:
    """Return the first chunk's delta, which alone has the role, and the others."""
    calls, text, refusal = _calls(choice), choice.text, _refusal(choice)
    if refusal is not None:
        return _role(None, refusal=""), _texts(prompt, "refusal", refusal, manner)
    if calls and _is_legacy(prompt):
        opening = _role(None, function_call={"name": calls[0].name, "arguments": ""}, refusal=None)
        return opening, _legacy_arguments(prompt, calls[0], manner)
    if len(calls) == 1 and not text:
        # A single call opens in the role chunk itself.
        opened = [_opened(calls[0], index, 0, manner)]
        return _role(None, tool_calls=opened, refusal=None), _arguments(prompt, calls[0], 0, manner)
    if calls and not text:
        return _role(None), _calls_after_role(prompt, calls, index, manner)
    spoken = _texts(prompt, "content", text, manner)
    return _role("", refusal=None), [*spoken, *_calls_after_role(prompt, calls, index, manner)]


def _role(content: str | None, **more: object) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **more}


def _texts(prompt: Prompt, key: str, text: str, manner: Manner) -> Iterator[_Delta]:
    for piece, tokens in cut(text, family(prompt.model).encoding, manner.chunk_by):
        yield {key: piece}, tokens


def _calls_after_role(prompt: Prompt, calls: list[ToolCall], choice: int, manner: Manner) -> Iterator[_Delta]:
    for position, call in enumerate(calls):
        yield {"tool_calls": [_opened(call, choice, position, manner)]}, 1
        yield from _arguments(prompt, call, position, manner)


def _opened(call: ToolCall, choice: int, position: int, manner: Manner) -> dict[str, Any]:
    kind, empty = (
        ("custom", {"name": call.name, "input": ""})
        if call.custom
        else (
            "function",
            {"name": call.name, "arguments": ""},
        )
    )
    return {"index": position, "id": _call_id(call, choice, position, manner), "type": kind, kind: empty}


def _arguments(prompt: Prompt, call: ToolCall, position: int, manner: Manner) -> Iterator[_Delta]:
    kind, key = ("custom", "input") if call.custom else ("function", "arguments")
    for piece, tokens in cut(call.arguments, family(prompt.model).encoding, manner.chunk_by):
        yield {"tool_calls": [{"index": position, kind: {key: piece}}]}, tokens


def _legacy_arguments(prompt: Prompt, call: ToolCall, manner: Manner) -> Iterator[_Delta]:
    for piece, tokens in cut(call.arguments, family(prompt.model).encoding, manner.chunk_by):
        yield {"function_call": {"arguments": piece}}, tokens


def _chunk_logprobs(delta: dict[str, Any], prompt: Prompt, manner: Manner) -> dict[str, Any] | None:
    top = prompt.body.get("top_logprobs") or 0
    for key, other in (("content", "refusal"), ("refusal", "content")):
        if delta.get(key):
            found = logprobs_of(_deltas(prompt, delta[key], manner), top, manner.stamp)
            return {"content": found, other: None} if key == "content" else {"content": None, "refusal": found}
    return None


# Both ---------------------------------------------------------------------------------------------------------------


def _deltas(prompt: Prompt, text: str, manner: Manner) -> tuple[str, ...]:
    return tuple(piece for piece, _ in cut(text, family(prompt.model).encoding, manner.chunk_by))


def _id(manner: Manner) -> str:
    return f"chatcmpl-{manner.stamp.base62('chatcmpl', 29)}"


def _call_id(call: ToolCall, choice: int, position: int, manner: Manner) -> str:
    return call.id or f"call_{manner.stamp.base62(f'call/{choice}/{position}', 24)}"


def _model(prompt: Prompt, says: Says, manner: Manner) -> str:
    return says.model or (dated_name(prompt.model) if manner.dated_models else prompt.model)


def _service_tier(prompt: Prompt) -> str:
    asked = prompt.body.get("service_tier")
    return asked if isinstance(asked, str) and asked != "auto" else "default"


def _fingerprint(prompt: Prompt, manner: Manner) -> str | None:
    """Return the fingerprint of the model's set-up; reasoning models mostly send null."""
    return f"fp_{manner.stamp.hex('fingerprint', 10)}" if family(prompt.model).reasoning is None else None


def _finish_reason(prompt: Prompt, choice: Choice) -> str:
    if choice.finish_reason is not None:
        return choice.finish_reason
    if not _calls(choice):
        return "stop"
    if _is_legacy(prompt):
        return "function_call"
    # https://platform.openai.com/docs/guides/function-calling: a call of a function that the request forces by name
    # finishes with "stop".
    return "stop" if isinstance(prompt.body.get("tool_choice"), dict) else "tool_calls"


def _is_legacy(prompt: Prompt) -> bool:
    """Whether the client speaks of `functions`, as before `tools`."""
    return bool(prompt.body.get("functions")) and not prompt.body.get("tools")


def _calls(choice: Choice) -> list[ToolCall]:
    return [block for block in choice.blocks if isinstance(block, ToolCall)]


def _refusal(choice: Choice) -> str | None:
    texts = [block.text for block in choice.blocks if isinstance(block, Refusal)]
    return "".join(texts) if texts else None


def _usage(of: Counted) -> dict[str, Any]:
    return {
        "prompt_tokens": of.prompt,
        "completion_tokens": of.completion,
        "total_tokens": of.total,
        "prompt_tokens_details": {"cached_tokens": of.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": of.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
