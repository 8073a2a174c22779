import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llemulator_addon.wire import jsons

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values)
def test_what_is_spelled_is_read_again(value: object) -> None:
    assert json.loads(jsons.compact(value)) == value
    assert json.loads(jsons.pretty(value)) == value


@given(st.text(st.characters()))
def test_any_text_is_spelled_lone_surrogates_too(text: str) -> None:
    assert json.loads(jsons.compact({"a": text})) == {"a": text}


def test_bodies_are_in_lines_of_two_spaces_and_events_compact() -> None:
    assert jsons.pretty({"a": [1], "b": {}}) == b'{\n  "a": [\n    1\n  ],\n  "b": {}\n}'
    assert jsons.compact({"a": [1], "b": 1.0}) == b'{"a":[1],"b":1.0}'


def test_characters_are_not_escaped_without_need() -> None:
    assert jsons.compact("é世\u2028") == '"é世\u2028"'.encode()


@pytest.mark.parametrize("text", [b"", b"{", b"NaN", b'{"a":}'])
def test_what_is_no_json_is_not_read(text: bytes) -> None:
    with pytest.raises(ValueError, match="at line 1"):
        jsons.read(text)


@given(values)
def test_what_is_escaped_is_ascii_and_means_the_same(value: object) -> None:
    body = jsons.escaped(value)

    assert body.isascii()
    assert json.loads(body) == value
