"""The journal as a script: loaded again, it answers the same requests with the same answers, one after the other."""

from collections.abc import Iterable
from typing import Any

from llemulator_addon.core.steps import Cut
from llemulator_addon.engine.journal import Exchange
from llemulator_addon.script.printing import print_rules
from llemulator_addon.script.reader import read_script
from llemulator_addon.script.recorded import join_chunks, reply_of
from llemulator_addon.script.rule import Rule
from llemulator_addon.script.script_error import ScriptError
from llemulator_addon.verification import delivered
from llemulator_addon.wire import json_bytes
from llemulator_addon.wire.redaction import Token, redact_texts

_ERRORS_FROM = 400
_UNFINISHED = frozenset({"queued", "in_progress"})
"""A response in the background is finished later, by another request."""
_WHEN_TO_RETRY = ("retry-after", "retry-after-ms", "x-should-retry")


def write_script(exchanges: Iterable[Exchange], token: Token) -> str:
    """Return the script in YAML: a rule for each answer of a model that is whole. Secrets are left out."""
    asked = list(exchanges)
    rules = [rule for exchange in asked if (rule := _rule_of(exchange, token)) is not None]
    left_out = len(asked) - len(rules)
    return f"{_describe_left_out(left_out)}{print_rules(rules)}"


def _describe_left_out(number: int) -> str:
    if not number:
        return ""
    requests = "1 request is" if number == 1 else f"{number} requests are"
    return f"# {requests} left out: no model answered, or the answer is not whole.\n"


def _rule_of(exchange: Exchange, token: Token) -> Rule | None:
    """Return the rule of an exchange; None for one whose answer no rule can say."""
    # What the client left unread was answered all the same.
    whole = exchange._replace(ending=None)
    reply = _reply(whole) if _is_answer(whole) else None
    if reply is None:
        return None
    try:
        (rule,) = read_script({"rules": [redact_texts(_write_rule(exchange, reply), token)]}).rules
    except ScriptError:  # a secret was a part of what has to fit together
        return None
    return rule


def _is_answer(exchange: Exchange) -> bool:
    """Whether an answer is a model's, and whole; the error for an unmatched request is none."""
    is_whole = not exchange.goes_on and not any(isinstance(step, Cut) for step in exchange.steps)
    is_answered = exchange.unmatched is None or exchange.status < _ERRORS_FROM
    return exchange.prompt is not None and is_whole and is_answered and bool(exchange.status)


def _write_rule(exchange: Exchange, reply: dict[str, Any]) -> dict[str, Any]:
    """Return the rule of an exchange. It answers once, so that equal questions get their answers in turn."""
    said = {"text": exchange.user_text} if exchange.user_text else {}
    return {
        "name": f"request {exchange.number}",
        "match": {"endpoint": exchange.endpoint, **said},
        "reply": reply,
        "times": 1,
    }


def _reply(exchange: Exchange) -> dict[str, Any] | None:
    events = delivered.events(exchange)
    values = [event.value for event in events]
    objects = [value for value in values if isinstance(value, dict)]
    match objects:
        case [*_, {"response": dict(response), "type": str()}]:
            return reply_of(response, events=objects)
        case [{"object": "chat.completion.chunk"}, *_]:
            return reply_of(join_chunks(chunk for chunk in objects if "choices" in chunk))
        case _:
            pass
    if events:
        sent = [{**({"event": event.name} if event.name else {}), "data": event.text} for event in events]
        return {"raw": {"status": exchange.status, "sse": sent}}
    return _read_whole(exchange, delivered.body(exchange))


def _read_whole(exchange: Exchange, body: bytes) -> dict[str, Any] | None:
    try:
        answer = json_bytes.read(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        content_type = delivered.headers(exchange).get("content-type", "text/plain")
        said = {"headers": {"content-type": content_type}, "body": body.decode("utf-8", "replace")}
        return {"raw": {"status": exchange.status, **said}}
    if answer.get("status") in _UNFINISHED:
        return None
    reply = reply_of(answer, status=exchange.status)
    return {"failure": {**reply["failure"], **_headers(exchange)}} if "failure" in reply else reply


def _headers(exchange: Exchange) -> dict[str, Any]:
    """Return the headers that tell when to ask again."""
    found = {name: value for name, value in delivered.headers(exchange).items() if name in _WHEN_TO_RETRY}
    return {"headers": found} if found else {}
