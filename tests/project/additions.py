"""One addition of the table "To add something" in `docs/architecture.md`, as `added/` has some."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class Replacing(NamedTuple):
    """A text that a file has once, and what is there afterwards."""

    before: str
    after: str


def insert(text: str, *, before: str) -> Replacing:
    """Return the edit that puts a text before another one."""
    return Replacing(before, text + before)


def append(text: str, *, after: str) -> Replacing:
    """Return the edit that puts a text after another one."""
    return Replacing(after, after + text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """One addition: the row of the table, the edit of each of its files, and what shows that it works."""

    row: str
    edits: Mapping[str, str | Sequence[Replacing]]
    """By path as the row has it: the text of a new file, which is called NAME there, or edits."""
    show: Callable[[], None]
    name: str = "added"
    """The new file's."""

    def change(self, path: str, root: Path) -> tuple[Path, str]:
        """Return the file that the edits are about, and its text afterwards."""
        package = root / "llemulator_addon"
        place = (package if (package / Path(path).parts[0]).is_dir() else root) / path
        edits = self.edits[path]
        if isinstance(edits, str):
            return place.with_stem(self.name), edits
        text = place.read_text("utf-8")
        for before, after in edits:
            assert text.count(before) == 1, f"{path} does not have exactly once: {before}"
            text = text.replace(before, after)
        return place, text
