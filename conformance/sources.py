"""Source packages that tests read, fetched once, checked against their hash, and unpacked below `.cache/`."""

import contextlib
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

CACHE = Path(__file__).parent.parent / ".cache" / "sources"


def source_package(name: str, version: str, sha256: str) -> Path:
    """Return the folder of an unpacked source package; `sha256` is that of its archive."""
    folder = CACHE / f"{name}-{version}"
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        archive = _downloaded(name, version)
        if (found := hashlib.sha256(archive.read_bytes()).hexdigest()) != sha256:
            raise ValueError(f"{archive.name} has the SHA-256 {found}, not {sha256}")
        # Several runs of tests may unpack at the same time: the first that is done wins.
        with tempfile.TemporaryDirectory(dir=CACHE) as beside:
            with tarfile.open(archive) as packed:
                packed.extractall(beside, filter="data")
            (unpacked,) = Path(beside).iterdir()
            with contextlib.suppress(OSError):
                unpacked.rename(folder)
    return folder


def _downloaded(name: str, version: str) -> Path:
    archive = CACHE / f"{name.replace('-', '_')}-{version}.tar.gz"
    if not archive.exists():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        with tempfile.TemporaryDirectory(dir=CACHE) as beside:
            subprocess.run([*command, "--dest", beside, f"{name}=={version}"], check=True)
            (Path(beside) / archive.name).rename(archive)
    return archive
