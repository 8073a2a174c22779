"""Folders that cannot be written to, whoever runs the tests."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Return what makes a folder read-only: permissions alone do not stop the administrator."""
    genuine = os.open

    def make(folder: Path) -> None:
        def opened(path: str | Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
            if flags & (os.O_WRONLY | os.O_RDWR) and Path(path).parent == folder:
                raise OSError(30, "Read-only file system", str(path))
            return genuine(path, flags, mode, dir_fd=dir_fd)

        monkeypatch.setattr(os, "open", opened)

    return make
