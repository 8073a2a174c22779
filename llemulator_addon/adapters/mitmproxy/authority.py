"""The certificate authority: made at the first start, and published for clients to trust.

The folder holds `mitmproxy-ca.pem` (key and certificate, as mitmproxy wants it), `ca.pem` (the certificate alone),
`bundle.pem` (the roots of this machine and ours) and `trust.p12` (the same for Java). Two processes that start at once
agree on one authority: each makes its own in a file that nobody else sees and links it to the name, and the first one
wins.
"""

import datetime as dt
import errno
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from mitmproxy.certs import DEFAULT_DHPARAM
from mitmproxy.options import CONF_BASENAME

from llemulator_addon.adapters.files import write_whole
from llemulator_addon.adapters.ownership import doubts_about
from llemulator_addon.adapters.trust import bundle, truststore_of

logger = logging.getLogger(__name__)

_CA = f"{CONF_BASENAME}-ca.pem"
_DHPARAM = f"{CONF_BASENAME}-dhparam.pem"
_VALID = dt.timedelta(days=3650)
_BACKDATED = dt.timedelta(days=2)
"""For clients whose clock is behind."""
_ANOTHER = "--certs (LLEMULATOR_CERTS) names another folder"


class NoAuthority(Exception):
    """The folder has no usable authority, and none can be made there. The text is one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Where the authority's files are, as absolute paths."""

    confdir: Path
    """For mitmproxy's option of that name."""
    ca: Path
    """The certificate alone, for what adds to a client's roots."""
    bundle: Path
    """The roots of this machine and ours, for what replaces a client's roots."""
    truststore: Path
    """The bundle for Java."""
    certificate: bytes
    """The files in `ca`."""


@contextmanager
def authority(folder: Path) -> Iterator[Authority]:
    """Make the authority in a folder or find it there, and publish its certificate.

    A folder that cannot be written to may hold the authority ready-made. Files that must be written go to a temporary
    folder then, which is removed in the end. Raises NoAuthority.
    """
    folder = folder.absolute()
    certificate = _find_or_make(folder)
    if (published := _publish(folder, certificate)) is not None:
        yield published
        return
    with tempfile.TemporaryDirectory(prefix="llemulator-") as temporary:
        elsewhere = Path(temporary)
        # Clients may run as somebody else; the key keeps the permissions that it has where it is.
        elsewhere.chmod(0o755)
        (elsewhere / _CA).symlink_to(folder / _CA)
        published = _publish(elsewhere, certificate)
        if published is None:
            raise NoAuthority(f"{folder} and {elsewhere} cannot be written to; {_ANOTHER}")
        logger.warning(
            "%s cannot be written to: the certificate to trust is in %s for as long as this runs", folder, temporary
        )
        yield published


def _find_or_make(folder: Path) -> bytes:
    """Return the certificates of the folder's authority, in PEM."""
    file = folder / _CA
    try:
        _make_folder(folder)
        if not file.exists():
            _make(file)
        certificate = _check(file, file.read_bytes())
        _doubt(file)
    except OSError as error:
        where = file if error.filename == str(file) else folder
        raise NoAuthority(f"{where}: {error.strerror}; {_ANOTHER}") from None
    return certificate


def _doubt(file: Path) -> None:
    """Warn of a key that others may know, or refuse it. Raises NoAuthority and OSError."""
    for doubt in doubts_about(file):
        if doubt.forbids:
            raise NoAuthority(f"{doubt.file}: {doubt.what}, or {_ANOTHER}")
        logger.warning("%s: %s", doubt.file, doubt.what)


def _make_folder(folder: Path) -> None:
    """Make the folder if need be; git shall not take up a key from it."""
    if folder.is_dir():
        return
    with suppress(FileExistsError):
        # Whatever the umask is: who can write there can put another key in place of ours.
        folder.mkdir(parents=True, mode=0o755)
        _write(folder / ".gitignore", b"*\n")


def _make(file: Path) -> None:
    """Make an authority under a name that is not taken; where it is taken meanwhile, that one is as good."""
    # `mkstemp` gives its files to nobody but the owner from the start.
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=".ca-")
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(_new_authority())
        _link(draft, file)
    finally:
        Path(draft).unlink(missing_ok=True)


def _link(draft: str, file: Path) -> None:
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}:
            raise
        # A file system without hard links: of two that start at once, the last one wins.
        Path(draft).replace(file)


def _new_authority() -> bytes:
    """Return key and certificate in PEM.

    A key on a curve is made and signs much faster than one of RSA, and mitmproxy uses it for its leaves as well.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "llemulator"),
            x509.NameAttribute(NameOID.COMMON_NAME, "llemulator CA"),
        ]
    )
    begin = dt.datetime.now(dt.UTC) - _BACKDATED
    # Python from 3.13 on refuses an authority whose constraints and key usage are missing or not critical.
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begin, begin + _VALID)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_signs_certificates(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def _signs_certificates() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _check(file: Path, content: bytes) -> bytes:
    """Return the certificates in an authority's file. Raises NoAuthority for one with which TLS would fail later."""
    try:
        certificates = x509.load_pem_x509_certificates(content)
        key = serialization.load_pem_private_key(content, None)
    except TypeError:
        raise NoAuthority(f"{file}: its private key is encrypted, which is not supported; {_ANOTHER}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise NoAuthority(
            f"{file}: is not a certificate and its private key in PEM; remove it to have a new one made, or {_ANOTHER}"
        ) from None
    if why := _unusable(certificates[0], key):
        raise NoAuthority(f"{file}: {why}; remove it to have a new one made, or {_ANOTHER}")
    if not _has_key_usage(certificates[0]):
        logger.warning("%s: has no critical key usage, so clients in Python 3.13 or newer will not trust it", file)
    return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in certificates)


def _unusable(certificate: x509.Certificate, key: object) -> str | None:
    """Say why an authority would not work, if so."""
    now = dt.datetime.now(dt.UTC)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        return "its key is neither RSA nor on an elliptic curve (ECDSA)"
    if key.public_key() != certificate.public_key():
        return "the private key is not that of the first certificate"
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return (
            f"is valid from {certificate.not_valid_before_utc:%Y-%m-%d} to {certificate.not_valid_after_utc:%Y-%m-%d}"
        )
    if not _is_authority(certificate):
        return "the first certificate is not that of an authority (basicConstraints CA:TRUE)"
    return None


def _is_authority(certificate: x509.Certificate) -> bool:
    with suppress(x509.ExtensionNotFound):
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    return False


def _has_key_usage(certificate: x509.Certificate) -> bool:
    with suppress(x509.ExtensionNotFound):
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).critical
    return False


def _publish(folder: Path, certificate: bytes) -> Authority | None:
    """Write what clients need into a folder; None where that cannot be."""
    ca, roots, store = folder / "ca.pem", folder / "bundle.pem", folder / "trust.p12"
    try:
        _write(ca, certificate)
        # It is never the same twice, being encrypted, and so made again only when what is in it changed.
        if _write(roots, bundle(certificate, os.environ)) or not store.exists():
            _write(store, truststore_of(roots.read_bytes()))
        # mitmproxy makes this file itself, but not at once: a second process could read half of it.
        _write(folder / _DHPARAM, DEFAULT_DHPARAM)
    except OSError:
        return None
    return Authority(confdir=folder, ca=ca, bundle=roots, truststore=store, certificate=certificate)


def _write(file: Path, content: bytes) -> bool:
    """Write a file at once, unless it has this content already; whether it had not."""
    with suppress(FileNotFoundError):
        if not file.is_symlink() and file.read_bytes() == content:
            return False
    # Clients may run as somebody else; what they trust is for nobody else to write.
    write_whole(file, content, mode=0o644)
    return True
