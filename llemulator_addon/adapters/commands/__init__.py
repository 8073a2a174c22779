"""The commands of `llemulator`: one file for each."""

from llemulator_addon.adapters.commands.check import CHECK
from llemulator_addon.adapters.commands.command import Command
from llemulator_addon.adapters.commands.config import CONFIG
from llemulator_addon.adapters.commands.convert import CONVERT
from llemulator_addon.adapters.commands.doctor import DOCTOR
from llemulator_addon.adapters.commands.init import INIT
from llemulator_addon.adapters.commands.run import RUN
from llemulator_addon.adapters.commands.serve import SERVE
from llemulator_addon.adapters.commands.smollm import SMOLLM
from llemulator_addon.adapters.commands.verify import VERIFY

COMMANDS: dict[str, Command] = {
    "serve": SERVE,
    "run": RUN,
    "doctor": DOCTOR,
    "init": INIT,
    "check": CHECK,
    "convert": CONVERT,
    "config": CONFIG,
    "verify": VERIFY,
    "smollm": SMOLLM,
}
"""The first one runs if none is named."""
