"""The journal as a HAR file (HTTP Archive 1.2, http://www.softwareishard.com/blog/har-12-spec/)."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from llemulator_addon.admin.exchange_json import answer_headers
from llemulator_addon.core.talk import TalkMessage
from llemulator_addon.engine.journal import Exchange, Journal
from llemulator_addon.verification import delivered
from llemulator_addon.verification.talk_messages import SWITCHED, list_messages
from llemulator_addon.wire.json_bytes import Many
from llemulator_addon.wire.redaction import Token, redact_body, redact_text, redact_texts

_UNKNOWN = -1
"""HAR's own word for a number that is not known or does not apply."""


def har(exchanges: Sequence[Exchange], journal: Journal, token: Token, version: str) -> dict[str, object]:
    """Return exchanges as a HAR file, made by this version of the program.

    Its entries are made when it is spelled. They may be gone through again. A message of a WebSocket connection
    that began an exchange is an entry only if the handshake is none: otherwise it is among the messages of that one.
    """
    told = {message.exchange for exchange in exchanges for message in exchange.messages.kept}
    entries = [exchange for exchange in exchanges if exchange.number not in told]
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "llemulator", "version": version},
            "entries": Many(lambda: (_entry(exchange, journal, token) for exchange in entries)),
        }
    }


def _entry(exchange: Exchange, journal: Journal, token: Token) -> dict[str, object]:
    wait = delivered.measure_head_delay(exchange) * 1000
    receive = (exchange.ending.seconds if exchange.ending else 0.0) * 1000
    return {
        "startedDateTime": datetime.fromtimestamp(exchange.at, UTC).isoformat(timespec="milliseconds"),
        "time": wait + receive,
        "request": _request(exchange, token),
        "response": _response(exchange, token),
        "cache": {},
        "timings": {"send": 0, "wait": wait, "receive": receive},
        "connection": exchange.connection,
        "comment": redact_text(_comment(exchange), token),
        **(_talk(exchange, journal, token) if exchange.status == SWITCHED else {}),
    }


def _talk(handshake: Exchange, journal: Journal, token: Token) -> dict[str, object]:
    """Return the fields that Chrome adds to the entry of a WebSocket connection."""
    messages = list_messages(handshake, journal.get)
    return {"_resourceType": "websocket", "_webSocketMessages": [_message(message, token) for message in messages]}


def _message(message: TalkMessage, token: Token) -> dict[str, object]:
    kind = "send" if message.by_client else "receive"
    try:
        message.content.decode()
    except UnicodeDecodeError:
        shown = redact_text(message.content.decode("latin-1"), token).encode("latin-1", "replace")
        return {"type": kind, "time": message.at, "opcode": _BINARY, "data": b64encode(shown).decode()}
    return {"type": kind, "time": message.at, "opcode": _TEXT, "data": redact_body(message.content, token)}


_TEXT, _BINARY = 1, 2
"""Opcodes of WebSocket (RFC 6455, 5.2)."""


def _comment(exchange: Exchange) -> str:
    if exchange.upstream:
        return f"upstream: {exchange.upstream}"
    if exchange.is_unsupported:
        return "unsupported"
    return exchange.unmatched or (f"rule: {exchange.rule}" if exchange.rule else "")


def _request(exchange: Exchange, token: Token) -> dict[str, object]:
    query = [(redact_text(name, token), redact_text(value, token)) for name, value in exchange.query]
    request: dict[str, object] = {
        "method": redact_text(exchange.method, token),
        "url": _url(exchange, query, token),
        "httpVersion": exchange.http_version,
        "cookies": [],
        "headers": redact_texts(_pairs(exchange.headers.items()), token),
        "queryString": _pairs(query),
        "headersSize": _UNKNOWN,
        "bodySize": exchange.body_bytes,
    }
    if exchange.body:
        content_type = exchange.headers.get("content-type", "application/octet-stream")
        text = redact_body(exchange.body, token)
        request["postData"] = {"mimeType": redact_text(content_type, token), "params": [], "text": text}
    return request


def _url(exchange: Exchange, query: list[tuple[str, str]], token: Token) -> str:
    scheme = "ws" if exchange.status == SWITCHED else "http"
    secure = "" if exchange.way == "origin" else "s"
    search = f"?{urlencode(query, quote_via=quote, errors='replace')}" if query else ""
    named = exchange.headers.get("host", "")
    host = named if named.partition(":")[0].lower() == exchange.host else exchange.host  # with its port
    return f"{scheme}{secure}://{redact_text(host, token)}{redact_text(exchange.path, token)}{search}"


def _response(exchange: Exchange, token: Token) -> dict[str, object]:
    body = delivered.body(exchange)
    return {
        "status": exchange.status,
        "statusText": "",
        "httpVersion": exchange.http_version,
        "cookies": [],
        "headers": redact_texts(_pairs(answer_headers(exchange)), token),
        "content": {
            "size": len(body),
            "mimeType": redact_text(delivered.headers(exchange).get("content-type", "x-unknown"), token),
            "text": redact_body(body, token),
        },
        "redirectURL": "",
        "headersSize": _UNKNOWN,
        "bodySize": len(body),
    }


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]
