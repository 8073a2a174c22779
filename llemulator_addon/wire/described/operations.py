"""The operations of the table that are answered by it: those that no file of `endpoints/` answers."""

from dataclasses import replace
from functools import lru_cache, partial

from llemulator_addon.wire.answer import Endpoint, Operation
from llemulator_addon.wire.described.asked import ServedTogether
from llemulator_addon.wire.described.collections import nameless
from llemulator_addon.wire.described.resource import serve
from llemulator_addon.wire.described.table import Described, read_table
from llemulator_addon.wire.endpoints import ENDPOINTS, OPERATIONS


@lru_cache(maxsize=1)
def list_described() -> tuple[Described, ...]:
    """Return the rows of the table that are answered by it, in its order."""
    written: tuple[Endpoint | Operation, ...] = (*ENDPOINTS.values(), *OPERATIONS.values())
    taken = {(each.method, nameless(each.path)) for each in written}
    return tuple(each for each in read_table().operations if (each.method, nameless(each.path)) not in taken)


@lru_cache(maxsize=1)
def index_operations() -> dict[str, Operation]:
    """Return the operations that the table answers, by name."""
    rows = list_described()
    group = ServedTogether(rows)
    return {each.name: _operation(each, group) for each in rows}


def _operation(described: Described, group: ServedTogether) -> Operation:
    return Operation(
        name=described.name,
        method=described.method,
        path=described.path,
        serve=partial(serve, described, group),
        for_pages=described.does in ("create", "call"),
    )


_OLDER_PATHS = (("/evals/{eval_id}/runs/{run_id}", "evals.runs.cancel"),)
"""Paths that version 2 of the SDK and OpenAI's description have, by the name of the operation that is there too."""


def list_older_paths() -> tuple[Operation, ...]:
    """Return operations of the table at a second path, by which older SDKs call them."""
    return tuple(replace(index_operations()[name], path=path) for path, name in _OLDER_PATHS)


def all_names() -> tuple[str, ...]:
    """Return the names of all operations that are answered."""
    return (*ENDPOINTS, *OPERATIONS, *index_operations())
