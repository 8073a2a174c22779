"""A setting of the server."""

from llemulator_addon.adapters.settings import settings_from
from llemulator_addon.emulator import EmulatorSettings
from tests.project import tables
from tests.project.additions import Addition, insert

_FIELD = """
    greeting: str = "Hi"
"""
_SETTING = """    Setting(
        name="greeting",
        variable="LLEMULATOR_GREETING",
        read=str,
        expected="a word",
        metavar="WORD",
        meaning="the word of greeting",
    ),
"""


def show() -> None:
    """Use it."""
    given = settings_from(environment={"LLEMULATOR_GREETING": "Hello"})

    assert "greeting='Hello'" in repr(EmulatorSettings.copy_from(given))
    assert "greeting='Hi'" in repr(EmulatorSettings())
    assert "| `--greeting` | `LLEMULATOR_GREETING` | `Hi` | the word of greeting |" in tables.written("settings")


ADDITION = Addition(
    row="a setting of the server",
    show=show,
    edits={
        "core/server_settings.py": [insert(_FIELD, before="\n    # Connections\n")],
        "adapters/settings_table.py": [insert(_SETTING, before='    _switch_setting("watch",')],
    },
)
