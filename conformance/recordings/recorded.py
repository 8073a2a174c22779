"""Recordings of real OpenAI traffic, as langchain-openai publishes them with its own tests (VCR cassettes)."""

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from conformance.sources import source_package
from llemulator_addon.script.recorded import join_chunks

_LANGCHAIN = ("langchain-openai", "1.7.4", "8fd90e41588526d990f32262447adf8e130d7ce28ed66cefa315e64cc9dd12ce")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One request to OpenAI's API and what came back. Addresses and headers are blacked out in the recordings."""

    name: str
    """The recording's, and the number of the exchange in it."""
    path: str
    """The operation's, as follows from the answer."""
    request: Mapping[str, Any]
    body: bytes

    @property
    def streams(self) -> bool:
        """Whether the answer is a stream of events."""
        return not self.body.lstrip().startswith(b"{")

    @property
    def day(self) -> str:
        """The day on which it was recorded, as an ISO date."""
        created = self.answer.get("created_at") or self.answer["created"]
        return datetime.fromtimestamp(created, UTC).date().isoformat()

    @property
    def answer(self) -> dict[str, Any]:
        """The finished object: the body, or what the stream's last event carries, or its chunks put together."""
        if not self.streams:
            answer: dict[str, Any] = json.loads(self.body)
            return answer
        events = list(events_of(self.body))
        if self.path == "/v1/responses":
            response: dict[str, Any] = events[-1]["response"]
            return response
        return join_chunks(events)


def events_of(body: bytes) -> Iterator[dict[str, Any]]:
    """Yield the JSON of each event of a stream."""
    for line in body.decode().splitlines():
        if line.startswith("data: {"):
            yield json.loads(line.removeprefix("data: "))


def all_recorded() -> list[Recorded]:
    """Return every exchange with OpenAI's API. Those with ChatGPT's own service ("codex") are another API's."""
    cassettes = source_package(*_LANGCHAIN) / "tests" / "cassettes"
    return [
        found
        for cassette in sorted(cassettes.glob("*.yaml.gz"))
        if "codex" not in cassette.name.lower()
        for found in _read(cassette)
    ]


def _read(cassette: Path) -> Iterator[Recorded]:
    with gzip.open(cassette) as file:
        tape = YAML(typ="safe", pure=False).load(file.read())
    for number, (request, response) in enumerate(zip(tape["requests"], tape["responses"], strict=True)):
        body = _bytes(response["body"]["string"])
        if request["method"] == "POST" and (path := _path(body)) is not None:
            asked = _as_asked(json.loads(_unzipped(_bytes(request["body"]))), body)
            name = f"{cassette.name.removesuffix('.yaml.gz')}/{number}"
            yield Recorded(name=name, path=path, request=asked, body=body)


def _as_asked(request: dict[str, Any], body: bytes) -> dict[str, Any]:
    """Put back what was left out of a recorded request, as its answer shows."""
    if b'"usage":null' in body and b"chat.completion.chunk" in body:
        return {**request, "stream_options": {"include_usage": True}}
    return request


def _path(body: bytes) -> str | None:
    if body.startswith(b"event: response."):
        return "/v1/responses"
    if body.startswith(b"data: ") and b"chat.completion.chunk" in body:
        return "/v1/chat/completions"
    if not body.startswith(b"{"):
        return None
    return {"response": "/v1/responses", "chat.completion": "/v1/chat/completions"}.get(json.loads(body).get("object"))


def _bytes(text: str | bytes | None) -> bytes:
    return text if isinstance(text, bytes) else (text or "").encode()


def _unzipped(body: bytes) -> bytes:
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
