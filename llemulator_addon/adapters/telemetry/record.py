"""The records that the server gives to the sender: plain values, which `marshal` writes in microseconds."""

import marshal
import struct
from collections.abc import Iterator, Mapping
from typing import BinaryIO, NamedTuple

from llemulator_addon.adapters.origins import find_origin
from llemulator_addon.adapters.request_log import describe
from llemulator_addon.core.answer_tokens import NO_USAGE, AnswerTokens
from llemulator_addon.core.outcome import Ending
from llemulator_addon.core.session_key import ExchangeId
from llemulator_addon.core.steps import Head, Send
from llemulator_addon.engine.journal import Exchange
from llemulator_addon.verification.talk_messages import SWITCHED
from llemulator_addon.wire.routing import Found, find

_LENGTH = struct.Struct("<I")


class Ended(NamedTuple):
    """An exchange that has ended. Times are in seconds since the epoch, by the system's clock."""

    digest: str
    session: str
    """Both of the key of the session, by which a token is found in texts."""
    number: int
    at: float
    ended: float
    method: str
    host: str
    path: str
    headers: dict[str, str]
    """Names in lower case; values that are secret by their names were taken out."""
    body: bytes
    """As much of it as the journal keeps."""
    body_bytes: int
    is_plain: bool
    """Whether the client asked without TLS."""
    http_version: str
    connection: str
    endpoint: str | None
    route: str | None
    """The path of the operation, with `{…}` for a segment that varies."""
    model: str | None
    is_azure: bool
    is_stream: bool
    rule: str | None
    unmatched: str | None
    faults: tuple[str, ...]
    upstream: str | None
    answered_by: str
    status: int
    answer_headers: tuple[tuple[str, str], ...]
    pieces: list[bytes]
    """The body of the answer as it was sent, as far as it is kept."""
    how: str
    """As `Ending.how`; so are the next four."""
    bytes_sent: int
    sends: int
    seconds: float
    left: tuple[float, ...]
    usage: tuple[int, int] | None
    """Tokens of the prompt and the answer; None if the answer does not say them, or its bytes must be read for them."""
    of_sends: tuple[int, ...] | None
    """How many tokens each piece of a stream brings; None if its bytes must be read for them."""
    close_code: int | None
    messages: int
    """Of a WebSocket connection."""
    line: str
    """The line of the log about it; empty where no log is sent."""


class Line(NamedTuple):
    """A line of the log."""

    at: float
    level: int
    level_name: str
    logger: str
    text: str


TelemetryRecord = Ended | Line
_KINDS: Mapping[str, type[Ended | Line]] = {made.__name__: made for made in (Ended, Line)}


def record_end(  # noqa: PLR0913 - one for each thing that the exchange does not know
    named: ExchangeId,
    exchange: Exchange,
    ending: Ending,
    tokens: AnswerTokens | None,
    *,
    ended: float,
    ahead: float,
    was_asked: bool,
    has_line: bool,
) -> Ended:
    """Return the record of an exchange.

    `tokens` are None where they can only be read from the answer's bytes. The system's clock is `ahead` of that of
    `Request.at` by this number of seconds.
    """
    head = next((step for step in exchange.steps if isinstance(step, Head)), None)
    prompt = exchange.prompt
    # `marshal` takes no enumeration.
    status = 0 if head is None else int(head.status)
    return Ended(
        digest=named.session.digest,
        session=named.session.name,
        number=exchange.number,
        at=exchange.at + ahead,
        ended=max(exchange.at, ended) + ahead,
        method=exchange.method,
        host=exchange.host,
        path=exchange.path,
        headers=dict(exchange.headers),
        body=exchange.body,
        body_bytes=exchange.body_bytes,
        is_plain=exchange.way in {"origin", "absolute"},
        http_version=exchange.http_version,
        connection=exchange.connection,
        endpoint=exchange.endpoint,
        route=_find_route(exchange, status),
        model=None if prompt is None else prompt.model,
        is_azure=prompt is not None and prompt.azure,
        is_stream=exchange.stream,
        rule=exchange.rule,
        unmatched=exchange.unmatched,
        faults=exchange.faults,
        upstream=exchange.upstream,
        answered_by="person" if was_asked else find_origin(exchange),
        status=status,
        answer_headers=() if head is None else head.headers,
        pieces=[step.piece for step in exchange.steps if isinstance(step, Send)],
        how=ending.how,
        bytes_sent=ending.bytes_sent,
        sends=ending.sends,
        seconds=ending.seconds,
        left=ending.left,
        usage=None if tokens is None or tokens.usage == NO_USAGE else (tokens.usage.prompt, tokens.usage.answer),
        of_sends=None if tokens is None else tuple(tokens.of_sends),
        close_code=None if ending.closed is None else ending.closed.code,
        messages=exchange.messages.recorded,
        line=describe(exchange._replace(ending=ending)) if has_line else "",
    )


def _find_route(exchange: Exchange, status: int) -> str | None:
    if status == SWITCHED:
        # Those paths have nothing that varies.
        return exchange.path
    found = find(exchange.method, exchange.path)
    return f"/v1{found.operation.path}" if isinstance(found, Found) else None


def write_record(record: TelemetryRecord) -> bytes:
    """Write a record, as `read_records` reads it."""
    written = marshal.dumps((type(record).__name__, tuple(record)))
    return _LENGTH.pack(len(written)) + written


def read_records(source: BinaryIO) -> Iterator[TelemetryRecord]:
    """Read records until the source ends; one that was broken off is left out."""
    while len(prefix := source.read(_LENGTH.size)) == _LENGTH.size:
        (length,) = _LENGTH.unpack(prefix)
        if len(written := source.read(length)) < length:
            return
        kind, values = marshal.loads(written)  # noqa: S302 - our own process wrote it
        yield _KINDS[kind](*values)
