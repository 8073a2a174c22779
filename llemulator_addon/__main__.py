"""The `llemulator` command, as `python -m llemulator_addon`."""

import sys

from llemulator_addon.adapters.command_line import main

if __name__ == "__main__":
    sys.exit(main())
