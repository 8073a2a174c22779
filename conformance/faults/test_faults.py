"""What real clients see of each fault: it stands in `expected.yaml`, and `docs/faults.md` shows it."""

import pytest

from conformance.faults.case import Case, ClientName, Seen, cases
from conformance.faults.clients import CURL, curl_version
from conformance.faults.play import CLIENTS, Played, played
from conformance.server import running
from llemulator_addon.script.faults import FAULTS


@pytest.fixture(scope="module", name="seen")
def _seen() -> Played:
    """Let all clients play. Not against the server of other tests: some faults are of the whole proxy."""
    with running() as server:
        return played(server)


@pytest.mark.xdist_group("faults")
@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_sees_what_is_written_down(name: ClientName, case: Case, seen: Played) -> None:
    pairs = [pair for pair in zip(case.sees[name], seen[name][case.name], strict=True) if not _fits(*pair)]

    assert pairs == []


def _fits(written: Seen, seen: Seen) -> bool:
    """Compare; of a curl that is not the one whose exit statuses are written down only whether it is content."""
    if curl_version() != CURL and written.exit and seen.exit:
        seen = seen.model_copy(update={"exit": written.exit})
        return seen == written
    return written.fits(seen)


def test_every_fault_is_shown_to_every_client() -> None:
    assert {case.fault for case in cases()} == set(FAULTS)
    assert {case.name: set(case.sees) ^ set(CLIENTS) for case in cases() if set(case.sees) != set(CLIENTS)} == {}


def test_every_case_has_a_name_of_its_own() -> None:
    names = [case.name for case in cases()]

    assert sorted(set(names)) == sorted(names)
