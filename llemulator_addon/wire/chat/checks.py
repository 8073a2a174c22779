"""Refusals of a chat completion whose form is right: by its conversation, its tools and its model.

The wordings are from recordings and public reports; facts of a model's family are in `families.py`.
"""

from collections.abc import Iterator, Mapping

from llemulator_addon.core.json_type import JsonObject
from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Failure
from llemulator_addon.wire import errors, structured_outputs
from llemulator_addon.wire.capabilities import REPLACED_BY, Family, RefusalWording
from llemulator_addon.wire.chat.conversation import name_offered
from llemulator_addon.wire.chat.parts import check_parts
from llemulator_addon.wire.checking import kind_of
from llemulator_addon.wire.errors import INVALID
from llemulator_addon.wire.families import family, find_refusals
from llemulator_addon.wire.members import list_in, number_in, objects_in, text_in
from llemulator_addon.wire.models import serves
from llemulator_addon.wire.usage import count_prompt


def check_body(prompt: Prompt) -> Iterator[Failure]:
    """Yield what is wrong whatever the model is."""
    body: JsonObject = prompt.body
    messages = objects_in(body, "messages")
    yield from _combinations(body)
    yield from _conversation(messages)
    yield from _choice(body)
    if (refused := structured_outputs.refuse_schema(prompt)) is not None:
        yield refused


def check_model(prompt: Prompt) -> Iterator[Failure]:
    """Yield what the model does not take."""
    body, model = prompt.body, prompt.model
    if (elsewhere := _elsewhere(model)) is not None:
        yield elsewhere
    of_family = family(model)
    yield from _efforts(body, of_family)
    yield from _parameters(body, of_family)
    yield from _verbosity(body, of_family)
    yield from _searching(body, of_family)
    yield from _roles(body, of_family)
    yield from check_parts(body, of_family)
    yield from _tools_of_model(body, model, of_family)
    yield from _formats_of_model(body, of_family)
    yield from _audio(body, of_family)
    yield from _output_limit(body, of_family)


def check_length(prompt: Prompt, size: int) -> Iterator[Failure]:
    """Yield what is too long for the model. `size` is that of the body in bytes, which no count of tokens exceeds."""
    of_family = family(prompt.model)
    completion = int(number_in(prompt.body, "max_completion_tokens") or number_in(prompt.body, "max_tokens") or 0)
    room = of_family.room
    if size + completion < room:
        return
    counted = count_prompt(prompt)
    if counted > room:
        yield _too_long(of_family, counted)
    elif counted + completion > of_family.window:
        yield _window_exceeded(
            f"This model's maximum context length is {of_family.window} tokens. However, you requested "
            f"{counted + completion} tokens ({counted} in the messages, {completion} in the completion). Please "
            "reduce the length of the messages or completion."
        )


# Parameters that exclude or need each other -------------------------------------------------------------------------


def _combinations(body: JsonObject) -> Iterator[Failure]:
    for name, other in (("stream_options", "stream"), ("top_logprobs", "logprobs"), ("metadata", "store")):
        if body.get(name) and not body.get(other):
            yield errors.only_with(name, other)
    if body.get("max_tokens") is not None and body.get("max_completion_tokens") is not None:
        yield Failure(
            status=400,
            type=INVALID,
            param="max_tokens",
            code="invalid_parameter_combination",
            message="Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
        )
    for name in ("tool_choice", "parallel_tool_calls"):
        if body.get(name) is not None and not body.get("tools"):
            yield Failure(
                status=400,
                type=INVALID,
                param=name,
                message=f"Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified.",
            )


# The conversation ---------------------------------------------------------------------------------------------------


def _conversation(messages: list[JsonObject]) -> Iterator[Failure]:
    called: set[str] | None = None
    open_calls: dict[str, None] = {}
    for number, message in enumerate(messages):
        if message["role"] == "tool":
            yield from _result(message, number, called)
            open_calls.pop(text_in(message, "tool_call_id") or "", None)
            continue
        if open_calls:
            yield _refuse_unanswered(open_calls, f"messages.[{number}].role")
        yield from _content(message, number)
        calls = [text_in(call, "id") or "" for call in objects_in(message, "tool_calls")]
        called, open_calls = (set(calls), dict.fromkeys(calls)) if calls else (None, {})
    if open_calls:
        yield _refuse_unanswered(open_calls, "messages")


def _result(message: JsonObject, number: int, called: set[str] | None) -> Iterator[Failure]:
    place, answers = f"messages.[{number}]", text_in(message, "tool_call_id")
    if answers is None:
        yield _wrong_message(
            f"{place}.tool_call_id",
            "Missing parameter 'tool_call_id': messages with role 'tool' must have a 'tool_call_id'.",
        )
    elif called is None:
        yield _wrong_message(
            f"{place}.role",
            # The spelling is the API's.
            "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
            "'tool_calls'.",
        )
    elif answers not in called:
        yield _wrong_message(
            f"{place}.tool_call_id",
            f"Invalid parameter: 'tool_call_id' of '{answers}' not found in 'tool_calls' of previous message.",
        )


def _content(message: JsonObject, number: int) -> Iterator[Failure]:
    if message.get("content") is not None:
        return
    speaks = message["role"] == "assistant"
    if speaks and any(message.get(name) for name in ("tool_calls", "function_call", "refusal", "audio")):
        return
    if not speaks and "content" not in message:
        yield errors.missing(f"messages[{number}].content")
        return
    yield _wrong_message(f"messages.[{number}].content", "Invalid value for 'content': expected a string, got null.")


def _refuse_unanswered(calls: Mapping[str, None], param: str) -> Failure:
    return _wrong_message(
        param,
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        f"The following tool_call_ids did not have response messages: {', '.join(calls)}",
    )


def _wrong_message(param: str, message: str) -> Failure:
    return Failure(status=400, type=INVALID, param=param, message=message)


# Tools --------------------------------------------------------------------------------------------------------------


def _choice(body: JsonObject) -> Iterator[Failure]:
    choice, tools = body.get("tool_choice"), objects_in(body, "tools")
    kind = text_in(choice, "type")
    if not tools or not isinstance(choice, dict) or kind not in {"function", "custom"} or kind is None:
        return
    wanted = choice.get(kind)
    name = wanted.get("name") if isinstance(wanted, dict) else None
    if name is None:
        yield errors.missing(f"tool_choice.{kind}" + (".name" if isinstance(wanted, dict) else ""))
    elif not isinstance(name, str):
        yield errors.wrong_type(f"tool_choice.{kind}.name", "a string", kind_of(name))
    elif name not in {name_offered(tool) for tool in tools}:
        yield Failure(
            status=400,
            type=INVALID,
            param="tool_choice",
            message=f"Tool choice '{kind}' not found in 'tools' parameter.",
        )


# What a model does not take -----------------------------------------------------------------------------------------


def _elsewhere(model: str) -> Failure | None:
    if serves(model, "chat"):
        return None
    if serves(model, "responses"):
        return errors.wrong_endpoint("This model is only supported in v1/responses and not in v1/chat/completions.")
    return errors.wrong_endpoint(
        "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use "
        "v1/completions?"
    )


def _efforts(body: JsonObject, of_family: Family) -> Iterator[Failure]:
    effort, taken = text_in(body, "reasoning_effort"), of_family.efforts("chat")
    if effort is not None and taken and effort not in taken:
        yield errors.refuse_value("reasoning_effort", f"'{effort}'", taken)


def _verbosity(body: JsonObject, of_family: Family) -> Iterator[Failure]:
    asked = text_in(body, "verbosity")
    if asked is not None and asked not in of_family.verbosities:
        yield errors.refuse_value("verbosity", f"'{asked}'", of_family.verbosities)


def _searching(body: JsonObject, of_family: Family) -> Iterator[Failure]:
    if body.get("web_search_options") is not None and not of_family.searches_in_chat:
        yield Failure(
            status=400,
            type=INVALID,
            param="web_search_options",
            message="Web search options not supported with this model.",
        )


def _parameters(body: JsonObject, of_family: Family) -> Iterator[Failure]:
    reasoning = of_family.reasons(text_in(body, "reasoning_effort"))
    refused = find_refusals(of_family, "chat", reasoning=reasoning)
    if not refused.keys().isdisjoint(body):
        given = {name: how for name, how in refused.items() if body.get(name) not in (None, False)}
        yield from _refuse_parameters(given, body)
    alternatives = number_in(body, "top_logprobs")
    if alternatives is not None and alternatives > of_family.top_logprobs:
        yield errors.out_of_range("top_logprobs", "integer", "above", str(of_family.top_logprobs), str(alternatives))


def _refuse_parameters(given: Mapping[str, RefusalWording], body: JsonObject) -> Iterator[Failure]:
    for how, message in (("unrecognized", "Unrecognized request"), ("incompatible", "Model incompatible request")):
        if names := sorted(name for name, found in given.items() if found == how):
            yield _arguments(message, names)
    for name, how in given.items():
        match how:
            case "unsupported_parameter":
                yield errors.refuse_parameter(name, REPLACED_BY.get(name))
            case "unsupported_value":
                if body[name] != 1:
                    yield errors.only_default(name, f"{body[name]}")
            case "forbidden":
                yield Failure(
                    status=403, type=INVALID, message="You are not allowed to request logprobs from this model"
                )
            case "unrecognized" | "incompatible":
                continue


def _arguments(message: str, names: list[str]) -> Failure:
    plural = "s" if len(names) > 1 else ""
    return Failure(status=400, type=INVALID, message=f"{message} argument{plural} supplied: {', '.join(names)}")


def _roles(body: JsonObject, of_family: Family) -> Iterator[Failure]:
    for number, message in enumerate(objects_in(body, "messages")):
        if message["role"] in of_family.refused_roles:
            yield errors.refuse_value(f"messages[{number}].role", f"'{message['role']}'")


def _tools_of_model(body: JsonObject, model: str, of_family: Family) -> Iterator[Failure]:
    if not body.get("tools") and not body.get("functions"):
        return
    effort = text_in(body, "reasoning_effort")
    if not of_family.tools:
        yield Failure(
            status=400,
            type=INVALID,
            message=f"{'tools' if body.get('tools') else 'functions'} is not supported in this model. For a list of "
            "supported models, refer to https://platform.openai.com/docs/guides/function-calling"
            "#models-supporting-function-calling.",
        )
    elif not of_family.chat_tools_while_reasoning and _reasons_with_tools(effort, of_family):
        yield Failure(
            status=400,
            type=INVALID,
            param="reasoning_effort",
            message=f"Function tools with reasoning_effort are not supported for {model} in "
            f"/v1/chat/completions. {_way_out(of_family)}",
        )


def _reasons_with_tools(effort: str | None, of_family: Family) -> bool:
    # Reported of gpt-5.4 and gpt-5.5: only with an effort that the request names; of gpt-5.6: with the default too.
    if of_family.name.startswith(_OLDER):
        return effort not in (None, "none")
    return of_family.reasons(effort)


def _way_out(of_family: Family) -> str:
    if of_family.name.startswith(_OLDER):
        return "Please use /v1/responses instead."
    return "To use function tools, use /v1/responses or set reasoning_effort to 'none'."


_OLDER = ("gpt-5.4", "gpt-5.5")


def _formats_of_model(body: JsonObject, of_family: Family) -> Iterator[Failure]:
    kind = text_in(body.get("response_format"), "type")
    if kind is None or kind in of_family.formats:
        return
    more = (
        " Learn more about supported models at the Structured Outputs guide: "
        "https://platform.openai.com/docs/guides/structured-outputs"
        if kind == "json_schema"
        else ""
    )
    yield Failure(
        status=400,
        type=INVALID,
        message=f"Invalid parameter: 'response_format' of type '{kind}' is not supported with this model.{more}",
    )


def _audio(body: JsonObject, of_family: Family) -> Iterator[Failure]:
    # That the format is bound to `stream` is reported; the other two wordings are ours.
    if "audio" not in list_in(body, "modalities"):
        return
    wanted = text_in(body.get("audio"), "format")
    if not of_family.audio and of_family.name != "unknown":
        yield errors.refuse_value("modalities", "'audio'", ("text",))
    elif wanted is None:
        yield errors.missing("audio")
    elif body.get("stream") and wanted != "pcm16":
        yield Failure(
            status=400,
            type=INVALID,
            param="audio.format",
            code="unsupported_value",
            message=f"Unsupported value: 'audio.format' does not support '{wanted}' when stream=true. "
            "Supported values are: 'pcm16'.",
        )


def _output_limit(body: JsonObject, of_family: Family) -> Iterator[Failure]:
    for name in ("max_tokens", "max_completion_tokens"):
        value = number_in(body, name)
        if value is not None and value > of_family.output_limit and of_family.output_limit < of_family.window:
            yield Failure(
                status=400,
                type=INVALID,
                param=name,
                code="invalid_value",
                message=f"{name} is too large: {value}. This model supports at most {of_family.output_limit} "
                f"completion tokens, whereas you provided {value}.",
            )


def _too_long(of_family: Family, counted: int) -> Failure:
    if of_family.input_limit is not None:
        return _window_exceeded(
            f"Input tokens exceed the configured limit of {of_family.input_limit} tokens. Your messages resulted in "
            f"{counted} tokens. Please reduce the length of the messages."
        )
    return _window_exceeded(
        f"This model's maximum context length is {of_family.window} tokens. However, your messages resulted in "
        f"{counted} tokens. Please reduce the length of the messages."
    )


def _window_exceeded(message: str) -> Failure:
    return Failure(status=400, type=INVALID, param="messages", code="context_length_exceeded", message=message)
