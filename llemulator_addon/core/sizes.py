"""How much memory a value takes: bounds are in bytes, and what is bounded is counted once, when it is made."""

from collections.abc import Mapping

_UNITS = (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))

_MOST = 1 << 62
"""More than there is."""

_BYTES_OF_GARBAGE_COLLECTION = 16
"""The extra bytes of a container, which a text and a number do not have."""

_LONG = 256
"""Characters of a text that is counted once, however often a value holds it."""


def size_of(value: object, *, at_most: int = _MOST) -> int:
    """Return the bytes of memory that a JSON value takes; above `at_most`, some number above it, found no later.

    Short texts that it holds several times may be one object, and are counted each time: it takes no more than this.
    """
    size, left, seen = 0, [value], set[int]()
    while left and size <= at_most:
        part = left.pop()
        if isinstance(part, dict):
            size += part.__sizeof__() + _BYTES_OF_GARBAGE_COLLECTION
            # Names of members are mostly the same from value to value, and are one object then.
            for name, member in part.items():
                size += len(name)
                if (takes := _BYTES.get(type(member))) is not None:
                    size += takes
                elif type(member) is str and len(member) <= _LONG:
                    size += member.__sizeof__()
                else:
                    left.append(member)
        elif isinstance(part, (list, tuple)):
            size += part.__sizeof__() + _BYTES_OF_GARBAGE_COLLECTION
            left += part
        elif isinstance(part, str) and len(part) > _LONG:
            if id(part) not in seen:
                size += part.__sizeof__()
                seen.add(id(part))
        else:
            size += part.__sizeof__()
    return size


_BYTES: Mapping[type, int] = {type(None): 0, bool: 0, float: (0.0).__sizeof__()}
"""Types of a fixed size; null, true and false exist once for all."""


def format_size(size: int) -> str:
    """Spell a size: `32 MiB`, `1.5 KiB`, `12 bytes`."""
    for unit, much in _UNITS:
        if size >= much:
            return f"{size / much:.4g} {unit}"
    return f"{size} bytes"
