"""`llemulator check FILE…`: what is wrong with scripts, and where."""

import argparse
import sys
from pathlib import Path

from llemulator_addon.adapters.commands.command import Command, Failed


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="a script: JSON by its ending, else YAML")


def _run(arguments: argparse.Namespace) -> None:
    from llemulator_addon.adapters.script_file import BadScript, read_script  # noqa: PLC0415 - takes long to import

    wrong: list[str] = []
    for file in arguments.files:
        try:
            script = read_script(file)
        except BadScript as bad:
            wrong.append(str(bad))
        else:
            sys.stdout.write(f"{file}: {_count(len(script.rules))}\n")
    if wrong:
        raise Failed("\n".join(wrong))


def _count(rules: int) -> str:
    return "1 rule" if rules == 1 else f"{rules} rules"


CHECK = Command(meaning="say what is wrong with scripts, and where", add_options=_add_options, run=_run)
