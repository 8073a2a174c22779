"""What `llemulator` can do: one file for each command."""

from llemulator_addon.adapters.commands.command import Command
from llemulator_addon.adapters.commands.config import CONFIG
from llemulator_addon.adapters.commands.init import INIT
from llemulator_addon.adapters.commands.serve import SERVE

COMMANDS: dict[str, Command] = {
    "serve": SERVE,
    "init": INIT,
    "config": CONFIG,
}
"""The first one is done where none is named."""
