"""A chat completion as one object, and what its chunks share with it."""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.remembering import remember_calls
from llemulator_addon.core.reply import Choice, ModelOutput, Moderation, Refusal, Sound, Text, ToolCall
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.wire import audio, azure, moderation
from llemulator_addon.wire.answer import Manner, cut
from llemulator_addon.wire.families import family
from llemulator_addon.wire.json_bytes import Many
from llemulator_addon.wire.logprobs import each_given, each_logprob_of
from llemulator_addon.wire.models import resolve_alias
from llemulator_addon.wire.usage import NO_DETAILS, Counted, count_usage

Spoken = type[Text] | type[Refusal]
"""One of the two kinds of text."""


def write_completion(prompt: Prompt, says: ModelOutput, manner: Manner) -> dict[str, object]:
    """Return the whole completion."""
    return {
        "id": make_id(manner),
        "object": "chat.completion",
        "created": manner.stamp.created,
        "model": name_model(prompt, says, manner),
        "choices": _choices(prompt, says, manner),
        **moderate(prompt, says),
        "usage": write_usage(prompt, says),
        "service_tier": find_tier(prompt, says),
        "system_fingerprint": find_fingerprint(prompt, says, manner),
        **(azure.write_prompt_results() if prompt.azure else {}),
    }


def _choices(prompt: Prompt, says: ModelOutput, manner: Manner) -> "Many | list[dict[str, object]]":
    def make() -> Iterator[dict[str, object]]:
        return (_choice(prompt, says.choice(index), index, manner) for index in range(prompt.choices))

    return Many(make, nests=True) if manner.in_pieces else list(make())


def _choice(prompt: Prompt, choice: Choice, index: int, manner: Manner) -> dict[str, object]:
    return {
        "index": index,
        "message": _assistant(prompt, choice, index, manner),
        **({"logprobs": _all_logprobs(prompt, choice, manner)} if shows_logprobs(prompt) else {}),
        "finish_reason": find_finish_reason(prompt, choice),
        **({"content_filter_results": azure.write_filter_results()} if prompt.azure else {}),
    }


def _assistant(prompt: Prompt, choice: Choice, index: int, manner: Manner) -> dict[str, object]:
    """Spell the message. `tool_calls` stands between `content` and `refusal`, as recorded."""
    calls, refusal = list_calls(prompt, choice), find_refusal(choice)
    spoken = speaks(prompt, choice)
    silent = refusal is not None or spoken or (calls and not choice.text)
    return {
        "role": "assistant",
        "content": None if silent else choice.text,
        **_spell_calls(prompt, calls, index, manner),
        "refusal": refusal,
        **({"audio": _audio(prompt, choice, index, manner)} if spoken else {}),
        "annotations": list_annotations(choice),
    }


def _spell_calls(prompt: Prompt, calls: list[ToolCall], choice: int, manner: Manner) -> dict[str, object]:
    if not calls:
        return {}
    if is_legacy(prompt):
        return {"function_call": {"name": calls[0].name, "arguments": calls[0].arguments}}
    return {"tool_calls": [spell_call(call, choice, position, manner) for position, call in enumerate(calls)]}


def spell_call(call: ToolCall, choice: int, position: int, manner: Manner) -> dict[str, object]:
    """Return a tool call as a message has it."""
    kind, key = name_fields(call)
    spelled = {"name": call.name, key: call.arguments}
    return {"id": _call_id(call, choice, position, manner), "type": kind, kind: spelled}


def _all_logprobs(prompt: Prompt, choice: Choice, manner: Manner) -> dict[str, object] | None:
    if not prompt.body.get("logprobs"):
        return None
    return {
        "content": _logprobs_of(Text, choice.text, prompt, choice, manner),
        "refusal": _logprobs_of(Refusal, find_refusal(choice), prompt, choice, manner),
    }


def _logprobs_of(
    kind: Spoken, text: str | None, prompt: Prompt, choice: Choice, manner: Manner
) -> "Many | list[dict[str, object]] | None":
    if not text:
        return None
    if not has_logprobs(kind, choice):
        return token_logprobs(prompt, text, manner)
    return list(each_text_logprob(kind, prompt, choice, manner))


def has_logprobs(kind: Spoken, choice: Choice) -> bool:
    """Whether a script gives the log probabilities of any of the texts."""
    return any(isinstance(block, kind) and block.logprobs is not None for block in choice.blocks)


def each_text_logprob(kind: Spoken, prompt: Prompt, choice: Choice, manner: Manner) -> Iterator[dict[str, object]]:
    """Yield the log probabilities of all texts of a choice: those of the script, and generated ones for other texts."""
    top = prompt.body.get("top_logprobs") or 0
    for block in choice.blocks:
        if isinstance(block, kind) and block.logprobs is not None:
            yield from each_given(block.logprobs, top)
        elif isinstance(block, kind):
            pieces = (piece for piece, _ in cut(block.text, family(prompt.model).encoding, "token"))
            yield from each_logprob_of(pieces, top, manner.stamp)


def list_annotations(choice: Choice) -> list[dict[str, object]]:
    """Spell citations as chat has them, which knows only those of web pages; places count from the text's start."""
    found: list[dict[str, object]] = []
    start = 0
    for block in choice.blocks:
        if isinstance(block, Text):
            found += [_citation(given, start) for given in block.annotations if given.get("type") == "url_citation"]
            start += len(block.text)
    return found


def _citation(given: Mapping[str, object], start: int) -> dict[str, object]:
    fields = {
        "end_index": _shift(given.get("end_index", 0), start),
        "start_index": _shift(given.get("start_index", 0), start),
        "title": given.get("title", ""),
        "url": given.get("url", ""),
    }
    return {"type": "url_citation", "url_citation": fields}


def _shift(place: object, start: int) -> object:
    """Count a place from the start of all texts. A script may give anything: other values are sent as they are."""
    return place + start if isinstance(place, int) else place


def _audio(prompt: Prompt, choice: Choice, index: int, manner: Manner) -> dict[str, object]:
    return {
        "id": make_audio_id(choice, index, manner),
        "data": b64encode(make_sound(prompt, choice)).decode("ascii"),
        "expires_at": find_end_of_audio(choice, manner),
        "transcript": choice.text,
    }


def find_sound(choice: Choice) -> Sound:
    """Return what a script says of the sound of a choice."""
    return next((block.sound for block in choice.blocks if isinstance(block, Text) and block.sound), Sound())


def find_end_of_audio(choice: Choice, manner: Manner) -> int:
    """Return when the sound of a choice expires, in seconds since the epoch."""
    given = find_sound(choice).expires_at
    return manner.stamp.created + HOUR if given is None else given


HOUR = 3_600


def moderate(prompt: Prompt, says: ModelOutput) -> dict[str, object]:
    """Return the member `moderation`, where the request asks for it."""
    asked = prompt.body.get("moderation")
    if not isinstance(asked, dict):
        return {}
    model = str(asked.get("model") or moderation.DEFAULT)
    given = moderation.join_texts((prompt.user_text,))
    said = moderation.join_texts(says.choice(index).text for index in range(prompt.choices))
    scripted = says.moderation or Moderation()
    return {
        "moderation": {
            "input": moderation.results(model, given, scripted.input),
            "output": moderation.results(model, said, scripted.output),
        }
    }


# For chunks too ------------------------------------------------------------------------------------------------------


def cut_text(prompt: Prompt, text: str, manner: Manner) -> Iterable[tuple[str, int]]:
    """Cut a text into deltas: as the rule wants it, but one token each where their probabilities go with them."""
    chunk_by = "token" if prompt.body.get("logprobs") and shows_logprobs(prompt) else manner.chunk_by
    return cut(text, family(prompt.model).encoding, chunk_by)


def token_logprobs(prompt: Prompt, text: str, manner: Manner) -> "Many | list[dict[str, object]]":
    """Return the log probabilities of each token of a text."""

    def make() -> Iterator[dict[str, object]]:
        pieces = (piece for piece, _ in cut(text, family(prompt.model).encoding, "token"))
        return each_logprob_of(pieces, prompt.body.get("top_logprobs") or 0, manner.stamp)

    return Many(make) if manner.in_pieces and not prompt.stream else list(make())


def make_id(manner: Manner) -> str:
    """Return the id of the completion."""
    return f"chatcmpl-{manner.stamp.base62('chatcmpl', 29)}"


def _call_id(call: ToolCall, choice: int, position: int, manner: Manner) -> str:
    return call.id or f"call_{manner.stamp.base62(f'call/{choice}/{position}', 24)}"


def make_audio_id(choice: Choice, index: int, manner: Manner) -> str:
    """Return the id of the sound of a choice."""
    return find_sound(choice).id or f"audio_{manner.stamp.hex(f'audio/{index}', 32)}"


def name_model(prompt: Prompt, says: ModelOutput, manner: Manner) -> str:
    """Return the model that the answer names."""
    return says.model or (resolve_alias(prompt.model) if manner.dated_models else prompt.model)


def find_tier(prompt: Prompt, says: ModelOutput) -> str:
    """Return the service tier that the answer names."""
    if says.service_tier is not None:
        return says.service_tier
    match prompt.body.get("service_tier"):
        case "fast":
            return "priority"
        case str(asked) if asked != "auto":
            return asked
        case _:
            return "default"


def find_fingerprint(prompt: Prompt, says: ModelOutput, manner: Manner) -> str | None:
    """Return the fingerprint of the model's set-up: that of the script, or one if its family has one."""
    if says.fingerprint is not None or not says.has_fingerprint:
        return says.fingerprint
    of = family(prompt.model)
    if of.fingerprint != "fp":
        return "" if of.fingerprint == "empty" else None
    return _fingerprint_of(prompt.model, manner.stamp.lasting)


@remember_calls(1024, longest=200)
def _fingerprint_of(model: str, lasting: Stamp) -> str:
    return f"fp_{lasting.hex(f'fingerprint/{model}', 10)}"


def shows_logprobs(prompt: Prompt) -> bool:
    """Whether choices have the key `logprobs`."""
    return family(prompt.model).logprobs_key or bool(prompt.body.get("logprobs"))


def find_finish_reason(prompt: Prompt, choice: Choice) -> str | None:
    """Return why a choice ended."""
    if choice.finish_reason is not None or not choice.says_why:
        return choice.finish_reason
    if not list_calls(prompt, choice):
        return "stop"
    # https://platform.openai.com/docs/guides/function-calling: a call of a function that the request forces by name
    # finishes with "stop".
    if is_legacy(prompt):
        return "stop" if isinstance(prompt.body.get("function_call"), dict) else "function_call"
    forced = prompt.body.get("tool_choice")
    return "stop" if isinstance(forced, dict) and forced.get("type") in _NAMED else "tool_calls"


_NAMED = ("function", "custom")


def is_legacy(prompt: Prompt) -> bool:
    """Whether the client speaks of `functions`, as before `tools`."""
    return bool(prompt.body.get("functions")) and not prompt.body.get("tools")


def list_calls(prompt: Prompt, choice: Choice) -> list[ToolCall]:
    """Return the calls; one of a tool that the request offers as custom is custom, however the script wrote it."""
    custom = {tool.name for tool in prompt.tools if tool.kind == "custom"}
    return [
        ToolCall(name=call.name, arguments=call.arguments, id=call.id, custom=call.custom or call.name in custom)
        for call in choice.blocks
        if isinstance(call, ToolCall)
    ]


def name_fields(call: ToolCall) -> tuple[str, str]:
    """Return under which key a call stands, and under which its arguments."""
    return ("custom", "input") if call.custom else ("function", "arguments")


def find_refusal(choice: Choice) -> str | None:
    """Return the text of a refusal; None if there is none."""
    texts = [block.text for block in choice.blocks if isinstance(block, Refusal)]
    return "".join(texts) if texts else None


def speaks(prompt: Prompt, choice: Choice) -> bool:
    """Whether the choice is spoken: audio was asked for, and there are words."""
    return "audio" in (prompt.body.get("modalities") or ()) and bool(choice.text) and find_refusal(choice) is None


def make_sound(prompt: Prompt, choice: Choice) -> bytes:
    """Return a choice as sound, in the format that the request asks for, if the script gives none."""
    sound = find_sound(choice)
    if sound.data is not None:
        return b64decode(sound.data)
    options = prompt.body.get("audio")
    wanted = options.get("format") if isinstance(options, dict) else None
    return audio.FORMATS.get(str(wanted), audio.wav)(choice.text, audio.find_speed(choice.text, sound.seconds))


def write_usage(prompt: Prompt, says: ModelOutput) -> dict[str, object] | None:
    """Return the counted tokens; None where the script wants none."""
    if not says.usage.shown:
        return None
    spoken = [says.choice(index) for index in range(prompt.choices)]
    sound = sum(audio.tokens_of(choice.text) for choice in spoken if speaks(prompt, choice))
    return _spell_usage(count_usage(prompt, says, audio=sound), prompt)


def _spell_usage(of: Counted, prompt: Prompt) -> dict[str, object]:
    told = _details_of_audio(of) if _is_of_audio(prompt) else (NO_DETAILS, NO_DETAILS)
    writes = {"cache_write_tokens": 0} if isinstance(prompt.body.get("prompt_cache_options"), dict) else NO_DETAILS
    return {
        "prompt_tokens": of.prompt,
        "completion_tokens": of.completion,
        "total_tokens": of.total,
        "prompt_tokens_details": {
            "cached_tokens": of.cached,
            "audio_tokens": 0,
            **told[0],
            **writes,
            **of.of_prompt,
        },
        "completion_tokens_details": {
            "reasoning_tokens": of.reasoning,
            "audio_tokens": of.audio,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
            **told[1],
            **of.of_completion,
        },
    }


def _is_of_audio(prompt: Prompt) -> bool:
    return family(prompt.model).audio or "audio" in (prompt.body.get("modalities") or ())


def _details_of_audio(of: Counted) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Return the details that only models of audio tell (recorded): what is neither sound nor an image is text."""
    heard = of.of_prompt.get("audio_tokens", 0) + of.of_prompt.get("image_tokens", 0)
    said = of.completion - of.reasoning - of.of_completion.get("audio_tokens", of.audio)
    return {"text_tokens": max(0, of.prompt - heard), "image_tokens": 0}, {"text_tokens": max(0, said)}
