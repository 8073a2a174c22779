"""Frames are read and written as RFC 6455 and RFC 7692 say, within bounds."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llemulator_addon.adapters.websocket.deflate import negotiate
from llemulator_addon.adapters.websocket.frames import Closing, Frames
from tests.websocket import CASES, CLOSE, MORE, PING, PONG, TEXT, Case, closing, code_of, frame, pack, read_frames

_MOST = 200_000
_OFFER = "permessage-deflate; client_max_window_bits"


def _frames(*, deflate: bool = False, most_bytes: int = _MOST) -> Frames:
    return Frames(deflate=negotiate(_OFFER, most_bytes)[1] if deflate else None, most_bytes=most_bytes)


@pytest.mark.parametrize("pieces", [1, 7, None], ids=["byte by byte", "by seven bytes", "at once"])
@pytest.mark.parametrize("name", CASES)
def test_a_case_of_autobahn_is_treated_right(name: str, pieces: int | None) -> None:
    case: Case = CASES[name]
    frames, size = _frames(deflate=case.deflate), pieces or len(case.sends)

    heard = [
        message.content
        for start in range(0, len(case.sends), size)
        for message in frames.receive(case.sends[start : start + size])
    ]
    sent = list(read_frames(frames.take_outgoing()))

    assert tuple(heard) == case.messages
    assert tuple(each.payload for each in sent if each.opcode == PONG) == case.pongs
    assert [code_of(each) for each in sent if each.opcode == CLOSE] == ([] if case.closed == "no" else [case.closed])


@pytest.mark.parametrize("deflate", [False, True])
def test_a_message_above_the_limit_closes_before_it_is_whole(deflate: bool) -> None:  # noqa: FBT001
    frames, payload = _frames(deflate=deflate, most_bytes=1000), b"x" * 1001
    sends = frame(TEXT, pack(payload), reserved=4, ends=False) if deflate else frame(TEXT, payload, length=5000)

    assert list(frames.receive(sends)) == []

    assert [code_of(each) for each in read_frames(frames.take_outgoing())] == [1009]
    assert list(frames.receive(frame(MORE, b"more") + frame(PING))) == []
    assert frames.take_outgoing() == b""


def test_a_few_bytes_that_unpack_to_very_many_are_not_unpacked() -> None:
    bomb = pack(b"\x00" * (64 << 20))

    frames = _frames(deflate=True)
    list(frames.receive(frame(TEXT, bomb, reserved=4)))

    assert len(bomb) < 100_000
    assert frames.closing == Closing(1009, "error in extension", by_client=False)


def test_without_room_a_message_closes_with_try_again_later() -> None:
    frames = Frames(most_bytes=_MOST, grow_to=lambda size: size <= 10)

    assert [message.content for message in frames.receive(frame(TEXT, b"x" * 10) + frame(TEXT, b"x" * 11))] == [
        b"x" * 10
    ]
    assert frames.closing is not None
    assert frames.closing.code == 1013


def test_who_closes_waits_for_the_other_side_and_hears_nothing_more() -> None:
    frames = _frames()

    frames.close(1001, "going away")
    closed = list(read_frames(frames.take_outgoing()))
    heard = list(frames.receive(frame(TEXT, b"late") + frame(PING)))
    before, _ = frames.is_over, list(frames.receive(closing(1001)))

    assert [(code_of(each), each.payload[2:]) for each in closed] == [(1001, b"going away")]
    assert (heard, frames.take_outgoing()) == ([], b"")
    assert (before, frames.is_over) == (False, True)
    assert frames.send(b"too late") == b""
    assert frames.ping() == b""


def test_a_connection_that_is_lost_has_the_code_for_it() -> None:
    frames = _frames()

    list(frames.receive(frame(TEXT, b"half", ends=False)))
    frames.lose()

    assert frames.closing == Closing(1006, "", by_client=True)
    assert frames.send(b"nobody") == b""


@given(st.lists(st.text(), min_size=1, max_size=5), st.booleans())
def test_the_parts_of_a_message_are_one_message(parts: list[str], deflate: bool) -> None:  # noqa: FBT001
    frames = _frames(deflate=deflate)

    sent = b"".join(frames.send(part.encode(), ends=at == len(parts) - 1) for at, part in enumerate(parts))
    first, *others = read_frames(sent)
    payload = first.payload + b"".join(each.payload for each in others)
    if first.is_packed:
        payload = zlib.decompressobj(-15).decompress(payload + b"\x00\x00\xff\xff")

    assert payload.decode() == "".join(parts)
    assert [each.opcode for each in (first, *others)] == [TEXT, *[MORE] * (len(parts) - 1)]
    assert [each.ends for each in (first, *others)] == [*[False] * (len(parts) - 1), True]


def test_only_a_long_message_is_sent_compressed() -> None:
    frames = _frames(deflate=True)

    short, long = read_frames(frames.send(b"x" * 1000) + frames.send(b"x" * 10_000))

    assert (short.is_packed, long.is_packed) == (False, True)
    assert len(long.payload) < 100


@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_are_read_without_an_error(received: bytes, deflate: bool) -> None:  # noqa: FBT001
    frames = _frames(deflate=deflate)

    list(frames.receive(received))
    list(frames.receive(received))

    assert len(list(read_frames(frames.take_outgoing()))) <= len(received)


@pytest.mark.parametrize(
    ("offered", "accepted"),
    [
        ("permessage-deflate", "permessage-deflate; server_no_context_takeover"),
        (
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; server_no_context_takeover; client_max_window_bits=15",
        ),
        (
            "permessage-deflate; client_no_context_takeover; server_max_window_bits=10",
            "permessage-deflate; client_no_context_takeover; server_no_context_takeover; server_max_window_bits=10",
        ),
        (
            "permessage-deflate; server_max_window_bits=8, permessage-deflate",
            "permessage-deflate; server_no_context_takeover",
        ),
        ("permessage-deflate; server_max_window_bits=16", None),
        ("permessage-deflate; unknown", None),
        ("permessage-deflate; client_no_context_takeover=1", None),
        ("permessage-deflate; client_no_context_takeover; client_no_context_takeover", None),
        ("x-webkit-deflate-frame", None),
        ("ü", None),
        ("", None),
    ],
)
def test_an_offer_of_compression_is_accepted_where_it_can_be(offered: str, accepted: str | None) -> None:
    value, deflate = negotiate(offered, _MOST)

    assert value == accepted
    assert (deflate is None) == (accepted is None)
