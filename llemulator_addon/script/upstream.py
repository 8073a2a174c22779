"""`upstream`: servers that answer where no rule does."""

from typing import Annotated

from pydantic import Discriminator, Field, Tag

from llemulator_addon.core.upstream import Upstream, Upstreams, upstream_in
from llemulator_addon.script.globs import fits
from llemulator_addon.script.script_error import join_place, problem
from llemulator_addon.wire.openai_hosts import OPENAI_HOSTS, REFUSED_HOSTS, normalize

Url = Annotated[str, Field(min_length=1, max_length=2000)]
_Named = Annotated[dict[Annotated[str, Field(min_length=1)], Url], Field(min_length=1)]


def _branch(written: object) -> str:
    return "[models]" if isinstance(written, dict) else "[everything]"


UpstreamSpec = Annotated[
    Annotated[Url, Tag("[everything]")] | Annotated[_Named, Tag("[models]")], Discriminator(_branch)
]
"""A base URL for everything, or a base URL for each of some models."""


def upstreams_of(written: UpstreamSpec) -> Upstreams:
    """Return what a script writes; raises `ScriptError`."""
    if isinstance(written, str):
        return Upstreams(anything=_upstream(written, "upstream"))
    return Upstreams(models={model: _upstream(url, join_place("upstream", model)) for model, url in written.items()})


def _upstream(url: str, place: str) -> Upstream:
    try:
        found = upstream_in(url, "script")
    except ValueError as error:
        raise problem(place, str(error)) from None
    host = normalize(found.host)
    if any(fits(glob, host) for glob in (*OPENAI_HOSTS, *REFUSED_HOSTS)):
        raise problem(place, "a script cannot name a host of OpenAI; --upstream with a key for it can")
    return found
