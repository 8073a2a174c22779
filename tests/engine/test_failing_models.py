"""Names of models that act: on every endpoint to which a model can be named."""

from typing import Any

import pytest

from llemulator_addon.core.steps import Cut, Steps, Wait
from llemulator_addon.engine.failing_models import ACTING
from llemulator_addon.wire.models import ACTING_MODELS
from tests.playing import chat, emulator, headers_of, json_of, play, post, request, status, texts

_MESSAGES: dict[str, Any] = {"messages": [{"role": "user", "content": "Hi"}]}
_ENDPOINTS: list[tuple[str, dict[str, Any]]] = [
    ("/v1/chat/completions", _MESSAGES),
    ("/v1/chat/completions", {**_MESSAGES, "stream": True}),
    ("/chat/completions", _MESSAGES),
    ("/v1/responses", {"input": "Hi"}),
    ("/v1/responses", {"input": "Hi", "stream": True}),
    ("/v1/responses", {"input": "Hi", "background": True}),
    ("/v1/completions", {"prompt": "Hi"}),
    ("/v1/completions", {"prompt": "Hi", "stream": True}),
    ("/v1/embeddings", {"input": "Hi"}),
    ("/v1/moderations", {"input": "Hi"}),
    ("/v1/responses/compact", {"input": "Hi"}),
    ("/v1/responses/input_tokens", {"input": "Hi"}),
    ("/openai/v1/responses", {"input": "Hi"}),
    ("/openai/deployments/mine/chat/completions?api-version=2024-10-21", _MESSAGES),
]
_WANTED: dict[str, tuple[int, str | None, str | None]] = {
    "credit-error": (402, "insufficient_quota", "insufficient_quota"),
    "rate-limit-error": (429, "requests", "rate_limit_exceeded"),
    "server-error": (500, "server_error", None),
    "overloaded-error": (503, "service_unavailable_error", "server_is_overloaded"),
    "auth-error": (401, "invalid_request_error", "invalid_api_key"),
}


def _failure(steps: Steps) -> tuple[int, str | None, str | None]:
    error = json_of(steps)["error"]
    return status(steps), error["type"], error["code"]


@pytest.mark.parametrize("model", _WANTED)
@pytest.mark.parametrize(("path", "body"), _ENDPOINTS)
def test_it_fails_on_every_endpoint_and_uses_up_no_rule(path: str, body: dict[str, Any], model: str) -> None:
    server = emulator({"responses": ["only"], "models": ["mine"]})

    (steps,) = play(server, post(path, {"model": model, **body}))

    assert _failure(steps) == _WANTED[model]
    assert headers_of(steps)["content-type"].startswith("application/json")
    assert texts(server, chat(model="mine")) == ["only"]


@pytest.mark.parametrize(("path", "body"), _ENDPOINTS)
def test_timeout_error_never_answers(path: str, body: dict[str, Any]) -> None:
    (steps,) = play(emulator(), post(path, {"model": "timeout-error", **body}))

    assert [type(step) for step in steps] == [Wait, Cut]


@pytest.mark.parametrize("model", _WANTED)
@pytest.mark.parametrize("path", ["chat/completions", "completions", "embeddings"])
def test_a_deployment_of_azures_may_be_named_so(path: str, model: str) -> None:
    body = {**_MESSAGES, "prompt": "Hi", "input": "Hi"}

    (steps,) = play(emulator(), post(f"/openai/deployments/{model}/{path}?api-version=2024-10-21", body))

    assert _failure(steps) == _WANTED[model]


def test_they_are_valid_models_and_not_listed() -> None:
    retrieved = play(emulator({"models": ["mine"]}), *(request("GET", f"/v1/models/{model}") for model in ACTING))
    (listed,) = play(emulator(), request("GET", "/v1/models"))

    assert [(status(steps), json_of(steps)["id"]) for steps in retrieved] == [(200, model) for model in ACTING]
    assert set(ACTING) & {model["id"] for model in json_of(listed)["data"]} == set()
    assert tuple(ACTING) == ACTING_MODELS


@pytest.mark.parametrize("model", [["credit-error"], {"credit-error": 1}, 1, None])
@pytest.mark.parametrize("path", ["/v1/responses/compact", "/v1/responses/input_tokens", "/v1/chat/completions"])
def test_a_model_that_is_no_text_is_refused_as_ever(path: str, model: object) -> None:
    (steps,) = play(emulator(), post(path, {"model": model, "input": "Hi", **_MESSAGES}))

    assert status(steps) == 400
