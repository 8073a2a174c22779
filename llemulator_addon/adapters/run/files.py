"""Files that some runtimes need: Java a truststore, PHP and wget a line of settings."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from llemulator_addon.adapters.files import write_whole
from llemulator_addon.adapters.trust import truststore_of

PRELOADS = Path(__file__).parent / "preloads"
"""The files that Python and Node load at their start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Where they are, as absolute paths."""

    ca: Path
    """The certificate alone, for what adds to a client's roots."""
    bundle: Path
    """The roots of this machine and ours, for what replaces a client's roots."""
    truststore: Path
    """The bundle for Java."""
    wgetrc: Path
    php_ini: Path
    """A folder."""


def write_files(
    folder: Path, *, ca: Path, bundle: Path, environment: Mapping[str, str], truststore: Path | None = None
) -> Files:
    """Write into a folder what is not there yet; a truststore unless there is one elsewhere. Raises OSError."""
    files = Files(
        ca=ca,
        bundle=bundle,
        truststore=truststore or folder / "trust.p12",
        wgetrc=folder / "wgetrc",
        php_ini=folder / "php",
    )
    files.php_ini.mkdir(exist_ok=True)
    _write(files.php_ini / "llemulator.ini", f'curl.cainfo="{bundle}"\nopenssl.cafile="{bundle}"\n'.encode())
    # wget reads one file only: what the user has stays, and ours is last and wins.
    _write(files.wgetrc, _users_wgetrc(environment) + f"\nca_certificate = {bundle}\nuse_proxy = on\n".encode())
    if truststore is None:
        _write(files.truststore, truststore_of(bundle.read_bytes()))
    return files


def _users_wgetrc(environment: Mapping[str, str]) -> bytes:
    file = environment.get("WGETRC") or os.path.join(environment.get("HOME", ""), ".wgetrc")  # noqa: PTH118 - HOME may be ""
    try:
        return Path(file).read_bytes()
    except OSError:
        return b""


def _write(file: Path, content: bytes) -> None:
    """Write a file for nobody but the owner: what the user has for wget may hold passwords."""
    write_whole(file, content, mode=0o600)
