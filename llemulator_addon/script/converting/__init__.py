"""Scripts made from what other tools answer with: to add a tool is one file and one line here.

A converter takes the value of a file and returns a script as somebody would write it, with what could not be carried.
A part that would then answer other requests than before is left out as a whole.
"""

from collections.abc import Callable

from llemulator_addon.script import json_value
from llemulator_addon.script.converting import aimock, mockllm
from llemulator_addon.script.converting.converted import Converted
from llemulator_addon.script.reader import read_script
from llemulator_addon.script.script_error import Problem, ScriptError

CONVERTERS: dict[str, Callable[[object], Converted]] = {
    "aimock": aimock.convert,
    "mockllm": mockllm.convert,
}
"""By the name of the tool; each raises `ScriptError` for a value that is no file of its tool."""


def convert(tool: str, value: object) -> Converted:
    """Convert what one of the tools' files holds; raises `ScriptError` where no script can be made of it."""
    json_value.check(value)
    converted = CONVERTERS[tool](value)
    try:
        read_script(converted.script)
    except ScriptError as error:
        problems = (Problem(f"of the script that it makes, {each.place}", each.reason) for each in error.problems)
        raise ScriptError(problems) from None
    return converted
