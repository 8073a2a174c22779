from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.multipart import read_form, type_fields
from tests.playing import emulator, json_of, play, status
from tests.wire.forms import form, send_form, write_form

_NO_FORM = "Could not parse multipart form"


def _read(*fields: tuple[str, Any]) -> dict[str, Any]:
    return read_form(form("/v1/files", *fields))


def test_names_with_brackets_are_lists_and_objects() -> None:
    body = _read(
        *[("a", "1"), ("b[]", "x"), ("b[]", "y"), ("c[d]", "z"), ("c[e][f]", "w"), ("g", "1"), ("g", "2")],
        *[("h[][i]", "1"), ("h[][j]", "2"), ("h[][i]", "3"), ("k[", "4"), ("[]", "5")],
    )

    assert body == {
        "a": "1",
        "b": ["x", "y"],
        "c": {"d": "z", "e": {"f": "w"}},
        "g": ["1", "2"],
        "h": [{"i": "1", "j": "2"}, {"i": "3"}],
        "k[": "4",
        "[]": "5",
    }


def test_a_file_has_a_name_a_type_and_its_bytes() -> None:
    sent = _read(("file", ("größe.txt", b"a\r\n--b\r\n\0\xff")))["file"]

    assert sent == {"filename": "größe.txt", "content_type": "text/plain", "bytes": 10}
    assert sent.content == b"a\r\n--b\r\n\0\xff"


@given(st.binary(max_size=2_000))
def test_any_bytes_of_a_file_come_out_as_they_went_in(content: bytes) -> None:
    assert _read(("file", ("a.bin", content)))["file"].content == content


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        write_form([("a", "1")])[:-4],
        b"--wXyZ\r\n\r\nno name\r\n--wXyZ--\r\n",
        b'--wXyZ\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--wXyZ--\r\n',
        write_form([("a" + "[b]" * 9, "1")]),
        write_form([("a", "1")] * 2_001),
    ],
    ids=["empty", "JSON", "cut", "without a name", "no text", "too deep", "too many parts"],
)
def test_a_malformed_form_is_refused_in_openais_words(body: bytes) -> None:
    with pytest.raises(RequestRefused) as refused:
        read_form(send_form("/v1/files", body))

    assert (refused.value.failure.status, refused.value.failure.message) == (400, _NO_FORM)


@given(st.binary(max_size=300))
def test_no_body_of_a_form_is_a_bug(body: bytes) -> None:
    (steps,) = play(emulator(), send_form("/v1/files", b"--wXyZ\r\n" + body))

    assert (status(steps), json_of(steps)["error"]["message"]) == (400, _NO_FORM)


def test_texts_for_numbers_and_booleans_are_read_where_the_endpoint_has_such_fields() -> None:
    body = {"n": "2", "stream": "true", "temperature": "0.5", "x": "1", "bad": "two", "e": {"seconds": "3600"}}

    typed = type_fields(
        body, {"n": int, "stream": bool, "temperature": float, "bad": int, "e": {"seconds": int}, "missing": int}
    )

    assert typed == {"n": 2, "stream": True, "temperature": 0.5, "x": "1", "bad": "two", "e": {"seconds": 3600}}
