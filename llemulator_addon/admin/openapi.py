"""`/_emulator/openapi.json`: the admin routes in OpenAPI 3.1, made from the routes themselves."""

from collections.abc import Mapping
from typing import Any

from llemulator_addon.admin import preset_queue
from llemulator_addon.admin.clock import ClockPart
from llemulator_addon.admin.journal import PARAMETERS
from llemulator_addon.admin.route import AdminCall, Answering, Route, answer
from llemulator_addon.admin.verify import VerifyPart
from llemulator_addon.core.steps import Steps
from llemulator_addon.script.manual_answer import schema as answer_schema
from llemulator_addon.script.schema import schema as script_schema
from llemulator_addon.script.schema import tidy
from llemulator_addon.wire.json_bytes import pretty

_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": ["string", "null"]},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}
_WITHOUT_TOKEN = (
    "/",
    "/health",
    "/healthz",
    "/readyz",
    "/_emulator/ca.pem",
    "/_emulator/script.schema.json",
    "/_emulator/openapi.json",
)
_NOT_JSON = {"/_emulator/ca.pem": "application/x-pem-file"}


def show(_: AdminCall) -> Steps:
    """Answer with the description of the admin routes."""
    # The table names this module.
    from llemulator_addon.admin import ROUTES  # noqa: PLC0415

    return answer(pretty(description(ROUTES)) + b"\n", "application/json")


def description(routes: Mapping[str, Route]) -> dict[str, Any]:
    """Return the description of routes."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "llemulator, admin routes",
            "version": "1",
            "description": "Requests about sessions, on the proxy's own port and on every host that it answers for. "
            "The token in Authorization names the session; it is not checked.",
        },
        "paths": {path: _path(path, route) for path, route in routes.items()},
        "components": {
            "schemas": {"Error": _ERROR, **_schemas()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _path(path: str, route: Route) -> dict[str, object]:
    methods = {"get": route.get, "post": route.post, "delete": route.delete}
    return {
        method: _operation(path, method, answering) for method, answering in methods.items() if answering is not None
    }


def _operation(path: str, method: str, answering: Answering) -> dict[str, object]:
    summary, _, more = (answering.__doc__ or "").partition("\n")
    operation: dict[str, object] = {
        "operationId": f"{answering.__module__.rpartition('.')[2]}.{answering.__name__}",
        "summary": summary,
        "security": [] if path in _WITHOUT_TOKEN or path.startswith(preset_queue.PATH) else [{"token": []}],
        "responses": {
            "200": {"description": "Done", "content": {_NOT_JSON.get(path, "application/json"): {}}},
            "4XX": {
                "description": "Refused",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        },
    }
    if more.strip():
        operation["description"] = " ".join(more.split())
    if parameters := _parameters(path):
        operation["parameters"] = parameters
    if (name := _BODIES.get((method, path))) is not None:
        reference = {"schema": {"$ref": f"#/components/schemas/{name}"}}
        kinds = ("application/json", "application/yaml") if name == "Script" else ("application/json",)
        operation["requestBody"] = {"content": dict.fromkeys(kinds, reference)}
    return operation


_BODIES = {
    ("post", "/_emulator/script"): "Script",
    ("post", "/_emulator/verify"): "Verify",
    ("post", "/_emulator/clock"): "Clock",
    ("post", "/_emulator/waiting/{number}"): "Answer",
}


def _parameters(path: str) -> list[dict[str, object]]:
    if path.endswith("/{number}"):
        return [{"name": "number", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}]
    if "/{address}" in path:
        kinds = [{"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv6"}]
        return [{"name": "address", "in": "path", "required": True, "schema": {"anyOf": kinds}}]
    if path == "/_emulator/unclaimed":
        meaning, schema = PARAMETERS["since"]
        return [{"name": "since", "in": "query", "description": meaning, "schema": dict(schema)}]
    if path == "/_emulator/requests":
        return [
            {"name": name, "in": "query", "description": meaning, "schema": dict(schema)}
            for name, (meaning, schema) in PARAMETERS.items()
        ]
    return []


def _schemas() -> dict[str, object]:
    """Return the bodies' schemas; their definitions are named for the body that they are part of."""
    bodies = {
        "Script": script_schema(),
        "Verify": VerifyPart.model_json_schema(),
        "Clock": ClockPart.model_json_schema(),
        "Answer": answer_schema(),
    }
    found: dict[str, object] = {}
    for name, written in bodies.items():
        body = tidy(written)
        parts = {part: value for part, value in body.items() if part not in {"$schema", "$id", "$defs"}}
        found[name] = _rename_references(parts, name)
        found |= {f"{name}.{key}": _rename_references(value, name) for key, value in body.get("$defs", {}).items()}
    return found


def _rename_references(value: object, name: str) -> object:
    match value:
        case dict():
            return {
                key: part.replace("#/$defs/", f"#/components/schemas/{name}.")
                if key == "$ref" and isinstance(part, str)
                else _rename_references(part, name)
                for key, part in value.items()
            }
        case list():
            return [_rename_references(part, name) for part in value]
        case _:
            return value
