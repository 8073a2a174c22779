"""A link on a page leads to a file of the project, and to a heading that is there."""

import re
from pathlib import Path

import pytest

from tests.project.pages import ROOT, tracked

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
_PAGES = [file.relative_to(ROOT).as_posix() for file in tracked("*.md", ":!CHANGELOG.md")]


def _headings(page: Path) -> set[str]:
    """Return the headings as addresses, as GitHub spells them."""
    titles = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", _PAGES)
def test_every_link_of_a_page_leads_somewhere(name: str) -> None:
    page = ROOT / name
    links: list[tuple[str, str]] = _LINK.findall(_FENCE.sub("", page.read_text("utf-8")))
    targets = {(page.parent / file if file else page, heading) for file, heading in links}

    assert sorted(str(file.relative_to(page.parent)) for file, _ in targets if not file.exists()) == []
    assert (
        sorted(
            heading for file, heading in targets if heading and file.suffix == ".md" and heading not in _headings(file)
        )
        == []
    )
