"""`json_path`: the value at a place in the request body."""

from dataclasses import dataclass
from typing import Annotated, Any, override

from pydantic import AfterValidator, Field

from llemulator_addon.script.paths import parse
from llemulator_addon.script.pattern import Candidate, Pattern
from llemulator_addon.script.script_error import kind_of


def _readable(paths: dict[str, Any]) -> dict[str, Any]:
    for path in paths:
        parse(path)
    return paths


@dataclass(frozen=True, slots=True)
class JsonPathPattern(Pattern):
    """Places in the body and their values: `$.a.b`, `$['a b']`, `$.a[0]`, `$.a[-1]`, `$.a[*].b`, `$..b`.

    Where a path names several places, it is enough that one of them has the value. All looking has a
    bound, for each request (`looking.STEPS`).
    """

    wanted: Annotated[dict[str, Any], Field(min_length=1), AfterValidator(_readable)]

    @override
    def holds(self, asked: Candidate) -> bool:
        """Look at each path's places."""
        return all(_holds(asked, path, value) for path, value in self.wanted.items())

    @override
    def difference(self, asked: Candidate) -> str:
        """Name the value at the first path that differs."""
        path, wanted = next((path, value) for path, value in self.wanted.items() if not _holds(asked, path, value))
        came = [
            kind_of(value) for value, _ in zip(asked.looking.values_at(asked.prompt.body, path), range(3), strict=False)
        ]
        return f"json_path {path} is {kind_of(wanted)}, the request has {' and '.join(came) or 'none'}"


def _holds(asked: Candidate, path: str, wanted: object) -> bool:
    looking = asked.looking
    return any(looking.contains(value, wanted) for value in looking.values_at(asked.prompt.body, path))
