from pathlib import Path

import pytest

from llemulator_addon.admin.verify import FINDINGS
from llemulator_addon.verification import verdicts
from llemulator_addon.verification.verdicts import VERDICTS
from tests.project.pages import ROOT, code_spans

_SHARED = {"__init__", "client_history", "continuation", "reconnections"}


def test_every_file_of_a_verdict_is_in_the_table() -> None:
    files = {file.stem for file in Path(verdicts.__path__[0]).glob("*.py")}

    assert files - _SHARED == set(VERDICTS)


@pytest.mark.long
def test_every_finding_is_on_a_page() -> None:
    assert set(FINDINGS) - code_spans() == set()
    assert all(f"`{name}`" in (ROOT / "docs/verify.md").read_text("utf-8") for name in FINDINGS)
