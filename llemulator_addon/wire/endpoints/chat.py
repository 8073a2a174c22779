"""`POST /v1/chat/completions`: reading the body, and writing the answer as JSON or as chunks."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain
from typing import Any

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
from llemulator_addon.wire.azure import add_model
from llemulator_addon.wire.bodies import drop_ignored, read_body
from llemulator_addon.wire.chat import checks
from llemulator_addon.wire.chat.body import ChatBody
from llemulator_addon.wire.chat.chunks import make_pieces
from llemulator_addon.wire.chat.completion import write_completion
from llemulator_addon.wire.endpoints import stored_chat
from llemulator_addon.wire.errors import RequestRefused, no_model
from llemulator_addon.wire.families import family
from llemulator_addon.wire.json_bytes import drop_many, pretty, write_pieces

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
        return EventStream(
            pieces=Made(partial(make_pieces, prompt, says, manner)), headers=headers.UNLIMITED, keeps=keeps
        )
    completion = write_completion(prompt, says, manner)
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
        completion = drop_many(write_completion(prompt, says, manner))
        yield stored_chat.keep(prompt, completion, headers.request_id(manner.stamp))
