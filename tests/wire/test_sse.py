from hypothesis import given
from hypothesis import strategies as st

from llemulator_addon.wire import sse


def test_a_chunk_is_one_data_line_and_a_blank_one() -> None:
    assert sse.frame_unnamed({"a": 1}) == b'data: {"a":1}\n\n'


def test_an_event_has_its_type_as_its_name() -> None:
    assert sse.frame({"type": "response.created", "a": 1}) == (
        b'event: response.created\ndata: {"type":"response.created","a":1}\n\n'
    )


@given(st.text())
def test_no_text_ends_a_line_within_an_event(text: str) -> None:
    framed = sse.frame_unnamed({"a": text})

    assert framed.count(b"\n") == 2
    assert b"\r" not in framed
