"""`GET /v1/models` and `GET /v1/models/{model}`."""

from typing import Any

from llemulator_addon.wire import errors
from llemulator_addon.wire.answer import Body, Call, Operation, Served
from llemulator_addon.wire.jsons import pretty
from llemulator_addon.wire.models import created, owned_by


def list_models(call: Call) -> Served:
    """List every model that is valid for the token. The real list is never paged."""
    cards = [_card(name) for name in call.models]
    return Served(answer=Body(body=pretty({"object": "list", "data": cards}) + b"\n"))


def retrieve_model(call: Call) -> Served:
    """Show one model."""
    name = call.params["model"]
    if name not in call.models and not call.lenient:
        return Served(answer=errors.unknown_model(name))
    return Served(answer=Body(body=pretty(_card(name)) + b"\n"))


def _card(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created(name), "owned_by": owned_by(name)}


LIST = Operation(name="models.list", method="GET", path="/models", serve=list_models)
RETRIEVE = Operation(name="models.retrieve", method="GET", path="/models/{model}", serve=retrieve_model)
