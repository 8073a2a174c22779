"""What some runtimes want as a file: Java a truststore, PHP and wget a line of settings."""

import os
import tempfile
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from llemulator_addon.adapters.trust import certificates_in

PASSWORD = "changeit"  # noqa: S105 - Java's own default; a truststore holds nothing secret
"""Of the truststore."""

PRELOADS = Path(__file__).parent / "preloads"
"""What Python and Node load at their start."""


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


def write_files(folder: Path, *, ca: Path, bundle: Path, environment: Mapping[str, str]) -> Files:
    """Write into a folder what is not there yet. Raises OSError."""
    files = Files(
        ca=ca,
        bundle=bundle,
        truststore=folder / "trust.p12",
        wgetrc=folder / "wgetrc",
        php_ini=folder / "php",
    )
    files.php_ini.mkdir(exist_ok=True)
    _write(files.php_ini / "llemulator.ini", f'curl.cainfo="{bundle}"\nopenssl.cafile="{bundle}"\n'.encode())
    # wget reads one file only: what the user has stays, and ours is last and wins.
    _write(files.wgetrc, _users_wgetrc(environment) + f"\nca_certificate = {bundle}\nuse_proxy = on\n".encode())
    _write(files.truststore, truststore(bundle.read_bytes()))
    return files


def truststore(bundle: bytes) -> bytes:
    """Return certificates in the form that Java takes: PKCS #12 with the attribute that marks each as trusted.

    What `openssl pkcs12` writes lacks that attribute, and Java finds nothing in it.
    """
    from cryptography import x509  # noqa: PLC0415 - takes long to import
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption  # noqa: PLC0415 - the same
    from cryptography.hazmat.primitives.serialization.pkcs12 import (  # noqa: PLC0415 - the same
        PKCS12Certificate,
        serialize_java_truststore,
    )

    found = []
    for number, pem in enumerate(certificates_in(bundle)):
        # Systems have roots that bend the rules; what cannot be read is left out.
        with warnings.catch_warnings(action="ignore"), suppress(ValueError):
            found.append(PKCS12Certificate(x509.load_pem_x509_certificate(pem), f"root-{number}".encode()))
    return serialize_java_truststore(found, BestAvailableEncryption(PASSWORD.encode()))


def _users_wgetrc(environment: Mapping[str, str]) -> bytes:
    file = environment.get("WGETRC") or os.path.join(environment.get("HOME", ""), ".wgetrc")  # noqa: PTH118 - HOME may be ""
    try:
        return Path(file).read_bytes()
    except OSError:
        return b""


def _write(file: Path, content: bytes) -> None:
    """Write a file at once. Nobody but the owner reads it: what the user has for wget may hold passwords."""
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=".draft-")
    with os.fdopen(handle, "wb") as opened:
        opened.write(content)
    Path(draft).replace(file)
