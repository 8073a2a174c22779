"""The project's own files, as its tests read them."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import override

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^(?P<fence>`{3,})(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=fence) *$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block of a page."""

    page: str
    line: int
    language: str
    marks: tuple[str, ...]
    """The words behind the language, as `run` in ```` ```sh run ````."""
    text: str

    @override
    def __str__(self) -> str:
        """Name it as an editor finds it."""
        return f"{self.page}:{self.line}"


def tracked(*patterns: str) -> list[Path]:
    """Return the files that are part of the project, or are about to be, whose names match."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns]
    names = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    files = (ROOT / name for name in names.split("\0") if name)
    return sorted(file for file in files if file.is_file() and not file.is_symlink())


def pages() -> list[Path]:
    """Return the pages that a user reads."""
    return tracked("README.md", "docs/*.md", "certs/README.md")


def blocks(*languages: str) -> list[Block]:
    """Return the fenced blocks of all pages in these languages."""
    return [block for page in pages() for block in _blocks(page) if block.language in languages]


def additions() -> list[list[str]]:
    """Return the rows of the table "To add something": the addition, and its files."""
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    section = page.partition("## To add something\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def code_spans() -> set[str]:
    """Return every text that stands in code font on a page, outside blocks."""
    return {span for page in pages() for span in re.findall(r"`([^`\n]+)`", _FENCE.sub("", page.read_text("utf-8")))}


def _blocks(page: Path) -> list[Block]:
    text = page.read_text("utf-8")
    return [
        Block(
            page=page.relative_to(ROOT).as_posix(),
            line=text.count("\n", 0, found.start()) + 1,
            language=(found["info"].split() or [""])[0],
            marks=tuple(found["info"].split()[1:]),
            text=found["text"],
        )
        for found in _FENCE.finditer(text)
    ]
