"""`decide(session, request)`: what happens to a request to OpenAI's API. Pure, and may be called twice."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, assert_never

from llemulator_addon.core.outcome import Ask, Converse, Forward, Outcome, Play
from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Choice, Failure, ModelOutput, says
from llemulator_addon.core.request import Request
from llemulator_addon.core.resources import TooLarge
from llemulator_addon.core.session_key import ExchangeId
from llemulator_addon.engine import fallback
from llemulator_addon.engine.admission import admit
from llemulator_addon.engine.being_sent import forget_failed_turn, gave, hold_conversation
from llemulator_addon.engine.decided_answer import Accepted, Decided, Elsewhere, Person, find_load, play
from llemulator_addon.engine.due import do_due, note_background
from llemulator_addon.engine.encoding import encode
from llemulator_addon.engine.failing_models import ACTING, Silence
from llemulator_addon.engine.journal import Basis
from llemulator_addon.engine.near_miss import near_miss
from llemulator_addon.engine.prompt_caching import keep_prompt_cache
from llemulator_addon.engine.select import Selected, select
from llemulator_addon.engine.session import Session
from llemulator_addon.engine.unmatched import fall_back
from llemulator_addon.engine.valid_models import refuse_model
from llemulator_addon.engine.written_replies import write_reply
from llemulator_addon.script.faults import name_fault
from llemulator_addon.script.pacing import Pacing
from llemulator_addon.script.pattern import Candidate
from llemulator_addon.script.reply import Ready, fill_reply
from llemulator_addon.script.searching import searching
from llemulator_addon.script.template import Template
from llemulator_addon.script.templates.problems import TemplateProblem
from llemulator_addon.wire import errors, json_bytes, limits
from llemulator_addon.wire.answer import (
    Answer,
    Body,
    BrokenOff,
    Call,
    Endpoint,
    EventStream,
    LongBody,
    Operation,
    Served,
)
from llemulator_addon.wire.azure import add_model
from llemulator_addon.wire.bodies import read_object
from llemulator_addon.wire.checking import refuse as refuse_failure
from llemulator_addon.wire.described.gone import is_gone
from llemulator_addon.wire.endpoints import ENDPOINTS
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.fine_tuning import MODEL
from llemulator_addon.wire.multipart import is_form
from llemulator_addon.wire.realtime.opening import Opening, open_session
from llemulator_addon.wire.realtime.secrets import find_session, refuse_secret
from llemulator_addon.wire.redaction import HIDDEN, redact_query
from llemulator_addon.wire.routing import Found, OtherMethods, find_of, refuse_path
from llemulator_addon.wire.websocket import (
    accept_handshake,
    name_handshake,
    refuse_upgrade,
    speaks_websocket,
    wants_websocket,
)


def decide(session: Session, request: Request) -> tuple[Session, Outcome]:
    """Decide what a request with a token gets, and what the session is afterwards."""
    session = do_due(session, request)
    with searching():
        return _conclude(session, request, _decide(session, request))


def refuse(session: Session, request: Request, failure: Failure) -> tuple[Session, Outcome]:
    """Refuse a request, unless its path or method names nothing: the real API finds that out first."""
    if isinstance(find_of(request), Found) or (wants_websocket(request) and speaks_websocket(request.path)):
        return _conclude(session, request, Decided(session=session, answer=failure))
    return decide(session, request)


def decide_held(session: Session, prompt: Prompt, request: Request) -> Decided:
    """Decide by the rules, or else by the fallback, about a request that waited for a person.

    Raises `RequestRefused` if neither can answer it.
    """
    endpoint, asked = ENDPOINTS[prompt.endpoint], Candidate(prompt, request, session.progress.state)
    with searching():
        if (selected := select(session, asked, naming_path=False)) is not None:
            return _answer_by_rule(session, asked, selected, endpoint)
        if session.on_unmatched == "manual" or session.upstream_for(prompt.model) is not None:
            raise RequestRefused(fallback.no_rule_answers(near_miss(session, asked)))
        return fall_back(session, asked, endpoint)


def _conclude(session: Session, request: Request, decided: "Decided") -> tuple[Session, Outcome]:
    answer, (told, resources) = decided.answer, play(decided, session, request)
    resources = hold_conversation(resources, ENDPOINTS.get(decided.endpoint or ""), decided.prompt, told, request.at)
    resources = forget_failed_turn(session.resources, resources, request, told)
    if isinstance(answer, Body | EventStream | LongBody) and answer.keeps:
        resources = note_background(resources, answer.keeps, session.clock_time(request))
    upstream = answer.to.url if isinstance(answer, Elsewhere) else None
    faults = told.faults if decided.refused_by is None else (name_fault(decided.refused_by), *told.faults)
    basis = Basis(decided.endpoint, decided.prompt, decided.rule, decided.unmatched, upstream, faults)
    journal = session.journal.record(request, told.steps, basis, goes_on=told.whole is not None)
    after = keep_prompt_cache(decided.session, answer)
    answered = after.change(turn=session.turn + decided.takes_turn, resources=resources, journal=journal)
    exchange = ExchangeId(session.key, session.life, journal.recorded)
    match answer:
        case Body() | EventStream() | LongBody() | Failure() | Silence():
            # The journal keeps it as it was before.
            sent = encode(told, request)
            load = find_load(decided, session, request)
            return answered, Play(sent.steps, exchange=exchange, whole=sent.whole, tokens=sent.tokens, load=load)
        case Accepted():
            return answered, Converse(
                exchange=exchange,
                head=answer.head,
                request=request,
                stamp=session.stamp,
                session=answer.opening.session,
                refused=answer.opening.refused,
            )
        case Elsewhere():
            query = _query_for_upstream(request.query)
            return answered, Forward(exchange=exchange, to=answer.to, path=answer.path, query=query, body=answer.body)
        case Person():
            return answered, Ask(
                exchange=exchange,
                request=request,
                prompt=answer.prompt,
                turn=session.turn,
                manual_timeout=session.manual_timeout,
            )
        case never:
            assert_never(never)


def _query_for_upstream(query: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return what of a query is meant for any server: neither a secret nor the version of Azure's API."""
    return tuple(
        (name, value) for name, value in redact_query(query) if value != HIDDEN and name.lower() != "api-version"
    )


def _decide(session: Session, request: Request) -> Decided:
    if (refused := refuse_secret(session.resources, request, session.clock_time(request))) is not None:
        return Decided(session=session, answer=refused)
    found = find_of(request)
    if wants_websocket(request) and (found is not None or speaks_websocket(request.path)):
        return _answer_by_path_rule(session, request, "") or _answer_handshake(session, request)
    match found:
        case None:
            failure = refuse_path(request)
            return _answer_by_path_rule(session, request, "") or Decided(session=session, answer=failure)
        case OtherMethods(allowed):
            failure = errors.wrong_method(request.method, request.path, allowed)
            return _answer_by_path_rule(session, request, "") or Decided(session=session, answer=failure)
        case Found(operation, params):
            return _dispatch(session, request, operation, params)
        case never:
            assert_never(never)


def _answer_handshake(session: Session, request: Request) -> Decided:
    if not speaks_websocket(request.path):
        return Decided(session=session, answer=refuse_upgrade(request.path))
    name, accepted = name_handshake(request.path), accept_handshake(request)
    if isinstance(accepted, Failure):
        return Decided(session=session, answer=accepted, endpoint=name, takes_turn=False)
    opening = _open_session(session, request) if name.startswith("realtime.") else Opening({})
    answer = opening if isinstance(opening, Failure) else Accepted(accepted, opening)
    return Decided(session=session, answer=answer, endpoint=name, takes_turn=False)


def _open_session(session: Session, request: Request) -> Opening | Failure:
    """Return the session with which a talk of Realtime begins."""
    return open_session(
        _call(session, request, {}),
        find_session(session.resources, request),
        takes_any_model=session.policy.lenient or request.query_value("model") in ACTING,
        takes_beta=session.policy.lenient or bool(session.settings.legacy),
    )


def _dispatch(
    session: Session, request: Request, operation: Endpoint | Operation, params: Mapping[str, str]
) -> Decided:
    if _is_gone(session, request, operation):
        failure = errors.invalid_url(request.method, request.path)
        return _answer_by_path_rule(session, request, operation.name) or Decided(
            session=session, answer=failure, endpoint=operation.name
        )
    match operation:
        case Endpoint(only_in_talks=True) if not request.talk:
            failure = errors.unknown_url(request.method, request.path)
            return _answer_by_path_rule(session, request, operation.name) or Decided(session=session, answer=failure)
        case Endpoint():
            return _speak(session, request, operation, params)
        case Operation():
            ruled = _answer_by_path_rule(session, request, operation.name)
            if ruled is None:
                return _serve(session, request, operation, params, operation.serve)
            if operation.fail and isinstance(ruled.answer, Failure) and ruled.answer.taken:
                later = partial(_fail_later, operation.fail, ruled.answer)
                served = _serve(ruled.session, request, operation, params, later)
                return ruled._replace(session=served.session, answer=served.answer)
            return ruled
        case never:
            assert_never(never)


def _is_gone(session: Session, request: Request, operation: Endpoint | Operation) -> bool:
    """Whether OpenAI had taken an operation away on the day whose API answers, and nobody wants it nevertheless."""
    if session.policy.lenient or session.settings.legacy:
        return False
    return is_gone(operation.path, session.day_of(request))


def _fail_later(fail: Callable[[Call, Failure], Served], failure: Failure, call: Call) -> Served:
    return fail(call, failure)


def _serve(
    session: Session,
    request: Request,
    operation: Operation,
    params: Mapping[str, str],
    serve: Callable[[Call], Served],
) -> Decided:
    if operation.asks_model:
        model = _model_in(_unspoken(request, operation.name).body)
        if (acting := ACTING.get(model)) is not None:
            return Decided(session=session, answer=acting, endpoint=operation.name)
    # Only a large body was read before, and no other is too long.
    if (too_long := limits.refusal(operation.name, request.json or _NOTHING, len(request.body))) is not None:
        return Decided(session=session, answer=too_long, endpoint=operation.name)
    try:
        served = serve(_call(session, request, params))
    except RequestRefused as refused:
        served = Served(answer=refused.failure)
    except TooLarge:
        served = Served(answer=fallback.too_large_to_keep(session.resources.size_limit))
    if served.resources is not None:
        session = replace(session, resources=served.resources)
    return Decided(session=session, answer=served.answer, endpoint=operation.name, takes_turn=operation.takes_turn)


def _speak(session: Session, request: Request, endpoint: Endpoint, params: Mapping[str, str]) -> Decided:
    call, elsewhere, body = _call(session, request, params), None, _NOTHING
    try:
        refuse_failure(errors.not_json() if is_form(request) and not endpoint.takes_forms else None)
        body = read_object(request)
        elsewhere = _elsewhere(session, request, endpoint, params, body) if session.settings.upstreams else None
        prompt = _understood(session, endpoint, call, body, elsewhere)
    except RequestRefused as refused:
        if elsewhere is None:
            answer = refused.answer if isinstance(refused, BrokenOff) else refused.failure
            return Decided(session=session, answer=answer, endpoint=endpoint.name)
        # What this API does not take, another server's may: it has the say, after the rules.
        if (leniently := _leniently(endpoint, call, body)) is None:
            prompt = Prompt(endpoint=endpoint.name, model=elsewhere.model)
            return Decided(session=session, answer=elsewhere, endpoint=endpoint.name, prompt=prompt)
        prompt = leniently
    if (acting := ACTING.get(prompt.model)) is not None:
        return Decided(session=session, answer=acting, endpoint=endpoint.name, prompt=prompt)
    if request.warms_up:
        asked = Candidate(prompt, request, session.progress.state)
        nothing = write_reply(session, asked, endpoint, _NOTHING_SAID, Pacing())
        return Decided(session=session, answer=nothing, endpoint=endpoint.name, prompt=prompt)
    return _answer(session, Candidate(prompt, request, session.progress.state), endpoint, elsewhere)


_NOTHING: Mapping[str, Any] = {}
_NOTHING_SAID = ModelOutput(choices=(Choice(blocks=(), exact=True),))


def _leniently(endpoint: Endpoint, call: Call, body: Mapping[str, object]) -> Prompt | None:
    """Understand a body as far as it can be, without asking whether it is right; None where it cannot."""
    try:
        return endpoint.read(call._replace(lenient=True), body)
    except RequestRefused:
        return None


def _elsewhere(
    session: Session, request: Request, endpoint: Endpoint, params: Mapping[str, str], body: Mapping[str, object]
) -> Elsewhere | None:
    """Return the forwarding of an unmatched request; None if there is no upstream for it."""
    named = add_model(body, params)
    model = _model_in(named)
    to = session.upstream_for(model)
    if (
        to is None
        or endpoint.takes_forms
        or endpoint.only_in_talks
        or (endpoint.only_openai and model not in session.settings.upstreams.models)
        or model in ACTING
    ):
        return None
    if to.model is not None:
        named = {**named, "model": to.model}
    # A message of WebSocket is not the body that it stands for.
    written_body = request.body if named is body and not request.talk else json_bytes.compact(named)
    return Elsewhere(to=to, path=endpoint.path, body=written_body, model=model)


def _model_in(body: Mapping[str, object]) -> str:
    """Return the model that a body names; empty where it names none."""
    model = body.get("model")
    return model if isinstance(model, str) else ""


def _understood(
    session: Session, endpoint: Endpoint, call: Call, body: Mapping[str, object], elsewhere: Elsewhere | None
) -> Prompt:
    if (too_long := limits.refusal(endpoint.name, body, len(call.request.body))) is not None:
        raise RequestRefused(too_long)
    prompt = endpoint.read(call, body)
    if not (call.lenient or prompt.model in ACTING or elsewhere is not None):
        refuse_failure(refuse_model(session, call, endpoint, prompt))
    return prompt


def _call(session: Session, request: Request, params: Mapping[str, str]) -> Call:
    return Call(
        request=request,
        params=params,
        stamp=session.stamp,
        models=_list_models(session),
        resources=session.resources,
        day=session.day_of(request),
        models_day=session.models_day(request),
        lenient=session.policy.lenient,
        now=session.clock_time(request),
        fine_tuning_duration=session.policy.fine_tuning_duration,
        webhooks=session.policy.webhooks,
        readers=session.policy.readers,
        gave=partial(gave, session.journal),
    )


def _list_models(session: Session) -> Mapping[str, None]:
    """Return the valid models, with those that fine-tuning jobs made."""
    tuned = [name for name, _ in session.resources.items_of(MODEL)]
    return {**session.models, **dict.fromkeys(tuned)} if tuned else session.models


def _answer_by_path_rule(session: Session, request: Request, operation: str) -> Decided | None:
    """Let a rule answer where no model speaks: only one that names the path or the operation itself."""
    if not session.script.index.names_paths:
        return None
    asked = Candidate(_unspoken(request, operation), request, session.progress.state)
    if (selected := select(session, asked, naming_path=True)) is None:
        return None
    if wants_websocket(request) and isinstance(selected.rule.reply(selected.times_before), ModelOutput):
        return None  # it is for the requests that come as messages
    return _answer_by_rule(session, asked, selected, None)


def _unspoken(request: Request, operation: str) -> Prompt:
    try:
        body = read_object(request)
    except RequestRefused:
        body = {}
    return Prompt(endpoint=operation, model="", body=body)


def _answer(session: Session, asked: Candidate, endpoint: Endpoint, elsewhere: Elsewhere | None) -> Decided:
    if session.settings.defaults.holds_all and endpoint.speaks and not asked.request.skips_hold:
        held = Person(asked.prompt)
        return Decided(session=session, answer=held, endpoint=endpoint.name, prompt=asked.prompt)
    if (selected := select(session, asked, naming_path=not endpoint.speaks)) is not None:
        return _answer_by_rule(session, asked, selected, endpoint)
    if elsewhere is not None:
        return _forward(session, asked, endpoint, elsewhere)
    return fall_back(session, asked, endpoint) if endpoint.speaks else _answer_without_rule(session, asked, endpoint)


def _forward(session: Session, asked: Candidate, endpoint: Endpoint, elsewhere: Elsewhere) -> Decided:
    """Hand the request on, unless a fault of the session's refuses it."""
    admitted = admit(session, session.settings.defaults.faults, "", asked)
    by_name = asked.prompt.model in session.settings.upstreams.models
    return Decided(
        session=admitted.session,
        answer=elsewhere if admitted.refused is None else admitted.refused,
        limits=admitted.headers,
        refused_by=admitted.refused_by,
        endpoint=endpoint.name,
        prompt=asked.prompt,
        unmatched=None if by_name else near_miss(session, asked).sentence,
    )


def _answer_without_rule(session: Session, asked: Candidate, endpoint: Endpoint) -> Decided:
    """Answer where no model speaks: there is nothing that a script has to say."""
    pacing, faults = session.settings.defaults.pacing, session.settings.defaults.faults
    admitted = admit(session, faults, "", asked)
    return Decided(
        session=admitted.session,
        answer=write_reply(session, asked, endpoint, admitted.refused or says(""), pacing),
        pacing=pacing,
        limits=admitted.headers,
        refused_by=admitted.refused_by,
        faults=faults,
        endpoint=endpoint.name,
        prompt=asked.prompt,
    )


def _answer_by_rule(session: Session, asked: Candidate, selected: Selected, endpoint: Endpoint | None) -> Decided:
    rule = selected.rule
    defaults = session.settings.defaults
    faults, owner = (defaults.faults, "") if rule.faults is None else (rule.faults, str(selected.position))
    admitted = admit(session, faults, owner, asked)
    after, pacing = admitted.session, rule.pacing or defaults.pacing
    answer: Answer | Failure | None = admitted.refused
    if answer is None:
        after = after.rule_used(selected.group, selected.position)
        answer = write_reply(session, asked, endpoint, _ready(session, asked, selected), pacing)
    return Decided(
        session=after,
        answer=answer,
        pacing=pacing,
        limits=admitted.headers,
        refused_by=admitted.refused_by,
        faults=faults,
        endpoint=asked.prompt.endpoint or None,
        prompt=asked.prompt,
        rule=rule.name,
    )


def _ready(session: Session, asked: Candidate, selected: Selected) -> Ready:
    """Return what the rule says; where a template cannot be filled in, a failure that says why and is not retried."""
    reply = selected.rule.reply(selected.times_before)
    if not isinstance(reply, Template):
        return reply
    try:
        return fill_reply(reply, asked, selected.captures(asked), selected.times_before + 1, session.stamp)
    except TemplateProblem as problem:
        return fallback.template_failed(selected.rule.name, problem)
