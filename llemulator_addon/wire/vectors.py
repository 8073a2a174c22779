"""Vectors of texts: the same text has the same one everywhere, and texts with words in common are near.

A text is counted into buckets by the hashes of its words, pairs of words and the beginnings, ends and middles of its
words, as in feature hashing (https://arxiv.org/abs/0902.2206); each bucket has a random direction, drawn from its
hash, and the vector is the sum of the directions. So the cosine of two vectors is about that of the two counts. A small
part of the direction is the text's own, so that no two texts have the same vector.

Directions are added as one big integer each, with a lane of 32 bits for each coordinate: that takes about a
microsecond for 1536 of them, and the whole of a short text less than a third of a millisecond, without numpy.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import lru_cache
from hashlib import shake_256
from itertools import pairwise
from math import sqrt, sumprod
from struct import pack, unpack
from zlib import crc32

from llemulator_addon.core.remembering import remember_calls

_BUCKETS = 1_024
_LANE = 4
"""Bytes: enough for 255 times the weights of all features that a text of the longest size has."""


def vector(text: str, model: str, size: int, dimensions: int | None = None) -> bytes:
    """Return the unit vector of a text as float32, little endian; `dimensions` are its first, made a unit again."""
    whole = _whole(text, model, size)
    if dimensions is None or dimensions == size:
        return whole
    return _unit(numbers(whole)[:dimensions])


def numbers(found: bytes) -> tuple[float, ...]:
    """Return the numbers of a vector."""
    return unpack(f"<{len(found) // 4}f", found)


def pack_features(text: str) -> bytes:
    """Return the counts from which the vector of a text is made, as a unit vector of their own: float32, 1 024 numbers.

    The cosine of two is about that of the vectors, and it is found much faster.
    """
    counts = _counts(text)
    return _unit(tuple(float(counts.get(bucket, 0)) for bucket in range(_BUCKETS)))


def put_near(other: bytes, own: bytes, spare: bytes, similarity: float) -> bytes:
    """Return the unit vector whose cosine with another one is given, and which leans to its own text's otherwise.

    If the two are the same, it leans to a spare one.
    """
    one = numbers(other)
    across, length = one, 0.0
    for beside in (numbers(own), numbers(spare)):
        along = sumprod(one, beside)
        across = tuple(value - along * base for value, base in zip(beside, one, strict=True))
        if (length := sqrt(sumprod(across, across))) > _SAME:
            break
    rest = sqrt(max(0.0, 1 - similarity * similarity)) / (length or 1.0)
    return _unit(tuple(similarity * base + rest * value for base, value in zip(one, across, strict=True)))


_SAME = 1e-3


@remember_calls(512, longest=4_000)
def _whole(text: str, model: str, size: int) -> bytes:
    directions: defaultdict[int, int] = defaultdict(int)
    for bucket, count in _counts(text).items():
        directions[abs(count)] += _direction(bucket, count > 0, model, size)
    # A word that comes four times weighs twice as much.
    total = sum(added * round(_SCALE * sqrt(count)) for count, added in directions.items())
    total += _random(f"{model}/{text}", size) * _OWN
    lanes = unpack(f"<{size}I", total.to_bytes(size * _LANE, "little"))
    middle = sum(lanes) / size
    return _unit(tuple(lane - middle for lane in lanes))


_SCALE = 16
_OWN = 4


def _counts(text: str) -> dict[int, int]:
    """Count the features by bucket; half of them count down, so that those which share a bucket by chance even out."""
    counts: Counter[int] = Counter()
    for feature, times in Counter(_features(text)).items():
        digest = crc32(feature)
        counts[digest % _BUCKETS] += times if digest & 0x8000_0000 else -times
    return {bucket: count for bucket, count in counts.items() if count}


def _features(text: str) -> Iterator[bytes]:
    kept = "".join(letter if letter.isalnum() else " " for letter in text.lower())
    words = [word.encode("utf-8", "backslashreplace") for word in kept.split()]
    for word in words:
        yield word
        yield word
        marked = b"<%b>" % word
        yield from (marked[at : at + 3] for at in range(len(marked) - 2))
    yield from (b"%b %b" % pair for pair in pairwise(words))


@lru_cache(maxsize=2 * _BUCKETS)
def _direction(bucket: int, up: bool, model: str, size: int) -> int:  # noqa: FBT001 - part of the cache's key
    """Return a bucket's direction, or the opposite one; each coordinate is a byte in a lane of its own."""
    direction = _random(f"{model}//{bucket}", size)
    return direction if up else int.from_bytes(b"\xff\0\0\0" * size, "little") - direction


def _random(label: str, size: int) -> int:
    lanes = bytearray(size * _LANE)
    lanes[::_LANE] = shake_256(label.encode("utf-8", "backslashreplace")).digest(size)
    return int.from_bytes(lanes, "little")


def _unit(values: tuple[float, ...]) -> bytes:
    length = sqrt(sumprod(values, values)) or 1.0
    return pack(f"<{len(values)}f", *(value / length for value in values))
