import os
import resource
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import pkcs12

from llemulator_addon.adapters.mitmproxy.authority import NoAuthority, authority
from llemulator_addon.adapters.trust import PASSWORD
from tests.wire_real.certificates import certificate_for

_CA = "mitmproxy-ca.pem"


def test_the_first_start_makes_it_and_the_next_ones_keep_it(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "certs"
    with authority(folder) as first:
        key = (folder / _CA).read_bytes()
        store = first.truststore.read_bytes()
    with authority(folder) as second:
        pass

    assert (folder / _CA).read_bytes() == key
    assert second.truststore.read_bytes() == store
    assert first == second
    assert (first.ca, first.bundle, first.confdir) == (folder / "ca.pem", folder / "bundle.pem", folder)
    assert first.ca.read_bytes() == first.certificate
    assert (folder / ".gitignore").read_text("utf-8") == "*\n"


def test_the_key_is_its_owners_alone_even_where_files_are_everybodys(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with authority(tmp_path / "certs") as found:
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in found.confdir.iterdir()}
    finally:
        os.umask(before)

    assert modes[_CA] == 0o600
    assert modes["ca.pem"] == 0o644  # what clients trust is for nobody else to write


@pytest.mark.parametrize("name", ["ca.pem", "bundle.pem", "trust.p12"])
def test_a_link_that_somebody_put_there_is_replaced_and_not_followed(tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder = tmp_path / "certs"
    folder.mkdir()
    (folder / name).symlink_to(victim)
    (folder / f".{name}-{os.getpid()}").symlink_to(victim)
    with authority(folder):
        pass

    assert victim.read_text() == "precious"
    assert not (folder / name).is_symlink()


@pytest.mark.parametrize(("mode", "what"), [(0o666, "everybody may write to it"), (0o604, "everybody may read this")])
def test_a_key_that_is_everybodys_is_refused(tmp_path: Path, mode: int, what: str) -> None:
    with authority(tmp_path):
        pass
    (tmp_path / _CA).chmod(mode)

    with pytest.raises(NoAuthority, match=f"{_CA}: {what}.*; .*remove it.*--certs"), authority(tmp_path):
        pass


def test_a_folder_in_which_everybody_may_write_is_refused(tmp_path: Path) -> None:
    with authority(tmp_path):
        pass
    tmp_path.chmod(0o777)

    with pytest.raises(NoAuthority, match="everybody may put another key there"), authority(tmp_path):
        pass


def test_it_is_one_that_strict_clients_trust(tmp_path: Path) -> None:
    with authority(tmp_path) as found:
        certificate = x509.load_pem_x509_certificate(found.certificate)

    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert (constraints.critical, constraints.value.ca) == (True, True)
    assert (usage.critical, usage.value.key_cert_sign, usage.value.crl_sign) == (True, True, True)


def test_a_folder_that_is_there_already_gets_no_gitignore(tmp_path: Path) -> None:
    with authority(tmp_path):
        pass

    assert not (tmp_path / ".gitignore").exists()


# Systems have roots that bend the rules.
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_the_truststore_of_java_holds_what_the_bundle_holds(tmp_path: Path) -> None:
    with authority(tmp_path / "certs") as found:
        store = pkcs12.load_pkcs12(found.truststore.read_bytes(), PASSWORD.encode())
        roots = x509.load_pem_x509_certificates(found.bundle.read_bytes())

    assert {each.certificate for each in store.additional_certs} == set(roots)


def test_the_bundle_is_written_again_when_the_roots_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corporate = certificate_for("corporate.test", tmp_path)
    with authority(tmp_path / "certs") as found:
        before = found.bundle.read_bytes()
    monkeypatch.setenv("SSL_CERT_FILE", str(corporate))
    with authority(tmp_path / "certs") as found:
        after = found.bundle.read_bytes()

    added = x509.load_pem_x509_certificate(corporate.read_bytes()).public_bytes(serialization.Encoding.PEM).strip()
    assert (added in before, added in after) == (False, True)


def test_one_of_ones_own_in_a_folder_that_cannot_be_written_to_is_used_from_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, read_only: Callable[[Path], None]
) -> None:
    certificate_for("own.test", tmp_path).rename(tmp_path / _CA).chmod(0o600)
    read_only(tmp_path)
    with authority(tmp_path) as found:
        published = found.ca.read_bytes()
        linked = (found.confdir / _CA).read_bytes()

    assert sorted(file.name for file in tmp_path.iterdir()) == [_CA]
    assert linked == (tmp_path / _CA).read_bytes()
    assert published == x509.load_pem_x509_certificate(linked).public_bytes(serialization.Encoding.PEM)
    assert not found.ca.exists()
    assert f"the certificate to trust is in {found.confdir}" in caplog.text


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is not a certificate and its private key in PEM"),
        (
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "is not a certificate and its private key in PEM",
        ),
    ],
)
def test_a_file_that_is_none_is_one_line(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / _CA).write_bytes(content)

    with pytest.raises(NoAuthority) as error, authority(tmp_path):
        pass

    assert str(error.value).startswith(f"{tmp_path / _CA}: {why}; ")
    assert "\n" not in str(error.value)


def _with_key(pem: bytes, key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey, password: bytes = b"") -> bytes:
    certificate = x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.PEM)
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption) + certificate


@pytest.mark.parametrize(
    ("key", "password", "why"),
    [
        (ec.generate_private_key(ec.SECP256R1()), b"", "the private key is not that of the first certificate"),
        (ed25519.Ed25519PrivateKey.generate(), b"", "its key is neither RSA nor on an elliptic curve (ECDSA)"),
        (ec.generate_private_key(ec.SECP256R1()), b"secret", "its private key is encrypted, which is not supported"),
    ],
)
def test_a_key_that_would_not_work_is_one_line(
    tmp_path: Path, key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey, password: bytes, why: str
) -> None:
    pem = certificate_for("own.test", tmp_path).read_bytes()
    (tmp_path / _CA).write_bytes(_with_key(pem, key, password))

    with pytest.raises(NoAuthority) as error, authority(tmp_path):
        pass

    assert str(error.value).startswith(f"{tmp_path / _CA}: {why}; ")


def test_a_full_disk_is_one_line_and_leaves_no_half_of_a_key(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(NoAuthority) as error, authority(tmp_path / "certs"):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert str(error.value).startswith(f"{tmp_path / 'certs'}: File too large; ")
    assert [file.name for file in (tmp_path / "certs").iterdir()] == [".gitignore"]


def test_a_place_that_is_no_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(NoAuthority) as error, authority(tmp_path / "file"):
        pass

    assert str(error.value) == f"{tmp_path / 'file'}: Not a directory; --certs (LLEMULATOR_CERTS) names another folder"
