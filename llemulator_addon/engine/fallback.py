"""The echo, and the failures in the words of llemulator itself."""

from llemulator_addon.core.capacity import Capacity
from llemulator_addon.core.model_server import Demand
from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Choice, Failure, ModelOutput, Text, says
from llemulator_addon.core.sizes import format_size
from llemulator_addon.engine.near_miss import NearMiss
from llemulator_addon.script.templates.problems import TemplateProblem


def echo(prompt: Prompt) -> ModelOutput:
    """Say what the user said last; where there are several prompts, what each of them says."""
    if not prompt.apart:
        return says(prompt.user_text)
    texts = (prompt.select_choice(index).user_text for index in range(prompt.choices))
    return ModelOutput(choices=tuple(Choice(blocks=(Text(text),)) for text in texts))


def fail_unmatched(missed: NearMiss) -> Failure:
    """Fail in a way that no client retries or takes for something else.

    LangChain takes a 404 for an unknown model, and LangChain.js retries a 422 (docs/frameworks.md).
    """
    return Failure(
        status=400,
        type="invalid_request_error",
        code=missed.code,
        message=missed.sentence,
        headers=(("x-should-retry", "false"),),
    )


def no_upstream(missed: NearMiss, model: str) -> Failure:
    """Fail where the fallback is an upstream, but none is named for this model."""
    return Failure(
        status=400,
        type="invalid_request_error",
        code="no_upstream",
        message=f"{missed.sentence} No upstream is named for the model `{model}`, nor one for everything: "
        "`upstream` in the script and --upstream (LLEMULATOR_UPSTREAM) name them.",
        headers=(("x-should-retry", "false"),),
    )


def nobody_answered(seconds: float) -> Failure:
    """Fail where no person answered in time, in a way that SDKs do not retry."""
    return Failure(
        status=504,
        type="server_error",
        code="nobody_answered",
        message=f"Nobody answered this request within {seconds:g} seconds. POST /_emulator/waiting/NUMBER answers one. "
        "`defaults.manual.timeout_s` in the script, or --manual-timeout (LLEMULATOR_MANUAL_TIMEOUT), sets how long it "
        "waits.",
        headers=(("x-should-retry", "false"),),
    )


def no_rule_answers(missed: NearMiss) -> Failure:
    """Refuse to let the rules answer for a person, if none matches and the fallback is no answer either."""
    return Failure(
        status=409,
        type="invalid_request_error",
        code="no_rule_answers",
        message=f"The rules do not answer this request, so it still waits for a person. {missed.sentence}",
    )


def session_forgotten(waited_for: str) -> Failure:
    """Fail where a session is reset while a request of it waits."""
    return Failure(
        status=409,
        type="invalid_request_error",
        code="session_forgotten",
        message=f"The session was reset while this request waited for {waited_for}.",
        headers=(("x-should-retry", "false"),),
    )


def no_room_to_wait(limit: int) -> Failure:
    """Fail if other waiting requests leave no room for this one."""
    return Failure(
        status=503,
        type="server_error",
        code="no_room_to_wait",
        message=f"This request would have to wait, and all that wait may take {format_size(limit)} of memory together. "
        "--waiting-size (LLEMULATOR_WAITING_SIZE) sets this limit.",
        headers=(("x-should-retry", "false"),),
    )


_OVERLOADED = "Our servers are currently overloaded. Please try again later."


def no_room_for_unread(limit: int) -> Failure:
    """Fail if other unread answers leave no room for this one.

    In the words of the real API when it is overloaded; its clients try again.
    """
    return Failure(
        status=503,
        type="service_unavailable_error",
        code="server_is_overloaded",
        message=f"{_OVERLOADED} (llemulator: answers that clients have not read yet may take {format_size(limit)} of "
        "memory together. --unread-size (LLEMULATOR_UNREAD_SIZE) sets this limit.)",
        headers=(("retry-after", "1"),),
    )


def server_too_busy(capacity: Capacity) -> Failure:
    """Refuse a request that finds no room among those that wait for the model server; its clients try again."""
    return Failure(
        status=capacity.refuse_with,
        type="service_unavailable_error",
        code="server_is_overloaded",
        message=f"{_OVERLOADED} (llemulator: all places of the model server are taken, and max_waiting of its "
        f"capacity is {capacity.max_waiting}.)",
        headers=(("retry-after", "1"),),
    )


def too_long_for_server(demand: Demand, capacity: Capacity) -> Failure:
    """Refuse a request whose tokens never fit; in the words of the real API and of vLLM."""
    longest = min(filter(None, (capacity.max_model_len, capacity.kv_cache_tokens)))
    return Failure(
        status=400,
        type="invalid_request_error",
        param="messages",
        code="context_length_exceeded",
        message=f"This model's maximum context length is {longest} tokens. However, you requested {demand.asked} "
        f"tokens ({demand.prompt} in the messages, {demand.asked - demand.prompt} in the completion). Please reduce "
        "the length of the messages or completion.",
    )


def store_failed(why: str) -> Failure:
    """Fail if the store of sessions cannot be read or written. Clients try again."""
    return Failure(
        status=503,
        type="server_error",
        code="store_unavailable",
        message=f"The store of sessions does not work at the moment, and nothing was forwarded: {why}. "
        "--store (LLEMULATOR_STORE) names it.",
        headers=(("retry-after", "1"),),
    )


def too_large_to_keep(limit: int) -> Failure:
    """Refuse to keep what takes more memory than all that a token may store."""
    return Failure(
        status=413,
        type="invalid_request_error",
        code="too_large_to_keep",
        message=f"This is not kept: it takes more memory than the {format_size(limit)} that a token may store. "
        "--stored-size (LLEMULATOR_STORED_SIZE) sets this limit.",
        headers=(("x-should-retry", "false"),),
    )


def answer_cannot_be_filled(problem: TemplateProblem) -> Failure:
    """Refuse a person's answer whose template cannot be filled in."""
    return Failure(
        status=400,
        type="invalid_request_error",
        code="template_error",
        message=f"The template cannot be filled in: {problem}.",
    )


def template_failed(rule: str, problem: TemplateProblem) -> Failure:
    """Say why a rule's template could not be filled in."""
    return _script_fault("template_error", f'The template of rule "{rule}" cannot be filled in: {problem}.')


def file_failed(name: str, why: str) -> Failure:
    """Say why a reply has not the content of a file."""
    return _script_fault("reply_file_error", f'A reply cannot have the content of the file "{name}": {why}.')


def cannot_say() -> Failure:
    """Say that a rule with words of a model matched where no model speaks."""
    message = "No model speaks here, so a rule can answer with `raw` or `failure` only."
    return _script_fault("reply_without_model", message)


def _script_fault(code: str, message: str) -> Failure:
    return Failure(status=500, type="server_error", code=code, message=message, headers=(("x-should-retry", "false"),))
