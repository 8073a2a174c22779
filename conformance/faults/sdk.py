"""A program that uses OpenAI's Python SDK as an application would: a question a line in, what came of it a line out.

    python sdk.py sync|async|http2

Questions are those of `clients.Question`. The environment leads the SDK to the server.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

from openai import APIStatusError, AsyncOpenAI, DefaultHttpxClient, OpenAI


def main(kind: str) -> None:
    """Answer until there are no more questions."""
    if kind == "async":
        asyncio.run(_answer_async())
    else:
        _answer(http2=kind == "http2")


def _answer(*, http2: bool) -> None:
    clients: dict[str, OpenAI] = {}
    for question in _questions():
        key = question["token"]
        if key not in clients:
            clients[key] = OpenAI(api_key=key, http_client=DefaultHttpxClient(http2=True) if http2 else None)
        _tell(_asked(clients[key].with_options(**_options(question)), question))


def _asked(client: OpenAI, question: dict[str, Any]) -> dict[str, Any]:
    said: list[str] = []
    try:
        answer: Any = _call(client, question)
        if question["stream"]:
            said.extend(map(_delta, answer))
        else:
            said.append(_text(answer))
    except Exception as error:  # noqa: BLE001 - which one it is, is the question
        return _seen(said, error)
    return _seen(said)


async def _answer_async() -> None:
    clients: dict[str, AsyncOpenAI] = {}
    for question in _questions():
        key = question["token"]
        if key not in clients:
            clients[key] = AsyncOpenAI(api_key=key)
        _tell(await _asked_async(clients[key].with_options(**_options(question)), question))


async def _asked_async(client: AsyncOpenAI, question: dict[str, Any]) -> dict[str, Any]:
    said: list[str] = []
    try:
        answer: Any = await _call(client, question)
        if question["stream"]:
            events: AsyncIterator[Any] = answer
            async for event in events:
                said.append(_delta(event))  # noqa: PERF401 - what came before an error is kept
        else:
            said.append(_text(answer))
    except Exception as error:  # noqa: BLE001 - which one it is, is the question
        return _seen(said, error)
    return _seen(said)


def _questions() -> Iterator[dict[str, Any]]:
    for line in sys.stdin:
        yield json.loads(line)


def _options(question: dict[str, Any]) -> dict[str, Any]:
    return {"timeout": question["timeout_s"], "max_retries": question["retries"]}


def _call(client: OpenAI | AsyncOpenAI, question: dict[str, Any]) -> Any:  # noqa: ANN401 - of either client
    resource: Any = client.responses if question["endpoint"] == "responses" else client.chat.completions
    return resource.create(**question["body"])


def _delta(event: Any) -> str:  # noqa: ANN401 - of either endpoint
    if hasattr(event, "choices"):
        return "".join(choice.delta.content or "" for choice in event.choices)
    return event.delta if event.type == "response.output_text.delta" else ""


def _text(answer: Any) -> str:  # noqa: ANN401 - of either endpoint
    return str(answer.choices[0].message.content if hasattr(answer, "choices") else answer.output_text)


def _seen(said: list[str], error: Exception | None = None) -> dict[str, Any]:
    raises = None if error is None else type(error).__name__
    if error is not None and error.__cause__ is not None and not isinstance(error, APIStatusError):
        raises = f"{raises}: {type(error.__cause__).__name__}"
    return {"text": "".join(said), "raises": raises, "status": getattr(error, "status_code", None)}


def _tell(seen: dict[str, Any]) -> None:
    print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
