"""`llemulator check FILE…`: reports problems in scripts, and where they are."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from llemulator_addon.adapters.commands.command import Command, Failed
from llemulator_addon.adapters.terminal import printable

if TYPE_CHECKING:
    from llemulator_addon.script.reader import Script


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        type=Path,
        help="a script: JSON if its name ends in .json, else YAML; - reads standard input",
    )


def _run(arguments: argparse.Namespace) -> None:
    from llemulator_addon.adapters.script_file import BadScript, read_script  # noqa: PLC0415 - slow to import
    from llemulator_addon.script.doubtful import find_doubtful  # noqa: PLC0415

    wrong: list[str] = []
    for file in arguments.files:
        try:
            script = _read_standard_input() if str(file) == "-" else read_script(file)
        except BadScript as bad:
            wrong.append(str(bad))
        else:
            sys.stdout.write(f"{file}: {_count(len(script.rules))}\n")
            sys.stdout.writelines(f"{file}: warning: {printable(each)}\n" for each in find_doubtful(script.rules))
    if wrong:
        raise Failed("\n".join(wrong))


def _read_standard_input() -> "Script":
    from llemulator_addon.adapters.script_file import name_file  # noqa: PLC0415
    from llemulator_addon.script.reader import read_text  # noqa: PLC0415

    with name_file(Path("-")):
        return read_text(sys.stdin.buffer.read(), "yaml")


def _count(rules: int) -> str:
    return "1 rule" if rules == 1 else f"{rules} rules"


CHECK = Command(meaning="report problems in scripts, and where they are", add_options=_add_options, run=_run)
