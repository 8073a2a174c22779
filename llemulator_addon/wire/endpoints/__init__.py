"""What of OpenAI's API is answered: to add an operation is one file and one line here."""

from llemulator_addon.wire.answer import Endpoint, Operation
from llemulator_addon.wire.endpoints import chat, completions, embeddings, models, moderations, stored_chat

ENDPOINTS: dict[str, Endpoint] = {
    "chat.completions": chat.ENDPOINT,
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
}
"""Operations on what a token owns. They consume no rule."""
