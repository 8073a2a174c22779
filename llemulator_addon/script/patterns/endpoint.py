"""`endpoint`: which operation is asked, by its name."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, override

from pydantic import AfterValidator, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from llemulator_addon.script.pattern import Candidate, ExactKey, Key, Pattern
from llemulator_addon.wire.described.operations import all_names, index_operations
from llemulator_addon.wire.endpoints import ENDPOINTS, OPERATIONS


def _check_name(name: str) -> str:
    if name in ENDPOINTS or name in OPERATIONS or name in index_operations():
        return name
    near = get_close_matches(name, all_names(), n=1, cutoff=0.5)
    hint = f'did you mean "{near[0]}"?' if near else f"known are {', '.join((*ENDPOINTS, *OPERATIONS))} and others"
    message = f'there is no endpoint "{name}"; {hint} (docs/api.md lists all)'
    raise ValueError(message)


class _ListsNames:
    """Puts all names into the schema of scripts, when that is asked for."""

    def __get_pydantic_json_schema__(self, _: CoreSchema, __: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "enum": list(all_names())}


EndpointName = Annotated[str, AfterValidator(_check_name), _ListsNames()]


@dataclass(frozen=True, slots=True)
class EndpointPattern(Pattern):
    """The name of the operation, as `chat.completions`, `responses` or `embeddings`."""

    wanted: EndpointName

    @override
    def holds(self, asked: Candidate) -> bool:
        """Compare the names."""
        return asked.prompt.endpoint == self.wanted

    @override
    def difference(self, asked: Candidate) -> str:
        """Say which operation was asked."""
        return f'endpoint is "{self.wanted}", the request asks {asked.prompt.endpoint or asked.request.path}'

    @override
    def index_keys(self) -> tuple[Key, ...]:
        """Look it up by name."""
        return (ExactKey(_where, self.wanted),)


@dataclass(frozen=True, slots=True)
class OneOfEndpointsPattern(EndpointPattern):
    """The names of the operations that alone a reply can answer."""

    others: tuple[EndpointName, ...] = ()

    @override
    def holds(self, asked: Candidate) -> bool:
        """Compare the names."""
        return asked.prompt.endpoint in {self.wanted, *self.others}

    @override
    def index_keys(self) -> tuple[Key, ...]:
        """Look each up by name."""
        return tuple(ExactKey(_where, name) for name in (self.wanted, *self.others))


def _where(asked: Candidate) -> Iterable[str]:
    return (asked.prompt.endpoint,)
