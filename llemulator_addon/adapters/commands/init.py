"""`llemulator init`: a file by which `mitmdump -s llemulator_addon` works in this folder."""

import argparse
import sys
from pathlib import Path

from llemulator_addon.adapters.commands.command import Command, Failed, no_options
from llemulator_addon.adapters.files import write_whole

_FILE = Path("llemulator_addon")
_CONTENT = "from llemulator_addon.addon import addons  # mitmdump -s llemulator_addon\n"


def _run(_: argparse.Namespace) -> None:
    if _FILE.is_dir():
        raise Failed(f"{_FILE} is a folder here; if it is llemulator's own, use: mitmdump -s {_FILE}/addon.py")
    try:
        if _FILE.exists() and _FILE.read_text("utf-8") != _CONTENT:
            raise Failed(f"{_FILE} is here already and is something else; remove it, or run this in another folder")
        write_whole(_FILE, _CONTENT)
    except (OSError, UnicodeDecodeError) as error:
        raise Failed(f"{_FILE}: {error}") from None
    sys.stdout.write(f"Wrote {_FILE}; in this folder this works now: mitmdump -s {_FILE}\n")


INIT = Command(
    meaning="write the file that `mitmdump -s llemulator_addon` needs in this folder",
    add_options=no_options,
    run=_run,
)
