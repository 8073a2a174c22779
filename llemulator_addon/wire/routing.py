"""Which operation a method and a path name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.wire import errors
from llemulator_addon.wire.answer import Endpoint, Operation
from llemulator_addon.wire.azure import split
from llemulator_addon.wire.described.operations import index_operations, list_older_paths
from llemulator_addon.wire.endpoints import ENDPOINTS, OPERATIONS


@dataclass(frozen=True, slots=True)
class Found:
    """The operation, and what stood in the path in place of `{…}`, decoded."""

    operation: Endpoint | Operation
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OtherMethods:
    """The path exists, but not with that method."""

    allowed: tuple[str, ...]


def find_of(request: Request) -> Found | OtherMethods | None:
    """Find the operation of a request. On OpenAI's own host only its exact path leads there, as on the real one."""
    if request.host.endswith(_OWN_HOST) and not request.to_proxy and not _is_exact(request.path):
        return None
    return find(request.method, request.path)


def refuse_path(request: Request) -> Failure:
    """Refuse a path that leads nowhere, or only at the program's own address."""
    if find(request.method, request.path) is not None:
        return errors.invalid_url(request.method, request.path)
    return errors.unknown_url(request.method, request.path)


_OWN_HOST = "api.openai.com"


def _is_exact(path: str) -> bool:
    return path.startswith("/v1/") and "//" not in path


@lru_cache(1024)
def find(method: str, path: str) -> Found | OtherMethods | None:
    """Find the operation; `/v1` may be left out, as some clients' base URLs do, and Azure's paths lead there too."""
    segments, deployment = split([segment for segment in path.split("/") if segment])
    if not segments:
        return None
    found = _walk(_ROOT, segments, ())
    if found is None or method not in found[0].methods:
        # Only then is the table of all other operations needed.
        found = _walk(_whole_tree(), segments, ())
    if found is None:
        return None
    node, values = found
    if (operation := node.methods.get(method)) is None:
        return OtherMethods(tuple(sorted(node.methods)))
    params = zip(_names(operation.path), map(unquote, values), strict=True)
    return Found(operation, {**dict(params), **{name: unquote(value) for name, value in deployment.items()}})


@dataclass(slots=True)
class _Segment:
    """One segment of the paths; a fixed word goes before a varying one."""

    fixed: "dict[str, _Segment]" = field(default_factory=dict)
    varying: "_Segment | None" = None
    methods: dict[str, Endpoint | Operation] = field(default_factory=dict)

    def step(self, segment: str) -> "_Segment":
        """Return the node behind a segment, made where it is missing."""
        if not segment.startswith("{"):
            return self.fixed.setdefault(segment, _Segment())
        self.varying = self.varying or _Segment()
        return self.varying


def _tree(operations: Iterable[Endpoint | Operation]) -> _Segment:
    root = _Segment()
    for operation in operations:
        node = root
        for segment in operation.path.strip("/").split("/"):
            node = node.step(segment)
        node.methods[operation.method] = operation
    return root


def _walk(node: _Segment, segments: Sequence[str], values: tuple[str, ...]) -> tuple[_Segment, tuple[str, ...]] | None:
    if not segments:
        return (node, values) if node.methods else None
    first, *rest = segments
    if (fixed := node.fixed.get(first)) is not None and (found := _walk(fixed, rest, values)) is not None:
        return found
    return None if node.varying is None else _walk(node.varying, rest, (*values, first))


def _names(path: str) -> list[str]:
    return [segment[1:-1] for segment in path.split("/") if segment.startswith("{")]


_WRITTEN: tuple[Endpoint | Operation, ...] = (*ENDPOINTS.values(), *OPERATIONS.values())
_ROOT = _tree(_WRITTEN)


@lru_cache(maxsize=1)
def _whole_tree() -> _Segment:
    return _tree([*index_operations().values(), *list_older_paths(), *_WRITTEN])
