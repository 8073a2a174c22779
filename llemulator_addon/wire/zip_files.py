"""Zip files as bytes: what is in one, and a new one of some files. Contents are not packed.

The form is that of PKWARE's application note (APPNOTE.TXT), without encryption, Zip64 and files of several parts.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

BEGIN = b"PK\x03\x04"
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_ENTRY = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_END_MARK, _ENTRY_MARK = b"PK\x05\x06", b"PK\x01\x02"
_VERSION, _UTF_8 = 20, 1 << 11
_STORED = 0
_FIRST_DAY = 0x21
"""1980-01-01, the same for every file."""
_LONGEST_COMMENT = 0xFFFF


def write_zip(files: Mapping[str, bytes]) -> bytes:
    """Return a zip file of some files, by name; the same files make the same bytes."""
    written, entries = bytearray(), bytearray()
    for name, content in files.items():
        spelled, check = name.encode("utf-8", "replace"), zlib.crc32(content)
        sizes = (check, len(content), len(content), len(spelled), 0)
        common = (_VERSION, _UTF_8, _STORED, 0, _FIRST_DAY)
        entries += _ENTRY.pack(_ENTRY_MARK, _VERSION, *common, *sizes, 0, 0, 0, 0, len(written)) + spelled
        written += _LOCAL.pack(BEGIN, *common, *sizes) + spelled + content
    end = _END.pack(_END_MARK, 0, 0, len(files), len(files), len(entries), len(written), 0)
    return bytes(written + entries + end)


def list_names(zipped: bytes) -> list[str]:
    """Return the names of the files in a zip file; raises `ValueError` if it is none."""
    return [name for name, _ in _list_entries(zipped)]


def read_one(zipped: bytes, wanted: str, *, most: int) -> bytes:
    """Return at most `most` bytes of one file in a zip file; raises `ValueError`."""
    for name, place in _list_entries(zipped):
        if name == wanted:
            return _read_at(zipped, place, most)
    raise ValueError(wanted)


def read_all(zipped: bytes, *, most: int) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each file; raises `ValueError` if it is no zip file, or above `most` bytes."""
    for name, place in _list_entries(zipped):
        content = _read_at(zipped, place, most + 1)
        most -= len(content)
        if most < 0:
            raise ValueError(name)
        yield name, content


def _list_entries(zipped: bytes) -> Iterator[tuple[str, int]]:
    """Yield the name of each file with the place of its entry in the directory."""
    end = zipped.rfind(_END_MARK, max(0, len(zipped) - _LONGEST_COMMENT - _END.size))
    if end < 0:
        raise ValueError(zipped[:4])
    *_, count, _, place, _ = _take(_END, zipped, end)
    for _ in range(count):
        mark, *_, length, extra, comment, _, _, _, _ = _take(_ENTRY, zipped, place)
        if mark != _ENTRY_MARK:
            raise ValueError(place)
        begin = place + _ENTRY.size
        name = zipped[begin : begin + length].decode("utf-8", "replace")
        if not name.endswith("/"):
            yield name, place
        place = begin + length + extra + comment


def _read_at(zipped: bytes, entry: int, most: int) -> bytes:
    _, _, _, _, method, _, _, _, packed, _, *_, place = _take(_ENTRY, zipped, entry)
    mark, *_, length, extra = _take(_LOCAL, zipped, place)
    if mark != BEGIN:
        raise ValueError(place)
    begin = place + _LOCAL.size + length + extra
    content = zipped[begin : begin + packed]
    match method:
        case 0:
            return content[:most]
        case 8:
            return _inflate(content, most)
        case _:
            raise ValueError(method)


def _inflate(content: bytes, most: int) -> bytes:
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(content, most)
    except zlib.error as error:
        raise ValueError from error


def _take(form: struct.Struct, zipped: bytes, place: int) -> tuple[Any, ...]:
    try:
        return form.unpack_from(zipped, place)
    except struct.error as error:
        raise ValueError(place) from error
