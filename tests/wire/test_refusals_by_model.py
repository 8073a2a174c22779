"""Requests that the API refuses because of the model: each with its status, parameter, code and message."""

from typing import Any

import pytest

from tests.playing import emulator, json_of, play, post, status

CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
SOUND = {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
COMPUTER = {"type": "computer_use_preview", "display_width": 1024, "display_height": 768, "environment": "browser"}
USER = {"role": "user", "content": "hi"}
ENCRYPTED = {"include": ["reasoning.encrypted_content"]}

Refusal = tuple[str | None, str | None, str]
"""Parameter, code and message."""


def _chat(model: str, *messages: dict[str, Any], **more: object) -> tuple[str, dict[str, Any]]:
    return CHAT, {"model": model, "messages": list(messages) or [USER], **more}


def _respond(model: str, **more: object) -> tuple[str, dict[str, Any]]:
    return RESPONSES, {"model": model, "input": "hi", **more}


def _shown(role: str, *, part: object = IMAGE) -> dict[str, Any]:
    return {"role": role, "content": [part], **({"tool_call_id": "call_1"} if role == "tool" else {})}


def _verbosity(endpoint: str, model: str, got: str) -> Refusal:
    if endpoint == CHAT:
        message = f"'verbosity' does not support '{got}' with this model"
    else:
        message = f"'{got}' is not supported with the '{model}' model"
    return (
        "verbosity" if endpoint == CHAT else "text.verbosity",
        "unsupported_value",
        f"Unsupported value: {message}. Supported values are: 'medium'.",
    )


def _role(number: int, role: str) -> Refusal:
    return (
        f"messages[{number}]",
        "invalid_value",
        (
            f"Invalid 'messages[{number}]'. Image URLs are only allowed for messages with role 'user', but this "
            f"message with role '{role}' contains an image URL."
        ),
    )


NOT_ENCRYPTED: Refusal = ("include", None, "Encrypted content is not supported with this model.")
BLIND: Refusal = (
    "messages.[0].content.[0].type",
    None,
    "Invalid content type. image_url is only supported by certain models.",
)
DEAF: Refusal = (
    "messages[0]",
    "invalid_value",
    "Invalid 'messages[0]'. Content blocks are expected to be either text or image_url type.",
)
NO_SEARCH: Refusal = ("web_search_options", None, "Web search options not supported with this model.")
NO_JSON_MODE: Refusal = (None, None, "Web Search cannot be used with JSON mode.")
CALLED = {"role": "assistant", "content": None, "tool_calls": [CALL]}
JSON_MODE = {"format": {"type": "json_object"}}

REFUSED: dict[str, tuple[tuple[str, dict[str, Any]], Refusal]] = {
    **{
        f"encrypted reasoning of {model}": (_respond(model, **ENCRYPTED), NOT_ENCRYPTED)
        for model in ("gpt-4o", "gpt-4.1-mini", "gpt-5-chat-latest", "gpt-4-turbo")
    },
    **{
        f"verbosity of {model} in chat": (_chat(model, verbosity="low"), _verbosity(CHAT, model, "low"))
        for model in ("gpt-4o", "gpt-5-chat-latest", "o3", "gpt-3.5-turbo")
    },
    **{
        f"verbosity of {model}": (_respond(model, text={"verbosity": "high"}), _verbosity(RESPONSES, model, "high"))
        for model in ("gpt-4o", "gpt-4.1", "o4-mini", "gpt-5-codex", "gpt-5.1-codex-max")
    },
    "a verbosity that is none": (
        _chat("gpt-5", verbosity="none"),
        (
            "verbosity",
            "invalid_value",
            "Invalid value: 'none'. Supported values are: 'low', 'medium', and 'high'.",
        ),
    ),
    "an effort of computer-use-preview": (
        _respond("computer-use-preview", reasoning={"effort": "low"}),
        (
            "reasoning.effort",
            "unsupported_value",
            (
                "Unsupported value: 'low' is not supported with the 'computer-use-preview' model. Supported values "
                "are: 'medium'."
            ),
        ),
    ),
    **{
        f"{tool} in JSON mode": (
            (RESPONSES, {"model": "gpt-4o", "input": "as json", "tools": [{"type": tool}], "text": JSON_MODE}),
            NO_JSON_MODE,
        )
        for tool in ("web_search", "web_search_preview")
    },
    **{
        f"computer use of {model}": (
            _respond(model, tools=[COMPUTER]),
            ("tools", None, f"Tool 'computer_use_preview' is not supported with {model}."),
        )
        for model in ("gpt-5.4", "gpt-4o", "o3")
    },
    "web search of gpt-4.1-nano": (
        _respond("gpt-4.1-nano", tools=[{"type": "web_search_preview"}]),
        ("tools", None, "Hosted tool 'web_search_preview' is not supported with gpt-4.1-nano."),
    ),
    "hosted tools with the least effort": (
        _respond(
            "gpt-5", reasoning={"effort": "minimal"}, tools=[{"type": "web_search"}, {"type": "image_generation"}]
        ),
        ("tools", None, "The following tools cannot be used with reasoning.effort 'minimal': image_gen, web_search."),
    ),
    "an image that a tool gives back": (_chat("gpt-4o", USER, CALLED, _shown("tool")), _role(2, "tool")),
    "an image that the assistant said": (_chat("gpt-4o", USER, _shown("assistant"), USER), _role(1, "assistant")),
    "an image in instructions": (_chat("gpt-5", _shown("system"), USER), _role(0, "system")),
    **{
        f"an image for {model}": (_chat(model, _shown("user")), BLIND)
        for model in ("gpt-3.5-turbo", "gpt-4", "o3-mini", "gpt-4-1106-preview")
    },
    **{
        f"a sound for {model}": (_chat(model, _shown("user", part=SOUND)), DEAF)
        for model in ("gpt-4o", "gpt-5-mini", "gpt-4.1")
    },
    **{
        f"web search in a chat with {model}": (_chat(model, web_search_options={}), NO_SEARCH)
        for model in ("gpt-4o", "gpt-5", "gpt-4.1-mini")
    },
    "temperature before top_p": (
        _chat("gpt-5", top_p=0.5, temperature=0.5),
        (
            "temperature",
            "unsupported_value",
            (
                "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is "
                "supported."
            ),
        ),
    ),
    "max_tokens before temperature": (
        _chat("gpt-5", temperature=0.5, max_tokens=5),
        (
            "max_tokens",
            "unsupported_parameter",
            (
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' "
                "instead."
            ),
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_model_refuses_what_it_does_not_have(case: str) -> None:
    (path, body), (param, code, message) = REFUSED[case]

    (steps,) = play(emulator(), post(path, body))

    assert json_of(steps) == {
        "error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    }
    assert status(steps) == 400


@pytest.mark.parametrize("case", REFUSED)
def test_a_lenient_server_takes_what_a_model_does_not_have(case: str) -> None:
    (path, body), _ = REFUSED[case]

    (steps,) = play(emulator(lenient=True), post(path, body))

    assert status(steps) == 200, json_of(steps)


TAKEN: dict[str, tuple[str, dict[str, Any]]] = {
    "encrypted reasoning of a model that reasons": _respond("gpt-5", **ENCRYPTED),
    "the one verbosity of an older model": _chat("gpt-4o", verbosity="medium"),
    "verbosity of gpt-5.1-chat-latest": _chat("gpt-5.1-chat-latest", verbosity="high"),
    "verbosity of gpt-5.3-codex": _respond("gpt-5.3-codex", text={"verbosity": "low"}),
    "the one effort of computer-use-preview": _respond("computer-use-preview", reasoning={"effort": "medium"}),
    "computer use of its own model": _respond("computer-use-preview", tools=[COMPUTER]),
    "web search with a schema": _respond(
        "gpt-4o",
        tools=[{"type": "web_search"}],
        text={"format": {"type": "json_schema", "name": "n", "schema": {"type": "object", "properties": {}}}},
    ),
    "an image that a tool gives gpt-5.2": _chat("gpt-5.2", USER, CALLED, _shown("tool")),
    "an image of the user": _chat("gpt-4o", _shown("user")),
    "a sound for a model that hears": _chat("gpt-4o-audio-preview", _shown("user", part=SOUND)),
    "web search in a chat": _chat("gpt-4o-search-preview", web_search_options={}),
    "web search with some effort": _respond("gpt-5", reasoning={"effort": "low"}, tools=[{"type": "web_search"}]),
}


@pytest.mark.parametrize("case", TAKEN)
def test_a_model_takes_what_it_has(case: str) -> None:
    path, body = TAKEN[case]

    (steps,) = play(emulator(), post(path, body))

    assert status(steps) == 200, json_of(steps)


@pytest.mark.parametrize("model", ["davinci-002", "whisper-1", "gpt-image-1", "text-embedding-3-small", "tts-1"])
def test_a_model_of_another_endpoint_makes_no_response(model: str) -> None:
    (steps,) = play(emulator(), post(RESPONSES, {"model": model, "input": "hi"}))

    assert (status(steps), json_of(steps)["error"]) == (
        404,
        {
            "message": "This model is not supported in the v1/responses endpoint.",
            "type": "invalid_request_error",
            "param": "model",
            "code": None,
        },
    )
