"""An exchange as the admin routes show it: without secrets, in words."""

from typing import Literal, TypedDict

from llemulator_addon.admin.answer_types import (
    ShownAnswer,
    ShownClient,
    ShownClose,
    ShownConnection,
    ShownEnding,
    ShownEvent,
    ShownMessage,
    ShownPrompt,
    ShownTalkMessage,
    ShownTokens,
)
from llemulator_addon.core.outcome import Closed, Ending
from llemulator_addon.core.prompt import Message, Prompt
from llemulator_addon.core.steps import Headers
from llemulator_addon.core.talk import TalkMessage
from llemulator_addon.engine.journal import Exchange
from llemulator_addon.verification import delivered
from llemulator_addon.verification.costs import find_spent, show_cost
from llemulator_addon.verification.sdk_headers import client_of
from llemulator_addon.verification.talk_messages import SWITCHED, ConnectionIndex
from llemulator_addon.wire import json_bytes
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.multipart import is_form, read_form
from llemulator_addon.wire.prices import Prices
from llemulator_addon.wire.redaction import HIDDEN, Token, redact_headers, redact_short, redact_text, redact_texts

_SHOWN_OF_BYTES = 1_000


class BriefExchange(TypedDict):
    """An exchange as a list of exchanges shows it."""

    number: int
    at: float
    method: str
    host: str
    path: str
    endpoint: str | None
    model: str | None
    stream: bool
    user_text: str | None
    rule: str | None
    unmatched: str | None
    unsupported: bool
    upstream: str | None
    status: int
    ending: ShownEnding | None
    tokens: ShownTokens | None
    """Those that the answer says it took; None while it is sent, and if it says none."""
    cost_usd: float | None
    """Their cost at OpenAI, in US dollars; None if a price is not known."""


class ExchangeList(TypedDict):
    """A page of the journal."""

    object: Literal["list"]
    data: list[BriefExchange]
    total: int
    recorded: int
    first_kept: int
    has_more: bool


class ShownRequest(TypedDict):
    """The parts of a request that only its own page shows."""

    query: list[list[str]]
    headers: dict[str, str]
    body: object
    body_bytes: int
    whole: bool


class FullExchange(BriefExchange):
    """An exchange with all that is known."""

    request: ShownRequest
    prompt: ShownPrompt | None
    answer: ShownAnswer
    connection: ShownConnection
    client: ShownClient


class OneExchange(FullExchange):
    """An exchange that is shown alone."""

    object: Literal["exchange"]


def size_in_brief(exchange: Exchange) -> int:
    """Return the bytes that `show_in_brief` looks at, about."""
    named = (exchange.model, exchange.user_text, exchange.rule, exchange.unmatched, exchange.upstream)
    texts = (exchange.method, exchange.host, exchange.path, *filter(None, named))
    return sum(map(len, texts)) + (0 if exchange.ending is None else exchange.ending.bytes_sent)


def show_in_brief(exchange: Exchange, token: Token, prices: Prices) -> BriefExchange:
    """Show what a list of exchanges needs."""
    said, spent = exchange.user_text, find_spent(exchange, prices)

    # The names are ours, so a secret can only be in these texts. `redact_texts` would take ten times as long, and this
    # is done for each exchange of the news.
    def hide(text: str | None) -> str | None:
        return None if text is None else redact_short(text, token)

    return {
        "number": exchange.number,
        "at": exchange.at,
        "method": redact_short(exchange.method, token),
        "host": redact_short(exchange.host, token),
        "path": redact_short(exchange.path, token),
        "endpoint": exchange.endpoint,
        "model": hide(exchange.model),
        "stream": exchange.stream,
        "user_text": None if said is None else redact_text(said, token),
        "rule": hide(exchange.rule),
        "unmatched": hide(exchange.unmatched),
        "unsupported": exchange.is_unsupported,
        "upstream": hide(exchange.upstream),
        "status": exchange.status,
        "ending": _show_ending(exchange.ending, token),
        "tokens": None if spent.tokens is None else {"prompt": spent.tokens.prompt, "answer": spent.tokens.answer},
        "cost_usd": show_cost(spent.usd),
    }


def show_in_full(exchange: Exchange, token: Token, connections: ConnectionIndex, prices: Prices) -> FullExchange:
    """Show all that is known."""
    client = client_of(exchange)
    full: FullExchange = {
        **show_in_brief(exchange, token, prices),
        "request": {
            "query": [list(pair) for pair in exchange.query],
            "headers": dict(exchange.headers),
            "body": _show_asked(exchange, token),
            "body_bytes": exchange.body_bytes,
            "whole": len(exchange.body) == exchange.body_bytes,
        },
        "prompt": prompt_shown(exchange.prompt) if exchange.prompt else None,
        "answer": _show_answer(exchange, token),
        "connection": _show_connection(exchange, connections, token),
        "client": {
            "sdk": client.sdk,
            "version": client.version,
            "retry": client.retry,
            "read_timeout": client.read_timeout,
        },
    }
    shown: FullExchange = redact_texts(full, token)
    return shown


def answer_headers(exchange: Exchange) -> Headers:
    """Return the headers of the answer without secrets, as a script may have put there."""
    headers = delivered.head_of(exchange.steps)
    hidden = redact_headers({name.lower(): value for name, value in headers})
    return tuple((name, HIDDEN if hidden[name.lower()] == HIDDEN else value) for name, value in headers)


def _show_asked(exchange: Exchange, token: Token) -> object:
    """Show the body of a request. Of a form, its fields, and what its files are."""
    if is_form(exchange.request):
        try:
            return read_form(exchange.request)
        except RequestRefused:
            # It is malformed, or not kept whole.
            pass
    return readable(exchange.body, token)


def readable(body: bytes, token: Token) -> object:
    """Return a body as JSON if it is that, else as text, else its first bytes in hexadecimal digits.

    Only of the last the secrets are taken out here: nobody finds them in digits.
    """
    if not body:
        return None
    try:
        return json_bytes.read(body)
    except ValueError:
        pass
    try:
        return body.decode()
    except UnicodeDecodeError:
        shown = redact_text(body.decode("latin-1"), token)[:_SHOWN_OF_BYTES]
        return {"bytes": len(body), "hex": shown.encode("latin-1").hex()}


def prompt_shown(prompt: Prompt) -> ShownPrompt:
    """Show the prompt in terms common to all endpoints."""
    return {
        "model": prompt.model,
        "stream": prompt.stream,
        "choices": prompt.choices,
        "messages": [_show_message_of_prompt(message) for message in prompt.messages],
        "tools": [tool.name for tool in prompt.tools],
    }


def _show_message_of_prompt(message: Message) -> ShownMessage:
    shown: ShownMessage = {"role": message.role, "text": message.text}
    if message.called:
        shown["called"] = [[call.name, call.arguments] for call in message.called]
    if message.answers:
        shown["answers"] = message.answers
    return shown


def _show_answer(exchange: Exchange, token: Token) -> ShownAnswer:
    shown: ShownAnswer = {
        "headers": dict(answer_headers(exchange)),
        "wait_before_head": delivered.measure_head_delay(exchange),
    }
    if delivered.is_stream(exchange):
        shown["events"] = _show_events(exchange)
    else:
        shown["body"] = readable(delivered.body(exchange), token)
    if exchange.goes_on:
        shown["goes_on"] = True
    return shown


def _show_events(exchange: Exchange) -> list[ShownEvent]:
    return [
        {"event": event.name or None, "left": event.left, "value": event.text if event.value is None else event.value}
        for event in delivered.events(exchange)
    ]


def _show_connection(exchange: Exchange, connections: ConnectionIndex, token: Token) -> ShownConnection:
    shown: ShownConnection = {
        "id": exchange.connection,
        "new": connections.is_new(exchange),
        "http_version": exchange.http_version,
        "way": exchange.way,
    }
    if (handshake := connections.find_handshake(exchange)) is not None:
        shown["handshake"] = handshake
    if exchange.status == SWITCHED:
        shown["messages"] = [_show_message(message, token) for message in exchange.messages.kept]
        shown["messages_recorded"] = exchange.messages.recorded
    return shown


def _show_close(closed: Closed, token: Token) -> ShownClose:
    reason = redact_short(closed.reason, token)
    return {"code": closed.code, "reason": reason, "by": _name_side(by_client=closed.by_client)}


def _show_message(message: TalkMessage, token: Token) -> ShownTalkMessage:
    shown: ShownTalkMessage = {"at": message.at, "by": _name_side(by_client=message.by_client), "bytes": message.size}
    # The body of the exchange, and the events of its answer, are shown there.
    if message.exchange:
        shown["exchange"] = message.exchange
    else:
        shown["body"] = readable(message.content, token)
    return shown


def _name_side(*, by_client: bool) -> Literal["client", "server"]:
    return "client" if by_client else "server"


def _show_ending(ending: Ending | None, token: Token) -> ShownEnding | None:
    if ending is None:
        return None
    shown: ShownEnding = {
        "how": ending.how,
        "seconds": round(ending.seconds, 6),
        "bytes_sent": ending.bytes_sent,
        "sends": ending.sends,
    }
    if ending.closed is not None:
        shown["closed"] = _show_close(ending.closed, token)
    return shown
