"""`/_emulator/waiting`: requests that wait for a person, and that person's answers."""

from functools import partial
from operator import itemgetter

from llemulator_addon.admin.answer_types import WaitingRequest
from llemulator_addon.admin.exchange_json import prompt_shown
from llemulator_addon.admin.numbers import number_in_path
from llemulator_addon.admin.questions import ask_to_answer
from llemulator_addon.admin.route import AdminCall, RequestBody, Server, json_answer
from llemulator_addon.core.outcome import Ask
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.session_key import SessionKey
from llemulator_addon.core.steps import PlayedAnswer, Steps
from llemulator_addon.engine.manual import Given, answer_by_person
from llemulator_addon.engine.session import Session
from llemulator_addon.live.large_requests import Deciding, decide_at_once, is_large
from llemulator_addon.live.manual_queue import exchange_of
from llemulator_addon.live.threads import LARGE, run_in_thread
from llemulator_addon.script import json_text
from llemulator_addon.script.manual_answer import read_answer, schema
from llemulator_addon.script.script_error import ScriptError
from llemulator_addon.store.link import Lease
from llemulator_addon.wire import json_bytes
from llemulator_addon.wire.errors import INVALID, RequestRefused, not_json
from llemulator_addon.wire.redaction import Token, redact_texts

PATH = "/_emulator/waiting"
BODY = RequestBody(name="Answer", schema=schema)


async def waiting(call: AdminCall) -> Steps:
    """List the requests that wait for a person, with the fallback `manual`; what came first is first."""
    return json_answer({"object": "list", "data": await _list_waiting(call)})


async def one(call: AdminCall) -> Steps:
    """Show one request that waits, by its number."""
    text, number = number_in_path(call.request.path)
    shown = None if number is None else await find_shown(call.server, call.key, number, call.token)
    if shown is None:
        raise RequestRefused(await _not_waiting(text, number, call))
    return json_answer(shown)


async def answer(call: AdminCall) -> Steps:
    """Answer a request that waits.

    The body is a reply as in a rule, to which `stream` and `faults` may be added, or `echo` or `simulate`, or
    `rules`, by which the rules of now answer. Of two people who answer one request, the second gets 409.
    """
    text, number = number_in_path(call.request.path)
    ask = None if number is None else call.server.waiting.get(call.key, number)
    lease = None if number is None or ask is not None else await _find_elsewhere(call.server, call.key, number)
    if ask is not None:
        is_answered = await answer_here(call.server, ask, call.request.body)
    elif lease is not None:
        is_answered = await _answer_elsewhere(call, lease)
    else:
        is_answered = False
    if not is_answered:
        raise RequestRefused(await _not_waiting(text, number, call))
    return json_answer({"object": "waiting.answered", "number": number, "answered": True})


async def answer_here(server: Server, ask: Ask, body: bytes) -> bool:
    """Answer a request that waits in this process; False: it does not any more. Raises `RequestRefused`."""
    given, takes_from_queue = _read_answer(body), False

    def transition(session: Session) -> tuple[Session, PlayedAnswer]:
        nonlocal takes_from_queue
        after, told = answer_by_person(session, ask, given)
        takes_from_queue = server.queued.is_changed(session, after)
        return after, told

    with server.waiting.claim(ask):
        told = await _change(server, ask, transition)
    if takes_from_queue:
        server.news.tell("queue", ask.exchange.session)
    return await server.waiting.answer(ask, told)


async def _change(server: Server, ask: Ask, transition: Deciding[PlayedAnswer]) -> PlayedAnswer:
    """Change the session, in a thread where that may take long: the rules may look through a large request."""
    key = ask.exchange.session
    told = None if is_large(ask.request) else await decide_at_once(server.store, key, transition)
    if told is None:
        told = await server.store.change_beside(key, transition, partial(run_in_thread, size=LARGE))
    return told


async def _answer_elsewhere(call: AdminCall, lease: Lease) -> bool:
    """Let the process answer in which a request waits; False: it does not any more. Raises `RequestRefused`."""
    _read_answer(call.request.body)
    reply = await ask_to_answer(call.server, lease, call.request.body)
    if reply is None and await _find_elsewhere(call.server, call.key, exchange_of(lease)[1]) is not None:
        raise RequestRefused(_NO_REPLY)
    return reply is True


_NO_REPLY = Failure(
    status=503,
    type="server_error",
    code="process_unreachable",
    message="The process in which this request waits did not answer. It may have ended: its requests are listed for "
    "some seconds after that. See again what waits.",
    headers=(("retry-after", "1"),),
)


async def _list_waiting(call: AdminCall) -> list[WaitingRequest]:
    here = [show_waiting(ask, call.token) for ask in call.server.waiting.list_here(call.key)]
    elsewhere = [_read_shown(lease, call.token) for lease in await call.server.waiting.list_elsewhere(call.key)]
    return sorted([*here, *elsewhere], key=itemgetter("number")) if elsewhere else here


async def find_shown(server: Server, key: SessionKey, number: int, token: Token) -> WaitingRequest | None:
    """Return a request as it is shown, if it waits in any process."""
    if (ask := server.waiting.get(key, number)) is not None:
        return show_waiting(ask, token)
    lease = await _find_elsewhere(server, key, number)
    return None if lease is None else _read_shown(lease, token)


async def _find_elsewhere(server: Server, key: SessionKey, number: int) -> Lease | None:
    leases = await server.waiting.list_elsewhere(key)
    return next((lease for lease in leases if exchange_of(lease)[1] == number), None)


def write_waiting(ask: Ask) -> str:
    """Write a request that waits, for other processes: without any secret."""
    return json_bytes.write_ascii(show_waiting(ask, ask.exchange.session)).decode()


def _read_shown(lease: Lease, token: Token) -> WaitingRequest:
    # The process in which it waits did not need to know the token.
    shown: WaitingRequest = redact_texts(json_bytes.read(lease.text.encode()), token)
    return shown


async def _not_waiting(text: str, number: int | None, call: AdminCall) -> Failure:
    waiting = [str(shown["number"]) for shown in await _list_waiting(call)]
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
            reply=part.stand_in or part.reply(),
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
