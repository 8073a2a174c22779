"""`POST /v1/chat/completions`: reading the body, and writing the answer as JSON or as chunks."""

from collections.abc import Iterator
from functools import partial
from itertools import chain

from llemulator_addon.core.json_type import JsonObject
from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import ModelOutput
from llemulator_addon.core.resources import Kept
from llemulator_addon.wire import headers, sizes
from llemulator_addon.wire.answer import (
    Answer,
    Body,
    Call,
    Endpoint,
    EventStream,
    LongBody,
    Made,
    Manner,
)
from llemulator_addon.wire.azure import add_model, is_azure
from llemulator_addon.wire.chat import checks
from llemulator_addon.wire.chat.body import CHAT, LENIENT
from llemulator_addon.wire.chat.chunks import make_pieces, wants_usage
from llemulator_addon.wire.chat.completion import write_completion, write_usage
from llemulator_addon.wire.chat.conversation import list_messages, list_tools
from llemulator_addon.wire.endpoints import stored_chat
from llemulator_addon.wire.errors import RequestRefused, no_model
from llemulator_addon.wire.families import family
from llemulator_addon.wire.json_bytes import drop_many, pretty, write_pieces
from llemulator_addon.wire.members import number_in, text_in
from llemulator_addon.wire.named_files import check_files_of_chat
from llemulator_addon.wire.usage import read_usage

NAME = "chat.completions"


def read(call: Call, body: JsonObject) -> Prompt:
    """Understand a body; raises `RequestRefused` in OpenAI's words."""
    body = add_model(body, call.params)
    if body.get("model") is None:
        raise RequestRefused(no_model())
    if call.lenient:
        LENIENT.check(body)
        body = CHAT.drop_wrong(body, but=("messages",))
    else:
        CHAT.check(body)
    choices = number_in(body, "n")
    prompt = Prompt(
        endpoint=NAME,
        model=text_in(body, "model") or "",
        messages=tuple(list_messages(body)),
        tools=tuple(list_tools(body)),
        stream=bool(body.get("stream")),
        choices=1 if choices is None else int(choices),
        azure=is_azure(call.request.path),
        body=body,
    )
    if not call.lenient:
        _check(call, prompt)
    return prompt


def write(prompt: Prompt, says: ModelOutput, manner: Manner) -> Answer:
    """Write what the model says as one object, or as chunks where the request asks for a stream.

    With `store` the session keeps it, in the form in which it is listed.
    """
    keeps = tuple(_keep(prompt, says, manner))
    if prompt.stream:
        usage = write_usage(prompt, says) if wants_usage(prompt) else None
        return EventStream(
            pieces=Made(partial(make_pieces, prompt, says, manner, usage)),
            headers=headers.UNLIMITED,
            keeps=keeps,
            usage=read_usage(usage),
        )
    completion = write_completion(prompt, says, manner)
    said = read_usage(completion.get("usage"))
    if manner.in_pieces:
        return LongBody(pieces=Made(lambda: chain(write_pieces(completion), (b"\n",))), keeps=keeps, usage=said)
    return Body(body=pretty(completion) + b"\n", keeps=keeps, usage=said)


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


def _check(call: Call, prompt: Prompt) -> None:
    """Refuse what the API refuses. An unknown model is refused as such, and later."""
    check_files_of_chat(call, prompt.body)
    found = [checks.check_body(prompt)]
    if call.knows(prompt.model):
        found += [checks.check_model(prompt), checks.check_length(prompt, len(call.request.body))]
    for failure in chain.from_iterable(found):
        raise RequestRefused(failure)


def _keep(prompt: Prompt, says: ModelOutput, manner: Manner) -> Iterator[Kept]:
    if prompt.body.get("store") is True:
        # Without the log probabilities of an answer that is too large to be there at once.
        completion = drop_many(write_completion(prompt, says, manner))
        yield stored_chat.keep(prompt, completion, headers.request_id(manner.stamp))
