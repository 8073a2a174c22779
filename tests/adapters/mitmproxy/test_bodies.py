import gzip
import zlib
from collections.abc import Callable

import pytest
import zstandard

from llemulator_addon.adapters.mitmproxy.bodies import Bodies, BodyTooLarge, NoRoom, NotInCoding, decode

_PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.compress,
}


@pytest.mark.parametrize("coding", [*_PACKERS, " GZIP "])
def test_a_packed_body_is_unpacked(coding: str) -> None:
    packed = _PACKERS[coding.strip().lower()](b"body" * 100)

    assert decode(packed, coding, limit=400) == b"body" * 100


@pytest.mark.parametrize("coding", list(_PACKERS))
def test_a_body_that_is_larger_than_the_limit_when_unpacked_is_refused(coding: str) -> None:
    with pytest.raises(BodyTooLarge):
        decode(_PACKERS[coding](bytes(401)), coding, limit=400)


@pytest.mark.parametrize("coding", ["identity", "br", ""])
def test_a_body_in_an_unknown_coding_stays_as_it_is(coding: str) -> None:
    assert decode(b"{}", coding, limit=400) == b"{}"


@pytest.mark.parametrize("coding", list(_PACKERS))
def test_a_body_that_is_not_in_its_coding_is_told(coding: str) -> None:
    with pytest.raises(NotInCoding):
        decode(b"{}", coding, limit=400)


def test_a_body_whose_checksum_is_wrong_is_not_in_its_coding() -> None:
    packed = bytearray(gzip.compress(b"body"))
    packed[-8] ^= 1

    with pytest.raises(NotInCoding):
        decode(bytes(packed), "gzip", limit=400)


@pytest.mark.parametrize("coding", list(_PACKERS))
def test_no_body_is_in_every_coding(coding: str) -> None:
    assert decode(b"", coding, limit=400) == b""


@pytest.mark.parametrize("coding", list(_PACKERS))
def test_a_packed_body_is_unpacked_as_far_as_there_is_room_beside_others(coding: str) -> None:
    bodies = Bodies(6 << 20)
    packed, one, other = _PACKERS[coding](bytes(5 << 20)), bodies.share(), bodies.share()

    assert decode(packed, coding, limit=8 << 20, grow_to=one.grow_to) == bytes(5 << 20)
    with pytest.raises(NoRoom):
        decode(packed, coding, limit=8 << 20, grow_to=other.grow_to)
    one.give_back()
    assert decode(packed, coding, limit=8 << 20, grow_to=other.grow_to) == bytes(5 << 20)
