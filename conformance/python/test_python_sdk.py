"""OpenAI's official Python SDK, sync and async, unmodified, plays the cases against a running server."""

import asyncio
import inspect
import logging
import secrets
from collections.abc import AsyncIterable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from conformance.case import Call, Case, Failed, Refused, Streamed, Together, cases
from conformance.expect import differences
from conformance.server import Server

type Client = OpenAI | AsyncOpenAI

_KINDS: dict[str, type[OpenAI] | type[AsyncOpenAI]] = {"sync": OpenAI, "async": AsyncOpenAI}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came of a call."""

    answer: Any = None
    """As the SDK read it from the wire: what was not sent is not there. Of a stream the list of its pieces."""
    request_id: str | None = None
    streamed: bool = False
    error: openai.APIError | None = None
    retries: int = 0


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_case(case: Case, kind: str, way: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="openai._base_client")

    assert asyncio.run(_play(case, kind, way, caplog)) == []


async def _play(case: Case, kind: str, server: Server, log: pytest.LogCaptureFixture) -> list[str]:
    token = f"sk-{secrets.token_hex(8)}"
    if case.together:
        return await _play_together(case.together, _KINDS[kind](api_key=token), server)
    problems = _load(case, token, server)
    client = _KINDS[kind](api_key=token)
    ids: list[str] = []
    for number, call in enumerate(chain.from_iterable(repeat(call, call.times) for call in case.calls)):
        seen = await _make(call, client, log)
        problems += [f"call {number}, {line}" for line in _judge(call, seen)]
        ids += _id(call, seen)
    await _close(client)
    return problems + ([] if len(set(ids)) == len(ids) else [f"ids: expected each once, got {ids}"])


async def _close(client: Client) -> None:
    if isinstance(client, AsyncOpenAI):
        await client.close()
    else:
        client.close()


# The script ---------------------------------------------------------------------------------------------------------


def _load(case: Case, token: str, server: Server) -> list[str]:
    if case.yaml is not None:
        answer = _post(server, token, content=case.yaml, headers={"content-type": "application/yaml"})
    elif case.script is not None:
        answer = _post(server, token, json=case.script)
    else:
        return []
    return _judge_load(case.refused, answer)


def _post(server: Server, token: str, *, headers: Mapping[str, str] | None = None, **body: Any) -> httpx.Response:  # noqa: ANN401
    with httpx.Client(base_url=server.origin, trust_env=False) as client:
        return client.post("/_emulator/script", headers={"authorization": f"Bearer {token}", **(headers or {})}, **body)


def _judge_load(refused: Refused | None, answer: httpx.Response) -> list[str]:
    if refused is None:
        return [] if answer.status_code == httpx.codes.OK else [f"script: {answer.status_code} {answer.text}"]
    return [
        *differences(refused.status, answer.status_code, "script: status"),
        *differences({"error": refused.error}, answer.json(), "script"),
    ]


# One call -----------------------------------------------------------------------------------------------------------


async def _make(call: Call, client: Client, log: pytest.LogCaptureFixture) -> Seen:
    log.clear()
    try:
        seen = await _answer(call, client)
    except openai.APIError as error:
        seen = Seen(error=error, request_id=getattr(error, "request_id", None))
    retries = sum(record.message.startswith("Retrying request ") for record in log.records)
    return Seen(
        answer=seen.answer, request_id=seen.request_id, streamed=seen.streamed, error=seen.error, retries=retries
    )


async def _answer(call: Call, client: Client) -> Seen:
    headers = {"Authorization": openai.Omit()} if call.key == "absent" else None
    keywords = {**call.arguments(), **({"extra_headers": headers} if headers else {})}
    if call.op in {"get", "post"}:
        keywords["cast_to"] = object
    method: Any = client
    for name in call.op.split("."):
        method = getattr(method, name)
    answer = method(*call.path, **keywords)
    if inspect.isawaitable(answer):
        answer = await answer
    if call.params.get("stream"):
        return Seen(answer=[_wire(piece) for piece in await _pieces(answer)], streamed=True)
    return Seen(answer=_wire(answer), request_id=getattr(answer, "_request_id", None))


async def _pieces(stream: AsyncIterable[Any] | Iterable[Any]) -> list[Any]:
    if isinstance(stream, AsyncIterable):
        return [piece async for piece in stream]
    return list(stream)


def _wire(answer: Any) -> Any:  # noqa: ANN401
    return answer.to_dict(mode="json") if hasattr(answer, "to_dict") else answer


# What it must come to -----------------------------------------------------------------------------------------------


def _judge(call: Call, seen: Seen) -> list[str]:
    return [
        *differences(call.retries, seen.retries, "retries"),
        *_judge_request_id(call, seen),
        *(_judge_error(call.error, seen) if call.error or seen.error else _judge_answer(call, seen)),
    ]


def _judge_request_id(call: Call, seen: Seen) -> list[str]:
    if seen.streamed or call.op in {"get", "post"} or call.op.endswith(".list"):
        return []
    return differences({"$search": "^req_[0-9a-f]{32}$"}, seen.request_id, "request id")


def _judge_error(expected: Failed | None, seen: Seen) -> list[str]:
    if not seen.error:
        return [f"answer: expected an error, got {seen.answer!r}"]
    if not expected:
        return [f"answer: expected none, got {type(seen.error).__name__}: {seen.error}"]
    name = expected.raises if isinstance(expected.raises, str) else expected.raises["python"]
    body = seen.error.body if isinstance(seen.error.body, dict) else {}
    return [
        *differences(name, type(seen.error).__name__, "error class"),
        *(differences(expected.status, getattr(seen.error, "status_code", None), "status") if expected.status else []),
        *differences(expected.code, seen.error.code, "code"),
        *differences(expected.param, seen.error.param, "param"),
        *differences(expected.type, seen.error.type, "type"),
        *differences(expected.message, body.get("message"), "message"),
    ]


def _judge_answer(call: Call, seen: Seen) -> list[str]:
    says = [call.says] if isinstance(call.says, str) else call.says
    return [
        *(differences(says, _texts(seen.answer), "text") if says is not None else []),
        *differences(call.answer, seen.answer),
        *(_judge_stream(call.stream, seen.answer) if call.stream else []),
    ]


def _judge_stream(expected: Streamed, pieces: list[Any]) -> list[str]:
    return [
        *differences(expected.first, pieces[0], "first piece"),
        *differences(expected.last, pieces[-1], "last piece"),
        *differences({"$each": expected.each}, pieces, "pieces"),
        *differences({"$each": {path: pieces[0][path] for path in expected.same}}, pieces, "same in all pieces"),
        *differences({"$above": expected.more_than}, len(pieces), "number of pieces"),
    ]


def _id(call: Call, seen: Seen) -> list[str]:
    """Return the id of what the call made."""
    answer = seen.answer[0] if seen.streamed else seen.answer
    return [answer["id"]] if call.op.endswith(".create") and answer and "id" in answer else []


def _texts(answer: Any) -> list[str]:  # noqa: ANN401
    """Return the text of each choice, whole or put together from deltas."""
    choices: dict[int, str] = {}
    for piece in answer if isinstance(answer, list) else [answer]:
        for choice in piece.get("choices", []):
            said = choice.get("message") or choice.get("delta") or {}
            text = said.get("content") or choice.get("text") or ""
            choices[choice["index"]] = choices.get(choice["index"], "") + text
    return [choices[index] for index in sorted(choices)]


# Many tokens at once ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Crowd:
    """Clients that share one connection pool, each with its token."""

    together: Together
    clients: list[Client]
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(64))

    async def ask(self, token: int, request: int) -> str:
        """Return the text that this request of this token gets; every other one is streamed."""
        call = Call(ask=f"request {request}", params={"stream": request % 2 == 1})
        client = self.clients[token]
        if isinstance(client, AsyncOpenAI):
            seen = await _answer(call, client)
        else:
            loop = asyncio.get_running_loop()
            seen = await loop.run_in_executor(self.threads, lambda: asyncio.run(_answer(call, client)))
        return _texts(seen.answer)[0]

    async def ask_all(self, token: int) -> list[str]:
        """Return the answers of one token."""
        requests = range(self.together.requests)
        if self.together.at_once:
            return sorted(await asyncio.gather(*(self.ask(token, request) for request in requests)))
        return [await self.ask(token, request) for request in requests]


async def _play_together(together: Together, client: Client, server: Server) -> list[str]:
    tokens = range(together.tokens)
    expected = [[together.answer(token, request) for request in range(together.requests)] for token in tokens]
    keys = [f"sk-{secrets.token_hex(8)}" for _ in tokens]
    for key, answers in zip(keys, expected, strict=True):
        assert _judge_load(None, _post(server, key, json={"responses": answers})) == []
    crowd = _Crowd(together, [client.with_options(api_key=key) for key in keys])
    seen = await asyncio.gather(*(crowd.ask_all(token) for token in tokens))
    crowd.threads.shutdown()
    await _close(client)
    return differences([sorted(answers) for answers in expected] if together.at_once else expected, list(seen))
