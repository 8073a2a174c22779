# ruff: noqa: ISC004 - a verse or a paragraph goes over two lines
"""Small pieces of writing: a poem, a story, a letter."""

from collections.abc import Iterator

from llemulator_addon.core.chance import Chance
from llemulator_addon.simulate.topics import Topic


def write_creative(topic: Topic, chance: Chance, *, long: bool) -> Iterator[str]:
    """Yield the parts of a piece of the kind that the topic names; nothing where it is none of those."""
    words = frozenset(topic.words)
    about = _about(topic)
    if words & {"poem", "haiku", "song", "verse", "limerick", "lyrics"}:
        for verse in chance.some(_VERSES, 3 if long else 1):
            yield verse.format(about=about)
    elif words & {"story", "tale", "fable"}:
        for part in _STORY if long else _STORY[:1]:
            yield part.format(about=about, who=chance.one(_HEROES))
    elif words & {"email", "letter", "message", "note", "invitation"}:
        yield chance.one(_LETTERS).format(about=about)


def _about(topic: Topic) -> str:
    """Return what the piece is about: what follows `about`, `on` or `for`."""
    for word in (" about ", " on ", " for ", " of "):
        if word in topic.phrase:
            return topic.phrase.partition(word)[2]
    return "a quiet morning"


_VERSES = (
    "The morning comes with open hands\nand leaves its light on roofs and lands;\n"
    "I think of {about}, small and near,\nthe way one thinks of someone dear.",
    "What did you bring, you passing day?\nA cup of wind, a hint of May,\n"
    "and {about}, like a song half known,\nthat finds its way and walks alone.",
    "Let evening fold the streets in blue\nand give the quiet back its due;\n"
    "there's room for {about} even so,\na lamp, a chair, a gentle glow.",
    "No need for words that shine or ring;\na steady heart is everything.\n"
    "So here's to {about}, plain and true,\nand all the small things passing through.",
)
_HEROES = ("Mira", "old Anselm", "a girl named Juna", "the lighthouse keeper")
_STORY = (
    "Once, in a town between the hills and the sea, {who} woke up thinking of {about}. "
    "Nobody else seemed to notice, yet the day felt different from the start.",
    "On the way to the market the road was longer than usual, and at every corner somebody asked for a small favour. "
    "By noon the basket was empty, but there was a story for each thing that had been given away.",
    "In the evening everyone came back with something to share. There was bread and laughter, and a little of "
    "{about} for all of them. And when the lamps were lit, the town agreed that it had been a very good day.",
)
_LETTERS = (
    "> Hello,\n>\n> I hope you are well. I am writing about {about}. Could we find half an hour this week to talk "
    "about it?\n>\n> Kind regards",
    "> Dear all,\n>\n> a short note on {about}: everything is on track, and I will send the details tomorrow. Please "
    "let me know if anything is unclear.\n>\n> Best wishes",
)
