"""The default script's file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from llemulator_addon.script.reader import Script, read_text
from llemulator_addon.script.script_error import ScriptError


class BadScript(Exception):
    """The default script cannot be played. The text has a line for each problem, with its file and place."""


def read_script(file: Path, *, remedy: str = "") -> Script:
    """Read a script's file: JSON if its name ends with .json, else YAML. Raises BadScript.

    `remedy` tells what to do if the file cannot be read.
    """
    with name_file(file):
        try:
            return read_text(file.read_bytes(), "json" if file.suffix.lower() == ".json" else "yaml")
        except OSError as error:
            raise BadScript(f"{file}: {error.strerror}{remedy}") from None


@contextmanager
def name_file(file: Path | None) -> Iterator[None]:
    """Turn a ScriptError of the body into a BadScript that names the file on each line."""
    try:
        yield
    except ScriptError as error:
        raise BadScript(
            "\n".join(f"{file}: {problem}" if file else str(problem) for problem in error.problems)
        ) from None
