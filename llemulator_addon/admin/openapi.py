"""`/_emulator/openapi.json`: the admin routes in OpenAPI 3.1, made from the routes themselves."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from llemulator_addon.admin.query import Query
from llemulator_addon.admin.route import AdminCall, Answering, Route, answer
from llemulator_addon.core.steps import Steps
from llemulator_addon.live.admin_access import COOKIE, KEY_HEADER
from llemulator_addon.script.schema import tidy
from llemulator_addon.wire.json_bytes import pretty

_OF_ROLES = "Of a role: viewer, operator or admin. Not needed on llemulator's own machine if no key is set."
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


def show(call: AdminCall) -> Steps:
    """Answer with the description of the admin routes."""
    return answer(pretty(description(call.routes)) + b"\n", "application/json")


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
            "schemas": {"Error": _ERROR, **_schemas(routes.values())},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": KEY_HEADER, "description": _OF_ROLES},
                "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": _OF_ROLES},
            },
        },
    }


def _path(path: str, route: Route) -> dict[str, object]:
    methods = {"get": route.get, "post": route.post, "delete": route.delete}
    return {
        method: _operation(path, route, method, answering)
        for method, answering in methods.items()
        if answering is not None
    }


def _operation(path: str, route: Route, method: str, answering: Answering) -> dict[str, object]:
    summary, _, more = (answering.__doc__ or "").partition("\n")
    operation: dict[str, object] = {
        "operationId": f"{answering.__module__.rpartition('.')[2]}.{answering.__name__}",
        "summary": summary,
        "security": _security(route, method),
        "responses": {
            "200": {"description": "Done", "content": {route.produces: _describe_answer(route, method)}},
            "4XX": {
                "description": "Refused",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        },
    }
    if more.strip():
        operation["description"] = " ".join(more.split())
    if parameters := [*_path_parameters(path), *(_query_parameters(route.query) if method == "get" else ())]:
        operation["parameters"] = parameters
    if route.body is not None and method == "post":
        reference = {"schema": {"$ref": f"#/components/schemas/{route.body.name}"}}
        form = {} if route.body.form is None else {"multipart/form-data": {"schema": dict(route.body.form)}}
        operation["requestBody"] = {"content": {**dict.fromkeys(route.body.kinds, reference), **form}}
    return operation


def _describe_answer(route: Route, method: str) -> dict[str, object]:
    described = route.answers.get(method)
    return {} if described is None else {"schema": {"$ref": f"#/components/schemas/{described.name}"}}


def _security(route: Route, method: str) -> list[dict[str, list[str]]]:
    if route.needs_token:
        return [{"token": []}]
    role = route.role_for(method.upper())
    return [] if role is None else [{"key": [role]}, {"cookie": [role]}]


def _path_parameters(path: str) -> Iterator[dict[str, object]]:
    for part in path.split("/"):
        if part.startswith("{"):
            name = part.strip("{}")
            yield {"name": name, "in": "path", "required": True, "schema": dict(_IN_PATHS[name])}


_IN_PATHS: Mapping[str, Mapping[str, object]] = {
    "number": {"type": "integer", "minimum": 1},
    "file": {"type": "string"},
    "name": {"type": "string"},
    "address": {"anyOf": [{"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv6"}]},
}
"""The schemas of the names in braces in a path."""


def _query_parameters(query: Query) -> Iterator[dict[str, object]]:
    for name, parameter in query.items():
        yield {"name": name, "in": "query", "description": parameter.meaning, "schema": dict(parameter.schema)}


def _schemas(routes: Iterable[Route]) -> dict[str, object]:
    """Return the schemas of bodies and answers; their definitions are named for what they are part of."""
    written: dict[str, Mapping[str, Any]] = {}
    for route in routes:
        if route.body is not None:
            written[route.body.name] = tidy(route.body.schema())
        written |= {answer.name: answer.schema() for answer in route.answers.values()}
    found: dict[str, object] = {}
    for name, body in written.items():
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
