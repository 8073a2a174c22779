"""A picture that shows its request: the size, the words of the prompt, and a color of its own, as PNG, JPEG or WebP.

It is a function of these alone. Three colors make it, so that a PNG takes milliseconds and some kilobytes.
"""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Iterator, Sequence
from hashlib import sha256
from struct import pack
from textwrap import wrap
from typing import IO, NamedTuple, cast

from llemulator_addon.wire.json_bytes import compact
from llemulator_addon.wire.json_bytes import read as read_json

WIDEST = 3_840
_WORDS = 300
"""Characters of the prompt that are shown."""


class Picture(NamedTuple):
    """All that a picture depends on."""

    width: int
    height: int
    words: str
    seed: int
    transparent: bool = False
    shown: float = 1.0
    """The part of its rows that is there, from the top."""

    form: str = "png"
    """Or `jpeg`, `webp`."""
    quality: int = 100
    """Of a JPEG or WebP, from 0."""

    def draw(self) -> bytes:
        """Return the file."""
        return self._draw_png() if self.form == "png" else _encode(self)

    def _draw_png(self) -> bytes:
        transparent = _chunk(b"tRNS", b"\0") if self.transparent else b""
        return b"".join(
            (
                b"\x89PNG\r\n\x1a\n",
                _chunk(b"IHDR", pack(">IIBBBBB", self.width, self.height, 8, 3, 0, 0, 0)),
                _chunk(b"PLTE", _colors(self)),
                transparent,
                _chunk(b"tEXt", b"Description\0" + _printable(self.words).encode()),
                _chunk(b"IDAT", _compress(_rows(self))),
                _chunk(b"IEND", b""),
            )
        )


def _chunk(name: bytes, content: bytes) -> bytes:
    return pack(">I", len(content)) + name + content + pack(">I", zlib.crc32(name + content))


_BACK, _INK, _FRAME = 0, 1, 2


def _colors(picture: Picture) -> bytes:
    digest = sha256(f"{picture.seed}/{picture.words}".encode("utf-8", "replace")).digest()
    light = bytes(160 + byte % 90 for byte in digest[:3])
    return light + bytes(byte % 90 for byte in digest[3:6]) + bytes(byte % 160 for byte in digest[6:9])


def _compress(rows: Iterator[bytes]) -> bytes:
    packer = zlib.compressobj(level=6)
    return b"".join([*(packer.compress(b"\0" + row) for row in rows), packer.flush()])


_DESCRIPTION = 0x010E
"""The tag of Exif."""


def _encode(picture: Picture) -> bytes:
    from PIL import Image  # noqa: PLC0415 - only these forms need it, and it takes long

    light, ink, frame = (_colors(picture)[at : at + 3] for at in (0, 3, 6))
    palette = b"".join((light, b"\0" if picture.transparent else b"\xff", ink, b"\xff", frame, b"\xff"))
    indexed = Image.frombytes("P", (picture.width, picture.height), b"".join(_rows(picture)))
    indexed.putpalette(palette, "RGBA")
    described = Image.Exif()
    described[_DESCRIPTION] = _printable(picture.words)
    drawn = indexed.convert("RGBA" if picture.transparent else "RGB")
    file = _PictureFile()
    # The fastest method of WebP; JPEG knows none.
    drawn.save(cast("IO[bytes]", file), picture.form, quality=picture.quality, method=0, exif=described)
    return b"".join(file.pieces)


class _PictureFile:
    """A file as Pillow needs it: it is written from its beginning to its end."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        """Take a piece."""
        self.pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Do nothing: each piece is there at once."""


# Rows of pixels -------------------------------------------------------------------------------------------------------

_LETTER, _LINE = 6, 10
"""Columns of a letter and rows of a line, with the gaps, in points of the font."""


def _rows(picture: Picture) -> Iterator[bytes]:
    width, height = picture.width, picture.height
    edge = max(1, min(width, height) // 64)
    plain = bytes((_FRAME,)) * edge + bytes(width - 2 * edge) + bytes((_FRAME,)) * edge
    point = max(1, width // 240)
    lines = wrap(
        _printable(f"{width}x{height} seed {picture.seed}: {picture.words}"), max(1, (width // point - 16) // _LETTER)
    )
    top = edge + 4 * point
    ready = round(height * picture.shown)
    for y in range(height):
        if y < edge or y >= height - edge:
            yield bytes((_FRAME,)) * width
            continue
        line, row = divmod((y - top) // point, _LINE)
        if y < top or line >= len(lines) or row >= _HIGH or y >= ready:
            yield plain
        else:
            inked = _ink(lines[line], row, point)[: width - 2 * edge - 4 * point]
            yield plain[:edge] + bytes(4 * point) + inked + plain[edge + 4 * point + len(inked) :]


def _ink(line: str, row: int, point: int) -> bytes:
    columns = (column for letter in line for column in (*_glyph(letter), 0))
    return b"".join(bytes((_INK if column >> row & 1 else _BACK,)) * point for column in columns)


def _printable(text: str) -> str:
    shown = " ".join(text[:_WORDS].split())
    return "".join(letter if " " <= letter <= "~" else "?" for letter in shown)


_HIGH = 8
_FONT = bytes.fromhex(
    "000000000000005f00000007000700147f147f14242a7f2a12231308646236495620500008070300001c2241000041221c00"
    "2a1c7f1c2a08083e080800807030000808080808000060600020100804023e5149453e00427f400072494949462141494d33"
    "1814127f1027454545393c4a49493141211109073649494936464949291e0000140000004034000000081422411414141414"
    "00412214080201590906"
    "3e415d594e7c1211127c7f494949363e414141227f4141413e7f494949417f090909013e414151737f0808087f00417f4100"
    "2040413f017f081422417f404040407f021c027f7f0408107f3e4141413e7f090909063e4151215e7f092919462649494932"
    "03017f01033f4040403f1f2040201f3f4038403f631408146303047804036159494d43"
)
"""From the blank to Z: five columns each, the lowest bit on top."""


def _glyph(letter: str) -> Sequence[int]:
    at = 5 * (ord(letter.upper()) - ord(" "))
    return _FONT[at : at + 5] if 0 <= at < len(_FONT) else _FONT[155:160]


# Addresses ------------------------------------------------------------------------------------------------------------

_BELOW, _ENDING = "/v1/images/pictures/", ".png"


def spell_path(picture: Picture) -> str:
    """Return the path of a PNG: it says all that the picture depends on."""
    width, height, words, seed, transparent, shown, *_ = picture
    spelled = compact([width, height, _printable(words), seed, transparent, shown])
    return f"{_BELOW}{urlsafe_b64encode(spelled).decode('ascii')}{_ENDING}"


def read_path(path: str) -> Picture | None:
    """Return the picture of a path; None for any other path."""
    if not path.startswith(_BELOW) or not path.endswith(_ENDING):
        return None
    try:
        width, height, words, seed, transparent, shown = read_json(urlsafe_b64decode(path[len(_BELOW) : -len(_ENDING)]))
        picture = Picture(int(width), int(height), str(words), int(seed), bool(transparent), float(shown))
    except (Error, ValueError, TypeError):
        return None
    return picture if 0 < picture.width <= WIDEST and 0 < picture.height <= WIDEST else None
