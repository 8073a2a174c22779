"""`llemulator convert TOOL FILE`: a script from what another tool answers with."""

import argparse
import json
import sys
from pathlib import Path

from llemulator_addon.adapters.commands.command import Command, Failed


def _add_options(parser: argparse.ArgumentParser) -> None:
    from llemulator_addon.script.converting import CONVERTERS  # noqa: PLC0415 - takes long to import

    parser.add_argument("tool", metavar="TOOL", choices=tuple(CONVERTERS), help=" or ".join(CONVERTERS))
    parser.add_argument("--yaml", action="store_true", help="write the script as YAML, in its short forms")
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="a file of that tool: JSON if its name ends in .json, else YAML"
    )


def _run(arguments: argparse.Namespace) -> int:
    """Write the script to the standard output, and what is not in it to the standard error.

    What could not be carried makes the exit status 1.
    """
    from llemulator_addon.script.converting import convert  # noqa: PLC0415 - takes long to import
    from llemulator_addon.script.reader import read_script, value_of  # noqa: PLC0415 - the same
    from llemulator_addon.script.script_error import ScriptError  # noqa: PLC0415 - the same

    file: Path = arguments.file
    try:
        value = value_of(file.read_bytes(), "json" if file.suffix.lower() == ".json" else "yaml")
        converted = convert(arguments.tool, value)
    except OSError as error:
        raise Failed(f"{file}: {error.strerror}") from None
    except ScriptError as error:
        raise Failed("\n".join(f"{file}: {problem}" for problem in error.problems)) from None
    if arguments.yaml:
        from llemulator_addon.script.printing import print_script  # noqa: PLC0415 - takes long to import

        sys.stdout.write(print_script(read_script(dict(converted.script))))
    else:
        sys.stdout.write(json.dumps(converted.script, indent=2, ensure_ascii=False) + "\n")
    for problem in converted.lost:
        sys.stderr.write(f"llemulator: {file}: not carried: {problem}\n")
    return 1 if converted.lost else 0


CONVERT = Command(
    meaning="write a script from the fixtures of another tool (aimock, mockllm), and report what cannot be converted",
    add_options=_add_options,
    run=_run,
)
