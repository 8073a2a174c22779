"""What of OpenAI's API is answered: to add an operation is one file and one line here."""

from llemulator_addon.wire.answer import Endpoint, Operation
from llemulator_addon.wire.endpoints import chat, models

ENDPOINTS: dict[str, Endpoint] = {
    "chat.completions": chat.ENDPOINT,
}
"""Operations in which a model answers, and which a script's rules therefore answer."""

OPERATIONS: dict[str, Operation] = {
    "models.list": models.LIST,
    "models.retrieve": models.RETRIEVE,
}
"""Operations on what a token owns. They consume no rule."""
