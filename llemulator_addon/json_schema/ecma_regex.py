"""Text that a regular expression matches: `pattern` of a JSON schema, and the regex grammar of a custom tool.

The patterns are those of ECMA-262, in the part that schemas use: classes, groups, alternatives, counts, anchors and
lookarounds. A text is drawn and then matched, so that what is drawn too boldly is drawn again. Matching follows all
ways through the pattern at once, so that no pattern takes longer than its size times the text's.
"""

from collections.abc import Iterator
from functools import lru_cache

from llemulator_addon.core.chance import Chance
from llemulator_addon.core.work import Work
from llemulator_addon.json_schema.pattern_parts import (
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
from llemulator_addon.json_schema.pattern_reading import parse

__all__ = ("NotUnderstood", "parse", "search", "text_of")


STEPS = 100_000
"""The default limit of work for one text."""


def text_of(
    pattern: str, chance: Chance, shortest: int = 0, longest: int | None = None, work: Work | None = None
) -> str | None:
    """Return a text within these lengths in which the pattern is found; None if many draws found none.

    Raises `NotUnderstood` and `TooMuchWork`.
    """
    node, work = parse(pattern), work or Work(STEPS)
    for spread in _SPREADS:
        text = _Drawing(chance, spread if shortest == 0 else max(spread, shortest), work).draw(node)
        for candidate in _lengthen(text, chance, shortest, longest):
            if (
                shortest <= len(candidate)
                and (longest is None or len(candidate) <= longest)
                and _is_in(node, candidate, work)
            ):
                return candidate
    return None


def search(pattern: str, text: str, work: Work | None = None) -> bool:
    """Whether the pattern is found anywhere in a text. Raises `NotUnderstood` and `TooMuchWork`."""
    return _is_in(parse(pattern), text, work or Work(STEPS))


# From few repetitions to many, and several times each: a lookahead may need more than the least.
_SPREADS = (5, 5, 5, 8, 8, 2, 2, 1, 0, 0, 12, 12, 16, 16, 24, 24, 32, 3, 3, 64, 1, 8, 8, 12, 128, 256)


def _lengthen(text: str, chance: Chance, shortest: int, longest: int | None) -> Iterator[str]:
    """Yield the text, and where it is too short the same with letters after or before it, if the pattern allows."""
    yield text
    if len(text) < shortest:
        more = "".join(chance.one(_LETTERS) for _ in range(shortest - len(text)))
        yield text + more
        yield more + text
    if longest is not None and len(text) > longest:
        yield text[:longest]


# Drawing -------------------------------------------------------------------------------------------------------------

_LETTERS = "etaoinsrhldcumfpgwybvk"
_LIKED = "etaoinsrhldcumfpgwybvk0123456789ABCDEFGHKLMNPRSTUVWXYZjqxz -_.@/:,"
"""Characters to prefer when a class is drawn, so that the text can be read."""
_LONGEST = 20_000
_MUCH = 2_000


class _Drawing:
    """Draws one text; remembers what groups were, and how much there is already."""

    def __init__(self, chance: Chance, spread: int, work: Work) -> None:
        self._chance = chance
        self._work = work
        self._spread = spread
        self._groups: dict[int, str] = {}
        self._characters = 0

    def draw(self, node: Node) -> str:
        """Draw a text for a part of a pattern. Raises `NotUnderstood` where it must be longer than any can be."""
        self._work.spend()
        match node:
            case Class():
                self._characters += 1
                self._work.spend(len(node.ranges) * _LOOKED_AT if len(node.ranges) > _FEW else 0)
                if self._characters > _LONGEST:
                    raise NotUnderstood("the pattern asks for too much text")
                return _character(node, self._chance)
            case PartSequence(parts):
                return "".join(map(self.draw, parts))
            case Either(ways):
                return self.draw(self._chance.one(ways))
            case Repeat():
                # With much text drawn already, no part comes more often than it must.
                spread = self._spread if self._characters < _MUCH else 0
                return "".join(self.draw(node.part) for _ in range(_times(node, self._chance, spread)))
            case CaptureGroup(part, number):
                self._groups[number] = self.draw(part)
                return self._groups[number]
            case Again(number):
                return self._groups.get(number, "")
            case Look() | Edge():
                return ""


def _times(node: Repeat, chance: Chance, spread: int) -> int:
    most = node.least + spread if node.most is None else min(node.most, node.least + spread)
    # `\\w+` reads better with a few letters than with one; the least comes often enough by chance.
    least = min(most, max(node.least, min(3, spread))) if chance.holds(0.7) else node.least
    return chance.integer(least, most)


def _character(node: Class, chance: Chance) -> str:
    liked = _find_liked(node)
    if liked:
        letters = [character for character in liked if character in _LETTERS]
        return chance.one(letters if letters and chance.holds(0.6) else liked)
    if not node.negated:
        low, high = chance.one(node.ranges)
        return chr(chance.integer(low, high))
    outside = ((low, high) for low, high in others(node.ranges) if high > _SPACE_SIGN)
    lowest = next((low for low, high in outside if low <= high), None)
    if lowest is None:
        raise NotUnderstood("a class has no character")
    return chr(max(lowest, _SPACE_SIGN + 1))


_SPACE_SIGN = 0x20


@lru_cache(maxsize=256)
def _remember_liked(node: Class) -> str:
    return "".join(character for character in _LIKED if node.has(character))


def _find_liked(node: Class) -> str:
    if len(node.ranges) <= _FEW:
        return _remember_liked(node)
    return "".join(character for character in _LIKED if node.has(character))


_FEW = 32
_LOOKED_AT = 4
"""So much it costs to look for the characters that are liked in each range of a class."""


# Matching ------------------------------------------------------------------------------------------------------------


def _is_in(node: Node, text: str, work: Work) -> bool:
    return bool(_Matching(text, work).ends(node, frozenset(range(len(text) + 1))))


class _Matching:
    """Follows all ways through a pattern at once, in one text; each place that is looked at is paid for."""

    def __init__(self, text: str, work: Work) -> None:
        self._text = text
        self._work = work

    def ends(self, node: Node, places: frozenset[int]) -> frozenset[int]:
        """Return where a match may end that begins at one of the places."""
        self._work.spend(2 + len(places) // _AT_ONCE)
        match node:
            case Class():
                self._work.spend(len(places) * len(node.ranges) // _AT_ONCE)
                text = self._text
                return frozenset(at + 1 for at in places if at < len(text) and node.has(text[at]))
            case PartSequence(parts):
                for part in parts:
                    places = self.ends(part, places)
                return places
            case Either(ways):
                return frozenset().union(*(self.ends(way, places) for way in ways))
            case Repeat():
                return self._ends_of_repeat(node, places)
            case CaptureGroup(part, _):
                return self.ends(part, places)
            case Again():
                # What the group matched is not remembered here: any text will do, and drawing repeated the right one.
                return frozenset(range(min(places), len(self._text) + 1)) if places else places
            case Look():
                return frozenset(at for at in places if self._sees(node, at) != node.negated)
            case Edge(kind):
                return frozenset(at for at in places if _is_edge(kind, self._text, at))

    def _ends_of_repeat(self, node: Repeat, places: frozenset[int]) -> frozenset[int]:
        for _ in range(node.least):
            following = self.ends(node.part, places)
            if following == places:
                break
            places = following
        reached = places
        left = node.most - node.least if node.most is not None else len(self._text) + 1
        while left > 0 and places:
            places = self.ends(node.part, places) - reached
            reached |= places
            self._work.spend(len(reached) // _MERGED_AT_ONCE)
            left -= 1
        return reached

    def _sees(self, node: Look, at: int) -> bool:
        if not node.behind:
            return bool(self.ends(node.part, frozenset({at})))
        return any(at in self.ends(node.part, frozenset({start})) for start in range(at + 1))


_AT_ONCE = 4
"""The number of places that one step of work looks at."""
_MERGED_AT_ONCE = 100


def _is_edge(kind: str, text: str, at: int) -> bool:
    match kind:
        case "^":
            return at == 0
        case "$":
            return at == len(text)
        case _:
            before = at > 0 and WORD.has(text[at - 1])
            after = at < len(text) and WORD.has(text[at])
            return (before != after) == (kind == "b")
