"""The operations of OpenAI's API that are answered: to add one takes one file and one line here."""

from llemulator_addon.wire.answer import Endpoint, Operation
from llemulator_addon.wire.endpoints import (
    batches,
    chat,
    completions,
    conversations,
    embeddings,
    files,
    models,
    moderations,
    responses,
    stored_chat,
    stored_responses,
    traces,
    uploads,
)

ENDPOINTS: dict[str, Endpoint] = {
    "chat.completions": chat.ENDPOINT,
    "responses": responses.ENDPOINT,
    "completions": completions.ENDPOINT,
    "embeddings": embeddings.ENDPOINT,
    "moderations": moderations.ENDPOINT,
}
"""Operations in which a model answers, and which a script's rules therefore answer."""

OPERATIONS: dict[str, Operation] = {
    "chat.completions.list": stored_chat.LIST,
    "chat.completions.retrieve": stored_chat.RETRIEVE,
    "chat.completions.update": stored_chat.UPDATE,
    "chat.completions.delete": stored_chat.DELETE,
    "chat.completions.messages.list": stored_chat.MESSAGES,
    "models.list": models.LIST,
    "models.retrieve": models.RETRIEVE,
    "models.delete": models.DELETE,
    "responses.retrieve": stored_responses.RETRIEVE,
    "responses.delete": stored_responses.DELETE,
    "responses.cancel": stored_responses.CANCEL,
    "responses.input_items.list": stored_responses.INPUT_ITEMS,
    "responses.input_tokens.count": stored_responses.INPUT_TOKENS,
    "responses.compact": stored_responses.COMPACT,
    "conversations.create": conversations.CREATE,
    "conversations.retrieve": conversations.RETRIEVE,
    "conversations.update": conversations.UPDATE,
    "conversations.delete": conversations.DELETE,
    "conversations.items.list": conversations.ITEMS_LIST,
    "conversations.items.create": conversations.ITEMS_CREATE,
    "conversations.items.retrieve": conversations.ITEMS_RETRIEVE,
    "conversations.items.delete": conversations.ITEMS_DELETE,
    "files.create": files.CREATE,
    "files.list": files.LIST,
    "files.retrieve": files.RETRIEVE,
    "files.delete": files.DELETE,
    "files.content": files.CONTENT,
    "uploads.create": uploads.CREATE,
    "uploads.parts.create": uploads.PARTS,
    "uploads.complete": uploads.COMPLETE,
    "uploads.cancel": uploads.CANCEL,
    "batches.create": batches.CREATE,
    "batches.list": batches.LIST,
    "batches.retrieve": batches.RETRIEVE,
    "batches.cancel": batches.CANCEL,
    "traces.ingest": traces.INGEST,
}
"""Operations on what a token owns. They consume no rule."""
