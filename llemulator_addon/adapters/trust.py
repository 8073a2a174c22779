"""The roots that this machine trusts, and ours: in one bundle, for what replaces a client's roots."""

import re
import ssl
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import certifi

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_PREFACE = b"# The roots of this machine and llemulator's own. Made by llemulator, and made again when they change.\n"

PASSWORD = "changeit"  # noqa: S105 - Java's own default; a truststore holds nothing secret
"""Of the truststore."""

_USUAL_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora, RHEL
    "/etc/pki/tls/certs/ca-bundle.crt",  # older RHEL
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # Alpine, macOS
)
"""Where systems keep their roots. A Python that was built elsewhere looks in places that this machine does not have."""


def certificates_in(text: bytes) -> list[bytes]:
    """Return the PEM certificates in a text, without the text between them."""
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


def truststore_of(bundle: bytes) -> bytes:
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
