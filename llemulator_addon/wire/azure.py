"""Azure's paths: `/openai/deployments/{deployment}/…?api-version=…`, and `/openai/v1/…` for what OpenAI has too.

A deployment is a name that its owner chose. So it is valid whatever it is, unless the script says which models are.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from llemulator_addon.core.reply import Failure

DEPLOYMENT = "deployment"
"""The parameter of a path under which the deployment stands."""


def split(segments: Sequence[str]) -> tuple[Sequence[str], Mapping[str, str]]:
    """Return the segments that OpenAI's own path has, and the deployment if there is one."""
    match segments:
        case ["openai", "deployments", deployment, *rest] if "/".join(rest) in _DEPLOYED:
            return rest, {DEPLOYMENT: deployment}
        case ["openai", "deployments", *_]:
            return segments, {}
        case ["openai", "v1", *rest] | ["openai", *rest] | ["v1", *rest]:
            return rest, {}
        case _:
            return segments, {}


def add_model(body: Mapping[str, Any], params: Mapping[str, str]) -> Mapping[str, Any]:
    """Return a body that names a model: its own, or else the deployment."""
    if DEPLOYMENT not in params or body.get("model") is not None:
        return body
    return {**body, "model": params[DEPLOYMENT]}


def not_found() -> Failure:
    """Refuse a deployment, in Azure's words and form."""
    return Failure(
        status=404,
        code="DeploymentNotFound",
        message="The API deployment for this resource does not exist. If you created the deployment within the last 5 "
        "minutes, please wait a moment and try again.",
        bare=True,
    )


# What the official SDK's Azure client sends to a deployment; everything else goes to `/openai/…`.
_DEPLOYED = frozenset(
    {
        "completions",
        "chat/completions",
        "embeddings",
        "audio/transcriptions",
        "audio/translations",
        "audio/speech",
        "images/generations",
        "images/edits",
    }
)
