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


def add_model(body: Mapping[str, object], params: Mapping[str, str]) -> Mapping[str, Any]:
    """Return a body that names a model: its own, or else the deployment."""
    if DEPLOYMENT not in params or body.get("model") is not None:
        return body
    return {**body, "model": params[DEPLOYMENT]}


def is_azure(path: str) -> bool:
    """Whether a path is one of Azure's."""
    return path.startswith("/openai/")


def write_filter_results() -> dict[str, Any]:
    """Return what the filter of contents says of what it accepts.

    https://learn.microsoft.com/azure/ai-services/openai/concepts/content-filter
    """
    return {name: {"filtered": False, "severity": "safe"} for name in ("hate", "self_harm", "sexual", "violence")}


def write_prompt_results() -> dict[str, Any]:
    """Return what it says of the prompt."""
    return {"prompt_filter_results": [{"prompt_index": 0, "content_filter_results": write_filter_results()}]}


def write_first_chunk() -> dict[str, Any]:
    """Return the chunk that begins a stream of chat, without a choice: the filter's results of the prompt."""
    return {"choices": [], "created": 0, "id": "", "model": "", "object": "", **write_prompt_results()}


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
