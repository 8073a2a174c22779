from urllib.parse import quote

import openai
import pytest
from openai.types import Model, ModelDeleted

from llemulator_addon.wire.models import DEFAULT_MODELS, shutdown_date
from tests.playing import chat as chat_request
from tests.playing import emulator, json_of, play, request, status, texts
from tests.wire.answering import client
from tests.wire.shapes import assert_described, assert_sdk

TUNED = "ft:gpt-4o-mini:acme:support:abc123"


def test_every_model_is_listed_at_once() -> None:
    (steps,) = play(emulator(), request("GET", "/v1/models"))

    found = json_of(steps)
    assert list(found) == ["object", "data"]
    gone = {name for name in DEFAULT_MODELS if (last := shutdown_date(name)) is not None and last <= "2025-10-09"}
    assert [each["id"] for each in found["data"]] == [name for name in DEFAULT_MODELS if name not in gone]
    assert_described("ListModelsResponse", found)
    for each in found["data"]:
        assert_sdk(Model, each)


def test_a_script_says_which_models_there_are() -> None:
    sdk = client(emulator({"responses": "Hi", "models": ["mine", TUNED]}))

    assert [model.id for model in sdk.models.list()] == ["mine", TUNED]
    assert sdk.models.retrieve(TUNED).owned_by == "acme"
    with pytest.raises(openai.NotFoundError, match="The model 'gpt-4o' does not exist"):
        sdk.models.retrieve("gpt-4o")


def test_a_model_is_shown() -> None:
    (steps,) = play(emulator(), request("GET", "/v1/models/gpt-4o"))

    assert json_of(steps) == {
        "id": "gpt-4o",
        "object": "model",
        "created": 1715367049,
        "owned_by": "system",
        "shutdown_date": json_of(steps)["shutdown_date"],
    }


def test_a_fine_tuned_model_is_deleted_and_gone() -> None:
    server = emulator({"responses": "Hi", "models": ["gpt-4o", TUNED]})
    sdk = client(server)

    deleted = sdk.models.delete(TUNED)

    assert deleted == ModelDeleted(id=TUNED, object="model", deleted=True)
    assert [model.id for model in sdk.models.list()] == ["gpt-4o"]
    assert texts(server, chat_request(model=TUNED)) == ["404 model_not_found"]
    with pytest.raises(openai.NotFoundError):
        sdk.models.delete(TUNED)


def test_openais_own_models_are_not_to_be_deleted() -> None:
    with pytest.raises(openai.PermissionDeniedError, match="insufficient permissions"):
        client(emulator()).models.delete("gpt-4o")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_leniently_any_model_exists(method: str) -> None:
    steps = play(emulator(lenient=True), request(method, f"/v1/models/{quote(TUNED)}"))[0]

    assert (status(steps), json_of(steps)["id"]) == (200, TUNED)
