"""Changes to mitmproxy and Python before mitmproxy is imported, so that the program starts sooner.

Only a process of our own does this. Stock mitmdump, in which addons of others run, stays as it is.
"""

import gc
import sys
from importlib.util import find_spec, module_from_spec

_ADDONS = "mitmproxy.addons"
_COLLECTIONS_TO_A_FULL_ONE = 100
"""Of the middle generation; Python has 10."""


def import_used_addons_only() -> None:
    """Keep mitmproxy's package of addons from importing all of them, and with them Flask, LDAP and more.

    We use five of some forty: without the others the program starts in two thirds of the time and keeps 16 MiB less. To
    be called before mitmproxy is imported; later, or where mitmproxy is laid out differently, it changes nothing.
    Price: `mitmproxy.addons` has no `default_addons` in this process, so none of mitmproxy's own programs runs in it.
    """
    spec = None if _ADDONS in sys.modules else find_spec(_ADDONS)
    if spec is not None:
        # The package as it is before its own code runs: its modules can be imported, one by one.
        sys.modules[_ADDONS] = module_from_spec(spec)


def collect_no_garbage_until_served() -> None:
    """Leave out the collections while the program is imported and set up, a tenth of the time that takes.

    They find next to nothing: objects made by then stay. A server calls this first.
    Price: a start that fails before it serves never collects garbage.
    """
    gc.disable()


def collect_garbage_from_now_on() -> None:
    """Collect garbage again, and spare each collection from looking at what was imported, which stays.

    Price: what is in memory now is never freed by a collection.
    """
    if gc.isenabled():  # else there is next to none, and to look for it takes long
        gc.collect()
    gc.freeze()
    gc.enable()


def look_at_old_objects_seldom() -> None:
    """Have fewer full collections: each looks at all rules and exchanges, and everybody waits for it meanwhile.

    Price: old objects that refer to each other in a circle stay longer when they are not used any more.
    """
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _COLLECTIONS_TO_A_FULL_ONE)
