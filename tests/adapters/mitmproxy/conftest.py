"""Folders that cannot be written to, whoever runs the tests."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Return what makes a folder read-only: permissions alone do not stop the administrator."""
    genuine = Path.write_bytes

    def make(folder: Path) -> None:
        def write(self: Path, content: bytes) -> int:
            if self.parent == folder:
                raise OSError(30, "Read-only file system", str(self))
            return genuine(self, content)

        monkeypatch.setattr(Path, "write_bytes", write)

    return make
