import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llemulator_addon.wire import json_bytes

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
    assert json.loads(json_bytes.compact(value)) == value
    assert json.loads(json_bytes.pretty(value)) == value


@given(st.text(st.characters()))
def test_any_text_is_spelled_lone_surrogates_too(text: str) -> None:
    assert json.loads(json_bytes.compact({"a": text})) == {"a": text}


@st.composite
def _made_and_whole(draw: st.DrawFn, value: object = None) -> tuple[Any, Any]:
    """A value in which some arrays are made while it is spelled, and the same with lists in their place."""
    whole = draw(values) if value is None else value
    match whole:
        case dict():
            pairs = {key: draw(_made_and_whole(each)) for key, each in whole.items()}
            return {key: made for key, (made, _) in pairs.items()}, {key: each for key, (_, each) in pairs.items()}
        case list() if draw(st.booleans()):
            return json_bytes.Many(lambda: iter(whole)), whole
        case list():
            members = [draw(_made_and_whole(each)) for each in whole]
            made = [each for each, _ in members]
            nests = draw(st.booleans())
            return (json_bytes.Many(lambda: iter(made), nests=True) if nests else made), [each for _, each in members]
        case _:
            return whole, whole


@given(_made_and_whole(), st.sampled_from([json_bytes.pretty, json_bytes.compact]))
def test_pieces_of_json_are_the_same_text_as_all_of_it(value: tuple[Any, Any], spell: Callable[[Any], bytes]) -> None:
    made, whole = value

    assert b"".join(json_bytes.write_pieces(made, spell)) == spell(whole)


@given(
    st.text(min_size=1) | st.just("a\x7f"),
    st.sampled_from([json_bytes.pretty, json_bytes.write_ascii, json_bytes.compact]),
)
@settings(max_examples=20)
def test_a_long_text_is_spelled_in_pieces_and_they_are_the_same_text(text: str, spell: Callable[[Any], bytes]) -> None:
    value = {"a": [1, text * (json_bytes.LONG_TEXT // len(text) + 1)], "b": text}

    pieces = list(json_bytes.write_pieces(value, spell))

    assert b"".join(pieces) == spell(value)
    assert max(map(len, pieces)) < len(spell(value)) / 4


def test_what_is_kept_of_made_arrays_is_small() -> None:
    value = {
        "a": json_bytes.Many(lambda: [1, 2]),
        "b": json_bytes.Many(lambda: [{"c": json_bytes.Many(lambda: [3])}], nests=True),
    }

    assert json_bytes.drop_many(value) == {"a": [], "b": [{"c": []}]}


def test_bodies_are_in_lines_of_two_spaces_and_events_compact() -> None:
    assert json_bytes.pretty({"a": [1], "b": {}}) == b'{\n  "a": [\n    1\n  ],\n  "b": {}\n}'
    assert json_bytes.compact({"a": [1], "b": 1.0}) == b'{"a":[1],"b":1.0}'


def test_characters_are_not_escaped_without_need() -> None:
    assert json_bytes.compact("é世\u2028") == '"é世\u2028"'.encode()


@pytest.mark.parametrize("text", [b"", b"{", b"NaN", b'{"a":}'])
def test_what_is_no_json_is_not_read(text: bytes) -> None:
    with pytest.raises(ValueError, match="at line 1"):
        json_bytes.read(text)


@given(values)
def test_what_is_escaped_is_ascii_and_means_the_same(value: object) -> None:
    body = json_bytes.write_ascii(value)

    assert body.isascii()
    assert json.loads(body) == value


@pytest.mark.parametrize("number", [1e16, 1e-7, 12345678901234567890])
def test_a_body_of_responses_differs_from_others_only_in_its_escapes(number: float) -> None:
    value = {"text": "\x7f\x80\u4e16\U0001f642", "number": number}

    assert json_bytes.write_ascii(value) == json_bytes.pretty(value).replace(
        "\x80\u4e16\U0001f642".encode(), b"\\u0080\\u4e16\\ud83d\\ude42"
    )
