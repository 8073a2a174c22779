"""`/`: the console for a person who opens the address in a browser, and a description for programs."""

from llemulator_addon.admin.access import open_link
from llemulator_addon.admin.console import show_page
from llemulator_addon.admin.route import AdminCall, json_answer
from llemulator_addon.core.steps import Steps


def show(call: AdminCall) -> Steps:
    """Answer a browser with the console, and others with a description of this server.

    A browser is a client that accepts `text/html`. With `key`, the code of the link that was printed at the start, it
    is signed in.
    """
    if (code := call.request.query_value("key")) is not None:
        return open_link(call, code)
    if "text/html" in call.request.headers.get("accept", ""):
        return show_page(call)
    return json_answer(
        {
            "service": "llemulator",
            "status": "ok",
            "name": "llemulator",
            "version": call.server.version,
            "what": "Answers calls to OpenAI's API by a script. This address is a proxy (HTTPS_PROXY), and a base URL "
            "with /v1 behind it (OPENAI_BASE_URL). A browser gets the console here.",
            "description": "/_emulator/openapi.json",
            "script_schema": "/_emulator/script.schema.json",
            "routes": [f"{'|'.join(route.methods)} {path}" for path, route in call.routes.items()],
        }
    )
