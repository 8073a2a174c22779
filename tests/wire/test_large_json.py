"""Large JSON is read in pieces, and gives what it gives at once."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json

from llemulator_addon.wire import large_json
from llemulator_addon.wire.json_bytes import read
from llemulator_addon.wire.large_json import read_in_pieces

_TEXTS = st.text(alphabet='ab"\\[]{},: \né😀', max_size=8)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS,
    lambda each: st.lists(each, max_size=5) | st.dictionaries(_TEXTS, each, max_size=5),
    max_leaves=40,
)
_PIECES = st.integers(min_value=1, max_value=40)


def _outcome(reader: Callable[[bytes], object], text: bytes) -> object:
    try:
        return repr(reader(text))
    except ValueError:
        return "refused"


def _at_once(text: bytes) -> object:
    return from_json(text, allow_inf_nan=False)


@given(value=_VALUES, indent=st.sampled_from([None, 2]), piece=_PIECES)
def test_any_value_is_the_same_whatever_the_size_of_a_piece(value: object, indent: int | None, piece: int) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False).encode()

    assert read_in_pieces(text, piece) == from_json(text)


@given(value=_VALUES, piece=_PIECES, data=st.data())
def test_a_text_with_a_mistake_is_refused_just_as_at_once(value: object, piece: int, data: st.DataObject) -> None:
    text = json.dumps(value, ensure_ascii=False)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 2, len(text))))
    put = data.draw(st.text(alphabet='[]{},:"\\1a ', max_size=2))
    wrong = (text[:start] + put + text[end:]).encode()

    assert _outcome(lambda text: read_in_pieces(text, piece), wrong) == _outcome(_at_once, wrong)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "[",
        "[1,]",
        "[,1]",
        "[1,,2]",
        "[[1,2][3,4]]",
        "[[1,2]3]",
        '{"a":[1,2],}',
        '{"a" [1,2]}',
        '{[1,2]:"a"}',
        '{"a":[1,2]"b":1}',
        "[1,2]]",
        "[1,2] [3]",
        "[1,2}",
        '["a',
        '["' + '\\"' * 50,
        "[NaN]",
        '["\\ud800"]',
        "[" * 201 + "]" * 201,
        "[" * 202 + "]" * 202,
        "[" * 201 + "1" + "]" * 201,
        "[" * 200 + "1" + "]" * 200,
        '{"a":' * 201 + "1" + "}" * 201,
        '["\\\\", "\\\\\\"", "\\\\\\\\"]',
        '{"a":[1,2],"a":[3,4],"b":{"a":{}},"a":5}',
        '{"a":1,"b":2,"a":[[[1]]]}',
        "[[],{},[[]],[{}]]",
        " [ [ ] , { } ] ",
    ],
)
@pytest.mark.parametrize("piece", [1, 3, 10])
def test_known_mistakes_and_oddities_are_judged_as_at_once(text: str, piece: int) -> None:
    assert _outcome(lambda text: read_in_pieces(text, piece), text.encode()) == _outcome(_at_once, text.encode())


def test_a_large_body_with_many_values_is_never_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = []

    def noting(text: bytes, *, allow_inf_nan: bool = True) -> object:
        lengths.append(len(text))
        return from_json(text, allow_inf_nan=allow_inf_nan)

    monkeypatch.setattr(large_json, "from_json", noting)
    deep: object = [{"role": "user", "content": "Hello"}]
    for _ in range(14):
        deep = {"allOf": [deep, deep]}
    text = json.dumps({"flat": list(range(60_000)), "deep": deep, "last": [1]}).encode()

    assert read(text) == json.loads(text)
    assert sum(lengths) > len(text) > 512 * 1024
    assert max(lengths) < 64 * 1024
