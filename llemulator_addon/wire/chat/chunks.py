"""A chat completion as a stream of chunks."""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, count
from typing import Any

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Choice, ModelOutput, Refusal, Text, ToolCall
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.wire import azure, sse
from llemulator_addon.wire.answer import Manner, Piece, take_turns
from llemulator_addon.wire.chat.completion import (
    Spoken,
    cut_text,
    each_text_logprob,
    find_end_of_audio,
    find_fingerprint,
    find_finish_reason,
    find_refusal,
    find_tier,
    has_logprobs,
    is_legacy,
    list_annotations,
    list_calls,
    make_audio_id,
    make_id,
    make_sound,
    moderate,
    name_fields,
    name_model,
    shows_logprobs,
    speaks,
    spell_call,
    token_logprobs,
)
from llemulator_addon.wire.json_bytes import compact
from llemulator_addon.wire.logprobs import LogprobsInTurn, spell_tokens

_Delta = tuple[dict[str, Any], int]
"""The delta of a chunk for its choice, and its number of tokens."""


def wants_usage(prompt: Prompt) -> bool:
    """Whether a stream is to say its usage."""
    return bool((prompt.body.get("stream_options") or {}).get("include_usage"))


def make_pieces(
    prompt: Prompt, says: ModelOutput, manner: Manner, usage: Mapping[str, object] | None
) -> Iterator[Piece]:
    """Yield the events of a stream, `[DONE]` at the end; `usage` is what `write_usage` wrote, if it is to be said."""
    options = prompt.body.get("stream_options") or {}
    chunks = _chunks(prompt, says, manner, usage)
    begin = _begin(prompt, says, manner)
    if prompt.azure:
        yield Piece(sse.frame_unnamed(azure.write_first_chunk()))
    if options.get("include_obfuscation") is False or "chat_obfuscation" not in manner.api:
        for chunk, tokens in chunks:
            yield Piece(b"%b%b\n\n" % (begin, compact(chunk)[1:]), tokens)
    else:
        for (chunk, tokens), padding in zip(chunks, _padding(manner.stamp), strict=False):
            yield Piece(_pad(begin, compact(chunk), padding), tokens)
    yield Piece(sse.DONE)


def _begin(prompt: Prompt, says: ModelOutput, manner: Manner) -> bytes:
    """Frame the common beginning of all chunks; the rest of each chunk follows."""
    base = {
        "id": make_id(manner),
        "object": "chat.completion.chunk",
        "created": manner.stamp.created,
        "model": name_model(prompt, says, manner),
        "service_tier": find_tier(prompt, says),
        "system_fingerprint": find_fingerprint(prompt, says, manner),
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
"""The number of chunks after which the padding repeats."""


def _chunks(prompt: Prompt, says: ModelOutput, manner: Manner, usage: Mapping[str, object] | None) -> Iterator[_Delta]:
    no_usage = {"usage": None} if wants_usage(prompt) else {}
    for choice, tokens in _interleave(prompt, says, manner):
        yield {"choices": [choice], **no_usage}, tokens
    if usage is not None:
        yield {"choices": [], "usage": usage}, 0
    if moderated := moderate(prompt, says):
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
"""Bytes of JSON that a padded chunk adds to its beginning and its delta."""


def _interleave(prompt: Prompt, says: ModelOutput, manner: Manner) -> Iterator[_Delta]:
    """Take the choices' chunks in turns: with `n` above 1 they arrive interleaved, one choice a chunk."""
    streams = [_choice_chunks(prompt, says.choice(index), index, manner) for index in range(prompt.choices)]
    return streams[0] if len(streams) == 1 else take_turns(streams)


def _choice_chunks(prompt: Prompt, choice: Choice, index: int, manner: Manner) -> Iterator[_Delta]:
    shows = shows_logprobs(prompt)
    asks = shows and bool(prompt.body.get("logprobs"))

    def chunk(delta: dict[str, Any], logs: dict[str, Any] | None = None, finish: str | None = None) -> dict[str, Any]:
        return {"index": index, "delta": delta, **({"logprobs": logs} if shows else {}), "finish_reason": finish}

    opening, deltas = _deltas_of(prompt, choice, index, manner)
    kind: Spoken = Text if find_refusal(choice) is None else Refusal
    given = (
        LogprobsInTurn(each_text_logprob(kind, prompt, choice, manner)) if asks and has_logprobs(kind, choice) else None
    )
    yield chunk(opening, {"content": [], "refusal": None} if asks else None), 0
    for delta, tokens in deltas:
        yield chunk(delta, _chunk_logprobs(delta, prompt, manner, given) if asks else None), tokens
    # The finish chunk always has an empty delta.
    yield chunk({}, None, find_finish_reason(prompt, choice)), 0


def _deltas_of(prompt: Prompt, choice: Choice, index: int, manner: Manner) -> tuple[dict[str, Any], Iterable[_Delta]]:
    """Return the first chunk's delta, which alone has the role, and the others."""
    calls, text, refusal = list_calls(prompt, choice), choice.text, find_refusal(choice)
    if refusal is not None:
        return _role(None, refusal=""), _cut_spoken(Refusal, refusal, prompt, choice, manner)
    if speaks(prompt, choice):
        return _role(None, refusal=None), _sounds(prompt, choice, index, manner)
    if calls and is_legacy(prompt):
        opening = _role(None, function_call={"name": calls[0].name, "arguments": ""}, refusal=None)
        return opening, _legacy_arguments(prompt, calls[0], manner)
    if len(calls) == 1 and not text:
        # A single call opens in the role chunk itself.
        opened = [_open_call(calls[0], index, 0, manner)]
        return _role(None, tool_calls=opened, refusal=None), _arguments(prompt, calls[0], 0, manner)
    if calls and not text:
        return _role(None), _calls_after_role(prompt, choice, calls, index, manner)
    spoken = chain(_cut_spoken(Text, text, prompt, choice, manner), _cite(choice))
    return _role("", refusal=None), chain(spoken, _calls_after_role(prompt, choice, calls, index, manner))


def _role(content: str | None, **more: object) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **more}


def _cut_spoken(kind: Spoken, text: str, prompt: Prompt, choice: Choice, manner: Manner) -> Iterator[_Delta]:
    """Cut a text as usual, or into the tokens of which a script gives the log probabilities."""
    key = "content" if kind is Text else "refusal"
    if has_logprobs(kind, choice):
        pieces: Iterable[tuple[str, int]] = spell_tokens(each_text_logprob(kind, prompt, choice, manner))
    else:
        pieces = cut_text(prompt, text, manner)
    return (({key: piece}, tokens) for piece, tokens in pieces)


def _cite(choice: Choice) -> Iterator[_Delta]:
    if annotations := list_annotations(choice):
        yield {"annotations": annotations}, 0


def _sounds(prompt: Prompt, choice: Choice, index: int, manner: Manner) -> Iterator[_Delta]:
    """Stream speech: its id, which clients that join texts must not see twice, its words, its samples.

    The last delta says only when it expires (the SDK's types).
    """
    yield {"audio": {"id": make_audio_id(choice, index, manner)}}, 0
    for piece, tokens in cut_text(prompt, choice.text, manner):
        yield {"audio": {"transcript": piece}}, tokens
    samples = make_sound(prompt, choice)
    for start in range(0, len(samples), _SAMPLES):
        yield {"audio": {"data": b64encode(samples[start : start + _SAMPLES]).decode("ascii")}}, 0
    yield {"audio": {"expires_at": find_end_of_audio(choice, manner)}}, 0


_SAMPLES = 12_000
"""Bytes of one delta, a quarter of a second: divisible by three, so that the deltas' base64 joins without padding."""


def _calls_after_role(
    prompt: Prompt, choice: Choice, calls: list[ToolCall], index: int, manner: Manner
) -> Iterator[_Delta]:
    deltas = [_whole_call(prompt, call, index, position, manner) for position, call in enumerate(calls)]
    return take_turns(deltas) if choice.side_by_side else chain.from_iterable(deltas)


def _whole_call(prompt: Prompt, call: ToolCall, choice: int, position: int, manner: Manner) -> Iterator[_Delta]:
    yield {"tool_calls": [_open_call(call, choice, position, manner)]}, 1
    yield from _arguments(prompt, call, position, manner)


def _open_call(call: ToolCall, choice: int, position: int, manner: Manner) -> dict[str, Any]:
    return {"index": position, **spell_call(_drop_arguments(call), choice, position, manner)}


def _drop_arguments(call: ToolCall) -> ToolCall:
    return ToolCall(name=call.name, arguments="", id=call.id, custom=call.custom)


def _arguments(prompt: Prompt, call: ToolCall, position: int, manner: Manner) -> Iterator[_Delta]:
    kind, key = name_fields(call)
    for piece, tokens in cut_text(prompt, call.arguments, manner):
        yield {"tool_calls": [{"index": position, kind: {key: piece}}]}, tokens


def _legacy_arguments(prompt: Prompt, call: ToolCall, manner: Manner) -> Iterator[_Delta]:
    for piece, tokens in cut_text(prompt, call.arguments, manner):
        yield {"function_call": {"arguments": piece}}, tokens


def _chunk_logprobs(
    delta: dict[str, Any], prompt: Prompt, manner: Manner, given: LogprobsInTurn | None
) -> dict[str, Any] | None:
    if (text := delta.get("content")) and given is not None:
        return {"content": given.take(text), "refusal": None}
    if text:
        return {"content": token_logprobs(prompt, text, manner), "refusal": None}
    if text := delta.get("refusal"):
        probable = token_logprobs(prompt, text, manner) if given is None else given.take(text)
        return {"content": None, "refusal": probable}
    return None
