"""The `sequence_number` of events of Responses, read and changed in framed events."""

_NAME = b'"sequence_number":'


def find_number(piece: bytes) -> int | None:
    """Return the number of a framed event; None where it has none.

    It is the last one in the event: members are sorted by name, and none that has members of its own comes behind it.
    Within texts, quotes are escaped.
    """
    begin, end = _find(piece)
    return int(piece[begin:end]) if begin < end else None


def renumber(piece: bytes, more: int) -> bytes:
    """Return an event with a number that is larger by `more`."""
    begin, end = _find(piece) if more else (0, 0)
    if begin == end:
        return piece
    return b"%b%d%b" % (piece[:begin], int(piece[begin:end]) + more, piece[end:])


def _find(piece: bytes) -> tuple[int, int]:
    """Return where the digits begin and end; the same twice where there are none."""
    at = piece.rfind(_NAME)
    begin = end = at + len(_NAME)
    if at < 0:
        return 0, 0
    while piece[end : end + 1].isdigit():
        end += 1
    return begin, end
