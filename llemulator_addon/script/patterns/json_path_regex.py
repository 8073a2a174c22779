"""`json_path_regex`: a text at a place in the request body, by a regular expression."""

from dataclasses import dataclass
from typing import Annotated, override

from pydantic import AfterValidator, Field

from llemulator_addon.script.paths import parse
from llemulator_addon.script.pattern import Candidate, Pattern
from llemulator_addon.script.regex import Regex, matches
from llemulator_addon.script.script_error import kind_of


def _readable(paths: dict[str, str]) -> dict[str, str]:
    for path in paths:
        parse(path)
    return paths


@dataclass(frozen=True, slots=True)
class JsonPathRegexPattern(Pattern):
    """Places in the body as in `json_path`, and a regular expression that is found in the text at one of them.

    `^data:image/png` finds a data URL by its beginning.
    """

    wanted: Annotated[dict[str, Regex], Field(min_length=1), AfterValidator(_readable)]

    @override
    def holds(self, asked: Candidate) -> bool:
        """Search the texts."""
        return all(_holds(asked, path, regex) for path, regex in self.wanted.items())

    @override
    def difference(self, asked: Candidate) -> str:
        """Name the text at the first path that differs."""
        path, wanted = next((path, regex) for path, regex in self.wanted.items() if not _holds(asked, path, regex))
        came = [kind_of(text) for text in _texts(asked, path)[:3]]
        return f'json_path_regex {path} "{wanted}" is not found in {" or ".join(came) or "any text there"}'


def _holds(asked: Candidate, path: str, regex: str) -> bool:
    return any(matches(regex, text) for text in _texts(asked, path))


def _texts(asked: Candidate, path: str) -> list[str]:
    return [value for value in asked.looking.values_at(asked.prompt.body, path) if isinstance(value, str)]
