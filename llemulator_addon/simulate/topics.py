# ruff: noqa: RUF001, SIM905 - typographic signs are what users type; lists of words read best as lines of words
"""The topic of a request: its kind, and a few of its words that fit into a sentence."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

TopicKind = Literal["greeting", "deed", "code", "choice", "list", "writing", "subject", "remark"]
"""How an answer begins: someone says hello, asks how to do something, wants code, compares, wants ideas, wants a text
written, asks about something, or merely says something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """The kind of text that is asked for."""

    kind: TopicKind
    phrase: str
    """Stands for a noun in a sentence: `quantum entanglement`, `baking bread`; no capital of its own at its start."""
    words: tuple[str, ...]
    """The telling words of the question, the longest first."""


def topic_of(text: str) -> Topic | None:
    """Find out what a text asks for; None where it says nothing that can be repeated."""
    return _topic_of(text[:_LOOKED_AT])


_LOOKED_AT = 16_000
"""Characters."""


@lru_cache(64)
def _topic_of(text: str) -> Topic | None:
    question = _question(text)
    if not question:
        return _remark(text)
    words = tuple(sorted(dict.fromkeys(content_words(question)), key=len, reverse=True))
    if _is_greeting(question):
        return Topic(kind="greeting", phrase="", words=words)
    opening, rest = _opening(question)
    kind = _kind(opening, question)
    phrase = _phrase(rest)
    if opening in _BEFORE_A_DEED and phrase:
        phrase = _make_noun(phrase)
    elif not opening and kind == "subject" and (len(phrase.split()) > 1 or not phrase.isascii()):
        kind, phrase = "remark", _quote(rest, phrase)
    return Topic(kind=kind, phrase=phrase, words=words) if phrase else _remark(question)


def _remark(text: str) -> Topic | None:
    """Repeat in quotes what has no telling words."""
    plain = " ".join(text.split())
    return Topic(kind="remark", phrase=_quote(plain, plain[:_LONGEST_PHRASE]), words=()) if plain else None


def _quote(rest: str, phrase: str) -> str:
    said, more = (rest, "") if len(rest) <= _LONGEST_PHRASE else (phrase, "…")
    return f"“{said[:1].upper()}{said[1:]}{more}”"


def content_words(text: str) -> list[str]:
    """Return the words of a text that tell something, in lower case."""
    return [word for word in _words(text.lower()) if word not in _TELLS_NOTHING and len(word) > 1]


def _words(text: str) -> Iterator[str]:
    word = ""
    for character in text:
        if character.isalnum() or (character in "'’-+#" and word):
            word += character
        elif word:
            yield word.strip("'’-")
            word = ""
    if word:
        yield word.strip("'’-")


_LONGEST_QUESTION = 240
_LONGEST_PHRASE = 60


def _question(text: str) -> str:
    """Return the sentence that asks: the last one with a question mark, else the first that says something."""
    sentences = [sentence for line in text[:4000].splitlines() for sentence in _sentences(line)]
    telling = [sentence for sentence in sentences if content_words(sentence) or _is_greeting(sentence)]
    asking = [sentence for sentence in telling if sentence.endswith("?") and content_words(sentence)]
    chosen = asking[-1] if asking else _most_telling(telling)
    return " ".join(chosen.strip("#*-> ").split())[:_LONGEST_QUESTION]


def _most_telling(sentences: list[str]) -> str:
    """Return the first that is more than a greeting."""
    return next((each for each in sentences if not _is_greeting(each)), sentences[0] if sentences else "")


def _sentences(line: str) -> Iterator[str]:
    start = 0
    for at, character in enumerate(line):
        ends = character in "!?;" or (character == "." and line[at + 1 : at + 2] in {"", " "})
        if ends:
            yield line[start : at + 1].strip()
            start = at + 1
    if line[start:].strip():
        yield line[start:].strip()


def _is_greeting(text: str) -> bool:
    words = [word for word in _words(text.lower()) if word not in _AROUND_A_GREETING]
    return bool(words) and all(word in _GREETINGS for word in words)


_GREETINGS = frozenset("hi hello hey hallo good morning evening afternoon greetings hiya yo".split())
_AROUND_A_GREETING = frozenset({"there", "assistant", "everyone", "you", "how", "are"})

_BEFORE_A_DEED = (
    "how do i", "how do you", "how do we", "how can i", "how can we", "how could i", "how would i", "how would you",
    "how should i", "how should we", "how to", "what is the best way to", "what's the best way to", "best way to",
    "help me to", "help me", "show me how to", "teach me how to", "teach me to", "explain how to", "tell me how to",
    "i want to", "i'd like to", "i would like to", "i need to", "i am trying to", "i'm trying to", "should i",
    "should we", "can i", "could i", "what do i need to",
)  # fmt: skip
_BEFORE_A_CHOICE = (
    "what is the difference between", "what's the difference between", "what are the differences between", "compare",
    "difference between", "which is better:", "which is better,", "which is better", "what is better", "contrast",
)  # fmt: skip
_BEFORE_A_LIST = (
    "list", "give me some ideas for", "give me ideas for", "give me a list of", "give me", "suggest", "recommend",
    "brainstorm", "name", "what are some", "what are the best", "what are", "ideas for", "make a list of", "i need",
)  # fmt: skip
_BEFORE_A_TEXT = (
    "write me", "write", "draft", "compose", "create", "generate", "make", "tell me a story about", "summarize",
    "summarise", "translate", "rewrite", "rephrase", "summarize the following", "correct", "edit",
)  # fmt: skip
_BEFORE_A_SUBJECT = (
    "what is meant by", "what is", "what's", "what was", "who is", "who was", "who are", "where is", "where are",
    "when is", "when was", "when did", "explain to me", "explain", "describe", "tell me something about",
    "tell me more about", "tell me about", "tell me", "talk about", "define", "what do you know about", "what about",
    "why do", "why does", "why is", "why are", "why did", "why", "how does", "how do", "how did", "how is", "how are",
    "how many", "how much", "do you know", "can you explain", "what does", "what did", "show me", "is there",
    "are there", "is", "are", "does", "do", "did", "what", "which", "who", "where", "when", "how", "let's talk about",
    "search the web for", "search the internet for", "search for", "search", "look up", "find out", "find me", "find",
    "google", "discuss", "analyze", "analyse", "i have a question about", "question about", "review",
)  # fmt: skip
_OPENINGS = tuple(
    sorted(
        (*_BEFORE_A_DEED, *_BEFORE_A_CHOICE, *_BEFORE_A_LIST, *_BEFORE_A_TEXT, *_BEFORE_A_SUBJECT),
        key=len,
        reverse=True,
    )
)
_POLITE = (
    "please", "hi", "hello", "hey", "ok", "okay", "so", "well", "now", "and", "can you", "could you", "would you",
    "will you", "can you please", "could you please", "kindly", "i was wondering", "i wonder", "quick question",
    "do you think", "you are a helpful assistant",
)  # fmt: skip
_ARTICLES_AFTER_LIST = ("me", "some", "like", "a few", "three", "five", "ten", "3", "5", "10", "two", "several")
_POLITE_ENDS = (
    "please",
    "thanks",
    "thank you",
    "for me",
    "to me",
    "step by step",
    "in detail",
    "briefly",
    "in one sentence",
)


def _opening(question: str) -> tuple[str, str]:
    """Split the words that ask from what they ask about."""
    rest = question.rstrip("?!.: ")
    for _ in range(4):
        polite = _begins(rest, _POLITE)
        rest = rest[len(polite) :].lstrip(" ,:-") if polite else rest
    opening = _begins(rest, _OPENINGS)
    return opening, rest[len(opening) :].lstrip(" ,:") if opening else rest


def _begins(text: str, openings: tuple[str, ...]) -> str:
    lower = text.lower().replace("’", "'")
    candidates = [
        each for each in openings if lower.startswith(each) and lower[len(each) : len(each) + 1] in {"", " ", ","}
    ]
    return max(candidates, key=len, default="")


def _kind(opening: str, question: str) -> TopicKind:
    words = set(content_words(question))
    if words & _ABOUT_CODE and (opening in (*_BEFORE_A_TEXT, *_BEFORE_A_DEED) or "code" in words):
        return "code"
    for openings, kind in _KINDS:
        if opening in openings:
            return kind
    return "choice" if " or " in question or " vs " in question or " versus " in question else "subject"


_KINDS: tuple[tuple[tuple[str, ...], TopicKind], ...] = (
    (_BEFORE_A_CHOICE, "choice"),
    (_BEFORE_A_DEED, "deed"),
    (_BEFORE_A_LIST, "list"),
    (_BEFORE_A_TEXT, "writing"),
)
_ABOUT_CODE = frozenset(
    "code function script program python javascript typescript java rust go golang sql regex bash shell html css api "
    "class algorithm method decorator endpoint unittest c++ c# kotlin swift ruby php react component query".split()
)


def _phrase(rest: str) -> str:
    """Return the beginning of what is asked about, short enough for a sentence and not ending in the middle."""
    first = rest
    for sign in (",", ";", ":", " - ", " — ", "(", "\n", '"', "“"):
        head = first.partition(sign)[0].strip()
        first = head if content_words(head) else first
    words = first.strip(" .!?'\"*`").split()
    for end in _POLITE_ENDS:
        tail = end.split()
        if [word.lower() for word in words[-len(tail) :]] == tail and len(words) > len(tail):
            words = words[: -len(tail)]
    while words and len(" ".join(words)) > _LONGEST_PHRASE:
        words = words[:-1]
    words = [word for at, word in enumerate(words) if word != "like" or words[at + 1 : at + 2] not in (["in"], ["at"])]
    while len(words) > 1 and words[-1] in _TELLS_NOTHING:
        words = words[:-1]
    words = words[1:] if len(words) > 1 and words[0].lower() in _ARTICLES_AFTER_LIST else words
    if not words or not any(content_words(word) for word in words):
        return ""
    return _person_turned(_uncapitalise(words))


def _uncapitalise(words: list[str]) -> list[str]:
    first = words[0]
    ordinary = first[:1].isupper() and first[1:].islower() and first.lower() in _TELLS_NOTHING | _ORDINARY_STARTS
    return [first.lower(), *words[1:]] if ordinary else words


_ORDINARY_STARTS = frozenset(
    "good best new old big small write make bake cook build learn use plan list find get set".split()
)


def _person_turned(words: list[str]) -> str:
    """Say `your` where the user said `my`."""
    return " ".join(_TURNED.get(word.lower(), word) for word in words)


_TURNED = {
    "my": "your",
    "i": "you",
    "me": "you",
    "our": "your",
    "mine": "yours",
    "i'm": "you're",
    "myself": "yourself",
    "your": "my",
}


def _make_noun(deed: str) -> str:
    verb, _, rest = deed.partition(" ")
    noun = _ing(verb.lower()) if verb.isalpha() else verb
    return f"{noun} {rest}".strip()


def _ing(verb: str) -> str:
    if verb.endswith("ing") and len(verb) > len("bring"):
        return verb
    if verb.endswith("ie"):
        return f"{verb[:-2]}ying"
    if verb.endswith("e") and not verb.endswith(("ee", "ye", "oe")) and verb != "be":
        return f"{verb[:-1]}ing"
    return f"{verb}{verb[-1]}ing" if _doubles(verb) else f"{verb}ing"


def _doubles(verb: str) -> bool:
    if verb in _DOUBLING or len(verb) not in _LENGTHS_THAT_DOUBLE:
        return verb in _DOUBLING
    before, vowel, last = verb[-3], verb[-2], verb[-1]
    return last not in "aeiouwxy" and vowel in "aeiou" and before not in "aeiou" and verb not in _SINGLE


_LENGTHS_THAT_DOUBLE = (3, 4)
_DOUBLING = frozenset("debug begin forget submit refer prefer admit commit permit format unplug".split())
_SINGLE = frozenset({"open", "edit", "even"})

_TELLS_NOTHING = frozenset(
    """
    a an and are as at be been being but by can could did do does doing done for from had has have he her hers him
    his how i if in into is it its just like may me might mine more most much must my no nor not now of off on one
    only or our ours out over own please shall she should so some such than that the their theirs them then there
    these they this those through to too under until up us very was we were what what's when where which while who
    whom whose why will with would you your yours i'm i'd i've it's let's let about also any both each few other
    same again once here am get got give want need tell show help thanks thank hello hi hey ok okay really something
    anything thing things using use used make made know think
    """.split()
)
