"""The encoding of answers in one piece, as the edge in front of OpenAI's API encodes them (`accept-encoding`).

Reported: JSON comes as `br` to who takes that, and as `gzip` to others, without its length; streams of events come as
they are. `deflate` and `zstd` alone are not obeyed: no report of them is known.
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import Literal

import brotli

from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Cut, Head, Headers, PlayedAnswer, Send, Step

Coding = Literal["br", "gzip"]


def encode(told: PlayedAnswer, request: Request) -> PlayedAnswer:
    """Return an answer in the encoding that a client prefers; as it is, where it takes none or there is little."""
    coding = find_coding(request.headers.get("accept-encoding", ""))
    if coding is None or not _is_for_edge(told):
        return told
    steps = tuple(_encode(told.steps, coding))
    whole = told.whole
    return told._replace(steps=steps, whole=None if whole is None else lambda: _encode(whole(), coding))


def find_coding(accepted: str) -> Coding | None:
    """Read `accept-encoding`: what has the quality 0 is not accepted."""
    offers = (offer.partition(";") for offer in accepted.lower().split(","))
    taken = {name.strip() for name, _, quality in offers if not _is_zero(quality)}
    return "br" if "br" in taken else "gzip" if "gzip" in taken else None


def _is_zero(quality: str) -> bool:
    name, _, value = quality.strip().partition("=")
    return name == "q" and not value.strip(" 0.")


def _is_for_edge(told: PlayedAnswer) -> bool:
    """Whether an answer is JSON, long enough, and with the head that it needs to be encoded."""
    head = next((step for step in told.steps if isinstance(step, Head)), None)
    if head is None:
        return False
    named = dict(head.headers)
    if "content-encoding" in named or not named.get("content-type", "").startswith("application/json"):
        return False
    if told.whole is not None:
        return "content-length" not in named
    size = sum(len(step.piece) for step in told.steps if isinstance(step, Send))
    is_cut = any(isinstance(step, Cut) for step in told.steps)
    return size >= _LEAST and (is_cut or named.get("content-length") in {None, str(size)})


_LEAST = 50
"""Bytes; the edge leaves less as it is."""


def _encode(steps: Iterable[Step], coding: Coding) -> Iterator[Step]:
    """Encode what is sent piece by piece, so that each can be read as soon as it is there; a cut leaves it open."""
    encoder = _ENCODERS[coding]()
    for step in steps:
        match step:
            case Head():
                yield Head(step.status, _name_coding(step.headers, coding))
            case Send():
                yield Send(encoder.encode(step.piece), step.alone)
            case Cut():
                yield step
                return
            case _:
                yield step
    yield Send(encoder.finish())


def _name_coding(headers: Headers, coding: Coding) -> Headers:
    kept = tuple((name, value) for name, value in headers if name != "content-length")
    return (*kept, ("content-encoding", coding))


class _Brotli:
    def __init__(self) -> None:
        self._compressor = brotli.Compressor(mode=brotli.MODE_TEXT, quality=_BROTLI_QUALITY)

    def encode(self, piece: bytes) -> bytes:
        return bytes(self._compressor.process(piece) + self._compressor.flush())

    def finish(self) -> bytes:
        return bytes(self._compressor.finish())


class _Gzip:
    def __init__(self) -> None:
        self._compressor = zlib.compressobj(level=_GZIP_LEVEL, wbits=31)

    def encode(self, piece: bytes) -> bytes:
        return self._compressor.compress(piece) + self._compressor.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._compressor.flush()


_BROTLI_QUALITY = 2
"""From 0 to 11; 4 takes six times as long for an answer of a kilobyte, and saves 7 %."""
_GZIP_LEVEL = 4
"""From 0 to 9."""
_ENCODERS: dict[Coding, "type[_Brotli | _Gzip]"] = {"br": _Brotli, "gzip": _Gzip}
