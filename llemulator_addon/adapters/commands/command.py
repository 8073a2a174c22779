"""The parts of a command."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import override

from llemulator_addon.adapters.settings_table import SETTINGS


class Failed(Exception):
    """The command cannot do its work. The text, one line for each problem, is all that the user sees."""

    status = 1
    """The exit code of the command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One thing that `llemulator` does."""

    meaning: str
    add_options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int | None]
    """Does the work, and returns the exit status where it is not 0. Raises Failed.

    What takes long to import is imported in it.
    """


def no_options(parser: argparse.ArgumentParser) -> None:
    """Take no options."""


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Take an option for each setting. They are too many to list in a usage line."""
    parser.usage = parser.usage or f"{parser.prog} [options]"
    group = parser.add_argument_group("settings", "Each has a variable; `llemulator config` shows what is in force.")
    for setting in SETTINGS:
        meaning = f"{setting.meaning} ({setting.variable})"
        if setting.metavar is None:
            group.add_argument(setting.option, dest=setting.name, nargs="?", const="true", metavar="BOOL", help=meaning)
        else:
            action = _Joined if setting.several else "store"
            group.add_argument(setting.option, dest=setting.name, metavar=setting.metavar, help=meaning, action=action)


class _Joined(argparse.Action):
    """Puts the values of an option that is given several times together, with commas."""

    @override
    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[object] | None,
        option_string: str | None = None,
    ) -> None:
        before = getattr(namespace, self.dest)
        setattr(namespace, self.dest, f"{before},{values}" if before else values)


def settings_given(arguments: argparse.Namespace) -> Mapping[str, str | None]:
    """Return the texts of the settings' options, by name of the setting."""
    return {setting.name: getattr(arguments, setting.name) for setting in SETTINGS}


def add_report(parser: argparse.ArgumentParser) -> None:
    """Add the option for files of the verdict."""
    parser.add_argument(
        "--report",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="also write the verdict to a file: .xml (JUnit), .json or .html",
    )
