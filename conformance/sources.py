"""Source packages that tests read, fetched once, checked against their hash, and unpacked below `.cache/`."""

import hashlib
import subprocess
import sys
import tarfile
from pathlib import Path

CACHE = Path(__file__).parent.parent / ".cache" / "sources"


def source_package(name: str, version: str, sha256: str) -> Path:
    """Return the folder of an unpacked source package; `sha256` is that of its archive."""
    folder = CACHE / f"{name}-{version}"
    if not folder.exists():
        archive = _downloaded(name, version)
        if (found := hashlib.sha256(archive.read_bytes()).hexdigest()) != sha256:
            raise ValueError(f"{archive.name} has the SHA-256 {found}, not {sha256}")
        with tarfile.open(archive) as packed:
            packed.extractall(CACHE / f".{name}-{version}", filter="data")
        (unpacked,) = (CACHE / f".{name}-{version}").iterdir()
        unpacked.rename(folder)
    return folder


def _downloaded(name: str, version: str) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*command, "--dest", str(CACHE), f"{name}=={version}"], check=True)
    (archive,) = CACHE.glob(f"{name.replace('-', '_')}-{version}.tar.gz")
    return archive
