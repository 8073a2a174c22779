"""`POST /v1/embeddings`.

No model speaks here, so a rule answers only if its `match` names the endpoint or the path: the replies that a script
lists for a chat are not used up by the searches in between. A rule that answers may fail; its text (`json: [0.1, 0.2]`,
or one such list for each input) is the vector to give back, and any other text stands for the vectors as they are.
Without a rule every text has its vector (`wire/vectors.py`), whatever `on_unmatched` says.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from struct import pack

from llemulator_addon.core.json_type import JsonObject
from llemulator_addon.core.prompt import Message, Prompt
from llemulator_addon.core.reply import Failure, ModelOutput, Near
from llemulator_addon.wire import errors, headers
from llemulator_addon.wire.answer import Answer, Body, Call, Endpoint, LongBody, Made, Manner
from llemulator_addon.wire.azure import add_model
from llemulator_addon.wire.bodies import check_body
from llemulator_addon.wire.capabilities import Embedding
from llemulator_addon.wire.checking import Fields, integer, one_of, text
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.families import family
from llemulator_addon.wire.inputs import Input, inputs, is_longer
from llemulator_addon.wire.json_bytes import Many, pretty, write_pieces
from llemulator_addon.wire.json_bytes import read as read_json
from llemulator_addon.wire.members import number_in, text_in
from llemulator_addon.wire.models import resolve_alias, serves
from llemulator_addon.wire.shared_fields import SHORT_KEY
from llemulator_addon.wire.usage import read_usage
from llemulator_addon.wire.vectors import numbers, put_near, vector

NAME = "embeddings"


def read(call: Call, body: JsonObject) -> Prompt:
    """Understand a body; raises `RequestRefused` in OpenAI's words."""
    body = add_model(body, call.params)
    if body.get("model") is None:
        raise RequestRefused(errors.no_model())
    checked = check_body(EMBEDDING, body, lenient=call.lenient)
    model = text_in(checked, "model") or ""
    if body.get("input") is None:
        raise RequestRefused(errors.missing("input"))
    texts = _inputs(body, model)
    if not call.lenient:
        for failure in _refusals(call, model, body, texts):
            raise RequestRefused(failure)
    return Prompt(
        endpoint=NAME,
        model=model,
        messages=tuple(Message(role="user", text=each.text) for each in texts),
        body=_ask_for_numbers(body) if call.lenient and _is_python(call) else body,
    )


def write(prompt: Prompt, says: ModelOutput, manner: Manner) -> Answer:
    """Write a vector for each text: a scripted one, or its own."""
    vectors, spell = (
        _read_given(prompt, says) or _read_script(says) or _own(prompt),
        _base64 if _is_base64(prompt) else _floats,
    )

    def vectors_told() -> Iterator[dict[str, object]]:
        for index, message in enumerate(prompt.messages):
            yield {"object": "embedding", "index": index, "embedding": spell(vectors(index, message.text))}

    usage = _usage(prompt, says)
    answer = {
        "object": "list",
        "data": Many(vectors_told) if manner.in_pieces else list(vectors_told()),
        "model": says.model or (resolve_alias(prompt.model) if manner.dated_models else prompt.model),
        "usage": usage,
    }
    named, said = (headers.name_model(resolve_alias(prompt.model)),), read_usage(usage)
    if manner.in_pieces:
        return LongBody(pieces=Made(lambda: chain(write_pieces(answer), (b"\n",))), headers=named, usage=said)
    return Body(body=pretty(answer) + b"\n", headers=named, usage=said)


def size(prompt: Prompt, says: ModelOutput) -> int:
    """Estimate the bytes of an answer. To find a vector takes as long as to send the text many times over."""
    del says
    text = sum(len(message.text) for message in prompt.messages)
    return len(prompt.messages) * _embedding(prompt.model).size * (8 if _is_base64(prompt) else 32) + text * _FINDING


_FINDING = 8


ENDPOINT = Endpoint(name=NAME, method="POST", path="/embeddings", read=read, write=write, speaks=False, size=size)


def _is_base64(prompt: Prompt) -> bool:
    return prompt.body.get("encoding_format") == "base64"


EMBEDDING = Fields(
    checks={
        "model": text(),
        "dimensions": integer(1),
        "encoding_format": one_of("float", "base64"),
        "user": SHORT_KEY,
    },
    needs=("model",),
)
"""`input` is read apart."""


# Reading ------------------------------------------------------------------------------------------------------------


def _is_python(call: Call) -> bool:
    return call.request.headers.get("x-stainless-lang") == "python"


def _ask_for_numbers(body: JsonObject) -> JsonObject:
    """Ask for numbers. The Python SDK asks for base64 by itself, decodes it behind its strict validation, and so fails
    its own generated tests with what the real API answers; it reads numbers as well. JavaScript's before 7 does not.
    """  # noqa: D205 - one sentence too long for a line
    return {key: value for key, value in body.items() if key != "encoding_format"}


def _inputs(body: JsonObject, model: str) -> tuple[Input, ...]:
    if is_longer(body["input"], _MOST_INPUTS):
        raise RequestRefused(_INVALID_INPUT)
    return inputs(body["input"], family(model).encoding, _INVALID_INPUT)


_INVALID_INPUT = Failure(
    status=400,
    type=INVALID,
    message="'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.",
)
_MOST_INPUTS = 2_048
_MOST_TOKENS = 300_000


def _refusals(call: Call, model: str, body: JsonObject, texts: tuple[Input, ...]) -> Iterator[Failure]:
    if not all(each.text for each in texts):
        yield _INVALID_INPUT
    if not call.knows(model):
        return
    if not serves(model, "embeddings"):
        yield Failure(status=403, type=INVALID, message="You are not allowed to generate embeddings from this model")
    yield from _dimensions(model, number_in(body, "dimensions"))
    yield from _too_long(model, texts)


def _dimensions(model: str, wanted: float | None) -> Iterator[Failure]:
    of_model = _embedding(model)
    if wanted is None:
        return
    if not of_model.shortens:
        yield Failure(status=400, type=INVALID, message="This model does not support specifying dimensions.")
    elif wanted > of_model.size:
        # No recording of this refusal is known.
        yield Failure(
            status=400,
            type=INVALID,
            message=f"Invalid value for 'dimensions' = {wanted}. Must be less than or equal to {of_model.size}.",
        )


def _too_long(model: str, texts: tuple[Input, ...]) -> Iterator[Failure]:
    window = family(model).window
    if any(each.tokens > window for each in texts):
        yield Failure(status=400, type=INVALID, message=f"Invalid 'input': maximum context length is {window} tokens.")
    total = sum(each.tokens for each in texts)
    if total > _MOST_TOKENS:
        yield Failure(
            status=400,
            type="max_tokens_per_request",
            code="max_tokens_per_request",
            message=f"Requested {total} tokens, max {_MOST_TOKENS} tokens per request",
        )


def _embedding(model: str) -> Embedding:
    return family(model).embedding or Embedding(size=1_536, shortens=True)


# Writing ------------------------------------------------------------------------------------------------------------


_VectorOf = Callable[[int, str], bytes]
"""Takes the number of an input and its text."""


def _read_given(prompt: Prompt, says: ModelOutput) -> _VectorOf | None:
    """Return the vectors that a script gives; None if it gives none."""
    if not says.vectors:
        return None
    own = _own(prompt)

    def find(index: int, text: str) -> bytes:
        given = says.vectors[min(index, len(says.vectors) - 1)]
        if isinstance(given, Near):
            return put_near(
                own(index, given.text), own(index, text), own(index, f"{text}/{given.text}"), given.similarity
            )
        return _pack(given)

    return find


def _own(prompt: Prompt) -> _VectorOf:
    of_family = family(prompt.model)
    name = of_family.name if of_family.embedding else prompt.model
    size, wanted = _embedding(prompt.model).size, prompt.body.get("dimensions")
    shorter = min(wanted, size) if isinstance(wanted, int) and wanted > 0 else None
    return lambda _, text: vector(text, name, size, shorter)


def _read_script(says: ModelOutput) -> _VectorOf | None:
    """Read vectors from what the script says; None where it says something else."""
    try:
        value = read_json(says.choice(0).text.encode())
    except ValueError:
        return None
    match value:
        case [int() | float(), *_] if _are_numbers(value):
            return lambda *_: _pack(value)
        case [[*_], *_] if all(_are_numbers(each) for each in value):
            return lambda index, _: _pack(value[min(index, len(value) - 1)])
        case _:
            return None


def _are_numbers(value: object) -> bool:
    return isinstance(value, list) and all(type(number) in (int, float) for number in value)


def _pack(values: Sequence[float]) -> bytes:
    return pack(f"<{len(values)}f", *values)


def _base64(found: bytes) -> str:
    return b64encode(found).decode("ascii")


def _floats(found: bytes) -> list[float]:
    """Spell float32 numbers with the nine digits that tell them apart."""
    return [float(f"{number:.9g}") for number in numbers(found)]


def _usage(prompt: Prompt, says: ModelOutput) -> dict[str, int] | None:
    given = says.usage
    if not given.shown:
        return None
    count = given.prompt_tokens
    if count is None:
        count = sum(each.tokens for each in _inputs(prompt.body, prompt.model))
    return {"prompt_tokens": count, "total_tokens": count if given.total_tokens is None else given.total_tokens}
