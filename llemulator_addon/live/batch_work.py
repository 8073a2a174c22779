"""The work of batches that is due when somebody looks: in small steps, between which all other clients are answered."""

from functools import partial

from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import SessionKey
from llemulator_addon.engine.batches import is_step_large, work_batches
from llemulator_addon.live.large_requests import Ahead, decide_at_once, yield_to_others
from llemulator_addon.store.port import Store
from llemulator_addon.wire.batches import has_open
from llemulator_addon.wire.routing import Found, find_of

_GROUPS = ("batches.", "files.")
_ADMIN = "/_emulator/"


def looks_at_batches(request: Request) -> bool:
    """Whether an answer may depend on how far batches are: of them, of files, and of the admin routes."""
    if request.path.startswith(_ADMIN):
        return True
    found = find_of(request)
    return isinstance(found, Found) and found.operation.name.startswith(_GROUPS)


async def work_due(store: Store, ahead: Ahead, key: SessionKey, request: Request) -> None:
    """Do what is due by the clock, so that an answer does not depend on how fast this machine is."""
    working = partial(work_batches, request=request)
    while has_open((session := await store.read(key)).resources):
        more = None if is_step_large(session, request=request) else await decide_at_once(store, key, working)
        if more is None:
            more = await ahead.change(store, key, working)
        if not more:
            return
        await yield_to_others()
