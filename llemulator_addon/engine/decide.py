"""`decide(session, request)`: what happens to a request to OpenAI's API. Pure, and may be called twice."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple, assert_never

from llemulator_addon.core.outcome import Outcome, Play
from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Failure, Says, Usage, says
from llemulator_addon.core.request import Request
from llemulator_addon.core.resources import Resources
from llemulator_addon.core.steps import Headers, Steps
from llemulator_addon.engine import fallback
from llemulator_addon.engine.acting import ACTING, Silence
from llemulator_addon.engine.admission import Admitted, admit
from llemulator_addon.engine.journal import Basis
from llemulator_addon.engine.near_miss import near_miss
from llemulator_addon.engine.play import steps_of, with_headers
from llemulator_addon.engine.select import Selected, select
from llemulator_addon.engine.session import Session
from llemulator_addon.engine.simulate import refuse_schema, simulated
from llemulator_addon.script.asked import Asked
from llemulator_addon.script.fault import Fault, Scene
from llemulator_addon.script.pacing import Pacing
from llemulator_addon.script.replies.raw import Raw
from llemulator_addon.script.reply import Ready, filled
from llemulator_addon.script.template import Template
from llemulator_addon.script.templates.problems import TemplateProblem
from llemulator_addon.wire import errors
from llemulator_addon.wire.answer import Answer, Call, Endpoint, Manner, Operation, Served, Stream
from llemulator_addon.wire.bodies import read_object
from llemulator_addon.wire.deployments import DEPLOYMENT, not_found
from llemulator_addon.wire.errors import Refused
from llemulator_addon.wire.routing import Found, OtherMethods, find


def decide(session: Session, request: Request) -> tuple[Session, Outcome]:
    """Decide what a request with a token gets, and what the session is afterwards."""
    return _concluded(session, request, _decide(session, request))


def refuse(session: Session, request: Request, failure: Failure) -> tuple[Session, Outcome]:
    """Refuse a request, unless its path or method names nothing: the real API finds that out first."""
    if isinstance(find(request.method, request.path), Found):
        return _concluded(session, request, _Decided(session=session, answer=failure))
    return decide(session, request)


def _concluded(session: Session, request: Request, decided: "_Decided") -> tuple[Session, Outcome]:
    steps = _steps(decided, session)
    basis = Basis(decided.endpoint, decided.prompt, decided.rule, decided.unmatched)
    journal = session.journal.record(request, steps, basis)
    answered = decided.session.changed(
        turn=session.turn + decided.takes_turn, resources=_resources(decided), journal=journal
    )
    return answered, Play(steps, exchange=f"{journal.recorded}@{request.at!r}")


class _Decided(NamedTuple):
    """What was found out on the way to an answer."""

    session: Session
    answer: Answer | Failure | Silence
    pacing: Pacing = Pacing()
    limits: Headers = ()
    """`x-ratelimit-*`, where a fault counts."""
    faults: tuple[Fault, ...] = ()
    endpoint: str | None = None
    prompt: Prompt | None = None
    rule: str | None = None
    unmatched: str | None = None
    takes_turn: bool = True


def _decide(session: Session, request: Request) -> _Decided:
    match find(request.method, request.path):
        case None:
            failure = errors.unknown_url(request.method, request.path)
            return _scripted(session, request, "") or _Decided(session=session, answer=failure)
        case OtherMethods(allowed):
            failure = errors.wrong_method(request.method, request.path, allowed)
            return _scripted(session, request, "") or _Decided(session=session, answer=failure)
        case Found(operation, params):
            return _asked(session, request, operation, params)
        case never:
            assert_never(never)


def _asked(session: Session, request: Request, operation: Endpoint | Operation, params: Mapping[str, str]) -> _Decided:
    match operation:
        case Endpoint():
            return _spoken(session, request, operation, params)
        case Operation():
            return _scripted(session, request, operation.name) or _served(session, request, operation, params)
        case never:
            assert_never(never)


def _served(session: Session, request: Request, operation: Operation, params: Mapping[str, str]) -> _Decided:
    try:
        served = operation.serve(_call(session, request, params))
    except Refused as refused:
        served = Served(answer=refused.failure)
    if served.resources is not None:
        session = replace(session, resources=served.resources)
    return _Decided(session=session, answer=served.answer, endpoint=operation.name, takes_turn=operation.takes_turn)


def _spoken(session: Session, request: Request, endpoint: Endpoint, params: Mapping[str, str]) -> _Decided:
    try:
        prompt = _understood(session, endpoint, _call(session, request, params))
    except Refused as refused:
        return _Decided(session=session, answer=refused.failure, endpoint=endpoint.name)
    if (acting := ACTING.get(prompt.model)) is not None:
        return _Decided(session=session, answer=acting, endpoint=endpoint.name, prompt=prompt)
    return _answered(session, Asked(prompt, request, session.state), endpoint)


def _understood(session: Session, endpoint: Endpoint, call: Call) -> Prompt:
    prompt = endpoint.read(call, read_object(call.request.body))
    if not (call.lenient or prompt.model in ACTING or _is_valid(session, call, prompt)):
        raise Refused(not_found() if DEPLOYMENT in call.params else endpoint.unknown_model(prompt.model))
    if not call.lenient and (refusal := refuse_schema(prompt)) is not None:
        raise Refused(refusal)
    return prompt


def _is_valid(session: Session, call: Call, prompt: Prompt) -> bool:
    """Whether the model is: one that the request names; a deployment of Azure's only if the script names models."""
    if prompt.body.get("model") is None or (DEPLOYMENT in call.params and session.own_models is None):
        return True
    return call.knows(prompt.model)


def _call(session: Session, request: Request, params: Mapping[str, str]) -> Call:
    return Call(
        request=request,
        params=params,
        stamp=session.stamp,
        models=session.models,
        resources=session.resources,
        lenient=session.policy.lenient,
    )


def _scripted(session: Session, request: Request, operation: str) -> _Decided | None:
    """Let a rule answer where no model speaks: only one that names the path or the operation itself."""
    if not session.index.names_paths:
        return None
    asked = Asked(_unspoken(request, operation), request, session.state)
    if (selected := select(session, asked, naming_path=True)) is None:
        return None
    return _by_rule(session, asked, selected, None)


def _unspoken(request: Request, operation: str) -> Prompt:
    try:
        body = read_object(request.body)
    except Refused:
        body = {}
    return Prompt(endpoint=operation, model="", body=body)


def _answered(session: Session, asked: Asked, endpoint: Endpoint) -> _Decided:
    if (selected := select(session, asked, naming_path=not endpoint.speaks)) is None:
        return _unmatched(session, asked, endpoint) if endpoint.speaks else _by_itself(session, asked, endpoint)
    return _by_rule(session, asked, selected, endpoint)


def _by_itself(session: Session, asked: Asked, endpoint: Endpoint) -> _Decided:
    """Answer where no model speaks: there is nothing that a script has to say."""
    pacing, faults = session.defaults.pacing, session.defaults.faults
    admitted = admit(session, faults, "", asked)
    return _Decided(
        session=admitted.session,
        answer=_written(session, asked.prompt, endpoint, admitted.refused or says(""), pacing),
        pacing=pacing,
        limits=admitted.headers,
        faults=faults,
        endpoint=endpoint.name,
        prompt=asked.prompt,
    )


def _by_rule(session: Session, asked: Asked, selected: Selected, endpoint: Endpoint | None) -> _Decided:
    rule = selected.rule
    faults, owner = (session.defaults.faults, "") if rule.faults is None else (rule.faults, str(selected.position))
    admitted = admit(session, faults, owner, asked)
    after, pacing = admitted.session, rule.pacing or session.defaults.pacing
    answer: Answer | Failure | None = admitted.refused
    if answer is None:
        after = after.rule_used(selected.group, selected.position)
        answer = _written(session, asked.prompt, endpoint, _ready(session, asked, selected), pacing)
    return _Decided(
        session=after,
        answer=answer,
        pacing=pacing,
        limits=admitted.headers,
        faults=faults,
        endpoint=asked.prompt.endpoint or None,
        prompt=asked.prompt,
        rule=rule.name,
    )


def _ready(session: Session, asked: Asked, selected: Selected) -> Ready:
    """Return what the rule says; where a template cannot be filled in, a failure that says why and is not retried."""
    reply = selected.rule.reply(selected.times_before)
    if not isinstance(reply, Template):
        return reply
    try:
        return filled(reply, asked, selected.captures(asked), selected.times_before + 1, session.stamp)
    except TemplateProblem as problem:
        return fallback.template_failed(selected.rule.name, problem)


def _unmatched(session: Session, asked: Asked, endpoint: Endpoint) -> _Decided:
    missed = near_miss(session, asked)
    pacing, faults = session.defaults.pacing, session.defaults.faults
    match session.on_unmatched:
        case "error":
            faults, admitted = (), Admitted(session=session)
            reply: Ready = fallback.unmatched(missed)
        case "echo":
            admitted = admit(session, faults, "", asked)
            reply = admitted.refused or fallback.echo(asked.prompt)
        case "simulate":
            admitted = admit(session, faults, "", asked)
            made = simulated(asked.prompt, session.stamp, session.policy.simulation.with_headers(asked.request.headers))
            reply, pacing = admitted.refused or made.reply, made.pacing or pacing
        case never:
            assert_never(never)
    return _Decided(
        session=admitted.session,
        answer=_written(session, asked.prompt, endpoint, reply, pacing),
        pacing=pacing,
        limits=admitted.headers,
        faults=faults,
        endpoint=endpoint.name,
        prompt=asked.prompt,
        unmatched=missed.sentence,
    )


def _written(
    session: Session, prompt: Prompt, endpoint: Endpoint | None, reply: Ready, pacing: Pacing
) -> Answer | Failure:
    match reply:
        case Says():
            if endpoint is None:
                return fallback.cannot_say()
            manner = Manner(stamp=session.stamp, chunk_by=pacing.chunk_by, dated_models=session.policy.dated_models)
            return endpoint.write(prompt, _with_usage(reply, session.defaults.usage), manner)
        case Raw():
            return reply.answer()
        case Failure():
            return reply
        case never:
            assert_never(never)


def _with_usage(reply: Says, usage: Usage) -> Says:
    """Give a reply the counts that the script gives for all, where it has none of its own."""
    return reply if usage == _COUNTED or reply.usage != _COUNTED else replace(reply, usage=usage)


_COUNTED = Usage()


def _steps(decided: _Decided, session: Session) -> Steps:
    match decided.answer:
        case Silence():
            return decided.answer.steps()
        case Failure():
            steps = with_headers(errors.steps_of(decided.answer, session.stamp), decided.limits)
        case _:
            steps = steps_of(decided.answer, session.stamp, decided.pacing, limits=decided.limits)
    scene = Scene(endpoint=decided.endpoint, events=isinstance(decided.answer, Stream))
    for fault in decided.faults:
        steps = fault.rewrite(steps, scene)
    return steps


def _resources(decided: _Decided) -> Resources:
    resources = decided.session.resources
    return resources if isinstance(decided.answer, Failure | Silence) else resources.put(*decided.answer.keeps)
