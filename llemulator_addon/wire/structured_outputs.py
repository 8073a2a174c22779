"""Schemas that the API refuses, in its own words.

The wordings follow public reports of the real API's answers, as
https://github.com/dottxt-ai/outlines/issues/844 (additionalProperties), https://github.com/vercel/ai/issues/6484
(required), https://github.com/podly-pure-podcasts/podly_pure_podcasts/pull/89 (the root's type),
https://github.com/modelscope/ms-agent/pull/610 (items), https://github.com/langchain-ai/langmem/issues/113 (functions),
https://github.com/mavam/pi-web-providers/issues/14 (`invalid_json_schema` on Responses) and
https://github.com/tidyverse/ellmer/issues/671 (levels). The permitted keywords are in
https://platform.openai.com/docs/guides/structured-outputs#supported-schemas.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.work import TooMuchWork, Work
from llemulator_addon.json_schema.wellformed import complaint_about
from llemulator_addon.wire.requested_output import OfferedFunction, list_functions, read_format

STEPS = 150_000
"""The most words and names that all schemas of a request may have. The API states no such limit. Its limit is a model's
context, of which schemas of this size would take some hundreds of thousands of tokens."""
_TOO_LARGE = f"the schemas of this request have more than {STEPS} words and names in all, which is too many to check."

SchemaPlace = tuple[Any, ...]
"""The place of a schema: the place around it, and the steps from there. It is spelled only for a message."""


def _list_steps(place: SchemaPlace) -> tuple[str, ...]:
    """Return the steps from the root to a place."""
    steps: tuple[str, ...] = ()
    while place:
        place, *last = place
        steps = (*last, *steps)
    return steps


_SHAPING = frozenset(("response_format", "text", "tools", "functions"))
"""Parameters with schemas."""


def refuse_schema(prompt: Prompt) -> Failure | None:
    """Return how the API refuses the schemas of a request; None where it takes them.

    Looks at `response_format` and `text.format`, and at the parameters of functions. Pure; for every endpoint.
    """
    if _SHAPING.isdisjoint(prompt.body):
        return None
    work = Work(STEPS)
    functions = tuple(list_functions(prompt))
    refused = (_check_function(function, work) for function in functions)
    return _refuse_lookaround(prompt, functions) or _check_format(prompt, work) or next(filter(None, refused), None)


def problem_with(schema: object, work: Work | None = None) -> str | None:
    """Return what strict mode has against a schema, as the API says it after `Invalid schema for …:`."""
    return _find_first(_strict_problems(schema, work or Work(STEPS)))


def _find_first(problems: Iterator[str]) -> str | None:
    """Return the first problem; that there is too much to look at is one, too."""
    try:
        return next(problems, None)
    except TooMuchWork:
        return _TOO_LARGE


def _strict_problems(schema: object, work: Work) -> Iterator[str]:
    complaint = complaint_about(schema, work)
    if complaint is not None:
        yield complaint
    elif isinstance(schema, Mapping):
        yield from _problems(schema, work)


def _check_format(prompt: Prompt, work: Work) -> Failure | None:
    asked = read_format(prompt)
    if asked is None:
        return None
    if asked.kind == "json_object":
        return None if _says_json(prompt) else _refuse_without_json(prompt)
    if asked.schema is None:
        return None
    problems = _strict_problems if asked.strict else _root_problems
    problem = _find_first(problems(asked.schema, work))
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


def _refuse_without_json(prompt: Prompt) -> Failure:
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


def _check_function(function: OfferedFunction, work: Work) -> Failure | None:
    if function.parameters is None or (function.on_responses and not function.parameters):
        return None
    problem = _find_first(_function_problems(function, function.parameters, work))
    if problem is None:
        return None
    return Failure(
        status=400,
        type="invalid_request_error",
        param=function.param,
        code="invalid_function_parameters",
        message=f"Invalid schema for function '{function.name}': {problem}",
    )


def _root_problems(schema: object, work: Work) -> Iterator[str]:
    """Yield what the API has against a schema of an answer even where strict mode is off."""
    yield from filter(None, (complaint_about(schema, work), _root_problem(schema)))


def _function_problems(function: OfferedFunction, schema: Mapping[str, object], work: Work) -> Iterator[str]:
    if function.strict:
        yield from _strict_problems(schema, work)
        return
    yield from _root_problems(schema, work)
    if not function.on_responses and "properties" not in schema:
        yield _locate((), "object schema missing properties.")
    nodes = _Walk(work).nodes(schema)
    yield from (_locate(place, "array schema missing items.") for node, place in nodes if _misses_items(node))


def _root_problem(schema: object) -> str | None:
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    if kind == "object":
        return None
    return f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."


# Regular expressions ------------------------------------------------------------------------------------------------


def _refuse_lookaround(prompt: Prompt, functions: tuple[OfferedFunction, ...]) -> Failure | None:
    """Refuse patterns that look around, strict or not (reported in anomalyco/opencode#32073, of gpt-5.5)."""
    asked = read_format(prompt)
    if asked is not None and (found := _find_lookaround(asked.schema)) is not None:
        return _refuse_pattern("text.format.schema" if asked.on_responses else "response_format", found)
    places = (_find_lookaround(function.parameters) for function in functions)
    found = next((place for place in places if place is not None), None)
    return None if found is None else _refuse_pattern("tools" if "tools" in prompt.body else "functions", found)


def _refuse_pattern(param: str, place: str) -> Failure:
    return Failure(
        status=400,
        type="invalid_request_error",
        param=param,
        code="invalid_json_schema",
        message=f"Invalid JSON schema: regex lookaround is not supported. Found at {place}.",
    )


def _find_lookaround(schema: object) -> str | None:
    """Return the place of the first such pattern; None also where a schema is too large to look through."""
    # Most schemas have no group of that kind at all, and it takes little time to see that.
    if not isinstance(schema, Mapping) or "(?" not in str(schema):
        return None
    try:
        for node, place in _Walk(Work(STEPS)).nodes(schema):
            pattern, named = node.get("pattern"), node.get("patternProperties")
            if isinstance(pattern, str) and _looks_around(pattern):
                return _spell_path((place, "pattern"))
            if isinstance(named, Mapping) and any(map(_looks_around, named)):
                return _spell_path((place, "patternProperties"))
    except TooMuchWork:
        pass
    return None


def _looks_around(pattern: str) -> bool:
    """Whether a pattern has a group that looks around, outside of escapes and classes."""
    at, is_class = 0, False
    while at < len(pattern):
        if pattern[at] == "\\":
            at += 1
        elif pattern[at] in "[]":
            is_class = pattern[at] == "["
        elif not is_class and pattern.startswith(_LOOKING, at):
            return True
        at += 1
    return False


_LOOKING = ("(?=", "(?!", "(?<=", "(?<!")


def _spell_path(place: SchemaPlace) -> str:
    """Spell a place as a path: `$.properties.email.pattern`, `$.anyOf[0].pattern`."""
    path, before = "$", ""
    for step in _list_steps(place):
        path += f"[{step}]" if before in _LISTING else f".{step}"
        before = "" if before in _LISTING or before in _NAMING else step
    return path


# Strict mode ---------------------------------------------------------------------------------------------------------

_LEVELS = 10
_PARAMETERS = 5_000
_ENUM_VALUES = 1_000
_CHARACTERS = 120_000
_LONG_ENUM, _CHARACTERS_OF_LONG_ENUM = 250, 15_000
_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"},
)
_NOT_PERMITTED = (
    "oneOf", "allOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties",
    "propertyNames", "minProperties", "maxProperties", "unevaluatedProperties", "unevaluatedItems", "uniqueItems",
    "contains", "minContains", "maxContains", "prefixItems",
)  # fmt: skip


def _problems(schema: Mapping[str, object], work: Work) -> Iterator[str]:
    root = _root_problem(_target(schema, schema, work))
    if root is not None:
        yield root if "anyOf" not in schema else _locate((), "'anyOf' is not permitted.")
    walk = _Walk(work)
    for node, place in walk.nodes(schema):
        yield from _problems_of(node, schema, place, work)
    yield from _too_large(walk)
    if walk.parameters > _PARAMETERS:
        yield f"{walk.parameters} parameters exceeds limit of {_PARAMETERS}."
    levels = _levels(schema, work)
    if levels > _LEVELS:
        yield f"{levels} levels of nesting exceeds limit of {_LEVELS}."


def _too_large(walk: "_Walk") -> Iterator[str]:
    """Yield where a schema says more than is permitted.

    The first sentence was reported in https://community.openai.com/t/500-enums-limitation-in-structured-output/974416,
    when the limit was 500; the others are made after it.
    """
    remedy = "or use 'strict: false' to opt out of structured outputs."
    if walk.enum_values > _ENUM_VALUES:
        yield (
            f"Expected at most {_ENUM_VALUES} enum values in total within a single schema when using structured "
            f"outputs, but received {walk.enum_values}. Consider reducing the number of enums, {remedy}"
        )
    if walk.of_long_enum > _CHARACTERS_OF_LONG_ENUM:
        yield (
            f"Expected at most {_CHARACTERS_OF_LONG_ENUM} characters in total within a single enum of more than "
            f"{_LONG_ENUM} values when using structured outputs, but received {walk.of_long_enum}. Consider reducing "
            f"the number of enums, {remedy}"
        )
    if walk.characters > _CHARACTERS:
        yield (
            f"Expected at most {_CHARACTERS} characters in total of property names, definition names, enum values and "
            f"const values within a single schema when using structured outputs, but received {walk.characters}. "
            f"Consider shortening them, {remedy}"
        )


def _problems_of(
    node: Mapping[str, object], root: Mapping[str, object], place: SchemaPlace, work: Work
) -> Iterator[str]:
    if "$ref" in node:
        if not _is_of_root(node["$ref"], root):
            yield _locate(place, "reference can only point to definitions defined at the top level of the schema.")
        beside = sorted(set(node) - {"$ref", "$defs", "definitions"})
        if beside and place:
            listed = ", ".join(f"'{word}'" for word in beside)
            yield f"context={_list_steps(place)!r}, $ref cannot have keywords {{{listed}}}."
        return
    if not node.keys().isdisjoint(_NOT_PERMITTED):
        yield from (_locate(place, f"'{word}' is not permitted.") for word in _NOT_PERMITTED if word in node)
    if "anyOf" in node:
        return
    if "type" not in node:
        yield _locate(place, "schema must have a 'type' key.")
    if "properties" in node or _has_type(node, "object"):
        yield from (_locate(place, problem) for problem in _object_problems(node, work))
    if _misses_items(node):
        yield _locate(place, "array schema missing items.")
    if "format" in node and node["format"] not in _FORMATS:
        yield _locate(place, f"'{node['format']}' is not a valid format.")


def _is_of_root(reference: object, root: Mapping[str, object]) -> bool:
    """Whether a reference is to the whole schema, or to a definition of it (reported in dotnet/extensions#6918)."""
    if not isinstance(reference, str) or reference == "#":
        return True
    match reference.split("/"):
        case ["#", "$defs" | "definitions" as word, name]:
            named = root.get(word)
            return isinstance(named, Mapping) and name.replace("~1", "/").replace("~0", "~") in named
        case _:
            return False


def _object_problems(node: Mapping[str, Any], work: Work) -> Iterator[str]:
    if node.get("additionalProperties") is not False:
        yield "'additionalProperties' is required to be supplied and to be false."
    properties, required = node.get("properties", {}), node.get("required")
    wanted = "'required' is required to be supplied and to be an array including every key in properties."
    given = dict.fromkeys(required if isinstance(required, list) else ())
    work.spend(len(given))
    yield from (f"{wanted} Missing '{key}'." for key in properties if key not in given)
    yield from (f"{wanted} Extra required key '{key}' supplied." for key in given if key not in properties)


def _locate(place: SchemaPlace, problem: str) -> str:
    return f"In context={_list_steps(place)!r}, {problem}"


def _misses_items(node: Mapping[str, object]) -> bool:
    return _has_type(node, "array") and "items" not in node and "prefixItems" not in node


def _has_type(schema: Mapping[str, object], name: str) -> bool:
    """Whether a schema names a type, alone or among others."""
    kind = schema.get("type")
    return kind == name or (isinstance(kind, list) and name in kind)


@dataclass(slots=True)
class _Walk:
    """Goes through a document once, from the root down; counts on the way what has a limit."""

    work: Work
    parameters: int = 0
    characters: int = 0
    enum_values: int = 0
    of_long_enum: int = 0
    """The characters of the longest enum of those with many values."""

    def nodes(self, root: Mapping[str, object]) -> Iterator[tuple[Mapping[str, object], SchemaPlace]]:
        """Yield each schema with its place."""
        left: list[tuple[object, SchemaPlace]] = [(root, ())]
        while left:
            node, place = left.pop()
            if isinstance(node, Mapping):
                self.work.spend(1 + len(node))
                if not node.keys().isdisjoint(_COUNTED):
                    self._count(node)
                yield node, place
                if not node.keys().isdisjoint(_HOLDING):
                    left += reversed(list(_list_within(node, place)))

    def _count(self, node: Mapping[str, Any]) -> None:
        for word in ("properties", "$defs", "definitions"):
            if isinstance(named := node.get(word), Mapping):
                self.parameters += len(named) if word == "properties" else 0
                self.characters += sum(map(len, named))
        if isinstance(node.get("const"), str):
            self.characters += len(node["const"])
        if isinstance(values := node.get("enum"), list):
            self.work.spend(len(values))
            characters = sum(len(value) for value in values if isinstance(value, str))
            self.enum_values += len(values)
            self.characters += characters
            if len(values) > _LONG_ENUM:
                self.of_long_enum = max(self.of_long_enum, characters)


_COUNTED = ("properties", "$defs", "definitions", "enum", "const")
_NAMING, _HAVING, _LISTING = (
    ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas"),
    ("items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else"),
    ("anyOf", "allOf", "oneOf", "prefixItems"),
)
_HOLDING = (*_NAMING, *_HAVING, *_LISTING)


def _list_within(node: Mapping[str, object], place: SchemaPlace) -> Iterator[tuple[object, SchemaPlace]]:
    for word in _NAMING:
        if isinstance(named := node.get(word), Mapping):
            for key, schema in named.items():
                yield schema, (place, word, key)
    for word in _HAVING:
        if word in node:
            yield node[word], (place, word)
    for word in _LISTING:
        if isinstance(ways := node.get(word), list):
            for number, way in enumerate(ways):
                yield way, (place, word, str(number))


def _levels(root: Mapping[str, object], work: Work) -> int:
    """Count how deep objects and arrays are nested. Each schema is looked at once; recursion counts once."""
    known: dict[int, int] = {}
    begun: set[int] = set()
    left: list[object] = [root]
    while left:
        node = left[-1]
        if not isinstance(node, Mapping) or id(node) in known:
            left.pop()
            continue
        if node.keys().isdisjoint(_DEEPER):
            known[id(node)] = int(_has_type(node, "object") or _has_type(node, "array"))
            left.pop()
            continue
        within = _levels_within(node, root, work)
        if id(node) not in begun:
            begun.add(id(node))
            work.spend(len(within))
            left += [each for each, _ in within if id(each) not in begun]
            continue
        left.pop()
        own = _has_type(node, "object") or _has_type(node, "array") or "properties" in node
        own = own and "$ref" not in node
        known[id(node)] = max((known.get(id(each), 0) + adds * own for each, adds in within), default=0) or int(own)
    return known[id(root)]


_DEEPER = ("$ref", "anyOf", "properties", "items", "additionalProperties")


def _levels_within(node: Mapping[str, object], root: Mapping[str, object], work: Work) -> list[tuple[object, bool]]:
    """Return what a schema refers to or contains, and whether that stands a level deeper."""
    if isinstance(node.get("$ref"), str):
        return [(_target(node, root, work), False)]
    ways, properties = node.get("anyOf"), node.get("properties")
    beside = [(way, False) for way in (ways if isinstance(ways, list) else ())]
    inner = [*(properties.values() if isinstance(properties, Mapping) else ())]
    return beside + [(each, True) for each in (*inner, node.get("items"), node.get("additionalProperties"))]


def _target(node: Mapping[str, object], root: Mapping[str, object], work: Work) -> object:
    reference = node.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return node
    steps = reference.split("/")[1:]
    work.spend(len(steps))
    found: object = root
    for step in steps:
        found = found.get(step) if isinstance(found, Mapping) else None
    return found
