"""Refusals of a chat completion whose form is right: by its conversation, its tools and its model.

The wordings are from recordings and public reports; facts of a model's family are in `families.py`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Failure
from llemulator_addon.wire import errors, structured_outputs
from llemulator_addon.wire.bodies import kind_of
from llemulator_addon.wire.chat.body import ChatBody, ChatMessage, NamedFunction
from llemulator_addon.wire.errors import INVALID
from llemulator_addon.wire.families import REPLACED_BY, Family, RefusalWording, family, find_refusals
from llemulator_addon.wire.image_input import refuse_image
from llemulator_addon.wire.models import serves
from llemulator_addon.wire.usage import count_prompt


def check_body(asked: ChatBody, prompt: Prompt) -> Iterator[Failure]:
    """Yield what is wrong whatever the model is."""
    yield from _combinations(asked)
    yield from _conversation(asked.messages)
    yield from _images(asked.messages)
    yield from _tools(asked)
    yield from _format(asked)
    if (refused := structured_outputs.refuse_schema(prompt)) is not None:
        yield refused


def check_model(asked: ChatBody, body: Mapping[str, Any]) -> Iterator[Failure]:
    """Yield what the model does not take."""
    if (elsewhere := _elsewhere(asked.model)) is not None:
        yield elsewhere
    of_family = family(asked.model)
    yield from _efforts(asked, of_family)
    yield from _parameters(asked, body, of_family)
    yield from _roles(asked, of_family)
    yield from _tools_of_model(asked, of_family)
    yield from _formats_of_model(asked, of_family)
    yield from _audio(asked, of_family)
    yield from _output_limit(asked, of_family)


def check_length(asked: ChatBody, prompt: Prompt, size: int) -> Iterator[Failure]:
    """Yield what is too long for the model. `size` is that of the body in bytes, which no count of tokens exceeds."""
    of_family = family(asked.model)
    completion = asked.max_completion_tokens or asked.max_tokens or 0
    room = min(of_family.window, of_family.input_limit or of_family.window)
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


def _combinations(asked: ChatBody) -> Iterator[Failure]:
    if asked.stream_options is not None and not asked.stream:
        yield errors.only_with("stream_options", "stream")
    if asked.top_logprobs and not asked.logprobs:
        yield errors.only_with("top_logprobs", "logprobs")
    if asked.metadata and not asked.store:
        yield errors.only_with("metadata", "store")
    if asked.max_tokens is not None and asked.max_completion_tokens is not None:
        yield Failure(
            status=400,
            type=INVALID,
            param="max_tokens",
            code="invalid_parameter_combination",
            message="Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
        )
    for name in ("tool_choice", "parallel_tool_calls"):
        if name in asked.model_fields_set and getattr(asked, name) is not None and not asked.tools:
            yield Failure(
                status=400,
                type=INVALID,
                param=name,
                message=f"Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified.",
            )


# The conversation ---------------------------------------------------------------------------------------------------


def _conversation(messages: list[ChatMessage]) -> Iterator[Failure]:
    called: set[str] | None = None
    open_calls: dict[str, None] = {}
    for number, message in enumerate(messages):
        if message.role == "tool":
            yield from _result(message, number, called)
            open_calls.pop(message.tool_call_id or "", None)
            continue
        if open_calls:
            yield _refuse_unanswered(open_calls, f"messages.[{number}].role")
        yield from _content(message, number)
        calls = [call.id for call in message.tool_calls or ()]
        called, open_calls = (set(calls), dict.fromkeys(calls)) if calls else (None, {})
    if open_calls:
        yield _refuse_unanswered(open_calls, "messages")


def _result(message: ChatMessage, number: int, called: set[str] | None) -> Iterator[Failure]:
    place = f"messages.[{number}]"
    if message.tool_call_id is None:
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
    elif message.tool_call_id not in called:
        yield _wrong_message(
            f"{place}.tool_call_id",
            f"Invalid parameter: 'tool_call_id' of '{message.tool_call_id}' not found in 'tool_calls' of previous "
            "message.",
        )


def _content(message: ChatMessage, number: int) -> Iterator[Failure]:
    if message.content is not None:
        return
    if message.role == "assistant" and (
        message.tool_calls or message.function_call or message.refusal or message.audio
    ):
        return
    if message.role != "assistant" and "content" not in message.model_fields_set:
        yield errors.missing(f"messages[{number}].content")
        return
    yield _wrong_message(f"messages.[{number}].content", "Invalid value for 'content': expected a string, got null.")


def _images(messages: list[ChatMessage]) -> Iterator[Failure]:
    for number, message in enumerate(messages):
        for at, part in enumerate(message.content if isinstance(message.content, list) else ()):
            if part.type != "image_url":
                continue
            place = f"messages[{number}].content[{at}].image_url"
            if part.image_url is None:
                yield errors.missing(place)
            elif failure := refuse_image(part.image_url.url, f"{place}.url", f"Invalid image URL: '{place}.url'."):
                yield failure


def _refuse_unanswered(calls: Mapping[str, None], param: str) -> Failure:
    return _wrong_message(
        param,
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        f"The following tool_call_ids did not have response messages: {', '.join(calls)}",
    )


def _wrong_message(param: str, message: str) -> Failure:
    return Failure(status=400, type=INVALID, param=param, message=message)


# Tools and structured outputs ---------------------------------------------------------------------------------------

_NAME = "^[a-zA-Z0-9_-]+$"


def _tools(asked: ChatBody) -> Iterator[Failure]:
    for number, tool in enumerate(asked.tools or ()):
        if (named := tool.named) is None:
            yield errors.missing(f"tools[{number}].{tool.type}")
        else:
            yield from _function(named, f"tools[{number}].{tool.type}")
    for number, function in enumerate(asked.functions or ()):
        yield from _function(function, f"functions[{number}]")
    yield from _choice(asked)


def _function(function: NamedFunction, place: str) -> Iterator[Failure]:
    if not function.name or not all(_fits_name(character) for character in function.name):
        yield errors.wrong_pattern(f"{place}.name", _NAME)


def _fits_name(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character in "_-")


def _choice(asked: ChatBody) -> Iterator[Failure]:
    if not isinstance(asked.tool_choice, dict) or not asked.tools:
        return
    kind = asked.tool_choice.get("type")
    if kind not in ("function", "custom"):
        return
    wanted = asked.tool_choice.get(kind)
    name = wanted.get("name") if isinstance(wanted, dict) else None
    if name is None:
        yield errors.missing(f"tool_choice.{kind}" + (".name" if isinstance(wanted, dict) else ""))
    elif not isinstance(name, str):
        yield errors.wrong_type(f"tool_choice.{kind}.name", "a string", kind_of(name))
    elif name not in {tool.named.name for tool in asked.tools if tool.named is not None}:
        yield Failure(
            status=400,
            type=INVALID,
            param="tool_choice",
            message=f"Tool choice '{kind}' not found in 'tools' parameter.",
        )


def _format(asked: ChatBody) -> Iterator[Failure]:
    wanted = asked.response_format
    if wanted is not None and wanted.type == "json_schema" and wanted.json_schema is None:
        yield errors.missing("response_format.json_schema")


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


def _efforts(asked: ChatBody, of_family: Family) -> Iterator[Failure]:
    effort, taken = asked.reasoning_effort, of_family.efforts("chat")
    if effort is not None and taken and effort not in taken:
        yield errors.refuse_value("reasoning_effort", f"'{effort}'", taken)


def _parameters(asked: ChatBody, body: Mapping[str, Any], of_family: Family) -> Iterator[Failure]:
    reasoning = of_family.reasons(asked.reasoning_effort)
    given = {
        name: how
        for name, how in find_refusals(of_family, "chat", reasoning=reasoning).items()
        if body.get(name) not in (None, False)
    }
    if given:
        yield from _refuse_parameters(given, body)
    if asked.top_logprobs is not None and asked.top_logprobs > of_family.top_logprobs:
        yield errors.out_of_range(
            "top_logprobs", "integer", "above", str(of_family.top_logprobs), str(asked.top_logprobs)
        )


def _refuse_parameters(given: Mapping[str, RefusalWording], body: Mapping[str, Any]) -> Iterator[Failure]:
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


def _roles(asked: ChatBody, of_family: Family) -> Iterator[Failure]:
    for number, message in enumerate(asked.messages):
        if message.role in of_family.refused_roles:
            yield errors.refuse_value(f"messages[{number}].role", f"'{message.role}'")


def _tools_of_model(asked: ChatBody, of_family: Family) -> Iterator[Failure]:
    if not asked.tools and not asked.functions:
        return
    if not of_family.tools:
        yield Failure(
            status=400,
            type=INVALID,
            message=f"{'tools' if asked.tools else 'functions'} is not supported in this model. For a list of "
            "supported models, refer to https://platform.openai.com/docs/guides/function-calling"
            "#models-supporting-function-calling.",
        )
    elif not of_family.chat_tools_while_reasoning and _reasons_with_tools(asked, of_family):
        yield Failure(
            status=400,
            type=INVALID,
            param="reasoning_effort",
            message=f"Function tools with reasoning_effort are not supported for {asked.model} in "
            f"/v1/chat/completions. {_way_out(of_family)}",
        )


def _reasons_with_tools(asked: ChatBody, of_family: Family) -> bool:
    # Reported of gpt-5.4 and gpt-5.5: only with an effort that the request names; of gpt-5.6: with the default too.
    if of_family.name.startswith(_OLDER):
        return asked.reasoning_effort not in (None, "none")
    return of_family.reasons(asked.reasoning_effort)


def _way_out(of_family: Family) -> str:
    if of_family.name.startswith(_OLDER):
        return "Please use /v1/responses instead."
    return "To use function tools, use /v1/responses or set reasoning_effort to 'none'."


_OLDER = ("gpt-5.4", "gpt-5.5")


def _formats_of_model(asked: ChatBody, of_family: Family) -> Iterator[Failure]:
    if asked.response_format is None or asked.response_format.type in of_family.formats:
        return
    kind = asked.response_format.type
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


def _audio(asked: ChatBody, of_family: Family) -> Iterator[Failure]:
    # That the format is bound to `stream` is reported; the other two wordings are ours.
    if not asked.wants_audio:
        return
    if not of_family.audio and of_family.name != "unknown":
        yield errors.refuse_value("modalities", "'audio'", ("text",))
    elif asked.audio is None:
        yield errors.missing("audio")
    elif asked.stream and asked.audio.format != "pcm16":
        yield Failure(
            status=400,
            type=INVALID,
            param="audio.format",
            code="unsupported_value",
            message=f"Unsupported value: 'audio.format' does not support '{asked.audio.format}' when stream=true. "
            "Supported values are: 'pcm16'.",
        )


def _output_limit(asked: ChatBody, of_family: Family) -> Iterator[Failure]:
    for name, value in (("max_tokens", asked.max_tokens), ("max_completion_tokens", asked.max_completion_tokens)):
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
