"""Which models are valid for a session."""

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Failure
from llemulator_addon.engine.session import Session
from llemulator_addon.wire import errors
from llemulator_addon.wire.answer import Call, Endpoint
from llemulator_addon.wire.azure import DEPLOYMENT, not_found


def refuse_model(session: Session, call: Call, endpoint: Endpoint, prompt: Prompt) -> Failure | None:
    """Return how the API refuses the model of a request; None if it is valid."""
    is_deployment = DEPLOYMENT in call.params
    if not is_deployment and call.is_shut_down(prompt.model):
        return errors.shut_down(prompt.model)
    if _is_valid(session, call, prompt):
        return None
    return not_found() if is_deployment else endpoint.unknown_model(prompt.model)


def _is_valid(session: Session, call: Call, prompt: Prompt) -> bool:
    """Whether the model is: one that the request names; a deployment of Azure's only if the script names models."""
    if prompt.body.get("model") is None or (DEPLOYMENT in call.params and session.settings.models is None):
        return True
    return call.knows(prompt.model)
