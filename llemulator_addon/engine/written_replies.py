"""Replies of rules and fallbacks, written as the endpoint has them."""

from dataclasses import replace
from typing import assert_never

from llemulator_addon.core.model_server import Demand
from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Failure, ModelOutput, Usage
from llemulator_addon.core.steps import Headers
from llemulator_addon.core.work import not_at_once
from llemulator_addon.engine import fallback, paced_steps
from llemulator_addon.engine.code_containers import open_containers
from llemulator_addon.engine.file_search import fill_file_searches
from llemulator_addon.engine.files_of_replies import fill_files
from llemulator_addon.engine.found_texts import show_found
from llemulator_addon.engine.given_files import show_files
from llemulator_addon.engine.prompt_caching import use_prompt_cache
from llemulator_addon.engine.session import Session
from llemulator_addon.script.pacing import Pacing
from llemulator_addon.script.pattern import Candidate
from llemulator_addon.script.replies.raw import Raw
from llemulator_addon.script.reply import Ready
from llemulator_addon.wire import errors
from llemulator_addon.wire.answer import Answer, Body, Endpoint, Manner
from llemulator_addon.wire.usage import count_most, count_usage


def write_reply(
    session: Session, asked: Candidate, endpoint: Endpoint | None, reply: Ready, pacing: Pacing
) -> Answer | Failure:
    """Write a reply as the endpoint does; None: no model speaks there."""
    prompt = asked.prompt
    manner = Manner(
        stamp=session.stamp,
        chunk_by=pacing.chunk_by,
        dated_models=session.policy.dated_models,
        day=session.day_of(asked.request),
        talk=asked.request.talk,
    )
    match reply:
        case ModelOutput():
            if endpoint is None:
                shown = show_found(session, prompt, reply) or show_files(session, asked.request, reply)
                return _set_headers(shown or fallback.cannot_say(), reply.headers)
            now = session.clock_time(asked.request)
            if isinstance(reply := fill_files(session, prompt, reply, now), Failure):
                return reply
            reply = fill_file_searches(session, prompt, reply, now)
            reply, kept = open_containers(session, prompt, reply, now, asked.request.talk)
            reply = _add_usage(reply, session.settings.defaults.usage)
            reply, cache = use_prompt_cache(session, prompt, reply, manner.api, now)
            answer = _write_output(session, prompt, endpoint, reply, manner)
            if cache is not None and not isinstance(answer, Failure):
                answer = replace(answer, prompt_cache=cache)
            if kept and not isinstance(answer, Failure):
                answer = replace(answer, keeps=(*answer.keeps, *kept))
            if not isinstance(answer, Failure) and _takes_place(session, asked, endpoint):
                answer = replace(answer, demand=_measure(prompt, reply))
            return _set_headers(answer, reply.headers)
        case Raw():
            return reply.answer()
        case Failure():
            fails = reply.taken and endpoint is not None and endpoint.fail
            return fails(prompt, reply, manner) if fails else reply
        case never:
            assert_never(never)


def _takes_place(session: Session, asked: Candidate, endpoint: Endpoint) -> bool:
    """Whether a model server works on an answer while the client waits for it: not in the background."""
    if not endpoint.speaks or session.capacity_for(asked.request) is None:
        return False
    return asked.prompt.stream or asked.prompt.body.get("background") is not True


def _measure(prompt: Prompt, says: ModelOutput) -> Demand:
    """Count the tokens that a model server works on: those that the answer's usage says."""
    usage = count_usage(prompt, says)
    return Demand(prompt.model, usage.prompt, usage.completion, count_most(prompt), usage.cached)


def _write_output(
    session: Session, prompt: Prompt, endpoint: Endpoint, says: ModelOutput, manner: Manner
) -> Answer | Failure:
    """Write what the model says; what would be large is made while it is sent, and what would be too large refused."""
    size = endpoint.size(prompt, says)
    if size <= paced_steps.MADE_AT_ONCE:
        return endpoint.write(prompt, says, manner)
    if size > session.policy.answer_limit:
        return errors.too_large(prompt.model, size, session.policy.answer_limit)
    if not (endpoint.speaks and prompt.stream):
        not_at_once()
    if endpoint.speaks:
        # What is to be counted is counted now: whoever sends the answer later does not wait for it.
        count_usage(prompt, says)
    answer = endpoint.write(prompt, says, manner._replace(in_pieces=size > _LONG))
    return answer if isinstance(answer, Body | Failure) else replace(answer, size=size)


_LONG = 1 << 20
"""Bytes of an answer, as they were estimated, from which on it is never there at once."""


def _add_usage(reply: ModelOutput, usage: Usage) -> ModelOutput:
    """Give a reply the counts that the script gives for all, where it has none of its own."""
    return reply if usage == _COUNTED or reply.usage != _COUNTED else replace(reply, usage=usage)


_COUNTED = Usage()


def _set_headers(answer: Answer | Failure, headers: Headers) -> Answer | Failure:
    """Give an answer the headers of the script, in place of its own of the same name."""
    if not headers:
        return answer
    names = {name for name, _ in headers}
    return replace(answer, headers=(*(pair for pair in answer.headers if pair[0] not in names), *headers))
