"""Scripts made from what other tools answer with: to add a tool is one file and one line here.

A converter takes the value of a file and returns a script as somebody would write it, with what could not be carried.
A part that would then answer other requests than before is left out as a whole.
"""

from collections.abc import Callable

from llemulator_addon.script.converting import aimock, mockllm
from llemulator_addon.script.converting.converted import Converted

CONVERTERS: dict[str, Callable[[object], Converted]] = {
    "aimock": aimock.convert,
    "mockllm": mockllm.convert,
}
"""By the name of the tool; each raises `ScriptError` for a value that is no file of its tool."""
