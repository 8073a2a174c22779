"""English of a chosen length about what the user asked: paragraphs, lists, and code in long ones.

Own sentences, because the libraries read worse in a demo: faker's English is words in a row, mimesis draws from one
small stock of sentences about programming languages, and a Markov chain needs a corpus and knows nothing of the topic.
"""

from collections.abc import Iterator, Mapping
from typing import assert_never

from llemulator_addon.core.chance import Chance
from llemulator_addon.core.choices import Length
from llemulator_addon.simulate.code import code_block
from llemulator_addon.simulate.creative import write_creative
from llemulator_addon.simulate.sentences import HEADINGS, OPENINGS, POINTS, SENTENCES, SentenceKind, say
from llemulator_addon.simulate.topics import Topic, topic_of

CHARACTERS: Mapping[Length, tuple[int, int]] = {"short": (120, 450), "medium": (450, 1500), "long": (1500, 5000)}
"""The least and the most characters of a text of each length."""


def text_about(user_text: str, length: Length, chance: Chance) -> str:
    """Return a text of a length about what the user asked."""
    least, most = CHARACTERS[length]
    # Most texts lie well inside of the range, as people's do.
    target = chance.integer(least + (most - least) // 8, most - (most - least) // 4)
    topic = topic_of(user_text) or _choose_topic(chance)
    if topic.kind == "greeting" and length == "short":
        return say(chance.one(OPENINGS["greeting"]), "this", chance)
    writer = _Writer(topic, chance)
    blocks: list[str] = []
    for block in writer.blocks(length):
        if _size([*blocks, block]) <= most:
            blocks.append(block)
        if _size(blocks) >= target and not blocks[-1].startswith("#"):
            break
    closing = writer.closing()
    return _join([*blocks, closing] if _size([*blocks, closing]) <= most else blocks, length)


def length_for(user_text: str, chance: Chance) -> Length:
    """Choose a length: a longer question mostly gets a longer answer."""
    shares = next(shares for limit, shares in _SHARES if len(user_text) <= limit)
    drawn = chance.fraction()
    return "short" if drawn < shares[0] else "medium" if drawn < shares[0] + shares[1] else "long"


_SHARES = ((20, (0.9, 0.1)), (80, (0.55, 0.4)), (400, (0.25, 0.55)), (1 << 62, (0.1, 0.5)))
"""The most characters of a short and of a medium text; the rest is long."""

_JOINT = "\n\n"


def _join(blocks: list[str], length: Length) -> str:
    """Put blocks under each other; a short text without verses or lists is one paragraph."""
    is_plain = length == "short" and not any("\n" in block for block in blocks)
    return " ".join(blocks) if is_plain else _JOINT.join(blocks)


def _size(blocks: list[str]) -> int:
    return sum(map(len, blocks)) + len(_JOINT) * max(0, len(blocks) - 1)


def _choose_topic(chance: Chance) -> Topic:
    phrase = chance.one(
        ("a good morning routine", "learning a new language", "planning a short trip", "growing herbs at home")
    )
    return Topic(kind="subject", phrase=phrase, words=tuple(phrase.split()[-1:]))


class _Writer:
    """Writes one text; remembers its sentences, so that none is repeated while there are others."""

    def __init__(self, topic: Topic, chance: Chance) -> None:
        self.topic = topic
        self.chance = chance
        self._left: dict[str, list[str]] = {}
        self._points: list[tuple[str, str]] = []
        self._mentions = 0

    def blocks(self, length: Length) -> Iterator[str]:
        """Yield blocks without an end, each shorter than any range is wide; the caller stops."""
        yield self._opening()
        yield from self._piece(length)
        match length:
            case "short":
                while True:
                    yield self._paragraph(self._part(), 1)
            case "medium":
                yield self._paragraph("why", 2)
                yield self._listing(3 if self.chance.holds(0.5) else 4)
                while True:
                    yield self._paragraph(self._part(), 2)
            case "long":
                yield from self._sections()
            case never:
                assert_never(never)

    def closing(self) -> str:
        """Return the last sentence."""
        return self._sentence("closing")

    def _piece(self, length: Length) -> Iterator[str]:
        """Yield the text that was to be written, if it is of a kind that is known."""
        if self.topic.kind == "code" and length == "medium":
            yield code_block(self.topic, self.chance)
        if self.topic.kind == "writing":
            yield from write_creative(self.topic, self.chance, long=length != "short")

    def _sections(self) -> Iterator[str]:
        shows_code = self.topic.kind == "code" or self.chance.holds(0.25)
        number = 0
        while True:
            for heading, parts in HEADINGS:
                yield f"## {say(heading, 'this', self.chance)}"
                yield self._paragraph(parts[0], 2)
                number += 1
                if number == 2 and shows_code:  # noqa: PLR2004 - after the second heading
                    yield code_block(self.topic, self.chance)
                    yield self._paragraph("core", 2)
                elif number % 3 == 1:
                    yield self._listing(self.chance.integer(3, 5))
                else:
                    yield self._paragraph(self.chance.one(parts), 3)
                if self.chance.holds(0.3):
                    yield f"> {self._sentence('tip')}"

    def _part(self) -> SentenceKind:
        return self.chance.one(("why", "core", "core", "example", "caution", "tip"))

    def _opening(self) -> str:
        return self._say(self.chance.one(OPENINGS[self.topic.kind]))

    def _paragraph(self, part: SentenceKind, count: int) -> str:
        return " ".join(self._sentence(part) for _ in range(count))

    def _sentence(self, part: SentenceKind) -> str:
        left = self._left.get(part) or self.chance.some(SENTENCES[part], len(SENTENCES[part]))
        self._left[part] = left[1:]
        return self._say(left[0])

    def _say(self, sentence: str) -> str:
        """Say the topic in full at first and now and then; in between, `this` is enough."""
        return say(sentence, self._reference() if "{topic}" in sentence else "this", self.chance, self.topic.words)

    def _reference(self) -> str:
        self._mentions += 1
        is_name = self.topic.phrase and not self.topic.phrase.startswith("“")
        in_full = self._mentions == 1 or (is_name and self._mentions % _IN_FULL == 0)
        return self.topic.phrase if in_full and self.topic.phrase else "this"

    def _listing(self, count: int) -> str:
        numbered = self.topic.kind in ("deed", "code") or self.chance.holds(0.3)
        if len(self._points) < count:
            self._points = self.chance.some(POINTS, len(POINTS))
        chosen, self._points = self._points[:count], self._points[count:]
        lines = (f"**{name}.** {self._say(text)}" for name, text in chosen)
        return "\n".join(f"{f'{number}.' if numbered else '-'} {line}" for number, line in enumerate(lines, start=1))


_IN_FULL = 5
