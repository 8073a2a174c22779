"""Compression of messages (RFC 7692). wsproto's, with a bound: a few bytes may be as many as there is memory."""

import zlib
from typing import Any, override

from wsproto.extensions import PerMessageDeflate
from wsproto.frame_protocol import CloseReason, FrameDecoder, FrameProtocol
from wsproto.utilities import LocalProtocolError, split_comma_header

_TAIL = b"\x00\x00\xff\xff"
"""It stands behind each message, and is not sent (RFC 7692, 7.2.1)."""
_LEAST = 1024
"""Bytes of a message, or of its first frame, that are worth the work."""
_KNOWN = frozenset(
    ("client_no_context_takeover", "server_no_context_takeover", "client_max_window_bits", "server_max_window_bits")
)


class Deflate(PerMessageDeflate):
    """The compression of one connection."""

    def __init__(self, most_bytes: int) -> None:
        """Take how large a message may be."""
        # A window for what was sent takes 256 KiB of each connection.
        super().__init__(server_no_context_takeover=True)
        self._most = most_bytes
        self._packs = False
        """Whether the message that is being sent is compressed."""
        self._size = 0
        """Of the message that is under way, unpacked."""

    def _read_payload(self, proto: FrameDecoder | FrameProtocol, data: bytes) -> bytes | CloseReason:
        del proto
        if not self._inbound_compressed or not self._inbound_is_compressible:
            return data
        return self._unpack(bytes(data))

    frame_inbound_payload_data = _read_payload

    @override
    def frame_inbound_complete(self, proto: FrameDecoder | FrameProtocol, fin: bool) -> bytes | CloseReason | None:
        if not fin or not self._inbound_is_compressible:
            return None
        is_packed, self._inbound_compressed = self._inbound_compressed, None
        if not is_packed:
            return None
        unpacked = self._unpack(_TAIL)
        self._size = 0
        if self.client_no_context_takeover:
            self._decompressor = None
        return unpacked

    def unpack_whole(self, data: bytes) -> bytes | CloseReason:
        """Unpack a message that came in one frame, or return why that cannot be."""
        if self._decompressor is None:
            self._decompressor = zlib.decompressobj(-int(self.client_max_window_bits))
        unpacked = self._unpack(data + _TAIL)
        self._size = 0
        if self.client_no_context_takeover:
            self._decompressor = None
        return unpacked

    def pack(self, data: bytes, *, begins: bool, ends: bool) -> tuple[bool, bytes]:
        """Return a message, or a part of one, as it is sent, and whether it is compressed."""
        if begins:
            self._packs = len(data) >= _LEAST
        if not self._packs:
            return False, data
        if self._compressor is None:
            self._compressor = zlib.compressobj(zlib.Z_BEST_SPEED, wbits=-int(self.server_max_window_bits))
        packed = self._compressor.compress(data)
        if ends:
            packed = (packed + self._compressor.flush(zlib.Z_SYNC_FLUSH))[: -len(_TAIL)]
            self._compressor = None  # `server_no_context_takeover`
        return True, packed

    def _unpack(self, data: bytes) -> bytes | CloseReason:
        unpacker: Any = self._decompressor
        left = self._most + 1 - self._size
        try:
            unpacked: bytes = unpacker.decompress(data, left)
        except zlib.error:
            return CloseReason.INVALID_FRAME_PAYLOAD_DATA
        self._size += len(unpacked)
        if unpacker.unconsumed_tail or self._size > self._most:
            return CloseReason.MESSAGE_TOO_BIG
        if unpacker.eof:
            # A message may end the compressed data (RFC 7692, 7.2.3.5); the next begins anew.
            self._decompressor = zlib.decompressobj(-int(self.client_max_window_bits))
        return unpacked


def negotiate(offered: str, most_bytes: int) -> tuple[str | None, Deflate | None]:
    """Accept the first offer of compression that can be: return the value of its header."""
    try:
        offers = split_comma_header(offered.encode())
    except (LocalProtocolError, UnicodeError):
        return None, None
    for offer in offers:
        name, *parameters = (part.strip() for part in offer.split(";"))
        if name != PerMessageDeflate.name or not _is_right(parameters):
            continue
        deflate = Deflate(most_bytes)
        accepted = deflate.accept(offer)
        if isinstance(accepted, str):
            return "; ".join(filter(None, (PerMessageDeflate.name, accepted))), deflate
    return None, None


def _is_right(parameters: list[str]) -> bool:
    """Whether each parameter is known, given once, and has a value as it should (RFC 7692, 7.1)."""
    named = [parameter.partition("=") for parameter in parameters]
    names = [name.strip() for name, _, _ in named]
    if len(set(names)) != len(names) or not _KNOWN.issuperset(names):
        return False
    return all(_is_value(name.strip(), equals, value.strip().strip('"')) for name, equals, value in named)


def _is_value(name: str, equals: str, value: str) -> bool:
    if name.endswith("takeover"):
        return not equals
    if not equals:
        return name.startswith("client")
    # zlib has no window of 8 bits for raw deflate; such an offer is declined (as wsproto does).
    return value in {"9", "10", "11", "12", "13", "14", "15"}
