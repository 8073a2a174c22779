"""`raw`: an answer of the script's own, byte for byte, in whatever form the endpoint has."""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from llemulator_addon.core.steps import Headers
from llemulator_addon.script.headers import HeaderMap
from llemulator_addon.script.model import ScriptPart
from llemulator_addon.script.replies.audio import Base64
from llemulator_addon.script.texts import json_text
from llemulator_addon.wire.answer import Answer, Body, EventStream, Piece
from llemulator_addon.wire.json_bytes import pretty


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """An answer that no endpoint writes."""

    status: int = 200
    headers: Headers = ()
    content_type: str = "application/json"
    body: bytes = b""
    events: tuple[bytes, ...] | None = None
    """Framed; None where the answer is no stream."""

    def answer(self) -> Answer:
        """Return it as endpoints do. Each event counts as a token, so that `stream` paces them."""
        if self.events is not None:
            pieces = tuple(Piece(event, 1) for event in self.events)
            return EventStream(pieces=pieces, status=self.status, headers=self.headers)
        return Body(body=self.body, status=self.status, content_type=self.content_type, headers=self.headers)


class EventPart(ScriptPart):
    """One server-sent event; `data` is text as it is, or any other JSON value."""

    event: str | None = None
    data: Any = ""
    id: str | None = None
    retry: int | None = None

    def frame(self) -> bytes:
        """Spell it as it is sent."""
        data = self.data if isinstance(self.data, str) else json_text(self.data)
        lines = [f"{name}: {value}" for name, value in (("event", self.event), ("id", self.id)) if value is not None]
        lines += [f"retry: {self.retry}"] if self.retry is not None else []
        lines += [f"data: {line}" for line in data.split("\n")]
        return "".join(f"{line}\n" for line in (*lines, "")).encode("utf-8", "replace")


class RawPart(ScriptPart):
    """Status, headers, and one of `json`, `body`, `base64` and `sse`."""

    status: Annotated[int, Field(ge=200, le=599)] = 200
    headers: HeaderMap | None = None
    json_: Any = Field(default=None, alias="json")
    body: str | None = None
    base64: Base64 | None = None
    sse: list[EventPart] | None = None

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if len({"json_", "body", "base64", "sse"} & self.model_fields_set) > 1:
            message = "an answer has one of json, body, base64 and sse"
            raise ValueError(message)
        return self

    def raw(self) -> Raw:
        """Return the answer."""
        headers = {name.lower(): value for name, value in (self.headers or {}).items()}
        content_type = headers.pop("content-type", None)
        if self.sse is not None:
            return self._events(headers, content_type)
        usual, body = self._body()
        return Raw(status=self.status, headers=tuple(headers.items()), content_type=content_type or usual, body=body)

    def _events(self, headers: Mapping[str, str], content_type: str | None) -> Raw:
        given = (("content-type", content_type),) if content_type else ()
        events = tuple(event.frame() for event in self.sse or ())
        return Raw(status=self.status, headers=(*headers.items(), *given), events=events)

    def _body(self) -> tuple[str, bytes]:
        if self.base64 is not None:
            return "application/octet-stream", b64decode(self.base64)
        if self.body is not None:
            return "text/plain; charset=utf-8", self.body.encode("utf-8", "replace")
        if "json_" in self.model_fields_set:
            return "application/json", pretty(self.json_)
        return "text/plain; charset=utf-8", b""
