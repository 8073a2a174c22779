"""Sound as files have it."""

import struct
import wave
from io import BytesIO


def wav(data: bytes, hertz: int = 24_000, channels: int = 1) -> bytes:
    """Spell a file with samples of 16 bits."""
    written = BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(hertz)
        file.writeframes(data)
    return written.getvalue()


def g711(data: bytes, codec: int) -> bytes:
    """Spell a file with codes of one byte."""
    form = struct.pack("<HHIIHH", codec, 1, 8_000, 8_000, 1, 8)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def samples(*values: int) -> bytes:
    """Spell samples."""
    return struct.pack(f"<{len(values)}h", *values)
