"""Write `tests/wire/openai/description.json` from the description that OpenAI publishes of its API, `openapi.json`.

    python -m tools.make_openai_shapes PATH/TO/openapi.json

Of the description stay the answers of the operations that llemulator has, and the schemas that they reach, without
texts and examples. Run it again for a newer description, or after you add an endpoint; then run `tests/wire`.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from llemulator_addon.wire.endpoints import ENDPOINTS, OPERATIONS

TARGET = Path(__file__).parent.parent / "tests" / "wire" / "openai" / "description.json"

_NO_RULE = frozenset(
    ("default", "deprecated", "description", "discriminator", "example", "examples", "externalDocs", "title")
)
"""Keys of a schema that no value is checked by; those that begin with `x-` are such too."""
_BY_NAME = frozenset(("$defs", "patternProperties", "properties"))
"""Keys of a schema below which each key is a name, not a word of JSON Schema."""


def compact(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return, in the form of a description, the answers of our operations and each schema that they reach."""
    paths: dict[str, dict[str, Any]] = {}
    for method, path, answer in _answers(description["paths"]):
        paths.setdefault(path, {})[method] = {"responses": {"200": {"content": answer}}}
    schemas = description["components"]["schemas"]
    return {
        "openapi": description["openapi"],
        "info": {key: description["info"][key] for key in ("title", "version", "license")},
        "paths": {path: paths[path] for path in sorted(paths)},
        "components": {"schemas": {name: _rules(schemas[name]) for name in sorted(_find_reached(paths, schemas))}},
    }


def write(compacted: Mapping[str, Any]) -> str:
    """Return the text of the file: JSON with a line for each path and each schema, so that a change is readable."""
    head = {key: compacted[key] for key in ("openapi", "info")}
    return (
        f'{_json(head).removesuffix("}")},\n"paths":{_lines(compacted["paths"])},\n'
        f'"components":{{"schemas":{_lines(compacted["components"]["schemas"])}}}}}\n'
    )


def _answers(paths: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    ours = {(each.method.lower(), _remove_names(each.path)) for each in ENDPOINTS.values()}
    ours |= {(each.method.lower(), _remove_names(each.path)) for each in OPERATIONS.values()}
    for path, operations in paths.items():
        for method in operations:
            if (method, _remove_names(path)) in ours:
                content = operations[method]["responses"].get("200", {}).get("content", {})
                yield method, path, {kind: {"schema": _rules(answer["schema"])} for kind, answer in content.items()}


def _remove_names(path: str) -> str:
    return re.sub(r"{[^}]*}", "{}", path)


def _rules(schema: object, *, names: bool = False) -> Any:  # noqa: ANN401 - JSON
    match schema:
        case dict():
            return {
                key: _rules(member, names=not names and key in _BY_NAME)
                for key, member in schema.items()
                if names or not (key in _NO_RULE or key.startswith("x-"))
            }
        case list():
            return [_rules(member) for member in schema]
        case _:
            return schema


def _find_reached(start: object, schemas: Mapping[str, Any]) -> set[str]:
    reached: set[str] = set()
    waiting = list(_references(start))
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(_references(_rules(schemas[name])))
    return reached


def _references(value: object) -> Iterator[str]:
    match value:
        case {"$ref": str(reference)}:
            yield reference.rpartition("/")[2]
        case dict():
            for member in value.values():
                yield from _references(member)
        case list():
            for member in value:
                yield from _references(member)
        case _:
            return


def _lines(members: Mapping[str, Any]) -> str:
    return "{\n" + ",\n".join(f"{_json(name)}:{_json(member)}" for name, member in members.items()) + "\n}"


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def main(arguments: Iterable[str]) -> None:
    """Read the description at the path that is the only argument, and write the file."""
    (path,) = arguments
    TARGET.write_text(write(compact(json.loads(Path(path).read_bytes()))), "utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: python -m tools.make_openai_shapes PATH/TO/openapi.json (writes {TARGET.name})")
    main(sys.argv[1:])
