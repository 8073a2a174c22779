"""The admin key with which this program's own commands ask a server."""

import os

from llemulator_addon.core.admin_keys import strongest_key_in


def own_admin_key() -> str | None:
    """Return the key of the highest role that `LLEMULATOR_ADMIN_KEY` has, as for the server; None if it is not set."""
    return strongest_key_in(os.environ.get("LLEMULATOR_ADMIN_KEY", ""))
