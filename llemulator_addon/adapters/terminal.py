"""Texts from outside on a terminal: they say what they say, and do nothing."""

import re

_ACTING = (
    r"\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: ESC and CSI begin what moves the cursor, writes to the clipboard, ...
    r"\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069"  # marks that turn the order of letters about, or are not seen
    r"\u2028\u2029\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f\ud800-\udfff"  # tags; halves of pairs, which cannot be written
)
_ON_A_LINE = re.compile(f"[{_ACTING}]")
_ON_LINES = re.compile(f"(?![\n\t])[{_ACTING}]")


def printable(text: str, *, lines: bool = False) -> str:
    """Return a text with what would act on a terminal escaped as in Python; line feeds and tabs too, unless `lines`."""
    return (_ON_LINES if lines else _ON_A_LINE).sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
