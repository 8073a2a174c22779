"""A body in chunks is read as h11 reads it, however it comes."""

import itertools
from typing import Any

import h11
import pytest
from h11._readers import ChunkedReader
from h11._receivebuffer import ReceiveBuffer
from hypothesis import given
from hypothesis import strategies as st

from llemulator_addon.adapters.mitmproxy.internals.chunks import Chunks


def _read(reader: Any, arrivals: list[bytes]) -> tuple[bytes, bool, bytes]:  # noqa: ANN401 - two kinds
    """Return the body, whether it ended, and what was left of what came."""
    received, body = ReceiveBuffer(), b""
    for each in arrivals:
        received += each
        while (event := reader(received)) is not None:
            if isinstance(event, h11.EndOfMessage):
                return body, True, bytes(received)
            body += bytes(event.data)
    return body, False, bytes(received)


@st.composite
def _sent(draw: st.DrawFn) -> bytes:
    chunks = draw(st.lists(st.binary(min_size=1, max_size=40), max_size=8))
    extension = draw(st.sampled_from([b"", b";a=b", b"  "]))
    trailers = draw(st.sampled_from([b"", b"X-Some: a\r\n"]))
    lines = b"".join(b"%x%b\r\n%b\r\n" % (len(each), extension, each) for each in chunks)
    return lines + b"0\r\n" + trailers + b"\r\n"


@given(_sent(), st.lists(st.integers(0, 500)))
def test_chunks_are_read_as_h11_reads_them_wherever_they_are_cut(sent: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(min(cut, len(sent)) for cut in cuts), len(sent)]
    arrivals = [sent[start:end] for start, end in itertools.pairwise(places)]

    assert _read(Chunks(), arrivals) == _read(ChunkedReader(), arrivals)


@pytest.mark.parametrize(
    "sent", [b"x\r\n", b"\r\n", b"-1\r\na", b"1\r\nab\r\n", b"1\r\na\n\r\n", b"1\r\na\rb", b"123456789012345678901\r\n"]
)
@pytest.mark.parametrize("size", [1, 100])
def test_what_is_not_in_chunks_is_refused(sent: bytes, size: int) -> None:
    arrivals = [sent[start : start + size] for start in range(0, len(sent), size)]

    for reader in (Chunks(), ChunkedReader()):
        with pytest.raises(h11.ProtocolError):
            _read(reader, arrivals)
