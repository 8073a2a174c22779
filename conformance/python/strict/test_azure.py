"""The SDK's clients for Azure: paths with deployments, keys in `api-key`, and errors as its gateway spells them."""

import secrets
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from openai import AsyncAzureOpenAI, AzureOpenAI

from conformance.python.strict.talking import accumulated, done
from conformance.server import Server
from llemulator_addon.client import Client

USER = {"role": "user", "content": "Hi"}


@pytest.fixture(params=[AzureOpenAI, AsyncAzureOpenAI])
async def azure(request: pytest.FixtureRequest, way: Server) -> AsyncIterator[Any]:
    """Lead a client to its own host through the proxy, or to the server in its place."""
    key = f"sk-{secrets.token_hex(8)}"
    with Client(way.origin, key) as admin:
        admin.load({"rules": [{"reply": "Hello there"}]})
    through_proxy = request.node.callspec.params["way"] == "through HTTPS_PROXY"
    endpoint = "https://mine.openai.azure.com" if through_proxy else way.origin
    client = request.param(azure_endpoint=endpoint, api_version="2024-10-21", api_key=key, max_retries=0)
    yield client
    await done(client.close())


async def test_a_deployment_answers_as_a_body_and_as_a_stream(azure: Any) -> None:  # noqa: ANN401
    whole = await done(azure.chat.completions.create(model="my-deployment", messages=[USER]))
    _, streamed = await accumulated(azure.chat.completions.stream(model="my-deployment", messages=[USER]))

    assert whole.choices[0].message.content == streamed.choices[0].message.content == "Hello there"
    assert whole.model == "my-deployment"


async def test_responses_and_vectors_are_answered(azure: Any) -> None:  # noqa: ANN401
    response = await done(azure.responses.create(model="gpt-4o", input="Hi"))
    vectors = await done(azure.embeddings.create(model="my-vectors", input="Hi"))

    assert response.output_text == "Hello there"
    assert len(vectors.data[0].embedding) == 1536


async def test_what_azure_does_not_know_is_told_by_its_gateway(azure: Any) -> None:  # noqa: ANN401
    with pytest.raises(openai.NotFoundError, match="Resource not found") as caught:
        await done(azure.post("/nothing", cast_to=object, body={}))

    assert caught.value.code == "404"
