"""`llemulator config`: which settings are in force, and where each value came from."""

import argparse
import os
import sys
from pathlib import Path

from llemulator_addon.adapters.commands.command import Command, Failed, add_settings, settings_given
from llemulator_addon.adapters.settings import Settings, SettingsError, settings_from
from llemulator_addon.adapters.settings_table import SETTINGS, Setting
from llemulator_addon.core.upstream import Upstreams


def _run(arguments: argparse.Namespace) -> None:
    try:
        settings = settings_from(command_line=settings_given(arguments), environment=os.environ)
    except SettingsError as error:
        raise Failed(error) from None
    rows = [("setting", "value", "from")] + [
        (setting.name, _show(setting, settings), settings.sources.get(setting.name, "default")) for setting in SETTINGS
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for name, value, source in rows:
        sys.stdout.write(f"{name:<{widths[0]}}  {value:<{widths[1]}}  {source}\n")
    for line in settings.warnings:
        sys.stderr.write(f"llemulator: WARNING: {line}\n")


def _show(setting: Setting, settings: Settings) -> str:
    from llemulator_addon.wire.redaction import HIDDEN  # noqa: PLC0415 - slow to import

    value = getattr(settings, setting.name)
    return HIDDEN if setting.secret and value else "-" if setting.secret else _spell(value)


def _spell(value: object) -> str:
    match value:
        case None | ():
            return "-"
        case bool():
            return str(value).lower()
        case tuple():
            return ",".join(map(str, value))
        case Upstreams():
            return ",".join(value.write()) or "-"
        case Path():
            return str(value.absolute())
        case _:
            return str(value)


CONFIG = Command(
    meaning="print the settings in force, and where each value came from",
    add_options=add_settings,
    run=_run,
)
