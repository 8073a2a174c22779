"""Schemas that the API refuses, in its own words.

The wordings follow public reports of the real API's answers, as
https://github.com/dottxt-ai/outlines/issues/844 (additionalProperties), https://github.com/vercel/ai/issues/6484
(required), https://github.com/podly-pure-podcasts/podly_pure_podcasts/pull/89 (the root's type),
https://github.com/modelscope/ms-agent/pull/610 (items), https://github.com/langchain-ai/langmem/issues/113 (functions),
https://github.com/mavam/pi-web-providers/issues/14 (`invalid_json_schema` on Responses) and
https://github.com/tidyverse/ellmer/issues/671 (levels). What is permitted is said in
https://platform.openai.com/docs/guides/structured-outputs#supported-schemas.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Failure
from llemulator_addon.engine.simulate.asked import OfferedFunction, asked_format, offered_functions
from llemulator_addon.engine.simulate.wellformed import complaint_about


def refuse_schema(prompt: Prompt) -> Failure | None:
    """Return how the API refuses the schemas of a request; None where it takes them.

    Looks at `response_format` and `text.format`, and at the parameters of functions. Pure; for every endpoint.
    """
    return _of_format(prompt) or next(filter(None, map(_of_function, offered_functions(prompt))), None)


def problem_with(schema: object) -> str | None:
    """Return what strict mode has against a schema, as the API says it after `Invalid schema for …:`."""
    complaint = complaint_about(schema)
    return complaint or (next(_problems(schema), None) if isinstance(schema, Mapping) else None)


def _of_format(prompt: Prompt) -> Failure | None:
    asked = asked_format(prompt)
    if asked is None:
        return None
    if asked.kind == "json_object":
        return None if _says_json(prompt) else _without_json(prompt)
    if asked.schema is None:
        return None
    problem = (
        problem_with(asked.schema) if asked.strict else complaint_about(asked.schema) or _root_problem(asked.schema)
    )
    if problem is None:
        return None
    return Failure(
        status=400,
        type="invalid_request_error",
        param="text.format.schema" if asked.on_responses else "response_format",
        code="invalid_json_schema" if asked.on_responses else None,
        message=f"Invalid schema for response_format '{asked.name}': {problem}",
    )


def _says_json(prompt: Prompt) -> bool:
    """Whether the conversation has the word; on Responses, `instructions` do not count."""
    if "input" in prompt.body:
        return "json" in str(prompt.body["input"]).lower()
    return any("json" in message.text.lower() for message in prompt.messages)


def _without_json(prompt: Prompt) -> Failure:
    if "input" in prompt.body:
        return Failure(
            status=400,
            type="invalid_request_error",
            param="text.format",
            message="Response input messages must contain the word 'json' in some form to use 'text.format' of type "
            "'json_object'.",
        )
    return Failure(
        status=400,
        type="invalid_request_error",
        param="messages",
        message="'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
    )


def _of_function(function: OfferedFunction) -> Failure | None:
    if not function.parameters:
        return None
    problem = problem_with(function.parameters) if function.strict else _loose_problem(function.parameters)
    if problem is None:
        return None
    return Failure(
        status=400,
        type="invalid_request_error",
        param=function.param,
        code="invalid_function_parameters",
        message=f"Invalid schema for function '{function.name}': {problem}",
    )


def _loose_problem(schema: Mapping[str, Any]) -> str | None:
    """Return what the API has against a function's parameters even where strict mode is off."""
    if (problem := complaint_about(schema) or _root_problem(schema)) is not None:
        return problem
    nodes = _Walk(schema).nodes(schema, ())
    return next((_at(place, "array schema missing items.") for node, place in nodes if _misses_items(node)), None)


def _root_problem(schema: object) -> str | None:
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    if kind == "object":
        return None
    return f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."


# Strict mode ---------------------------------------------------------------------------------------------------------

_Place = tuple[str, ...]
_LEVELS = 10
_PARAMETERS = 5000
_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"},
)
_NOT_PERMITTED = (
    "oneOf", "allOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties",
    "propertyNames", "minProperties", "maxProperties", "unevaluatedProperties", "unevaluatedItems", "uniqueItems",
    "contains", "minContains", "maxContains", "prefixItems",
)  # fmt: skip


def _problems(schema: Mapping[str, Any]) -> Iterator[str]:
    root = _root_problem(_target(schema, schema))
    if root is not None:
        yield root if "anyOf" not in schema else _at((), "'anyOf' is not permitted.")
    walk = _Walk(schema)
    for node, place in walk.nodes(schema, ()):
        yield from _problems_of(node, place)
    if walk.parameters > _PARAMETERS:
        yield f"{walk.parameters} parameters exceeds limit of {_PARAMETERS}."
    levels = _levels(schema, schema, frozenset())
    if levels > _LEVELS:
        yield f"{levels} levels of nesting exceeds limit of {_LEVELS}."


def _problems_of(node: Mapping[str, Any], place: _Place) -> Iterator[str]:
    if "$ref" in node:
        beside = sorted(set(node) - {"$ref", "$defs", "definitions"})
        if beside and place:
            listed = ", ".join(f"'{word}'" for word in beside)
            yield f"context={place!r}, $ref cannot have keywords {{{listed}}}."
        return
    yield from (_at(place, f"'{word}' is not permitted.") for word in _NOT_PERMITTED if word in node)
    if "anyOf" in node:
        return
    if "type" not in node:
        yield _at(place, "schema must have a 'type' key.")
    if "properties" in node or _has_type(node, "object"):
        yield from (_at(place, problem) for problem in _object_problems(node))
    if _misses_items(node):
        yield _at(place, "array schema missing items.")
    if "format" in node and node["format"] not in _FORMATS:
        yield _at(place, f"'{node['format']}' is not a valid format.")


def _object_problems(node: Mapping[str, Any]) -> Iterator[str]:
    if node.get("additionalProperties") is not False:
        yield "'additionalProperties' is required to be supplied and to be false."
    properties, required = node.get("properties", {}), node.get("required")
    wanted = "'required' is required to be supplied and to be an array including every key in properties."
    given = dict.fromkeys(required if isinstance(required, list) else ())
    yield from (f"{wanted} Missing '{key}'." for key in properties if key not in given)
    yield from (f"{wanted} Extra required key '{key}' supplied." for key in given if key not in properties)


def _at(place: _Place, problem: str) -> str:
    return f"In context={place!r}, {problem}"


def _has_type(node: Mapping[str, Any], kind: str) -> bool:
    given = node.get("type")
    return given == kind or (isinstance(given, list) and kind in given)


def _misses_items(node: Mapping[str, Any]) -> bool:
    return _has_type(node, "array") and "items" not in node and "prefixItems" not in node


@dataclass(slots=True)
class _Walk:
    """Goes through a document once, from the root down; counts the properties on the way."""

    root: Mapping[str, Any]
    parameters: int = 0

    def nodes(self, node: object, place: _Place) -> Iterator[tuple[Mapping[str, Any], _Place]]:
        """Yield each schema with its place."""
        if not isinstance(node, Mapping):
            return
        yield node, place
        for word in ("properties", "$defs", "definitions", "patternProperties"):
            named = node.get(word)
            for key, schema in named.items() if isinstance(named, Mapping) else ():
                self.parameters += word == "properties"
                yield from self.nodes(schema, (*place, word, key))
        for word in ("items", "additionalProperties", "not"):
            yield from self.nodes(node.get(word), (*place, word))
        for word in ("anyOf", "allOf", "oneOf", "prefixItems"):
            ways = node.get(word)
            for number, way in enumerate(ways if isinstance(ways, list) else ()):
                yield from self.nodes(way, (*place, word, str(number)))


def _levels(node: object, root: Mapping[str, Any], seen: frozenset[str]) -> int:
    """Count how deep objects and arrays stand in each other; recursion counts once."""
    if not isinstance(node, Mapping):
        return 0
    reference = node.get("$ref")
    if isinstance(reference, str):
        if reference in seen or reference == "#":
            return 0
        return _levels(_target(node, root), root, seen | {reference})
    within = [*_mappings(node.get("properties")), node.get("items"), node.get("additionalProperties")]
    ways = node.get("anyOf")
    beside = max((_levels(way, root, seen) for way in (ways if isinstance(ways, list) else ())), default=0)
    is_container = _has_type(node, "object") or _has_type(node, "array") or "properties" in node
    return max(beside, is_container + max((_levels(each, root, seen) for each in within), default=0))


def _mappings(named: object) -> list[object]:
    return list(named.values()) if isinstance(named, Mapping) else []


def _target(node: Mapping[str, Any], root: Mapping[str, Any]) -> object:
    reference = node.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return node
    found: object = root
    for step in reference.split("/")[1:]:
        found = found.get(step) if isinstance(found, Mapping) else None
    return found
