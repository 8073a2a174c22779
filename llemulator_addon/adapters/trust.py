"""The roots that this machine trusts, and ours: one bundle, for variables that replace a client's roots."""

import re
import ssl
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import certifi

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_PREFACE = b"# The roots of this machine and llemulator's own. Made by llemulator, and made again when they change.\n"

_USUAL_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora, RHEL
    "/etc/pki/tls/certs/ca-bundle.crt",  # older RHEL
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # Alpine, macOS
)
"""Where systems keep their roots. A Python that was built elsewhere looks in places that this machine does not have."""


def certificates_in(text: bytes) -> list[bytes]:
    """Return the PEM certificates in a text, without what stands between them."""
    return _PEM.findall(text)


def bundle(own: bytes, environment: Mapping[str, str]) -> bytes:
    """Return our certificates and all roots that a client would trust on this machine."""
    ours = certificates_in(own)
    found = dict.fromkeys(ours)
    for certificates in map(certificates_in, _root_texts(environment)):
        # What holds ours is a bundle that was made here, whose roots may be of yesterday.
        if not set(ours) & set(certificates):
            found.update(dict.fromkeys(certificates))
    return _PREFACE + b"\n".join(found) + b"\n"


def _root_texts(environment: Mapping[str, str]) -> Iterator[bytes]:
    """Yield what the environment names, what OpenSSL or the system has, and what Python's clients bring with them."""
    paths = ssl.get_default_verify_paths()
    yield from _texts([environment.get("SSL_CERT_FILE", "")])
    of_system = list(_texts([paths.openssl_cafile, *_USUAL_FILES]))
    yield from of_system or _texts(sorted(map(str, Path(paths.openssl_capath).glob("*"))))
    yield from _texts([certifi.where()])


def _texts(paths: Iterable[str]) -> Iterator[bytes]:
    for path in paths:
        try:
            yield Path(path).read_bytes()
        except OSError:
            continue
