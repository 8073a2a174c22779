"""Builds the console into every sdist and wheel that is made without it, if this machine has Node.

hatchling runs this (pyproject.toml names it). `HATCH_BUILD_NO_HOOKS=true` leaves it out.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any, override

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_BUILT = "llemulator_addon/adapters/console/static/index.html"


class ConsoleHook(BuildHookInterface[BuilderConfig]):
    """Makes the files that are in no clone."""

    @override
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page, or print why it is not built: all else of the package works without it."""
        if version == "editable" or (Path(self.root) / _BUILT).exists():
            return
        # Nothing but what is asked for may stand on the standard output of a build.
        command = ["sh", ".ci/install", "console-if-possible"]
        if subprocess.run(command, cwd=self.root, check=False, stdout=sys.stderr).returncode:
            self.app.display_warning("The console (the page at /) is not built. All else works without it.")
