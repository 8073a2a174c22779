"""`/`: a description, for a person who opens the address in a browser."""

from llemulator_addon.admin.route import AdminCall, json_answer
from llemulator_addon.core.steps import Steps


def show(call: AdminCall) -> Steps:
    """Describe this server, and name the pages with more."""
    return json_answer(
        {
            "service": "llemulator",
            "status": "ok",
            "name": "llemulator",
            "version": call.server.version,
            "what": "Answers calls to OpenAI's API by a script. This address is a proxy (HTTPS_PROXY), and a base URL "
            "with /v1 behind it (OPENAI_BASE_URL).",
            "description": "/_emulator/openapi.json",
            "script_schema": "/_emulator/script.schema.json",
            "routes": [f"{'|'.join(route.methods)} {path}" for path, route in call.routes.items()],
        }
    )
