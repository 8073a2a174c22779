"""How tests are handed out to the workers of xdist; `conftest.py` of both folders of tests use it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadGroupScheduling

_FOLDER = Path(__file__).parent


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Keep the tests that share what their module has started on one worker: each other one would start it again."""
    for item in items:
        if isinstance(item, pytest.Function) and _FOLDER in item.path.parents and _shares_of_module(item):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
    yield
    for item in items:
        # xdist 3.8 writes the group to `_nodeid`, and pytest 9.2 does not read it there any more.
        with_group = vars(item).get("_nodeid", item.nodeid)
        if with_group != item.nodeid:
            item._id = item.id.parse(with_group)  # noqa: SLF001 - the only way to tell it


def _shares_of_module(item: pytest.Function) -> bool:
    definitions = item._fixtureinfo.name2fixturedefs.values()  # noqa: SLF001 - pytest tells a fixture's scope nowhere else
    return any(same_name[-1].scope == "module" for same_name in definitions)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than there are cores: many tests wait for a process or for a clock."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> "LoadGroupScheduling | None":
    """Give a worker all cases of a test at once: to hand out each alone takes longer than most of them."""
    if config.getoption("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadGroupScheduling  # noqa: PLC0415 - a run without xdist needs no import

    scheduler = LoadGroupScheduling(config, log)
    group_of = scheduler._split_scope  # noqa: SLF001 - the method that xdist's own schedulers override

    def group_cases(nodeid: str) -> str:
        group: str = group_of(nodeid)
        return group if group != nodeid else nodeid.partition("[")[0]

    scheduler._split_scope = group_cases  # noqa: SLF001 - the same
    return scheduler
