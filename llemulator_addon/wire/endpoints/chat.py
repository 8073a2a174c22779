"""`POST /v1/chat/completions`: reading the body, and writing the answer as JSON or as chunks."""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import chain, count
from typing import Any

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.remembering import remembered
from llemulator_addon.core.reply import Choice, ModelOutput, Refusal, Text, ToolCall
from llemulator_addon.core.resources import Kept
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.wire import audio, headers, moderation, sizes, sse
from llemulator_addon.wire.answer import (
    Answer,
    Body,
    Call,
    Endpoint,
    EventStream,
    LongBody,
    Made,
    Manner,
    Piece,
    cut,
    take_turns,
)
from llemulator_addon.wire.azure import add_model
from llemulator_addon.wire.bodies import drop_ignored, read_body
from llemulator_addon.wire.chat import checks
from llemulator_addon.wire.chat.body import ChatBody
from llemulator_addon.wire.endpoints import stored_chat
from llemulator_addon.wire.errors import RequestRefused, no_model
from llemulator_addon.wire.families import family
from llemulator_addon.wire.json_bytes import Many, compact, drop_many, pretty, write_pieces
from llemulator_addon.wire.logprobs import each_logprob_of
from llemulator_addon.wire.models import resolve_alias
from llemulator_addon.wire.usage import Counted, count_usage

NAME = "chat.completions"


def read(call: Call, body: Mapping[str, Any]) -> Prompt:
    """Understand a body; raises `RequestRefused` in OpenAI's words."""
    body = add_model(body, call.params)
    if body.get("model") is None:
        raise RequestRefused(no_model())
    asked = read_body(ChatBody, body, lenient=call.lenient)
    body = drop_ignored(asked, body) if call.lenient else body
    prompt = Prompt(
        endpoint=NAME,
        model=asked.model,
        messages=tuple(message.message() for message in asked.messages),
        tools=tuple(asked.list_tools()),
        stream=bool(asked.stream),
        choices=asked.n or 1,
        body=body,
    )
    if not call.lenient:
        _check(call, asked, prompt)
    return prompt


def write(prompt: Prompt, says: ModelOutput, manner: Manner) -> Answer:
    """Write what the model says as one object, or as chunks where the request asks for a stream.

    With `store` the session keeps it, in the form in which it is listed.
    """
    keeps = tuple(_keep(prompt, says, manner))
    if prompt.stream:
        return EventStream(pieces=Made(partial(_pieces, prompt, says, manner)), headers=headers.UNLIMITED, keeps=keeps)
    completion = _completion(prompt, says, manner)
    if manner.in_pieces:
        return LongBody(pieces=Made(lambda: chain(write_pieces(completion), (b"\n",))), keeps=keeps)
    return Body(body=pretty(completion) + b"\n", keeps=keeps)


def size(prompt: Prompt, says: ModelOutput) -> int:
    """Estimate the bytes of an answer."""
    encoding, body = family(prompt.model).encoding, prompt.body
    alternatives = sizes.number(body, "top_logprobs") if body.get("logprobs") else None
    return sum(
        times
        * (sizes.OF_AN_ANSWER + sizes.estimate_texts(texts, encoding, stream=prompt.stream, alternatives=alternatives))
        for times, texts in sizes.list_texts(prompt, says)
    )


ENDPOINT = Endpoint(name=NAME, method="POST", path="/chat/completions", read=read, write=write, size=size)


def _check(call: Call, asked: ChatBody, prompt: Prompt) -> None:
    """Refuse what the API refuses. An unknown model is refused as such, and later."""
    found = [checks.check_body(asked, prompt)]
    if call.knows(asked.model):
        found += [
            checks.check_model(asked, prompt.body),
            checks.check_length(asked, prompt, len(call.request.body)),
        ]
    for failure in chain.from_iterable(found):
        raise RequestRefused(failure)


def _keep(prompt: Prompt, says: ModelOutput, manner: Manner) -> Iterator[Kept]:
    if prompt.body.get("store") is True:
        # Without the log probabilities of an answer that is too large to be there at once.
        completion = drop_many(_completion(prompt, says, manner))
        yield stored_chat.keep(prompt, completion, headers.request_id(manner.stamp))


# Writing one object -------------------------------------------------------------------------------------------------


def _completion(prompt: Prompt, says: ModelOutput, manner: Manner) -> dict[str, Any]:
    return {
        "id": _id(manner),
        "object": "chat.completion",
        "created": manner.stamp.created,
        "model": _model(prompt, says, manner),
        "choices": _choices(prompt, says, manner),
        **_moderate(prompt, says),
        "usage": _usage(prompt, says),
        "service_tier": _service_tier(prompt),
        "system_fingerprint": _fingerprint(prompt, manner),
    }


def _choices(prompt: Prompt, says: ModelOutput, manner: Manner) -> "Many | list[dict[str, Any]]":
    def make() -> Iterator[dict[str, Any]]:
        return (_choice(prompt, says.choice(index), index, manner) for index in range(prompt.choices))

    return Many(make, nests=True) if manner.in_pieces else list(make())


def _choice(prompt: Prompt, choice: Choice, index: int, manner: Manner) -> dict[str, Any]:
    return {
        "index": index,
        "message": _assistant(prompt, choice, index, manner),
        **({"logprobs": _all_logprobs(prompt, choice, manner)} if _shows_logprobs(prompt) else {}),
        "finish_reason": _finish_reason(prompt, choice),
    }


def _assistant(prompt: Prompt, choice: Choice, index: int, manner: Manner) -> dict[str, Any]:
    """Spell the message. `tool_calls` stands between `content` and `refusal`, as recorded."""
    calls, refusal = _calls(prompt, choice), _refusal(choice)
    spoken = _speaks(prompt, choice)
    silent = refusal is not None or spoken or (calls and not choice.text)
    return {
        "role": "assistant",
        "content": None if silent else choice.text,
        **_spell_calls(prompt, calls, index, manner),
        "refusal": refusal,
        **({"audio": _audio(prompt, choice, index, manner)} if spoken else {}),
        "annotations": _annotations(choice),
    }


def _spell_calls(prompt: Prompt, calls: list[ToolCall], choice: int, manner: Manner) -> dict[str, Any]:
    if not calls:
        return {}
    if _is_legacy(prompt):
        return {"function_call": {"name": calls[0].name, "arguments": calls[0].arguments}}
    return {"tool_calls": [_call(call, choice, position, manner) for position, call in enumerate(calls)]}


def _call(call: ToolCall, choice: int, position: int, manner: Manner) -> dict[str, Any]:
    kind, key = _fields(call)
    spelled = {"name": call.name, key: call.arguments}
    return {"id": _call_id(call, choice, position, manner), "type": kind, kind: spelled}


def _all_logprobs(prompt: Prompt, choice: Choice, manner: Manner) -> dict[str, Any] | None:
    if not prompt.body.get("logprobs"):
        return None
    return {
        key: _token_logprobs(prompt, text, manner) if text else None
        for key, text in (("content", choice.text), ("refusal", _refusal(choice)))
    }


def _annotations(choice: Choice) -> list[dict[str, Any]]:
    """Spell citations as chat has them, which knows only those of web pages; places count from the text's start."""
    found: list[dict[str, Any]] = []
    start = 0
    for block in choice.blocks:
        if isinstance(block, Text):
            found += [_citation(given, start) for given in block.annotations if given.get("type") == "url_citation"]
            start += len(block.text)
    return found


def _citation(given: Mapping[str, Any], start: int) -> dict[str, Any]:
    fields = {
        "end_index": given.get("end_index", 0) + start,
        "start_index": given.get("start_index", 0) + start,
        "title": given.get("title", ""),
        "url": given.get("url", ""),
    }
    return {"type": "url_citation", "url_citation": fields}


def _audio(prompt: Prompt, choice: Choice, index: int, manner: Manner) -> dict[str, Any]:
    return {
        "id": _audio_id(index, manner),
        "data": b64encode(_sound(prompt, choice.text)).decode("ascii"),
        "expires_at": manner.stamp.created + _HOUR,
        "transcript": choice.text,
    }


_HOUR = 3_600


def _moderate(prompt: Prompt, says: ModelOutput) -> dict[str, Any]:
    asked = prompt.body.get("moderation")
    if not isinstance(asked, dict):
        return {}
    model = str(asked.get("model") or moderation.DEFAULT)
    given = moderation.join_texts((prompt.user_text,))
    said = moderation.join_texts(says.choice(index).text for index in range(prompt.choices))
    return {
        "moderation": {
            "input": moderation.results(model, given),
            "output": moderation.results(model, said),
        }
    }


# Writing a stream ---------------------------------------------------------------------------------------------------

_Delta = tuple[dict[str, Any], int]
"""What a chunk adds to its choice, and how many tokens it brings."""


def _pieces(prompt: Prompt, says: ModelOutput, manner: Manner) -> Iterator[Piece]:
    options = prompt.body.get("stream_options") or {}
    chunks = _chunks(prompt, says, manner, wants_usage=bool(options.get("include_usage")))
    begin = _begin(prompt, says, manner)
    if options.get("include_obfuscation") is False:
        for chunk, tokens in chunks:
            yield Piece(b"%b%b\n\n" % (begin, compact(chunk)[1:]), tokens)
    else:
        for (chunk, tokens), padding in zip(chunks, _padding(manner.stamp), strict=False):
            yield Piece(_pad(begin, compact(chunk), padding), tokens)
    yield Piece(sse.DONE)


def _begin(prompt: Prompt, says: ModelOutput, manner: Manner) -> bytes:
    """Frame what all chunks begin with; of a chunk follows what it has beside that."""
    base = {
        "id": _id(manner),
        "object": "chat.completion.chunk",
        "created": manner.stamp.created,
        "model": _model(prompt, says, manner),
        "service_tier": _service_tier(prompt),
        "system_fingerprint": _fingerprint(prompt, manner),
    }
    return b"data: %b," % compact(base)[:-1]


def _padding(stamp: Stamp) -> Iterator[bytes]:
    """Yield the padding of each chunk without an end. The draw of more letters begins with those of fewer."""
    drawn, blocks = b"", 64
    for number in count():
        start = number % _BLOCKS * _BLOCK
        if start >= len(drawn):
            drawn, blocks = stamp.base62("obfuscation", _BLOCK * blocks).encode(), blocks * 4
        yield drawn[start : start + _BLOCK]


_BLOCKS = 1 << 16
"""After so many chunks the padding begins anew."""


def _chunks(prompt: Prompt, says: ModelOutput, manner: Manner, *, wants_usage: bool) -> Iterator[_Delta]:
    no_usage = {"usage": None} if wants_usage else {}
    for choice, tokens in _interleave(prompt, says, manner):
        yield {"choices": [choice], **no_usage}, tokens
    if wants_usage:
        yield {"choices": [], "usage": _usage(prompt, says)}, 0
    if moderated := _moderate(prompt, says):
        # Recorded behind the chunk with the usage, whose own usage is null again.
        yield {"choices": [], **moderated, **no_usage}, 0


_BLOCK = 16


def _pad(begin: bytes, chunk: bytes, padding: bytes) -> bytes:
    """Frame a chunk, padded so that its length tells nothing of the token's.

    Recorded: the JSON of every chunk is a whole number of blocks and one character long. Unlike in Responses, it is not
    the delta that is filled up.
    """
    missing = (1 - len(begin) - len(chunk) - _FRAME) % _BLOCK
    return b'%b%b,"obfuscation":"%b"}\n\n' % (begin, chunk[1:-1], padding[:missing])


_FRAME = len(b',"obfuscation":""') - len(b"data: {")
"""Bytes of JSON that a padded chunk has beside its beginning and itself."""


def _interleave(prompt: Prompt, says: ModelOutput, manner: Manner) -> Iterator[_Delta]:
    """Take the choices' chunks in turns: with `n` above 1 they arrive interleaved, one choice a chunk."""
    streams = [_choice_chunks(prompt, says.choice(index), index, manner) for index in range(prompt.choices)]
    return streams[0] if len(streams) == 1 else take_turns(streams)


def _choice_chunks(prompt: Prompt, choice: Choice, index: int, manner: Manner) -> Iterator[_Delta]:
    shows = _shows_logprobs(prompt)
    asks = shows and bool(prompt.body.get("logprobs"))

    def chunk(delta: dict[str, Any], logs: dict[str, Any] | None = None, finish: str | None = None) -> dict[str, Any]:
        return {"index": index, "delta": delta, **({"logprobs": logs} if shows else {}), "finish_reason": finish}

    opening, deltas = _deltas_of(prompt, choice, index, manner)
    yield chunk(opening, {"content": [], "refusal": None} if asks else None), 0
    for delta, tokens in deltas:
        yield chunk(delta, _chunk_logprobs(delta, prompt, manner) if asks else None), tokens
    # The finish chunk always has an empty delta.
    yield chunk({}, None, _finish_reason(prompt, choice)), 0


def _deltas_of(prompt: Prompt, choice: Choice, index: int, manner: Manner) -> tuple[dict[str, Any], Iterable[_Delta]]:
    """Return the first chunk's delta, which alone has the role, and the others."""
    calls, text, refusal = _calls(prompt, choice), choice.text, _refusal(choice)
    if refusal is not None:
        return _role(None, refusal=""), _texts(prompt, "refusal", refusal, manner)
    if _speaks(prompt, choice):
        return _role(None, refusal=None), _sounds(prompt, choice, index, manner)
    if calls and _is_legacy(prompt):
        opening = _role(None, function_call={"name": calls[0].name, "arguments": ""}, refusal=None)
        return opening, _legacy_arguments(prompt, calls[0], manner)
    if len(calls) == 1 and not text:
        # A single call opens in the role chunk itself.
        opened = [_open_call(calls[0], index, 0, manner)]
        return _role(None, tool_calls=opened, refusal=None), _arguments(prompt, calls[0], 0, manner)
    if calls and not text:
        return _role(None), _calls_after_role(prompt, calls, index, manner)
    spoken = chain(_texts(prompt, "content", text, manner), _cite(choice))
    return _role("", refusal=None), chain(spoken, _calls_after_role(prompt, calls, index, manner))


def _role(content: str | None, **more: object) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **more}


def _texts(prompt: Prompt, key: str, text: str, manner: Manner) -> Iterator[_Delta]:
    for piece, tokens in _cut(prompt, text, manner):
        yield {key: piece}, tokens


def _cite(choice: Choice) -> Iterator[_Delta]:
    if annotations := _annotations(choice):
        yield {"annotations": annotations}, 0


def _sounds(prompt: Prompt, choice: Choice, index: int, manner: Manner) -> Iterator[_Delta]:
    """Stream speech: its id, which clients that join texts must not see twice, its words, its samples.

    The last delta says only when it expires (the SDK's types).
    """
    yield {"audio": {"id": _audio_id(index, manner)}}, 0
    for piece, tokens in _cut(prompt, choice.text, manner):
        yield {"audio": {"transcript": piece}}, tokens
    samples = _sound(prompt, choice.text)
    for start in range(0, len(samples), _SAMPLES):
        yield {"audio": {"data": b64encode(samples[start : start + _SAMPLES]).decode("ascii")}}, 0
    yield {"audio": {"expires_at": manner.stamp.created + _HOUR}}, 0


_SAMPLES = 12_000
"""Bytes of one delta, a quarter of a second: divisible by three, so that the deltas' base64 joins without padding."""


def _calls_after_role(prompt: Prompt, calls: list[ToolCall], choice: int, manner: Manner) -> Iterator[_Delta]:
    for position, call in enumerate(calls):
        yield {"tool_calls": [_open_call(call, choice, position, manner)]}, 1
        yield from _arguments(prompt, call, position, manner)


def _open_call(call: ToolCall, choice: int, position: int, manner: Manner) -> dict[str, Any]:
    return {"index": position, **_call(_drop_arguments(call), choice, position, manner)}


def _drop_arguments(call: ToolCall) -> ToolCall:
    return ToolCall(name=call.name, arguments="", id=call.id, custom=call.custom)


def _arguments(prompt: Prompt, call: ToolCall, position: int, manner: Manner) -> Iterator[_Delta]:
    kind, key = _fields(call)
    for piece, tokens in _cut(prompt, call.arguments, manner):
        yield {"tool_calls": [{"index": position, kind: {key: piece}}]}, tokens


def _legacy_arguments(prompt: Prompt, call: ToolCall, manner: Manner) -> Iterator[_Delta]:
    for piece, tokens in _cut(prompt, call.arguments, manner):
        yield {"function_call": {"arguments": piece}}, tokens


def _chunk_logprobs(delta: dict[str, Any], prompt: Prompt, manner: Manner) -> dict[str, Any] | None:
    if text := delta.get("content"):
        return {"content": _token_logprobs(prompt, text, manner), "refusal": None}
    if text := delta.get("refusal"):
        return {"content": None, "refusal": _token_logprobs(prompt, text, manner)}
    return None


# Both ---------------------------------------------------------------------------------------------------------------


def _cut(prompt: Prompt, text: str, manner: Manner) -> Iterable[tuple[str, int]]:
    """Cut a text into deltas: as the rule wants it, but one token each where their probabilities go with them."""
    chunk_by = "token" if prompt.body.get("logprobs") and _shows_logprobs(prompt) else manner.chunk_by
    return cut(text, family(prompt.model).encoding, chunk_by)


def _token_logprobs(prompt: Prompt, text: str, manner: Manner) -> "Many | list[dict[str, Any]]":
    def make() -> Iterator[dict[str, Any]]:
        pieces = (piece for piece, _ in cut(text, family(prompt.model).encoding, "token"))
        return each_logprob_of(pieces, prompt.body.get("top_logprobs") or 0, manner.stamp)

    return Many(make) if manner.in_pieces and not prompt.stream else list(make())


def _id(manner: Manner) -> str:
    return f"chatcmpl-{manner.stamp.base62('chatcmpl', 29)}"


def _call_id(call: ToolCall, choice: int, position: int, manner: Manner) -> str:
    return call.id or f"call_{manner.stamp.base62(f'call/{choice}/{position}', 24)}"


def _audio_id(choice: int, manner: Manner) -> str:
    return f"audio_{manner.stamp.hex(f'audio/{choice}', 32)}"


def _model(prompt: Prompt, says: ModelOutput, manner: Manner) -> str:
    return says.model or (resolve_alias(prompt.model) if manner.dated_models else prompt.model)


def _service_tier(prompt: Prompt) -> str:
    match prompt.body.get("service_tier"):
        case "fast":
            return "priority"
        case str(asked) if asked != "auto":
            return asked
        case _:
            return "default"


def _fingerprint(prompt: Prompt, manner: Manner) -> str | None:
    """Return the fingerprint of the model's set-up; reasoning models mostly send null."""
    if family(prompt.model).reasoning:
        return None
    return _fingerprint_of(prompt.model, manner.stamp.lasting)


@remembered(1024, longest=200)
def _fingerprint_of(model: str, lasting: Stamp) -> str:
    return f"fp_{lasting.hex(f'fingerprint/{model}', 10)}"


def _shows_logprobs(prompt: Prompt) -> bool:
    return family(prompt.model).logprobs_key or bool(prompt.body.get("logprobs"))


def _finish_reason(prompt: Prompt, choice: Choice) -> str:
    if choice.finish_reason is not None:
        return choice.finish_reason
    if not _calls(prompt, choice):
        return "stop"
    # https://platform.openai.com/docs/guides/function-calling: a call of a function that the request forces by name
    # finishes with "stop".
    if _is_legacy(prompt):
        return "stop" if isinstance(prompt.body.get("function_call"), dict) else "function_call"
    forced = prompt.body.get("tool_choice")
    return "stop" if isinstance(forced, dict) and forced.get("type") in _NAMED else "tool_calls"


_NAMED = ("function", "custom")


def _is_legacy(prompt: Prompt) -> bool:
    """Whether the client speaks of `functions`, as before `tools`."""
    return bool(prompt.body.get("functions")) and not prompt.body.get("tools")


def _calls(prompt: Prompt, choice: Choice) -> list[ToolCall]:
    """Return the calls; one of a tool that the request offers as custom is custom, however the script wrote it."""
    custom = {tool.name for tool in prompt.tools if tool.kind == "custom"}
    return [
        ToolCall(name=call.name, arguments=call.arguments, id=call.id, custom=call.custom or call.name in custom)
        for call in choice.blocks
        if isinstance(call, ToolCall)
    ]


def _fields(call: ToolCall) -> tuple[str, str]:
    """Return under which key a call stands, and under which its arguments."""
    return ("custom", "input") if call.custom else ("function", "arguments")


def _refusal(choice: Choice) -> str | None:
    texts = [block.text for block in choice.blocks if isinstance(block, Refusal)]
    return "".join(texts) if texts else None


def _speaks(prompt: Prompt, choice: Choice) -> bool:
    """Whether the choice is spoken: audio was asked for, and there are words."""
    return "audio" in (prompt.body.get("modalities") or ()) and bool(choice.text) and _refusal(choice) is None


def _sound(prompt: Prompt, text: str) -> bytes:
    options = prompt.body.get("audio")
    wanted = options.get("format") if isinstance(options, dict) else None
    return audio.FORMATS.get(str(wanted), audio.wav)(text)


def _usage(prompt: Prompt, says: ModelOutput) -> dict[str, Any]:
    spoken = [says.choice(index) for index in range(prompt.choices)]
    sound = sum(audio.tokens_of(choice.text) for choice in spoken if _speaks(prompt, choice))
    return _spell_usage(count_usage(prompt, says, audio=sound))


def _spell_usage(of: Counted) -> dict[str, Any]:
    return {
        "prompt_tokens": of.prompt,
        "completion_tokens": of.completion,
        "total_tokens": of.total,
        "prompt_tokens_details": {"cached_tokens": of.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": of.reasoning,
            "audio_tokens": of.audio,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
