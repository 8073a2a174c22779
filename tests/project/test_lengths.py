"""A file that can be read in one go has at most 500 lines."""

from tests.project.pages import ROOT, tracked

_LINES = 500
_REASON = "# Longer than 500 lines: "
"""Begins a line near the top of a longer file, and the reason follows."""
_TOP = 20


def test_a_file_of_more_than_500_lines_says_why_at_its_top() -> None:
    texts = {file: file.read_text("utf-8").splitlines() for file in tracked("*.py")}
    long = {file: lines for file, lines in texts.items() if len(lines) > _LINES}

    assert [
        f"{file.relative_to(ROOT)}: {len(lines)} lines"
        for file, lines in long.items()
        if not any(line.startswith(_REASON) for line in lines[:_TOP])
    ] == []
