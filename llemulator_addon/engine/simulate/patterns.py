"""Text that a regular expression matches: `pattern` of a JSON schema, and the regex grammar of a custom tool.

The patterns are those of ECMA-262, in the part that schemas use: classes, groups, alternatives, counts, anchors and
lookarounds. A text is drawn and then matched, so that what is drawn too boldly is drawn again. Matching follows all
ways through the pattern at once, so that no pattern takes longer than its size times the text's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from llemulator_addon.engine.simulate.chance import Chance


class NotUnderstood(ValueError):
    """A pattern that is no regular expression, or none of those that are understood here."""


def text_of(pattern: str, chance: Chance, shortest: int = 0, longest: int | None = None) -> str | None:
    """Return a text within these lengths in which the pattern is found; None where none was found in many draws.

    Raises `NotUnderstood`.
    """
    node = parsed(pattern)
    for spread in _SPREADS:
        text = _Drawing(chance, spread if shortest == 0 else max(spread, shortest)).of(node)
        for candidate in _lengthened(text, chance, shortest, longest):
            if (
                shortest <= len(candidate)
                and (longest is None or len(candidate) <= longest)
                and _is_in(node, candidate)
            ):
                return candidate
    return None


def found(pattern: str, text: str) -> bool:
    """Whether the pattern is found anywhere in a text. Raises `NotUnderstood`."""
    return _is_in(parsed(pattern), text)


# From few repetitions to many, and several times each: a lookahead may need more than the least.
_SPREADS = (5, 5, 5, 8, 8, 2, 2, 1, 0, 0, 12, 12, 16, 16, 24, 24, 32, 3, 3, 64, 1, 8, 8, 12, 128, 256)


def _lengthened(text: str, chance: Chance, shortest: int, longest: int | None) -> Iterator[str]:
    """Yield the text, and where it is too short the same with letters after or before it, if the pattern allows."""
    yield text
    if len(text) < shortest:
        more = "".join(chance.one(_LETTERS) for _ in range(shortest - len(text)))
        yield text + more
        yield more + text
    if longest is not None and len(text) > longest:
        yield text[:longest]


# The parts of a pattern ----------------------------------------------------------------------------------------------

_LETTERS = "etaoinsrhldcumfpgwybvk"
_LIKED = "etaoinsrhldcumfpgwybvk0123456789ABCDEFGHKLMNPRSTUVWXYZjqxz -_.@/:,"
"""What a class is drawn from first, so that the text can be read."""
_LAST = 0x10FFFF
_LONGEST = 20_000
_MUCH = 2_000


@dataclass(frozen=True, slots=True)
class _Class:
    """One character out of ranges, or out of all others."""

    ranges: tuple[tuple[int, int], ...]
    negated: bool = False

    def has(self, character: str) -> bool:
        code = ord(character)
        return any(low <= code <= high for low, high in self.ranges) != self.negated


@dataclass(frozen=True, slots=True)
class _Row:
    """Parts one after the other."""

    parts: "tuple[_Node, ...]"


@dataclass(frozen=True, slots=True)
class _Either:
    """One of several."""

    ways: "tuple[_Node, ...]"


@dataclass(frozen=True, slots=True)
class _Repeat:
    """A part so many times; None: as often as one likes."""

    part: "_Node"
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class _Group:
    """A part that a later back reference repeats."""

    part: "_Node"
    number: int


@dataclass(frozen=True, slots=True)
class _Again:
    """The text of a group once more."""

    number: int


@dataclass(frozen=True, slots=True)
class _Look:
    """What must stand, or must not stand, before or after this place."""

    part: "_Node"
    behind: bool
    negated: bool


@dataclass(frozen=True, slots=True)
class _Edge:
    """A place: `^`, `$`, `b` for the edge of a word, `B` for no edge."""

    kind: str


_Node = _Class | _Row | _Either | _Repeat | _Group | _Again | _Look | _Edge


# Drawing -------------------------------------------------------------------------------------------------------------


class _Drawing:
    """Draws one text; remembers what groups were, and how much there is already."""

    def __init__(self, chance: Chance, spread: int) -> None:
        self._chance = chance
        self._spread = spread
        self._groups: dict[int, str] = {}
        self._characters = 0

    def of(self, node: _Node) -> str:
        """Draw a text for a part of a pattern. Raises `NotUnderstood` where it must be longer than any can be."""
        match node:
            case _Class():
                self._characters += 1
                if self._characters > _LONGEST:
                    raise NotUnderstood("the pattern asks for too much text")
                return _character(node, self._chance)
            case _Row(parts):
                return "".join(map(self.of, parts))
            case _Either(ways):
                return self.of(self._chance.one(ways))
            case _Repeat():
                # With much text drawn already, no part comes more often than it must.
                spread = self._spread if self._characters < _MUCH else 0
                return "".join(self.of(node.part) for _ in range(_times(node, self._chance, spread)))
            case _Group(part, number):
                self._groups[number] = self.of(part)
                return self._groups[number]
            case _Again(number):
                return self._groups.get(number, "")
            case _Look() | _Edge():
                return ""


def _times(node: _Repeat, chance: Chance, spread: int) -> int:
    most = node.least + spread if node.most is None else min(node.most, node.least + spread)
    # `\\w+` reads better with a few letters than with one; the least comes often enough by chance.
    least = min(most, max(node.least, min(3, spread))) if chance.holds(0.7) else node.least
    return chance.between(least, most)


def _character(node: _Class, chance: Chance) -> str:
    liked = _liked(node)
    if liked:
        letters = [character for character in liked if character in _LETTERS]
        return chance.one(letters if letters and chance.holds(0.6) else liked)
    if not node.negated:
        low, high = chance.one(node.ranges)
        return chr(chance.between(low, high))
    return next(chr(code) for code in range(0x21, _LAST) if node.has(chr(code)))


@lru_cache(maxsize=1024)
def _liked(node: _Class) -> str:
    return "".join(character for character in _LIKED if node.has(character))


# Matching ------------------------------------------------------------------------------------------------------------


def _is_in(node: _Node, text: str) -> bool:
    return bool(_ends(node, text, frozenset(range(len(text) + 1))))


def _ends(node: _Node, text: str, places: frozenset[int]) -> frozenset[int]:
    """Return where a match may end that begins at one of the places."""
    match node:
        case _Class():
            return frozenset(at + 1 for at in places if at < len(text) and node.has(text[at]))
        case _Row(parts):
            for part in parts:
                places = _ends(part, text, places)
            return places
        case _Either(ways):
            return frozenset().union(*(_ends(way, text, places) for way in ways))
        case _Repeat():
            return _ends_of_repeat(node, text, places)
        case _Group(part, _):
            return _ends(part, text, places)
        case _Again():
            # What the group matched is not remembered here: any text will do, and drawing has repeated the right one.
            return frozenset(end for at in places for end in range(at, len(text) + 1))
        case _Look():
            return frozenset(at for at in places if _sees(node, text, at) != node.negated)
        case _Edge(kind):
            return frozenset(at for at in places if _is_edge(kind, text, at))


def _ends_of_repeat(node: _Repeat, text: str, places: frozenset[int]) -> frozenset[int]:
    for _ in range(node.least):
        following = _ends(node.part, text, places)
        if following == places:
            break
        places = following
    reached = places
    left = node.most - node.least if node.most is not None else len(text) + 1
    while left > 0 and places:
        places = _ends(node.part, text, places) - reached
        reached |= places
        left -= 1
    return reached


def _sees(node: _Look, text: str, at: int) -> bool:
    if not node.behind:
        return bool(_ends(node.part, text, frozenset({at})))
    return any(at in _ends(node.part, text, frozenset({start})) for start in range(at + 1))


def _is_edge(kind: str, text: str, at: int) -> bool:
    match kind:
        case "^":
            return at == 0
        case "$":
            return at == len(text)
        case _:
            before = at > 0 and _WORD.has(text[at - 1])
            after = at < len(text) and _WORD.has(text[at])
            return (before != after) == (kind == "b")


# Reading -------------------------------------------------------------------------------------------------------------

_DIGIT = _Class(((0x30, 0x39),))
_WORD = _Class(((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)))
_SPACE = _Class(((0x09, 0x0D), (0x20, 0x20)))
_ANY = _Class(((0x0A, 0x0A), (0x0D, 0x0D)), negated=True)
_ESCAPED_CLASSES = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
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


@lru_cache(maxsize=1024)
def parsed(pattern: str) -> _Node:
    """Read a pattern; raises `NotUnderstood`."""
    reader = _Reader(pattern)
    try:
        node = reader.either()
    except RecursionError:
        raise NotUnderstood(f"too many groups within groups in {pattern!r}") from None
    if not reader.is_at_end():
        raise NotUnderstood(f"unbalanced parenthesis in {pattern!r}")
    return node


class _Reader:
    """Reads one pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._groups = 0
        self._names: dict[str, int] = {}

    def is_at_end(self) -> bool:
        return self._at >= len(self._pattern)

    def either(self) -> _Node:
        ways = [self._row()]
        while self._takes("|"):
            ways.append(self._row())
        return ways[0] if len(ways) == 1 else _Either(tuple(ways))

    def _row(self) -> _Node:
        parts: list[_Node] = []
        while not self.is_at_end() and self._peek() not in "|)":
            parts.append(self._counted(self._one()))
        return parts[0] if len(parts) == 1 else _Row(tuple(parts))

    def _counted(self, part: _Node) -> _Node:
        while not self.is_at_end():
            counts = self._counts()
            if counts is None:
                return part
            part = _Repeat(part, *counts)
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
        if not closed or not least.isdecimal() or (most and not most.isdecimal()):
            return None
        self._at += len(inside) + 2
        return int(least), int(most) if most else None if comma else int(least)

    def _one(self) -> _Node:
        character = self._take()
        match character:
            case "(":
                return self._group()
            case "[":
                return self._class()
            case ".":
                return _ANY
            case "^" | "$":
                return _Edge(character)
            case "\\":
                return self._escape()
            case "*" | "+" | "?":
                raise NotUnderstood(f"nothing to repeat in {self._pattern!r}")
            case _:
                return _only(character)

    def _group(self) -> _Node:
        if not self._takes("?"):
            return self._numbered()
        for opening, behind, negated in (
            ("=", False, False),
            ("!", False, True),
            ("<=", True, False),
            ("<!", True, True),
        ):
            if self._takes(opening):
                return _Look(self._closed(), behind, negated)
        if self._takes(":"):
            return self._closed()
        if self._takes("P<") or self._takes("<"):
            name, _, _ = self._pattern[self._at :].partition(">")
            self._at += len(name) + 1
            return self._numbered(name)
        raise NotUnderstood(f"unknown kind of group in {self._pattern!r}")

    def _numbered(self, name: str | None = None) -> _Node:
        self._groups += 1
        number = self._groups
        if name is not None:
            self._names[name] = number
        return _Group(self._closed(), number)

    def _closed(self) -> _Node:
        node = self.either()
        if not self._takes(")"):
            raise NotUnderstood(f"missing ) in {self._pattern!r}")
        return node

    def _escape(self) -> _Node:
        character = self._take()
        if character in "bB":
            return _Edge(character)
        if character in "AZz":
            return _Edge("^" if character == "A" else "$")
        if character == "k" and self._takes("<"):
            name, _, _ = self._pattern[self._at :].partition(">")
            self._at += len(name) + 1
            return _Again(self._names.get(name, 0))
        if character in "123456789":
            return _Again(int(character))
        return self._escaped(character)

    def _escaped(self, character: str) -> _Class:
        if character.lower() in _ESCAPED_CLASSES:
            found_class = _ESCAPED_CLASSES[character.lower()]
            return _Class(found_class.ranges, negated=character.isupper())
        if character in "pP":
            name, _, _ = self._pattern[self._at :].removeprefix("{").partition("}")
            self._at += len(name) + 2
            ranges = _PROPERTIES.get(name.rpartition("=")[2], _PROPERTIES["L"])
            return _Class(ranges, negated=character == "P")
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
            return int(written, 16)
        except ValueError:
            raise NotUnderstood(f"{written!r} is no hexadecimal number in {self._pattern!r}") from None

    def _class(self) -> _Class:
        negated = self._takes("^")
        ranges: list[tuple[int, int]] = []
        first = True
        while first or self._peek() != "]":
            first = False
            ranges += self._range()
        self._at += 1
        return _Class(tuple(ranges), negated)

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
        node = self._escaped(escaped)
        return list(_others(node.ranges)) if node.negated else list(node.ranges)

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


def _only(character: str) -> _Class:
    return _Class(((ord(character), ord(character)),))


def _others(ranges: tuple[tuple[int, int], ...]) -> Iterator[tuple[int, int]]:
    at = 0
    for low, high in sorted(ranges):
        if low > at:
            yield at, low - 1
        at = high + 1
    yield at, _LAST
