"""Reading a regular expression of ECMA-262."""

from functools import lru_cache

from llemulator_addon.json_schema.pattern_parts import (
    LAST,
    WORD,
    Again,
    CaptureGroup,
    Class,
    Edge,
    Either,
    Look,
    Node,
    NotUnderstood,
    PartSequence,
    Repeat,
    others,
)

_DIGIT = Class(((0x30, 0x39),))
_SPACE = Class(((0x09, 0x0D), (0x20, 0x20)))
_ANY = Class(((0x0A, 0x0A), (0x0D, 0x0D)), negated=True)
_ESCAPED_CLASSES = {"d": _DIGIT, "w": WORD, "s": _SPACE}
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0"}
_PROPERTIES = {
    "L": ((0x41, 0x5A), (0x61, 0x7A), (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x2AF)),
    "Lu": ((0x41, 0x5A), (0xC0, 0xD6), (0xD8, 0xDE)),
    "Ll": ((0x61, 0x7A), (0xDF, 0xF6), (0xF8, 0xFF)),
    "N": ((0x30, 0x39),),
    "Nd": ((0x30, 0x39),),
    "P": ((0x21, 0x23), (0x25, 0x2A), (0x2C, 0x2F)),
    "Z": ((0x20, 0x20),),
    "Zs": ((0x20, 0x20),),
}


_READ_AT_MOST = 4_000
_REMEMBERED = 400


def parse(pattern: str) -> Node:
    """Read a pattern; raises `NotUnderstood`."""
    if len(pattern) > _READ_AT_MOST:
        raise NotUnderstood(f"a pattern of {len(pattern)} characters is too long")
    return _remember_parsed(pattern) if len(pattern) <= _REMEMBERED else _parse(pattern)


@lru_cache(maxsize=128)
def _remember_parsed(pattern: str) -> Node:
    return _parse(pattern)


def _parse(pattern: str) -> Node:
    reader = _PatternReader(pattern)
    try:
        node = reader.either()
    except RecursionError:
        raise NotUnderstood(f"too many groups within groups in {pattern!r}") from None
    if not reader.is_at_end():
        raise NotUnderstood(f"unbalanced parenthesis in {pattern!r}")
    return node


_DIGITS = 20
"""The longest count that is one, with both its numbers."""


class _PatternReader:
    """Reads one pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._groups = 0
        self._names: dict[str, int] = {}

    def is_at_end(self) -> bool:
        return self._at >= len(self._pattern)

    def either(self) -> Node:
        ways = [self._row()]
        while self._takes("|"):
            ways.append(self._row())
        return ways[0] if len(ways) == 1 else Either(tuple(ways))

    def _row(self) -> Node:
        parts: list[Node] = []
        while not self.is_at_end() and self._peek() not in "|)":
            parts.append(self._read_count(self._one()))
        return parts[0] if len(parts) == 1 else PartSequence(tuple(parts))

    def _read_count(self, part: Node) -> Node:
        while not self.is_at_end():
            counts = self._counts()
            if counts is None:
                return part
            part = Repeat(part, *counts)
            if not self.is_at_end() and self._peek() in "?+":  # lazy and possessive match the same texts
                self._at += 1
        return part

    def _counts(self) -> tuple[int, int | None] | None:
        for sign, counts in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._takes(sign):
                return counts
        return self._braces() if self._peek() == "{" else None

    def _braces(self) -> tuple[int, int | None] | None:
        """Read `{2}`, `{2,}` or `{2,5}`; any other brace is a character."""
        inside, closed, _ = self._pattern[self._at + 1 :].partition("}")
        least, comma, most = inside.partition(",")
        if not closed or not least.isdecimal() or (most and not most.isdecimal()) or len(inside) > _DIGITS:
            return None
        self._at += len(inside) + 2
        return int(least), int(most) if most else None if comma else int(least)

    def _one(self) -> Node:
        character = self._take()
        match character:
            case "(":
                return self._group()
            case "[":
                return self._class()
            case ".":
                return _ANY
            case "^" | "$":
                return Edge(character)
            case "\\":
                return self._escape()
            case "*" | "+" | "?":
                raise NotUnderstood(f"nothing to repeat in {self._pattern!r}")
            case _:
                return _only(character)

    def _group(self) -> Node:
        if not self._takes("?"):
            return self._read_group()
        for opening, behind, negated in (
            ("=", False, False),
            ("!", False, True),
            ("<=", True, False),
            ("<!", True, True),
        ):
            if self._takes(opening):
                return Look(self._close(), behind, negated)
        if self._takes(":"):
            return self._close()
        if self._takes("P<") or self._takes("<"):
            name, _, _ = self._pattern[self._at :].partition(">")
            self._at += len(name) + 1
            return self._read_group(name)
        raise NotUnderstood(f"unknown kind of group in {self._pattern!r}")

    def _read_group(self, name: str | None = None) -> Node:
        self._groups += 1
        number = self._groups
        if name is not None:
            self._names[name] = number
        return CaptureGroup(self._close(), number)

    def _close(self) -> Node:
        node = self.either()
        if not self._takes(")"):
            raise NotUnderstood(f"missing ) in {self._pattern!r}")
        return node

    def _escape(self) -> Node:
        character = self._take()
        if character in "bB":
            return Edge(character)
        if character in "AZz":
            return Edge("^" if character == "A" else "$")
        if character == "k" and self._takes("<"):
            name, _, _ = self._pattern[self._at :].partition(">")
            self._at += len(name) + 1
            return Again(self._names.get(name, 0))
        if character in "123456789":
            return Again(int(character))
        return self._read_escape(character)

    def _read_escape(self, character: str) -> Class:
        if character.lower() in _ESCAPED_CLASSES:
            found_class = _ESCAPED_CLASSES[character.lower()]
            return Class(found_class.ranges, negated=character.isupper())
        if character in "pP":
            name, _, _ = self._pattern[self._at :].removeprefix("{").partition("}")
            self._at += len(name) + 2
            ranges = _PROPERTIES.get(name.rpartition("=")[2], _PROPERTIES["L"])
            return Class(ranges, negated=character == "P")
        if character in "xu":
            return _only(chr(self._hexadecimal(2 if character == "x" else 4)))
        return _only(_CONTROLS.get(character, character))

    def _hexadecimal(self, digits: int) -> int:
        if self._takes("{"):
            written, _, _ = self._pattern[self._at :].partition("}")
            self._at += len(written) + 1
        else:
            written = self._pattern[self._at : self._at + digits]
            self._at += digits
        try:
            code = int(written, 16)
        except ValueError:
            raise NotUnderstood(f"{written!r} is no hexadecimal number in {self._pattern!r}") from None
        if not 0 <= code <= LAST:
            raise NotUnderstood(f"{written!r} is no character in {self._pattern!r}")
        return code

    def _class(self) -> Class:
        negated = self._takes("^")
        ranges: list[tuple[int, int]] = []
        first = True
        while first or self._peek() != "]":
            first = False
            ranges += self._range()
        self._at += 1
        return Class(tuple(ranges), negated)

    def _range(self) -> list[tuple[int, int]]:
        low = self._member()
        dash, after = self._pattern[self._at : self._at + 1], self._pattern[self._at + 1 : self._at + 2]
        if dash != "-" or after == "]" or len(low) > 1 or low[0][0] != low[0][1]:
            return low
        self._at += 1
        high = self._member()
        return [(low[0][0], high[0][1])]

    def _member(self) -> list[tuple[int, int]]:
        character = self._take()
        if character != "\\":
            return [(ord(character), ord(character))]
        escaped = self._take()
        if escaped == "b":
            return [(8, 8)]
        node = self._read_escape(escaped)
        return list(others(node.ranges)) if node.negated else list(node.ranges)

    def _peek(self) -> str:
        if self.is_at_end():
            raise NotUnderstood(f"{self._pattern!r} ends too early")
        return self._pattern[self._at]

    def _take(self) -> str:
        character = self._peek()
        self._at += 1
        return character

    def _takes(self, text: str) -> bool:
        taken = self._pattern.startswith(text, self._at)
        self._at += len(text) if taken else 0
        return taken


def _only(character: str) -> Class:
    return Class(((ord(character), ord(character)),))
