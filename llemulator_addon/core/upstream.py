"""Servers that the user named, to which a request is handed where no rule answers it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

NamedBy = Literal["server", "script", "command"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """An OpenAI-compatible server."""

    url: str
    """Its base URL, as `http://127.0.0.1:8081/v1`; without a slash at the end, and without a password."""
    model: str | None = None
    """By which name the model is asked there; None: as the client names it."""
    named_by: NamedBy
    """Who named it. A key goes only to one that the server's own settings name: a script may come from anybody, and
    what a command has started itself needs none."""

    @property
    def written(self) -> str:
        """As settings and scripts write it."""
        return self.url if self.model is None else f"{self.url}#{self.model}"

    @property
    def host(self) -> str:
        """The host that it is on, in lower case and without the root's dot."""
        return host_of(self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstreams:
    """Which server is asked for which model."""

    anything: Upstream | None = None
    """For models that are not named."""
    models: Mapping[str, Upstream] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is any."""
        return self.anything is not None or bool(self.models)

    def merge_defaults(self, others: "Upstreams") -> "Upstreams":
        """Return these and, where they say nothing, the others."""
        return Upstreams(anything=self.anything or others.anything, models={**others.models, **self.models})

    def write(self) -> tuple[str, ...]:
        """Return them as a setting writes them, part by part."""
        named = tuple(f"{model}={upstream.written}" for model, upstream in self.models.items())
        return named if self.anything is None else (self.anything.written, *named)

    @property
    def urls(self) -> tuple[str, ...]:
        """Every base URL, each once."""
        named = [upstream.url for upstream in self.models.values()]
        return tuple(dict.fromkeys([*([self.anything.url] if self.anything else []), *named]))


def upstreams_in(text: str, named_by: NamedBy) -> Upstreams:
    """Read `URL`, or `MODEL=URL` with commas between; raises ValueError, which never quotes the text."""
    found: dict[str | None, Upstream] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        model, url = (None, part) if part.lower().startswith(_SCHEMES) else _split_model(part)
        if model in found:
            raise ValueError(f"two URLs for {'everything' if model is None else model}")
        found[model] = upstream_in(url, named_by)
    if not found:
        raise ValueError("no URL")
    return Upstreams(anything=found.pop(None, None), models={model: found[model] for model in found if model})


def upstream_in(text: str, named_by: NamedBy) -> Upstream:
    """Read a base URL, with `#NAME` behind it where the model has another name there; raises ValueError."""
    url, _, model = text.partition("#")
    return Upstream(url=base_url(url), model=model.strip() or None, named_by=named_by)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamKeys:
    """Which key is sent to which server."""

    for_all: str | None = field(default=None, repr=False)
    """For hosts that are not named."""
    by_host: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __bool__(self) -> bool:
        """Whether there is any."""
        return self.for_all is not None or bool(self.by_host)

    def find(self, host: str) -> str | None:
        """Return the key for a host; None: it gets none."""
        return self.by_host.get(host, self.for_all)


def keys_in(text: str) -> UpstreamKeys:
    """Read `KEY`, or `HOST=KEY` with commas between; raises ValueError, which never quotes the text.

    A key may end in `=`, as Base64 does.
    """
    for_all, by_host = None, dict[str, str]()
    for part in filter(None, (part.strip() for part in text.split(","))):
        host, _, key = part.partition("=")
        if host and key.strip("="):
            by_host[host.lower().rstrip(".")] = key
        elif for_all is not None:
            raise ValueError("two keys without a host; write HOST=KEY")
        else:
            for_all = part
    if for_all is None and not by_host:
        raise ValueError("no key")
    return UpstreamKeys(for_all=for_all, by_host=by_host)


def base_url(text: str) -> str:
    """Return a base URL without a slash at its end; raises ValueError, which says what is wrong with it."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError("that is no URL") from None
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        raise ValueError("a base URL begins with http:// or https:// and a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a key does not belong into a URL; --upstream-key (LLEMULATOR_UPSTREAM_KEY) sends one")
    if parts.query or parts.fragment:
        raise ValueError("a base URL has no ?, and nothing but a model's name behind #; paths are put behind it")
    if not text.isascii() or any(character.isspace() or not character.isprintable() for character in text):
        raise ValueError("a URL has neither blanks nor letters beyond ASCII")
    return text.rstrip("/")


def host_of(url: str) -> str:
    """Return the host that a base URL names, in lower case and without the root's dot."""
    return (urlsplit(url).hostname or "").rstrip(".")


_SCHEMES = ("http://", "https://")


def _split_model(part: str) -> tuple[str, str]:
    model, equals, url = part.partition("=")
    if not equals or not model.strip():
        raise ValueError("a part of it begins with neither http:// nor https:// nor MODEL=")
    return model.strip(), url.strip()
