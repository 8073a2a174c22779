"""Answers of endpoints made straight from replies, without a script; and the official SDK over them."""

import json
from collections.abc import Mapping
from typing import Any, override

import httpx2
import pytest
from openai import OpenAI

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Block, Choice, Failure, FinishReason, ModelOutput, Refusal, Text, ToolCall
from llemulator_addon.core.request import Request
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import Head
from llemulator_addon.emulator import Emulator
from llemulator_addon.wire.answer import Answer, Body, Call, Endpoint, EventStream, Manner
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.models import DEFAULT_MODELS
from tests.playing import body_of, outcome
from tests.wire.shapes import events as events_of

STAMP = Stamp(7, 3)
HELLO = Text("Hello there, 世界!")
WEATHER = ToolCall(name="weather", arguments='{"city":"Oslo"}')
TIME = ToolCall(name="time", arguments="{}")
NO = Refusal("I cannot help with that.")


def one(*blocks: Block, finish: FinishReason | None = None) -> ModelOutput:
    """A reply with one choice."""
    return ModelOutput(choices=(Choice(blocks=blocks, finish_reason=finish),))


def call(
    body: Mapping[str, Any], *, lenient: bool = False, params: Mapping[str, str] | None = None, **headers: str
) -> Call:
    """A request by a token that may use every model."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Call(
        request=Request(method="POST", path="/v1/any", body=json.dumps(body).encode(), headers=sent),
        params=params or {},
        stamp=STAMP,
        models=dict.fromkeys(DEFAULT_MODELS),
        lenient=lenient,
    )


def understood(endpoint: Endpoint, body: Mapping[str, Any], *, lenient: bool = False) -> Prompt:
    """What an endpoint understands of a body."""
    return endpoint.read(call(body, lenient=lenient), body)


def refused(endpoint: Endpoint, body: Mapping[str, Any]) -> Failure:
    """How an endpoint refuses a body."""
    with pytest.raises(RequestRefused) as caught:
        understood(endpoint, body)
    return caught.value.failure


def answer(endpoint: Endpoint, body: Mapping[str, Any], says: ModelOutput, **manner: Any) -> Answer:  # noqa: ANN401
    """What an endpoint makes of a reply."""
    written = endpoint.write(understood(endpoint, body), says, Manner(stamp=STAMP, **manner))
    assert not isinstance(written, Failure)
    return written


def whole(endpoint: Endpoint, body: Mapping[str, Any], says: ModelOutput, **manner: Any) -> Any:  # noqa: ANN401
    """The JSON of an answer in one piece."""
    made = answer(endpoint, body, says, **manner)
    assert isinstance(made, Body)
    return json.loads(made.body)


def stream(endpoint: Endpoint, body: Mapping[str, Any], says: ModelOutput, **manner: Any) -> bytes:  # noqa: ANN401
    """The bytes of an answer as a stream."""
    made = answer(endpoint, {**body, "stream": True}, says, **manner)
    assert isinstance(made, EventStream)
    return b"".join(piece.piece for piece in made.pieces)


def chunks(endpoint: Endpoint, body: Mapping[str, Any], says: ModelOutput, **manner: Any) -> list[Any]:  # noqa: ANN401
    """The events of an answer as a stream, without `[DONE]`."""
    return events_of(stream(endpoint, body, says, **manner))


class InProcess(httpx2.BaseTransport):
    """Leads a client to an emulator in this process."""

    def __init__(self, server: Emulator) -> None:
        self._server = server

    @override
    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Let the emulator answer."""
        steps = outcome(
            self._server,
            Request(
                method=request.method,
                path=request.url.raw_path.decode().partition("?")[0],
                query=tuple(request.url.params.multi_items()),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=request.read(),
            ),
        ).steps
        head = next(step for step in steps if isinstance(step, Head))
        return httpx2.Response(head.status, headers=list(head.headers), content=body_of(steps))


def client(server: Emulator, *, strict: bool = True) -> OpenAI:
    """The official SDK, which validates strictly what it gets."""
    return OpenAI(
        api_key="sk-test-1234",
        http_client=httpx2.Client(transport=InProcess(server)),
        max_retries=0,
        _strict_response_validation=strict,
    )
