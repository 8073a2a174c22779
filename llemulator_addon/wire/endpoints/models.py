"""`GET /v1/models`, `GET /v1/models/{model}` and `DELETE /v1/models/{model}`."""

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.resources import Kept
from llemulator_addon.wire.answer import DELETED_MODEL, Body, Call, Operation, Served
from llemulator_addon.wire.errors import INVALID
from llemulator_addon.wire.json_bytes import pretty
from llemulator_addon.wire.models import ACTING_MODELS, find_created, find_owner, shutdown_date


def list_models(call: Call) -> Served:
    """List every model that is valid for the token. The real list is never paged."""
    cards: list[dict[str, object]] = [_card(name) for name in call.models if call.knows(name)]
    return Served(answer=_body({"object": "list", "data": cards}))


def retrieve_model(call: Call) -> Served:
    """Show one model."""
    name = call.params["model"]
    if not call.knows(name) and name not in ACTING_MODELS and not call.lenient:
        return Served(answer=call.missing_model(name, _unknown))
    return Served(answer=_body(_card(name)))


def delete_model(call: Call) -> Served:
    """Delete a fine-tuned model; OpenAI's own belong to nobody else."""
    name = call.params["model"]
    if call.lenient:
        return Served(answer=_confirm_deletion(name))
    if not call.knows(name):
        return Served(answer=call.missing_model(name, _unknown))
    if not name.startswith("ft:"):
        return Served(answer=_forbidden())
    return Served(answer=_confirm_deletion(name), resources=call.resources.put(Kept(DELETED_MODEL, name, {"id": name})))


LIST = Operation(name="models.list", method="GET", path="/models", serve=list_models, for_pages=True)
RETRIEVE = Operation(name="models.retrieve", method="GET", path="/models/{model}", serve=retrieve_model, for_pages=True)
DELETE = Operation(name="models.delete", method="DELETE", path="/models/{model}", serve=delete_model)


def _card(name: str) -> dict[str, object]:
    return {
        "id": name,
        "object": "model",
        "created": find_created(name),
        "owned_by": find_owner(name),
        "shutdown_date": shutdown_date(name),
    }


def _body(value: object) -> Body:
    return Body(body=pretty(value) + b"\n")


def _confirm_deletion(name: str) -> Body:
    return _body({"id": name, "object": "model", "deleted": True})


def _unknown(name: str) -> Failure:
    return Failure(
        status=404,
        type=INVALID,
        param="model",
        code="model_not_found",
        message=f"The model '{name}' does not exist",
    )


def _forbidden() -> Failure:
    # The status is the API's; the words are those of other missing permissions.
    return Failure(
        status=403,
        type=INVALID,
        message="You have insufficient permissions for this operation. Missing scopes: api.delete. Check that you have "
        "the correct role in your organization (Owner), and if you're using a restricted API key, that it has the "
        "necessary scopes.",
    )
