"""`/_emulator/waiting`: requests that wait for a person, and that person's answers."""

from llemulator_addon.admin.answer_types import WaitingRequest
from llemulator_addon.admin.exchange_json import prompt_shown
from llemulator_addon.admin.numbers import number_in_path
from llemulator_addon.admin.route import AdminCall, RequestBody, json_answer
from llemulator_addon.core.outcome import Ask
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.steps import PlayedAnswer, Steps
from llemulator_addon.engine.manual import Given, answer_by_person
from llemulator_addon.engine.session import Session
from llemulator_addon.script import json_text
from llemulator_addon.script.manual_answer import read_answer, schema
from llemulator_addon.script.script_error import ScriptError
from llemulator_addon.wire import json_bytes
from llemulator_addon.wire.errors import INVALID, RequestRefused, not_json
from llemulator_addon.wire.redaction import Token, redact_texts

PATH = "/_emulator/waiting"
BODY = RequestBody(name="Answer", schema=schema)


def waiting(call: AdminCall) -> Steps:
    """List the requests that wait for a person, with the fallback `manual`; what came first is first."""
    found = [show_waiting(ask, call.token) for ask in call.server.waiting.list_for(call.key)]
    return json_answer({"object": "list", "data": found})


async def one(call: AdminCall) -> Steps:
    """Show one request that waits, by its number."""
    return json_answer(show_waiting(await _find_request(call), call.token))


async def answer(call: AdminCall) -> Steps:
    """Answer a request that waits.

    The body is a reply as in a rule, to which `stream` and `faults` may be added, or `echo` or `simulate`. Of two
    people who answer one request, the second gets 409.
    """
    ask, given = await _find_request(call), _read_answer(call.request.body)

    def transition(session: Session) -> tuple[Session, PlayedAnswer]:
        return answer_by_person(session, ask, given)

    waiting = call.server.waiting
    with waiting.claim(ask):
        told = await call.server.store.change(call.key, transition)
    if not waiting.answer(ask, told):
        raise RequestRefused(await _not_waiting(str(ask.exchange.number), ask.exchange.number, call))
    return json_answer({"object": "waiting.answered", "number": ask.exchange.number, "answered": True})


async def _find_request(call: AdminCall) -> Ask:
    """Return the request that is meant; raises `RequestRefused` where it does not wait."""
    text, number = number_in_path(call.request.path)
    ask = None if number is None else call.server.waiting.get(call.key, number)
    if ask is None:
        raise RequestRefused(await _not_waiting(text, number, call))
    return ask


async def _not_waiting(text: str, number: int | None, call: AdminCall) -> Failure:
    waiting = [str(ask.exchange.number) for ask in call.server.waiting.list_for(call.key)]
    others = f" Waiting: {', '.join(waiting[:_TOLD])}." if waiting else " Nothing waits."
    journal = (await call.server.store.read(call.key)).journal
    if number is not None and 1 <= number <= journal.recorded:
        why = "does not wait: it was answered, its client left, or its time was up"
        return Failure(status=409, type=INVALID, code="not_waiting", message=f"Request {number} {why}.{others}")
    return Failure(
        status=404, type=INVALID, code="request_not_found", message=f"There is no request {text[:20]}.{others}"
    )


_TOLD = 10


def _read_answer(body: bytes) -> Given:
    try:
        json_text.check_bounds(body)
        return read_given(json_bytes.read(body))
    except ScriptError as error:
        raise RequestRefused(_refuse(error)) from None
    except ValueError:
        raise RequestRefused(not_json()) from None


def read_given(value: object) -> Given:
    """Read an answer from its JSON; raises `RequestRefused`."""
    try:
        part = read_answer(value)
        return Given(
            reply=part.fallback or part.reply(),
            pacing=part.pacing(),
            faults=part.rewritings(),
        )
    except ScriptError as error:
        raise RequestRefused(_refuse(error)) from None


def _refuse(error: ScriptError) -> Failure:
    return Failure(status=400, type=INVALID, code="invalid_answer", param=error.place or None, message=str(error))


def show_waiting(ask: Ask, token: Token) -> WaitingRequest:
    """Show a request that waits."""
    request, prompt = ask.request, ask.prompt
    shown: WaitingRequest = redact_texts(
        {
            "object": "waiting",
            "number": ask.exchange.number,
            "at": request.at,
            "until": request.at + ask.manual_timeout,
            "method": request.method,
            "host": request.host,
            "path": request.path,
            "endpoint": prompt.endpoint,
            "model": prompt.model,
            "stream": prompt.stream,
            "user_text": prompt.user_text,
            "prompt": prompt_shown(prompt),
        },
        token,
    )
    return shown
