from pathlib import Path

import certifi

from llemulator_addon.adapters.trust import bundle, certificates_in


def _certificate(text: str) -> bytes:
    return f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----".encode()


_OURS = _certificate("ours")


def test_what_stands_between_certificates_is_left_out() -> None:
    text = b"# one\n" + _certificate("one") + b"\n# two\n" + _certificate("two") + b"\nrest"

    assert certificates_in(text) == [_certificate("one"), _certificate("two")]


def test_the_bundle_has_ours_and_all_roots_that_clients_bring_with_them() -> None:
    found = certificates_in(bundle(_OURS, {}))

    assert found[0] == _OURS
    assert set(certificates_in(Path(certifi.where()).read_bytes())) <= set(found)
    assert len(found) == len(set(found))


def test_the_roots_that_the_environment_names_are_in_it(tmp_path: Path) -> None:
    corporate = tmp_path / "corporate.pem"
    corporate.write_bytes(_certificate("corporate"))

    assert _certificate("corporate") in certificates_in(bundle(_OURS, {"SSL_CERT_FILE": str(corporate)}))


def test_a_bundle_of_ours_is_not_taken_for_the_machines_roots(tmp_path: Path) -> None:
    earlier = tmp_path / "bundle.pem"
    earlier.write_bytes(_OURS + b"\n" + _certificate("distrusted since"))

    assert _certificate("distrusted since") not in certificates_in(bundle(_OURS, {"SSL_CERT_FILE": str(earlier)}))


def test_roots_that_are_named_and_missing_are_left_out() -> None:
    assert bundle(_OURS, {"SSL_CERT_FILE": "/nowhere/roots.pem"}) == bundle(_OURS, {})
