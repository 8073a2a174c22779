"""A store that counts its changes."""

import asyncio
from pathlib import Path

from llemulator_addon.adapters.compose import compose
from llemulator_addon.adapters.settings import Settings
from llemulator_addon.engine.session import Session
from llemulator_addon.store.port import Limits
from tests.playing import chat, texts
from tests.project.additions import Addition, Replacing
from tests.store import test_contract as contract

_STORE = '''"""Sessions in this process, whose changes are counted."""

from collections.abc import Callable

from llemulator_addon.core.session_key import SessionKey
from llemulator_addon.engine.session import Session
from llemulator_addon.store.memory import MemoryStore


class CountingStore(MemoryStore):
    """Sessions in a dict."""

    changes = 0

    async def change[R](self, key: SessionKey, transition: Callable[[Session], tuple[Session, R]]) -> R:
        CountingStore.changes += 1
        return await super().change(key, transition)
'''

_LINES = """
from llemulator_addon.store.added import CountingStore

_STORES: dict[str, OpenStore] = {"counting": CountingStore, """


def show() -> None:
    """Use it."""
    open_store = contract._STORES["counting"]  # noqa: SLF001 - the stores of which the contract holds
    for test in (
        contract.test_a_change_is_kept_for_its_token_alone,
        contract.test_a_change_that_raises_changes_nothing,
        contract.test_of_changes_at_the_same_time_each_is_counted_once,
        contract.test_who_loses_to_a_reset_runs_again_with_the_next_session,
        contract.test_each_session_has_a_life_that_no_other_has_and_a_reset_begins_another,
        contract.test_a_mark_is_found_until_the_session_loses_it,
    ):
        asyncio.run(test(open_store(lambda key: Session(key=key), Limits())))
    with compose(Settings(certs=Path("certs").resolve())) as program:
        (answer,) = texts(program.emulator, chat("Hi"))
        counted: object = vars(program.emulator)["_store"]
    assert answer == "Hi"
    assert vars(type(counted))["changes"] > 0


ADDITION = Addition(
    row="a store",
    show=show,
    edits={
        "store/NAME.py": _STORE,
        "adapters/compose.py": Replacing(
            "from llemulator_addon.store.memory import MemoryStore\n",
            "from llemulator_addon.store.added import CountingStore as MemoryStore\n",
        ),
        "tests/store/test_contract.py": Replacing("\n_STORES: dict[str, OpenStore] = {", _LINES),
    },
)
