"""`decide(session, request)`: what happens to a request to OpenAI's API. Pure, and may be called twice."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from llemulator_addon.core.outcome import Outcome, Play
from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Failure, Reply, Says
from llemulator_addon.core.request import Request
from llemulator_addon.core.resources import Resources
from llemulator_addon.core.steps import Steps
from llemulator_addon.engine import fallback
from llemulator_addon.engine.journal import Basis
from llemulator_addon.engine.near_miss import near_miss
from llemulator_addon.engine.play import steps_of
from llemulator_addon.engine.select import select
from llemulator_addon.engine.session import Session
from llemulator_addon.script.asked import Asked
from llemulator_addon.script.pacing import Pacing
from llemulator_addon.wire import errors
from llemulator_addon.wire.answer import Answer, Call, Endpoint, Manner, Operation, Served
from llemulator_addon.wire.bodies import read_object
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
    answered = replace(decided.session, turn=session.turn + 1, resources=_resources(decided), journal=journal)
    return answered, Play(steps, exchange=f"{journal.recorded}@{request.at!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decided:
    """What was found out on the way to an answer."""

    session: Session
    answer: Answer | Failure
    pacing: Pacing = Pacing()
    endpoint: str | None = None
    prompt: Prompt | None = None
    rule: str | None = None
    unmatched: str | None = None


def _decide(session: Session, request: Request) -> _Decided:
    match find(request.method, request.path):
        case None:
            return _Decided(session=session, answer=errors.unknown_url(request.method, request.path))
        case OtherMethods(allowed):
            return _Decided(session=session, answer=errors.wrong_method(request.method, request.path, allowed))
        case Found(operation, params):
            answering = _spoken if isinstance(operation, Endpoint) else _served
            return answering(session, request, operation, params)
        case never:
            assert_never(never)


def _served(session: Session, request: Request, operation: Operation, params: Mapping[str, str]) -> _Decided:
    try:
        served = operation.serve(_call(session, request, params))
    except Refused as refused:
        served = Served(answer=refused.failure)
    if served.resources is not None:
        session = replace(session, resources=served.resources)
    return _Decided(session=session, answer=served.answer, endpoint=operation.name)


def _spoken(session: Session, request: Request, endpoint: Endpoint, params: Mapping[str, str]) -> _Decided:
    try:
        prompt = _understood(session, endpoint, _call(session, request, params))
    except Refused as refused:
        return _Decided(session=session, answer=refused.failure, endpoint=endpoint.name)
    return _answered(session, Asked(prompt, request), endpoint)


def _understood(session: Session, endpoint: Endpoint, call: Call) -> Prompt:
    prompt = endpoint.read(call, read_object(call.request.body))
    if prompt.model not in session.models and not call.lenient:
        raise Refused(endpoint.unknown_model(prompt.model))
    return prompt


def _call(session: Session, request: Request, params: Mapping[str, str]) -> Call:
    return Call(
        request=request,
        params=params,
        stamp=session.stamp,
        models=session.models,
        resources=session.resources,
        lenient=session.policy.lenient,
    )


def _answered(session: Session, asked: Asked, endpoint: Endpoint) -> _Decided:
    if (selected := select(session, asked)) is None:
        return _unmatched(session, asked, endpoint)
    rule = selected.rule
    reply = rule.replies[min(selected.times_before, len(rule.replies) - 1)]
    pacing = rule.pacing or session.defaults.pacing
    return _Decided(
        session=session.rule_used(selected.group, selected.position),
        answer=_written(session, asked.prompt, endpoint, reply, pacing),
        pacing=pacing,
        endpoint=endpoint.name,
        prompt=asked.prompt,
        rule=rule.name,
    )


def _unmatched(session: Session, asked: Asked, endpoint: Endpoint) -> _Decided:
    missed = near_miss(session, asked)
    pacing = session.defaults.pacing
    match session.on_unmatched:
        case "error":
            reply: Reply = fallback.unmatched(missed)
        case "echo":
            reply = fallback.echo(asked.prompt)
        case never:
            assert_never(never)
    return _Decided(
        session=session,
        answer=_written(session, asked.prompt, endpoint, reply, pacing),
        pacing=pacing,
        endpoint=endpoint.name,
        prompt=asked.prompt,
        unmatched=missed.sentence,
    )


def _written(session: Session, prompt: Prompt, endpoint: Endpoint, reply: Reply, pacing: Pacing) -> Answer | Failure:
    match reply:
        case Says():
            manner = Manner(stamp=session.stamp, chunk_by=pacing.chunk_by, dated_models=session.policy.dated_models)
            return endpoint.write(prompt, reply, manner)
        case Failure():
            return reply
        case never:
            assert_never(never)


def _steps(decided: _Decided, session: Session) -> Steps:
    if isinstance(decided.answer, Failure):
        return errors.steps_of(decided.answer, session.stamp)
    return steps_of(decided.answer, session.stamp, decided.pacing)


def _resources(decided: _Decided) -> Resources:
    resources = decided.session.resources
    return resources if isinstance(decided.answer, Failure) else resources.put(*decided.answer.keeps)
