import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from llemulator_addon.adapters.mitmproxy.internals.received import Received


@given(st.lists(st.binary(max_size=20)))
def test_a_body_is_what_has_come_of_it(pieces: list[bytes]) -> None:
    received = Received()
    for piece in pieces:
        received += piece

    body = b"".join(pieces)
    assert (len(received), bool(received), bytes(received)) == (len(body), bool(body), body)


def test_a_body_that_is_dropped_begins_anew() -> None:
    received = Received()
    received += b"before"
    received.clear()
    received += b"after"

    assert bytes(received) == b"after"


def test_a_body_takes_its_memory_once_while_it_is_put_together() -> None:
    size, piece = 32 << 20, bytes(1 << 16)
    tracemalloc.start()
    try:
        received = Received()
        for _ in range(size // len(piece)):
            received += piece
        tracemalloc.reset_peak()
        body = bytes(received)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(body) == size
    assert most < 1.5 * size
