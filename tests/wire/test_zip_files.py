"""Zip files that are written here are read by Python's own reader, and the other way round."""

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llemulator_addon.wire.zip_files import list_names, read_all, read_one, write_zip

_FILES = st.dictionaries(st.text("abcé/.", min_size=1, max_size=9).filter(lambda name: name[-1] != "/"), st.binary())


def _zipped(files: dict[str, bytes]) -> bytes:
    held = BytesIO()
    with ZipFile(held, "w", ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return held.getvalue()


@given(_FILES)
def test_what_is_written_is_read_by_others(files: dict[str, bytes]) -> None:
    with ZipFile(BytesIO(write_zip(files))) as read:
        assert read.testzip() is None
        assert {name: read.read(name) for name in read.namelist()} == files


@given(_FILES)
def test_what_others_write_is_read(files: dict[str, bytes]) -> None:
    zipped = _zipped(files)

    assert list_names(zipped) == list(files)
    assert {name: read_one(zipped, name, most=1 << 20) for name in files} == files


def test_no_more_is_unpacked_than_is_wanted() -> None:
    assert read_one(_zipped({"a": bytes(1 << 24)}), "a", most=100) == bytes(100)


@given(st.binary(), st.data())
def test_a_zip_file_that_is_damaged_is_read_or_refused(junk: bytes, data: st.DataObject) -> None:
    zipped = _zipped({"a": b"one", "b": b"two"})
    place = data.draw(st.integers(0, len(zipped)))
    damaged = zipped[:place] + junk + zipped[place + len(junk) :]

    try:
        for name in list_names(damaged):
            read_one(damaged, name, most=100)
    except ValueError:
        pass


def test_what_is_no_zip_file_is_refused() -> None:
    with pytest.raises(ValueError, match="PK"):
        list_names(b"PK\x03\x04")


def test_all_files_of_a_zip_file_are_read_up_to_a_number_of_bytes() -> None:
    files = {"a.txt": b"abc", "b/c.txt": b"de"}
    zipped = write_zip(files)

    assert dict(read_all(zipped, most=5)) == files
    with pytest.raises(ValueError, match=r"b/c\.txt"):
        list(read_all(zipped, most=4))
