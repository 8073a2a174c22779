"""A store that counts its changes."""

import asyncio
from pathlib import Path
from typing import get_args

from llemulator_addon.adapters.compose import compose
from llemulator_addon.adapters.settings import settings_from
from llemulator_addon.adapters.stores.address import StoreKind
from llemulator_addon.engine.session import Session
from llemulator_addon.store.port import Beginnings, Limits
from tests.playing import chat, texts
from tests.project.additions import Addition, Replacing, append, insert
from tests.project.pages import ROOT
from tests.store import test_contract as contract
from tests.store.places import STORES

_STORE = '''"""Sessions in this process, whose changes are counted."""

from collections.abc import Callable

from llemulator_addon.core.session_key import SessionKey
from llemulator_addon.engine.session import Session
from llemulator_addon.store.memory import MemoryStore
from llemulator_addon.store.port import Marked


class CountingStore(MemoryStore):
    """Sessions in a dict."""

    changes = 0

    async def change[R](
        self, key: SessionKey, transition: Callable[[Session], tuple[Session, R]], *, unless: Marked | None = None
    ) -> R:
        CountingStore.changes += 1
        return await super().change(key, transition, unless=unless)
'''
_SHOWN = """            case "counting":
                return "counting:"
"""
_READ = """    if text == "counting:":
        return StoreAddress("counting")
"""
_OPENED = """        case "counting":
            from llemulator_addon.adapters.stores.added import CountingStore

            return CountingStore
"""
_PLACES = """
from llemulator_addon.adapters.stores.added import CountingStore


class _Counting(_Memory):
    def open(self, beginnings: Beginnings, limits: Limits, ttl: float | None = None) -> Store:
        return CountingStore(beginnings, limits)


@contextmanager
def _counting() -> Iterator[Place]:
    yield _Counting()


"""


def show() -> None:
    """Use it."""
    fresh = Beginnings(fresh=lambda key: Session(key=key), bare=lambda key: Session(key=key))
    with STORES["counting"]() as place:
        for test in (
            contract.test_a_change_is_kept_for_its_token_alone,
            contract.test_a_change_that_raises_changes_nothing,
            contract.test_of_changes_at_the_same_time_each_is_counted_once,
            contract.test_who_loses_to_a_reset_runs_again_with_the_next_session,
            contract.test_each_session_has_a_life_that_no_other_has_and_a_reset_begins_another,
            contract.test_a_mark_is_found_until_the_session_loses_it,
        ):
            asyncio.run(test(place.open(fresh, Limits())))
    settings = settings_from(command_line={"store": "counting:", "certs": str(Path("certs").resolve())})
    with compose(settings) as program:
        (answer,) = texts(program.emulator, chat("Hi"))
        counted: object = vars(program.emulator)["_store"]
    page = (ROOT / "docs/stores.md").read_text("utf-8")

    assert answer == "Hi"
    assert vars(type(counted))["changes"] > 0
    assert [f"\n| `{kind}" in page for kind in get_args(StoreKind)] == [True] * len(get_args(StoreKind))


ADDITION = Addition(
    row="a store",
    show=show,
    edits={
        "adapters/stores/NAME.py": _STORE,
        "adapters/stores/address.py": [
            Replacing("StoreKind = Literal[", 'StoreKind = Literal["counting", '),
            append(_SHOWN, after="        match self.kind:\n"),
            append(_READ, after="        return MEMORY\n"),
        ],
        "adapters/stores/opening.py": [append(_OPENED, after="    match address.kind:\n")],
        "tests/store/places.py": [
            insert(_PLACES, before="STORES: dict["),
            Replacing('"memory": _memory', '"counting": _counting, "memory": _memory'),
        ],
        "docs/stores.md": [insert("| `counting:` | are counted | nobody |\n", before="| `memory` |")],
    },
)
