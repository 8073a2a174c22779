"""Chat completions that one family of models refuses and another takes."""

from typing import Any

import pytest

from llemulator_addon.core.reply import Failure
from llemulator_addon.wire.endpoints.chat import ENDPOINT
from tests.wire.answering import refused, understood
from tests.wire.chat_questions import STRICT, USER, ask, schema_format, tool

MODELS: dict[str, tuple[dict[str, Any], str | None, str | None, str]] = {
    "max_tokens, reasoning": (
        ask(model="gpt-5", max_tokens=5),
        "max_tokens",
        "unsupported_parameter",
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    ),
    "temperature, reasoning": (
        ask(model="gpt-5", temperature=0.5),
        "temperature",
        "unsupported_value",
        (
            "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is "
            "supported."
        ),
    ),
    "temperature, o3-mini": (
        ask(model="o3-mini", temperature=1),
        "temperature",
        "unsupported_parameter",
        "Unsupported parameter: 'temperature' is not supported with this model.",
    ),
    "effort, not reasoning": (
        ask(reasoning_effort="low"),
        None,
        None,
        "Unrecognized request argument supplied: reasoning_effort",
    ),
    "an effort that there is not": (
        ask(model="gpt-5.1", reasoning_effort="minimal"),
        "reasoning_effort",
        "unsupported_value",
        (
            "Unsupported value: 'reasoning_effort' does not support 'minimal' with this model. Supported values are: "
            "'none', 'low', 'medium', and 'high'."
        ),
    ),
    "a search model": (
        ask(model="gpt-4o-search-preview", temperature=0.5, top_p=0.5),
        None,
        None,
        "Model incompatible request arguments supplied: temperature, top_p",
    ),
    "instructions of o1-mini": (
        ask(model="o1-mini", messages=[{"role": "system", "content": "Be brief."}, USER]),
        "messages[0].role",
        "unsupported_value",
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
    ),
    "tools while gpt-5.4 reasons": (
        ask(model="gpt-5.4", reasoning_effort="low", tools=[tool()]),
        "reasoning_effort",
        None,
        (
            "Function tools with reasoning_effort are not supported for gpt-5.4 in /v1/chat/completions. Please use "
            "/v1/responses instead."
        ),
    ),
    "tools while gpt-5.6 reasons unasked": (
        ask(model="gpt-5.6", tools=[tool()]),
        "reasoning_effort",
        None,
        (
            "Function tools with reasoning_effort are not supported for gpt-5.6 in /v1/chat/completions. To use "
            "function tools, use /v1/responses or set reasoning_effort to 'none'."
        ),
    ),
    "a schema of an old model": (
        ask(model="gpt-4", response_format=schema_format(STRICT)),
        None,
        None,
        (
            "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model. Learn more "
            "about supported models at the Structured Outputs guide: https://platform.openai.com/docs/guides/structured-outputs"
        ),
    ),
    "more than it can say": (
        ask(max_tokens=20_000),
        "max_tokens",
        "invalid_value",
        (
            "max_tokens is too large: 20000. This model supports at most 16384 completion tokens, whereas you provided "
            "20000."
        ),
    ),
    "more than it can hear": (
        ask(model="gpt-4", messages=[{"role": "user", "content": "word " * 9_000}]),
        "messages",
        "context_length_exceeded",
        (
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9008 tokens. "
            "Please reduce the length of the messages."
        ),
    ),
    "more than it can hear and say": (
        ask(model="gpt-4", max_tokens=8_190),
        "messages",
        "context_length_exceeded",
        (
            "This model's maximum context length is 8192 tokens. However, you requested 8198 tokens (8 in the "
            "messages, 8190 in the completion). Please reduce the length of the messages or completion."
        ),
    ),
    "speech in a stream of waves": (
        ask(
            model="gpt-4o-audio-preview",
            stream=True,
            modalities=["text", "audio"],
            audio={"voice": "alloy", "format": "wav"},
        ),
        "audio.format",
        "unsupported_value",
        "Unsupported value: 'audio.format' does not support 'wav' when stream=true. Supported values are: 'pcm16'.",
    ),
}


@pytest.mark.parametrize(("body", "param", "code", "message"), MODELS.values(), ids=MODELS)
def test_a_family_refuses_a_request_in_the_apis_words(
    body: dict[str, Any], param: str | None, code: str | None, message: str
) -> None:
    assert refused(ENDPOINT, body) == Failure(
        status=400, type="invalid_request_error", param=param, code=code, message=message
    )


def test_log_probabilities_of_a_model_that_does_not_show_them_are_forbidden() -> None:
    assert refused(ENDPOINT, ask(model="gpt-5", logprobs=True)) == Failure(
        status=403, type="invalid_request_error", message="You are not allowed to request logprobs from this model"
    )


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            "gpt-3.5-turbo-instruct",
            (
                "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to "
                "use v1/completions?"
            ),
        ),
        ("o1-pro", "This model is only supported in v1/responses and not in v1/chat/completions."),
    ],
)
def test_a_model_of_another_endpoint_is_not_found(model: str, message: str) -> None:
    assert refused(ENDPOINT, ask(model=model)) == Failure(
        status=404, type="invalid_request_error", param="model", message=message
    )


@pytest.mark.parametrize("body", [body for body, *_ in MODELS.values()], ids=MODELS)
def test_leniently_no_model_refuses_anything(body: dict[str, Any]) -> None:
    assert understood(ENDPOINT, body, lenient=True).model == body["model"]
