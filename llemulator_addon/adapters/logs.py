"""The log of our own command."""

import logging

from llemulator_addon.adapters.settings import LogLevel


def log_to_stderr(level: LogLevel) -> None:
    """Log our own lines from a level on, and of others only what went wrong.

    mitmproxy quotes what it received in some of its lines below that.
    """
    logging.basicConfig(format="llemulator: %(levelname)s: %(message)s", level=logging.ERROR)
    logging.getLogger("llemulator_addon").setLevel(level.upper())
    # Where there is no listening we say so ourselves.
    logging.getLogger("mitmproxy.addons.proxyserver").setLevel(logging.CRITICAL)
