"""`POST /v1/completions`: the endpoint of before chat, with texts as prompts.

Each prompt is a user message to the rules, so that they see the last one; what an assistant would say is the text.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import chain

from llemulator_addon.core.json_type import JsonObject
from llemulator_addon.core.prompt import Message, Prompt
from llemulator_addon.core.reply import Choice, Failure, ModelOutput, Refusal, Text
from llemulator_addon.wire import errors, headers, sizes, sse
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
from llemulator_addon.wire.bodies import check_body
from llemulator_addon.wire.chat.body import PENALTY, PROBABILITY, STOP, STREAM_OPTIONS
from llemulator_addon.wire.checking import Fields, an_object, boolean, decimal, integer, text
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.families import family
from llemulator_addon.wire.inputs import Input, inputs, is_longer
from llemulator_addon.wire.json_bytes import Many, make_lists, pretty, write_pieces
from llemulator_addon.wire.logprobs import legacy_logprobs_of
from llemulator_addon.wire.members import number_in, text_in
from llemulator_addon.wire.models import resolve_alias, serves
from llemulator_addon.wire.shared_fields import SHORT_KEY
from llemulator_addon.wire.usage import count_usage, read_usage

NAME = "completions"


def read(call: Call, body: JsonObject) -> Prompt:
    """Understand a body; raises `RequestRefused` in OpenAI's words."""
    body = add_model(body, call.params)
    if body.get("model") is None:
        raise RequestRefused(errors.no_model())
    body = check_body(COMPLETION, body, lenient=call.lenient)
    model, each = text_in(body, "model") or "", int(number_in(body, "n") or 1)
    prompts = _prompts(body, model)
    if each * len(prompts) > _MOST_CHOICES:
        raise RequestRefused(Failure(status=400, type=INVALID, message=_INVALID_PROMPT))
    if not call.lenient:
        for failure in _refusals(call, body, prompts):
            raise RequestRefused(failure)
    return Prompt(
        endpoint=NAME,
        model=model,
        messages=tuple(Message(role="user", text=one.text) for one in prompts),
        stream=bool(body.get("stream")),
        choices=each * len(prompts),
        apart=True,
        body=_drop_null(body) if call.lenient else body,
    )


def _drop_null(body: JsonObject) -> JsonObject:
    """Ask for no probabilities of an echoed prompt: the SDK's types do not know that the first of them is null."""
    return {key: value for key, value in body.items() if key != "logprobs"} if body.get("echo") is True else body


def write(prompt: Prompt, says: ModelOutput, manner: Manner) -> Answer:
    """Write the texts as one object, or as chunks where the request asks for a stream."""
    more = (*headers.UNLIMITED, headers.name_model(resolve_alias(prompt.model)))
    if prompt.stream:
        usage = _usage(prompt, says) if _wants_usage(prompt) else None
        pieces = Made(partial(_pieces, prompt, says, manner, usage))
        return EventStream(pieces=pieces, headers=more, usage=read_usage(usage))
    completion = _completion(prompt, says, manner)
    said = read_usage(completion.get("usage"))
    if manner.in_pieces:
        return LongBody(pieces=Made(lambda: chain(write_pieces(completion), (b"\n",))), headers=more[-1:], usage=said)
    return Body(body=pretty(completion) + b"\n", headers=more[-1:], usage=said)


def _wants_usage(prompt: Prompt) -> bool:
    return bool((prompt.body.get("stream_options") or {}).get("include_usage"))


def size(prompt: Prompt, says: ModelOutput) -> int:
    """Estimate the bytes of an answer."""
    encoding, asked = family(prompt.model).encoding, prompt.body.get("logprobs")
    alternatives = None if asked is None else sizes.number(prompt.body, "logprobs")

    def estimate(texts: list[str]) -> int:
        return sizes.estimate_texts(texts, encoding, stream=prompt.stream, alternatives=alternatives)

    said = sum(times * (sizes.OF_A_CHUNK + estimate(texts)) for times, texts in sizes.list_texts(prompt, says))
    if prompt.body.get("echo") is not True:
        return said
    return said + estimate([message.text for message in prompt.messages]) * prompt.choices // len(prompt.messages)


ENDPOINT = Endpoint(name=NAME, method="POST", path="/completions", read=read, write=write, size=size)


# Reading ------------------------------------------------------------------------------------------------------------


COMPLETION = Fields(
    checks={
        "model": text(),
        "stream": boolean,
        "stream_options": STREAM_OPTIONS,
        "n": integer(1, 128),
        "best_of": integer(1, 20),
        "echo": boolean,
        "suffix": text(),
        "logprobs": integer(0, 5),
        "max_tokens": integer(0),
        "temperature": decimal(0, 2),
        "top_p": PROBABILITY,
        "frequency_penalty": PENALTY,
        "presence_penalty": PENALTY,
        "logit_bias": an_object,
        "stop": STOP,
        "seed": integer(),
        "user": SHORT_KEY,
    },
    needs=("model",),
)
"""`prompt` is read apart."""


def _prompts(body: JsonObject, model: str) -> tuple[Input, ...]:
    """Read the prompts; without one the model begins a new document."""
    value = body.get("prompt")
    wrong = Failure(status=400, type=INVALID, message=_INVALID_PROMPT)
    if is_longer(value, _MOST_PROMPTS):
        raise RequestRefused(wrong)
    return inputs("<|endoftext|>" if value is None else value, family(model).encoding, wrong)


_MOST_PROMPTS = 2_048
"""As of inputs of embeddings."""
_MOST_CHOICES = 16_384
"""Of all prompts together. No limit of the API's is known."""


_INVALID_PROMPT = (
    "'$.prompt' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference."
)


def _refusals(call: Call, body: JsonObject, prompts: tuple[Input, ...]) -> Iterator[Failure]:
    if body.get("stream_options") is not None and not body.get("stream"):
        yield errors.only_with("stream_options", "stream")
    model, n, best_of = text_in(body, "model") or "", number_in(body, "n") or 1, number_in(body, "best_of")
    if best_of is not None and n > best_of:
        yield Failure(
            status=400,
            type=INVALID,
            message="You requested that the server return more choices than it will generate (HINT: you must set 'n' "
            f"(currently {n}) to be at most 'best_of' (currently {best_of}), or omit either parameter if you don't "
            "specifically want to use them.)",
        )
    if not call.knows(model):
        return
    if not serves(model, "completions"):
        yield _elsewhere(model)
    yield from _too_long(body, model, prompts)


def _elsewhere(model: str) -> Failure:
    if serves(model, "chat"):
        return errors.wrong_endpoint(
            "This is a chat model and not supported in the v1/completions endpoint. Did you mean to use "
            "v1/chat/completions?"
        )
    if serves(model, "responses"):
        return errors.wrong_endpoint("This model is only supported in v1/responses and not in v1/completions.")
    return errors.wrong_endpoint("This model is not supported in the v1/completions endpoint.")


def _too_long(body: JsonObject, model: str, prompts: tuple[Input, ...]) -> Iterator[Failure]:
    window, most = family(model).window, number_in(body, "max_tokens")
    completion = 16 if most is None else int(most)
    longest = max(each.tokens for each in prompts)
    if longest + completion > window:
        yield Failure(
            status=400,
            type=INVALID,
            message=f"This model's maximum context length is {window} tokens, however you requested "
            f"{longest + completion} tokens ({longest} in your prompt; {completion} for the completion). Please "
            "reduce your prompt; or completion length.",
        )


# Writing one object -------------------------------------------------------------------------------------------------


def _completion(prompt: Prompt, says: ModelOutput, manner: Manner) -> dict[str, object]:
    return {
        **_base(manner),
        "model": _model(prompt, says, manner),
        "choices": _choices(prompt, says, manner),
        "usage": _usage(prompt, says),
    }


def _choices(prompt: Prompt, says: ModelOutput, manner: Manner) -> Many | list[dict[str, object]]:
    def make() -> Iterator[dict[str, object]]:
        for index in range(prompt.choices):
            yield _choice(prompt, tuple(_list_texts(prompt, says, index)), index, says.choice(index), manner)

    return Many(make, nests=True) if manner.in_pieces else list(make())


def _choice(prompt: Prompt, texts: tuple[str, ...], index: int, choice: Choice, manner: Manner) -> dict[str, object]:
    return {
        "text": "".join(texts),
        "index": index,
        "logprobs": _logprobs(prompt, texts, 0, manner),
        "finish_reason": _finish_reason(choice),
    }


# Writing a stream ---------------------------------------------------------------------------------------------------


def _pieces(prompt: Prompt, says: ModelOutput, manner: Manner, usage: Mapping[str, object] | None) -> Iterator[Piece]:
    base, model = _base(manner), _model(prompt, says, manner)
    no_usage = {"usage": None} if _wants_usage(prompt) else {}
    streams = [_chunks(prompt, says, index, manner) for index in range(prompt.choices)]
    for choice, tokens in take_turns(streams):
        yield Piece(sse.frame_unnamed({**base, "choices": [choice], "model": model, **no_usage}), tokens)
    if usage is not None:
        yield Piece(sse.frame_unnamed({**base, "choices": [], "model": model, "usage": usage}))
    yield Piece(sse.DONE)


def _chunks(prompt: Prompt, says: ModelOutput, index: int, manner: Manner) -> Iterator[tuple[dict[str, object], int]]:
    """Yield the texts of one choice; the last one carries the reason for which it ends."""
    chunk_by = "token" if prompt.body.get("logprobs") is not None else manner.chunk_by
    encoding = family(prompt.model).encoding
    pieces = chain.from_iterable(cut(text, encoding, chunk_by) for text in _list_texts(prompt, says, index))

    def chunk(text: str, finish: str | None) -> dict[str, object]:
        probable = _logprobs(prompt, (text,), offset, manner)
        return {"text": text, "index": index, "logprobs": probable, "finish_reason": finish}

    offset = 0
    text, tokens = next(pieces, ("", 0))
    for following, tokens_following in pieces:
        yield chunk(text, None), tokens
        offset += len(text)
        text, tokens = following, tokens_following
    yield chunk(text, _finish_reason(says.choice(index))), tokens


# Both ---------------------------------------------------------------------------------------------------------------


def _base(manner: Manner) -> dict[str, object]:
    return {
        "id": f"cmpl-{manner.stamp.base62('cmpl', 29)}",
        "object": "text_completion",
        "created": manner.stamp.created,
    }


def _model(prompt: Prompt, says: ModelOutput, manner: Manner) -> str:
    return says.model or (resolve_alias(prompt.model) if manner.dated_models else prompt.model)


def _list_texts(prompt: Prompt, says: ModelOutput, index: int) -> Iterable[str]:
    """Return what a choice's text is made of: with `echo` its prompt, then all words of the reply."""
    if prompt.body.get("echo") is True:
        yield prompt.messages[index * len(prompt.messages) // prompt.choices].text
    yield "".join(block.text for block in says.choice(index).blocks if isinstance(block, Text | Refusal))


def _logprobs(prompt: Prompt, texts: tuple[str, ...], offset: int, manner: Manner) -> Mapping[str, object] | None:
    top = prompt.body.get("logprobs")
    if top is None:
        return None
    encoding = family(prompt.model).encoding
    begins = offset == 0 and prompt.body.get("echo") is True

    def pieces() -> Iterator[str]:
        return (piece for text in texts for piece, _ in cut(text, encoding, "token"))

    probable = legacy_logprobs_of(pieces, top, offset, manner.stamp, begins=begins)
    return probable if manner.in_pieces and not prompt.stream else make_lists(probable)


def _finish_reason(choice: Choice) -> str | None:
    if not choice.says_why:
        return None
    return choice.finish_reason if choice.finish_reason in ("stop", "length", "content_filter") else "stop"


def _usage(prompt: Prompt, says: ModelOutput) -> dict[str, object] | None:
    if not says.usage.shown:
        return None
    of = count_usage(prompt, says, asked=_prompt_tokens(prompt))
    details = {
        **({"prompt_tokens_details": of.of_prompt} if of.of_prompt else {}),
        **({"completion_tokens_details": of.of_completion} if of.of_completion else {}),
    }
    return {
        "prompt_tokens": of.prompt,
        "completion_tokens": of.completion,
        "total_tokens": of.total,
        **details,
    }


def _prompt_tokens(prompt: Prompt) -> int:
    return sum(each.tokens for each in _prompts(prompt.body, prompt.model))
