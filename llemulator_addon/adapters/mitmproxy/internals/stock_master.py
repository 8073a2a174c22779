"""The master of stock mitmproxy that runs us, where it is not one of our own."""

from collections.abc import Callable, Sequence
from typing import Any, cast

from mitmproxy import ctx
from mitmproxy.tools.dump import DumpMaster


def shutdown_of_mitmdump() -> Callable[[], object] | None:
    """Return what ends mitmdump; None in mitmproxy's other programs, which have an interface of their own."""
    return ctx.master.shutdown if isinstance(ctx.master, DumpMaster) else None


def listen_addresses() -> Sequence[tuple[Any, ...]]:
    """Return the addresses on which mitmproxy listens, as sockets name them."""
    return cast("Sequence[tuple[Any, ...]]", ctx.master.addons.get("proxyserver").listen_addrs())
