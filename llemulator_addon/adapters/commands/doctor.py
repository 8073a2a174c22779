"""`llemulator doctor`: whether programs on this machine can be routed through llemulator, and how to fix it if not."""

import argparse
import asyncio
import os
import sys
from typing import TYPE_CHECKING

from llemulator_addon.adapters.commands.command import Command, Failed, add_settings, settings_given
from llemulator_addon.adapters.settings import Settings, SettingsError, settings_from
from llemulator_addon.adapters.terminal import printable

if TYPE_CHECKING:
    from llemulator_addon.adapters.run.check import Diagnosis

_MARKS = {True: "✓", False: "✗", None: "-"}
_PLAIN = {True: "ok", False: "NO", None: "-"}
"""Where the terminal cannot show the others."""


def _run(arguments: argparse.Namespace) -> int:
    try:
        settings = settings_from(command_line=settings_given(arguments), environment=os.environ)
    except SettingsError as error:
        raise Failed(error) from None
    return asyncio.run(_report(settings))


async def _report(settings: Settings) -> int:
    """Print each check as it is done, and return 1 if one did not pass."""
    # mitmproxy takes long to import; the settings have been looked at before.
    from llemulator_addon.adapters.logs import log_to_stderr  # noqa: PLC0415
    from llemulator_addon.adapters.mitmproxy.internals.startup import (  # noqa: PLC0415
        collect_no_garbage_until_served,
        import_used_addons_only,
    )
    from llemulator_addon.adapters.script_file import BadScript  # noqa: PLC0415

    log_to_stderr("error")
    collect_no_garbage_until_served()
    import_used_addons_only()
    from llemulator_addon.adapters.run.doctor import examine  # noqa: PLC0415

    amiss = False
    try:
        async for check in examine(settings, os.environ):
            amiss |= check.passed is False
            _print(check)
    except BadScript as error:
        raise Failed(error) from None
    return 1 if amiss else 0


def _print(check: "Diagnosis") -> None:
    marks = _MARKS if (sys.stdout.encoding or "").lower().startswith("utf") else _PLAIN
    sys.stdout.write(f"{marks[check.passed]} {check.name:<10} {printable(check.says)}\n")
    if check.remedy:
        sys.stdout.write(
            f"  {'':<10} → {printable(check.remedy)}\n"
            if marks is _MARKS
            else f"  {'':<10} -> {printable(check.remedy)}\n"
        )
    sys.stdout.flush()


DOCTOR = Command(
    meaning="check whether programs on this machine can be routed through llemulator, and print what to fix",
    add_options=add_settings,
    run=_run,
)
