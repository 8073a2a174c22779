"""One body of every operation, so that none is without its check; the tests of each have the variants."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from openai.pagination import SyncConversationCursorPage, SyncCursorPage, SyncPage
from openai.types import (
    Batch,
    Completion,
    ContainerCreateResponse,
    ContainerListResponse,
    ContainerRetrieveResponse,
    CreateEmbeddingResponse,
    DeletedSkill,
    FileDeleted,
    FileObject,
    ImagesResponse,
    Model,
    ModelDeleted,
    ModerationCreateResponse,
    Skill,
    Upload,
    VectorStore,
    VectorStoreDeleted,
    VectorStoreSearchResponse,
)
from openai.types.audio import Transcription, Translation
from openai.types.chat import ChatCompletion, ChatCompletionDeleted, ChatCompletionStoreMessage
from openai.types.containers import FileCreateResponse, FileListResponse, FileRetrieveResponse
from openai.types.conversations import (
    Conversation,
    ConversationDeletedResource,
    ConversationItem,
    ConversationItemList,
)
from openai.types.fine_tuning import FineTuningJob, FineTuningJobEvent
from openai.types.fine_tuning.jobs import FineTuningJobCheckpoint
from openai.types.realtime import ClientSecretCreateResponse, RealtimeTranslationClientSecretCreateResponse
from openai.types.responses import CompactedResponse, Response, ResponseItem
from openai.types.responses.input_token_count_response import InputTokenCountResponse
from openai.types.skills import DeletedSkillVersion, SkillVersion
from openai.types.uploads import UploadPart
from openai.types.vector_stores import (
    FileContentResponse,
    VectorStoreFile,
    VectorStoreFileBatch,
    VectorStoreFileDeleted,
)
from openai.types.webhooks import (
    DeletedWebhookEndpoint,
    WebhookEndpoint,
    WebhookEndpointTestResult,
    WebhookEndpointWithSecret,
)

from llemulator_addon.wire.audio import wav
from llemulator_addon.wire.endpoints import ENDPOINTS, OPERATIONS
from llemulator_addon.wire.pictures import Picture
from tests.playing import emulator, json_of, play
from tests.wire.asking import Asking
from tests.wire.forms import File, form
from tests.wire.response_cases import ECHOED, without_nulls
from tests.wire.shapes import assert_described, assert_sdk, described_answer

_EXAMPLE = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
USER = {"role": "user", "content": "Hi"}
_STORED_COMPLETION = {
    *("request_id", "tool_choice", "tools", "seed", "top_p", "temperature", "presence_penalty", "frequency_penalty"),
    *("input_user", "response_format"),
}
_SPEAKING = {"session": {"type": "realtime", "model": "gpt-realtime-2"}}
_LIST = {"object", "first_id", "last_id"}
_SUFFIX = {"user_provided_suffix"}
_HOOK = "http://127.0.0.1:9/hook"
_DURATION = 100.0
"""Of a fine-tuning job, in seconds."""

SDK: dict[str, tuple[Any, set[str]]] = {
    # What the SDK makes of each body, and which keys it does not know.
    "chat.completions": (ChatCompletion, set()),
    "responses": (Response, {"billing", *ECHOED}),
    "completions": (Completion, set()),
    "embeddings": (CreateEmbeddingResponse, set()),
    "moderations": (ModerationCreateResponse, set()),
    "chat.completions.list": (SyncCursorPage[ChatCompletion], _LIST | {f"data.{key}" for key in _STORED_COMPLETION}),
    "chat.completions.retrieve": (ChatCompletion, _STORED_COMPLETION),
    "chat.completions.update": (ChatCompletion, _STORED_COMPLETION),
    "chat.completions.delete": (ChatCompletionDeleted, set()),
    "chat.completions.messages.list": (SyncCursorPage[ChatCompletionStoreMessage], _LIST | {"data.name"}),
    "models.list": (SyncPage[Model], set()),
    "models.retrieve": (Model, set()),
    "models.delete": (ModelDeleted, set()),
    "responses.retrieve": (Response, {"billing", *ECHOED}),
    "responses.cancel": (Response, {"billing", *ECHOED}),
    "responses.input_items.list": (SyncCursorPage[ResponseItem], _LIST),
    "responses.input_tokens.count": (InputTokenCountResponse, set()),
    "responses.compact": (CompactedResponse, set()),
    "conversations.create": (Conversation, set()),
    "conversations.retrieve": (Conversation, set()),
    "conversations.update": (Conversation, set()),
    "conversations.delete": (ConversationDeletedResource, set()),
    "conversations.items.list": (SyncConversationCursorPage[ConversationItem], _LIST - {"last_id"}),
    "conversations.items.create": (ConversationItemList, set()),
    "conversations.items.retrieve": (ConversationItem, set()),
    "conversations.items.delete": (Conversation, set()),
    "images.generate": (ImagesResponse, set()),
    "images.edit": (ImagesResponse, set()),
    "audio.transcriptions": (Transcription, set()),
    "audio.translations": (Translation, set()),
    "files.create": (FileObject, set()),
    "files.list": (SyncCursorPage[FileObject], _LIST),
    "files.retrieve": (FileObject, set()),
    "files.delete": (FileDeleted, set()),
    "batches.create": (Batch, set()),
    "batches.list": (SyncCursorPage[Batch], _LIST),
    "batches.retrieve": (Batch, set()),
    "batches.cancel": (Batch, set()),
    "uploads.create": (Upload, set()),
    "uploads.parts.create": (UploadPart, set()),
    "uploads.complete": (Upload, set()),
    "uploads.cancel": (Upload, set()),
    "vector_stores.create": (VectorStore, set()),
    "vector_stores.list": (SyncCursorPage[VectorStore], _LIST),
    "vector_stores.retrieve": (VectorStore, set()),
    "vector_stores.update": (VectorStore, set()),
    "vector_stores.search": (SyncPage[VectorStoreSearchResponse], {"search_query", "has_more", "next_page"}),
    "vector_stores.delete": (VectorStoreDeleted, set()),
    "vector_stores.files.create": (VectorStoreFile, set()),
    "vector_stores.files.list": (SyncCursorPage[VectorStoreFile], _LIST),
    "vector_stores.files.retrieve": (VectorStoreFile, set()),
    "vector_stores.files.update": (VectorStoreFile, set()),
    "vector_stores.files.content": (SyncPage[FileContentResponse], {"has_more", "next_page"}),
    "vector_stores.files.delete": (VectorStoreFileDeleted, set()),
    "vector_stores.file_batches.create": (VectorStoreFileBatch, set()),
    "vector_stores.file_batches.retrieve": (VectorStoreFileBatch, set()),
    "vector_stores.file_batches.cancel": (VectorStoreFileBatch, set()),
    "vector_stores.file_batches.list_files": (SyncCursorPage[VectorStoreFile], _LIST),
    "fine_tuning.jobs.create": (FineTuningJob, _SUFFIX),
    "fine_tuning.jobs.list": (SyncCursorPage[FineTuningJob], _LIST | {f"data.{key}" for key in _SUFFIX}),
    "fine_tuning.jobs.retrieve": (FineTuningJob, _SUFFIX),
    "fine_tuning.jobs.list_events": (SyncCursorPage[FineTuningJobEvent], _LIST),
    "fine_tuning.jobs.checkpoints.list": (SyncCursorPage[FineTuningJobCheckpoint], _LIST),
    "fine_tuning.jobs.resume": (FineTuningJob, _SUFFIX),
    "fine_tuning.jobs.cancel": (FineTuningJob, _SUFFIX),
    "webhooks.create": (WebhookEndpointWithSecret, set()),
    "webhooks.list": (SyncCursorPage[WebhookEndpoint], _LIST),
    "webhooks.retrieve": (WebhookEndpoint, set()),
    "webhooks.update": (WebhookEndpoint, set()),
    "webhooks.rotate_secret": (WebhookEndpointWithSecret, set()),
    "webhooks.test": (WebhookEndpointTestResult, set()),
    "webhooks.delete": (DeletedWebhookEndpoint, set()),
    "containers.create": (ContainerCreateResponse, set()),
    "containers.list": (SyncCursorPage[ContainerListResponse], _LIST),
    "containers.retrieve": (ContainerRetrieveResponse, set()),
    "containers.files.create": (FileCreateResponse, set()),
    "containers.files.list": (SyncCursorPage[FileListResponse], _LIST),
    "containers.files.retrieve": (FileRetrieveResponse, set()),
    "skills.create": (Skill, set()),
    "skills.list": (SyncCursorPage[Skill], _LIST),
    "skills.retrieve": (Skill, set()),
    "skills.update": (Skill, set()),
    "skills.delete": (DeletedSkill, set()),
    "skills.versions.create": (SkillVersion, set()),
    "skills.versions.list": (SyncCursorPage[SkillVersion], _LIST),
    "skills.versions.retrieve": (SkillVersion, set()),
    "skills.versions.delete": (DeletedSkillVersion, set()),
    "realtime.translations.client_secrets.create": (RealtimeTranslationClientSecretCreateResponse, set()),
    "realtime.client_secrets.create": (ClientSecretCreateResponse, set()),
}
WITHOUT_A_TYPE = {
    "responses.delete",  # the SDK reads nothing of it
    *("containers.delete", "containers.files.delete"),  # have no body
    "traces.ingest",  # is in no SDK, and has no body
    *("files.content", "audio.speech", "containers.files.content.retrieve"),  # are no JSON
    *("skills.content.retrieve", "skills.versions.content.retrieve"),
    "fine_tuning.jobs.pause",  # says "paused" in OpenAI's example, a status that no type has
    # are answered by events on a connection
    *(
        "realtime",
        "realtime.transcription",
        "realtime.translation",
        "realtime.mcp_list_tools",
        "live",
    ),  # are answered by events on a connection
    *(f"realtime.calls.{name}" for name in ("create", "accept", "reject", "refer", "hangup")),  # have no body
}

every_body = pytest.mark.parametrize("name", SDK)


@cache
def bodies() -> dict[str, Any]:
    """Ask for everything once, in an order in which there is something to ask for."""
    found: dict[str, Any] = {}
    client = Asking(
        emulator({"defaults": {"on_unmatched": "echo"}, "models": [*_MODELS]}, fine_tuning_duration=_DURATION)
    )

    def ask(name: str, method: str, path: str, body: Any = None) -> Any:  # noqa: ANN401
        found[name] = {"POST": lambda: client.post(path, body), "GET": lambda: client.get(path)}.get(
            method, lambda: client.delete(path)
        )()
        return found[name]

    chat = {"model": "gpt-4o", "messages": [USER], "store": True, "metadata": {"a": "b"}}
    stored = f"/v1/chat/completions/{ask('chat.completions', 'POST', '/v1/chat/completions', chat)['id']}"
    ask("chat.completions.list", "GET", "/v1/chat/completions")
    ask("chat.completions.retrieve", "GET", stored)
    ask("chat.completions.update", "POST", stored, {"metadata": {"c": "d"}})
    ask("chat.completions.messages.list", "GET", f"{stored}/messages")
    ask("chat.completions.delete", "DELETE", stored)

    asked = {"model": "gpt-5.6", "input": "Hi"}
    response = f"/v1/responses/{ask('responses', 'POST', '/v1/responses', asked)['id']}"
    running = f"/v1/responses/{client.respond(background=True)['id']}"
    ask("responses.retrieve", "GET", response)
    ask("responses.cancel", "POST", f"{running}/cancel")
    ask("responses.input_items.list", "GET", f"{response}/input_items")
    ask("responses.input_tokens.count", "POST", "/v1/responses/input_tokens", asked)
    ask("responses.compact", "POST", "/v1/responses/compact", asked)
    ask("responses.delete", "DELETE", response)

    begun = {"items": [{**USER, "type": "message"}], "metadata": {"a": "b"}}
    conversation = f"/v1/conversations/{ask('conversations.create', 'POST', '/v1/conversations', begun)['id']}"
    added = ask("conversations.items.create", "POST", f"{conversation}/items", {"items": begun["items"]})
    ask("conversations.retrieve", "GET", conversation)
    ask("conversations.update", "POST", conversation, {"metadata": {"c": "d"}})
    ask("conversations.items.list", "GET", f"{conversation}/items")
    ask("conversations.items.retrieve", "GET", f"{conversation}/items/{added['data'][0]['id']}")
    ask("conversations.items.delete", "DELETE", f"{conversation}/items/{added['data'][0]['id']}")
    ask("conversations.delete", "DELETE", conversation)

    ask("completions", "POST", "/v1/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": "Hi", "logprobs": 2})
    ask("embeddings", "POST", "/v1/embeddings", {"model": "text-embedding-3-small", "input": ["a", "b"]})
    ask("moderations", "POST", "/v1/moderations", {"input": "Hi"})
    ask("models.list", "GET", "/v1/models")
    ask("models.retrieve", "GET", "/v1/models/gpt-4o")
    ask("models.delete", "DELETE", "/v1/models/ft:gpt-4o:mine::1")
    _ask_for_files(client, ask, found)
    file = _send_file(client, "user_data", "txt", b"Cats sleep.")
    _ask_for_vector_stores(ask, file)
    examples = b"\n".join([json.dumps(_EXAMPLE).encode()] * 10)
    _ask_for_fine_tuning(client, ask, _send_file(client, "fine-tune", "jsonl", examples))
    _ask_for_webhooks(ask)
    _ask_for_containers(ask, file)
    _ask_for_skills(client, ask, found)
    translating = {"session": {"model": "gpt-realtime-translate", "audio": {"output": {"language": "de"}}}}
    ask("realtime.translations.client_secrets.create", "POST", "/v1/realtime/translations/client_secrets", translating)
    ask("realtime.client_secrets.create", "POST", "/v1/realtime/client_secrets", _SPEAKING)
    return found


def _send_file(client: Asking, purpose: str, ending: str, content: bytes) -> str:
    sent = form("/v1/files", ("purpose", purpose), ("file", (f"a.{ending}", content)))
    return str(json_of(play(client.server, sent)[0])["id"])


def _ask_for_vector_stores(ask: Callable[..., Any], file: str) -> None:
    store = f"/v1/vector_stores/{ask('vector_stores.create', 'POST', '/v1/vector_stores', {'name': 'a'})['id']}"
    ask("vector_stores.list", "GET", "/v1/vector_stores")
    ask("vector_stores.retrieve", "GET", store)
    ask("vector_stores.update", "POST", store, {"metadata": {"a": "b"}})
    ask("vector_stores.files.create", "POST", f"{store}/files", {"file_id": file})
    ask("vector_stores.files.list", "GET", f"{store}/files")
    ask("vector_stores.files.retrieve", "GET", f"{store}/files/{file}")
    ask("vector_stores.files.update", "POST", f"{store}/files/{file}", {"attributes": {"a": 1}})
    ask("vector_stores.files.content", "GET", f"{store}/files/{file}/content")
    ask("vector_stores.search", "POST", f"{store}/search", {"query": "Cats"})
    ask("vector_stores.files.delete", "DELETE", f"{store}/files/{file}")
    made = ask("vector_stores.file_batches.create", "POST", f"{store}/file_batches", {"file_ids": [file]})
    batch = f"{store}/file_batches/{made['id']}"
    ask("vector_stores.file_batches.retrieve", "GET", batch)
    ask("vector_stores.file_batches.list_files", "GET", f"{batch}/files")
    ask("vector_stores.file_batches.cancel", "POST", f"{batch}/cancel")
    ask("vector_stores.delete", "DELETE", store)


def _ask_for_containers(ask: Callable[..., Any], file: str) -> None:
    container = f"/v1/containers/{ask('containers.create', 'POST', '/v1/containers', {'name': 'mine'})['id']}"
    ask("containers.list", "GET", "/v1/containers")
    ask("containers.retrieve", "GET", container)
    kept = ask("containers.files.create", "POST", f"{container}/files", {"file_id": file})
    ask("containers.files.list", "GET", f"{container}/files")
    ask("containers.files.retrieve", "GET", f"{container}/files/{kept['id']}")


def _ask_for_skills(client: Asking, ask: Callable[..., Any], found: dict[str, Any]) -> None:
    manifest = ("files[]", ("mine/SKILL.md", b"---\nname: mine\ndescription: Adds up.\n---\n"))
    found["skills.create"] = json_of(play(client.server, form("/v1/skills", manifest))[0])
    skill = f"/v1/skills/{found['skills.create']['id']}"
    found["skills.versions.create"] = json_of(play(client.server, form(f"{skill}/versions", manifest))[0])
    ask("skills.list", "GET", "/v1/skills")
    ask("skills.retrieve", "GET", skill)
    ask("skills.update", "POST", skill, {"default_version": "2"})
    ask("skills.versions.list", "GET", f"{skill}/versions")
    ask("skills.versions.retrieve", "GET", f"{skill}/versions/1")
    ask("skills.versions.delete", "DELETE", f"{skill}/versions/1")
    ask("skills.delete", "DELETE", skill)


def _ask_for_webhooks(ask: Callable[..., Any]) -> None:
    begun = {"name": "mine", "url": _HOOK, "event_types": ["batch.completed"]}
    endpoint = f"/v1/webhook_endpoints/{ask('webhooks.create', 'POST', '/v1/webhook_endpoints', begun)['id']}"
    ask("webhooks.list", "GET", "/v1/webhook_endpoints")
    ask("webhooks.retrieve", "GET", endpoint)
    ask("webhooks.update", "POST", endpoint, {"name": "yours"})
    ask("webhooks.rotate_secret", "POST", f"{endpoint}/rotate_secret")
    ask("webhooks.test", "POST", f"{endpoint}/test", {"event_type": "batch.completed"})
    ask("webhooks.delete", "DELETE", endpoint)


def _ask_for_fine_tuning(client: Asking, ask: Callable[..., Any], file: str) -> None:
    begun = {"model": "gpt-4.1-mini-2025-04-14", "training_file": file}
    job = f"/v1/fine_tuning/jobs/{ask('fine_tuning.jobs.create', 'POST', '/v1/fine_tuning/jobs', begun)['id']}"
    ask("fine_tuning.jobs.list", "GET", "/v1/fine_tuning/jobs")
    ask("fine_tuning.jobs.retrieve", "GET", job)
    ask("fine_tuning.jobs.list_events", "GET", f"{job}/events")
    ask("fine_tuning.jobs.checkpoints.list", "GET", f"{job}/checkpoints")
    client.post("/_emulator/clock", {"advance_s": _DURATION / 2})
    for name in ("pause", "resume", "cancel"):
        ask(f"fine_tuning.jobs.{name}", "POST", f"{job}/{name}")


def _ask_for_files(client: Asking, ask: Callable[..., Any], found: dict[str, Any]) -> None:
    def send(name: str, path: str, *fields: tuple[str, str | File]) -> Any:  # noqa: ANN401
        found[name] = json_of(play(client.server, form(path, *fields))[0])
        return found[name]

    drawn = {"model": "gpt-image-1", "prompt": "A cat", "size": "1024x1536", "quality": "low"}
    ask("images.generate", "POST", "/v1/images/generations", drawn)
    cat = Picture(9, 9, "a", 0).draw()
    send("images.edit", "/v1/images/edits", ("model", "gpt-image-1"), ("prompt", "A cat"), ("image", ("a.png", cat)))
    sound = ("file", ("a.wav", wav("Hello")))
    for name in ("transcriptions", "translations"):
        send(f"audio.{name}", f"/v1/audio/{name}", ("model", "whisper-1"), sound)
    made = send("files.create", "/v1/files", ("purpose", "batch"), ("file", ("a.jsonl", b"{}")))
    ask("files.list", "GET", "/v1/files")
    ask("files.retrieve", "GET", f"/v1/files/{made['id']}")
    batch = {"input_file_id": made["id"], "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    begun = f"/v1/batches/{ask('batches.create', 'POST', '/v1/batches', batch)['id']}"
    ask("batches.retrieve", "GET", begun)
    ask("batches.list", "GET", "/v1/batches")
    ask("batches.cancel", "POST", f"{begun}/cancel")
    ask("files.delete", "DELETE", f"/v1/files/{made['id']}")
    parts = {"bytes": 2, "filename": "a.jsonl", "mime_type": "text/jsonl", "purpose": "batch"}
    upload = f"/v1/uploads/{ask('uploads.create', 'POST', '/v1/uploads', parts)['id']}"
    part = send("uploads.parts.create", f"{upload}/parts", ("data", ("part", b"{}")))
    ask("uploads.complete", "POST", f"{upload}/complete", {"part_ids": [part["id"]]})
    other = client.post("/v1/uploads", parts)["id"]
    ask("uploads.cancel", "POST", f"/v1/uploads/{other}/cancel")


_MODELS = (
    *("gpt-4o", "gpt-5.6", "gpt-3.5-turbo-instruct", "text-embedding-3-small", "omni-moderation-latest"),
    *("whisper-1", "gpt-image-1", "gpt-realtime-2", "gpt-realtime-translate"),
    "ft:gpt-4o:mine::1",
)


def test_every_operation_is_checked() -> None:
    assert {*SDK, *WITHOUT_A_TYPE} == {*ENDPOINTS, *OPERATIONS}
    assert {*SDK, "responses.delete", "fine_tuning.jobs.pause"} == set(bodies())
    assert [name for name, body in bodies().items() if "error" in body and name not in _WITH_AN_ERROR] == []


_WITH_AN_ERROR = {
    *("responses", "responses.retrieve", "responses.cancel"),
    *(f"fine_tuning.jobs.{name}" for name in ("create", "retrieve", "pause", "resume", "cancel")),
}
"""Objects that have a key of that name, which is null."""


@pytest.mark.long
@every_body
def test_a_body_is_what_the_sdk_types_say(name: str) -> None:
    shape, beyond = SDK[name]

    assert_sdk(shape, _as_typed(name, bodies()[name]), beyond=beyond)


def _as_typed(name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Leave out what the SDK's types do not have, although OpenAI's own examples do: messages of users."""
    match name:
        case "chat.completions.messages.list":
            return {**body, "data": [{**message, "role": "assistant"} for message in body["data"]]}
        case "responses.compact":
            return {**body, "output": [item for item in body["output"] if item.get("role") != "user"]}
        case _:
            return body


# OpenAI's own example of a client secret is not as the description says either, and no description has webhooks.
_UNDESCRIBED = {"realtime.client_secrets.create", *(name for name in SDK if name.startswith("webhooks."))}


@pytest.mark.parametrize("name", sorted(SDK.keys() - _UNDESCRIBED))
def test_a_body_is_as_openai_describes_the_operation(name: str) -> None:
    operation = ENDPOINTS.get(name) or OPERATIONS[name]
    body = _as_typed(name, bodies()[name])

    schema = _ONE_OF_SEVERAL.get(name) or described_answer(operation.method, operation.path)
    told = without_nulls(body) if schema == "Response" else body
    assert_described(schema, told, null=_NULL.get(name, ()), but=_BUT.get(name, ()))


_ONE_OF_SEVERAL = {
    "audio.transcriptions": "CreateTranscriptionResponseJson",
    "audio.translations": "CreateTranslationResponseJson",
}
"""The schemas of answers of which OpenAI describes several."""
_OF_A_FILE = ("expires_at", "status_details")
_OF_A_BATCH = (
    *("model", "errors", "output_file_id", "error_file_id", "in_progress_at", "finalizing_at", "metadata"),
    *("completed_at", "failed_at", "expired_at", "cancelling_at", "cancelled_at"),
)
_NULL = {
    **{f"batches.{name}": [f"$.{field}" for field in _OF_A_BATCH] for name in ("create", "retrieve", "cancel")},
    "batches.list": [f"$.data[].{field}" for field in _OF_A_BATCH],
    "chat.completions.list": ["$.data[].choices[].logprobs"],
    "files.create": [f"$.{name}" for name in _OF_A_FILE],
    "files.retrieve": [f"$.{name}" for name in _OF_A_FILE],
    "files.list": [f"$.data[].{name}" for name in _OF_A_FILE],
    "uploads.complete": [f"$.file.{name}" for name in _OF_A_FILE],
    **{f"vector_stores.{name}": ["$.expires_after"] for name in ("create", "retrieve", "update")},
    "vector_stores.list": ["$.data[].expires_after"],
}
"""Recorded so, where the description has a value only."""
_BUT = {"chat.completions.messages.list": ["$.data[0]: 'refusal' is a required property"]}
"""As OpenAI's own example has it."""


def test_a_response_that_was_deleted_is_named() -> None:
    gone = bodies()["responses.delete"]

    assert json.dumps(gone | {"id": "resp_1"}) == '{"id": "resp_1", "object": "response", "deleted": true}'
