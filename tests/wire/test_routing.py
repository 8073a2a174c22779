from dataclasses import replace

import pytest

from llemulator_addon.core.request import Way
from llemulator_addon.wire.endpoints import ENDPOINTS, OPERATIONS
from llemulator_addon.wire.routing import Found, OtherMethods, find
from tests.playing import emulator, json_of, play, post, request, status

CHAT = {"messages": [{"role": "user", "content": "Hi"}]}


@pytest.mark.parametrize(
    ("path", "name", "params"),
    [
        ("/v1/chat/completions", "chat.completions", {}),
        ("/chat/completions", "chat.completions", {}),
        ("/openai/v1/chat/completions", "chat.completions", {}),
        ("/openai/chat/completions", "chat.completions", {}),
        ("/openai/deployments/my-gpt/chat/completions", "chat.completions", {"deployment": "my-gpt"}),
        ("/openai/deployments/my%20gpt/completions", "completions", {"deployment": "my gpt"}),
        ("/openai/deployments/e/embeddings", "embeddings", {"deployment": "e"}),
        ("/v1/chat/completions/", "chat.completions", {}),
        ("/v1//chat/completions", "chat.completions", {}),
        ("/v1/chat/completions/chatcmpl-1", "chat.completions.update", {"completion_id": "chatcmpl-1"}),
        ("/v1/responses", "responses", {}),
    ],
)
def test_a_path_leads_to_its_operation(path: str, name: str, params: dict[str, str]) -> None:
    assert find("POST", path) == Found(ENDPOINTS.get(name) or OPERATIONS[name], params)


@pytest.mark.parametrize("path", ["/v1/models", "/models", "/openai/models", "/openai/v1/models"])
def test_models_are_found_with_and_without_a_version(path: str) -> None:
    assert find("GET", path) == Found(OPERATIONS["models.list"], {})


def test_what_varies_in_a_path_is_decoded() -> None:
    assert find("GET", "/v1/models/ft%3Agpt-4o%3Aacme") == Found(
        OPERATIONS["models.retrieve"], {"model": "ft:gpt-4o:acme"}
    )


@pytest.mark.parametrize(
    "path",
    ["/", "/v1", "/v1/chat", "/v1/nothing", "/v2/models", "/openai", "/openai/deployments/x/models", "/v1/models/a/b"],
)
def test_a_path_that_names_nothing_is_not_found(path: str) -> None:
    assert find("POST", path) is None


def test_a_method_that_a_path_does_not_have_is_told_with_those_that_it_has() -> None:
    assert find("PUT", "/v1/chat/completions") == OtherMethods(("GET", "POST"))


# Azure --------------------------------------------------------------------------------------------------------------


def _azure(deployment: str, **body: object) -> str:
    server = emulator({"responses": "Hi"})
    path = f"/openai/deployments/{deployment}/chat/completions?api-version=2024-10-21"
    (steps,) = play(server, post(path, {**CHAT, **body}, token=None, headers={"api-key": "azure-1234"}))
    assert status(steps) == 200
    return str(json_of(steps)["model"])


def test_a_deployment_is_the_model_unless_the_body_names_one() -> None:
    assert _azure("my-own-name") == "my-own-name"
    assert _azure("my-own-name", model="gpt-4o") == "gpt-4o"
    assert _azure("my-own-name", model="another-of-my-names") == "another-of-my-names"


def test_a_deployment_that_the_script_does_not_name_is_refused_as_azure_does() -> None:
    server = emulator({"responses": "Hi", "models": ["mine"]})

    def asked(deployment: str) -> object:
        (steps,) = play(server, post(f"/openai/deployments/{deployment}/chat/completions", CHAT))
        return json_of(steps).get("error")

    assert asked("mine") is None
    assert asked("yours") == {
        "code": "DeploymentNotFound",
        "message": "The API deployment for this resource does not exist. If you created the deployment within the last "
        "5 minutes, please wait a moment and try again.",
    }


def test_azures_newer_paths_know_openais_models_only() -> None:
    server = emulator({"responses": "Hi"})

    def answered(model: str) -> int:
        return status(play(server, post("/openai/v1/chat/completions", {**CHAT, "model": model}))[0])

    assert (answered("gpt-4o"), answered("my-own-name")) == (200, 404)


def test_an_unknown_path_of_azure_is_not_found() -> None:
    (steps,) = play(emulator(), request("GET", "/openai/deployments/x/models"))

    assert status(steps) == 404
    assert json_of(steps) == {"error": {"code": "404", "message": "Resource not found"}}


def test_without_a_key_azures_gateway_refuses_in_its_own_form() -> None:
    (steps,) = play(emulator(), post("/openai/deployments/x/chat/completions", CHAT, token=None))

    assert status(steps) == 401
    assert json_of(steps)["error"]["code"] == "401"
    assert list(json_of(steps)["error"]) == ["code", "message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/chat/completions"),
        ("GET", "/models"),
        ("POST", "/v1//chat/completions"),
        ("POST", "//v1/chat/completions"),
        ("POST", "/openai/v1/responses"),
        ("POST", "/openai/deployments/gpt-4o/chat/completions"),
    ],
)
@pytest.mark.parametrize("host", ["api.openai.com", "eu.api.openai.com"])
def test_on_openais_own_host_only_the_exact_path_leads_there(method: str, path: str, host: str) -> None:
    asked = replace(request(method, path, body=b"{}"), way="connect", host=host)

    (steps,) = play(emulator(), asked)

    assert (status(steps), json_of(steps)) == (
        404,
        {
            "error": {
                "message": f"Invalid URL ({method} {path})",
                "type": "invalid_request_error",
                "param": None,
                "code": None,
            }
        },
    )


@pytest.mark.parametrize(
    ("way", "host", "path"),
    [
        ("origin", "127.0.0.1", "/models"),
        ("origin", "api.openai.com", "/models"),
        ("connect", "llemulator", "/models"),
        ("connect", "mine.openai.azure.com", "/openai/v1/models"),
        ("connect", "api.openai.com", "/v1/models"),
    ],
)
def test_elsewhere_a_base_url_may_leave_out_the_version(way: Way, host: str, path: str) -> None:
    (steps,) = play(emulator(), replace(request("GET", path), way=way, host=host))

    assert status(steps) == 200
