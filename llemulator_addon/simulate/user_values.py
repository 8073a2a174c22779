# ruff: noqa: E501 - tables of names read best in rows
"""The values that the user's words, and the results of tools, offer to a property."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import re2

from llemulator_addon.simulate.facts import Facts, word_before
from llemulator_addon.simulate.harmless import Words
from llemulator_addon.simulate.numbers import Flat
from llemulator_addon.simulate.property_values import words_of
from llemulator_addon.simulate.topics import content_words


@dataclass(slots=True)
class UserValues:
    """The source of values before they are generated. An object, because each is used once."""

    facts: Facts
    topic: str
    brief: bool = False
    """Whether properties that need no value get one only where the user said it."""
    eager: bool = False
    """Whether a value is given to a property whose name does not tell that it is meant for it."""
    doing: frozenset[str] = frozenset()
    """Words of the tool whose arguments are made; empty for JSON."""
    known: Mapping[str, Any] = field(default_factory=dict)
    """Values of tools' results, by their names in one word."""
    used: list[Any] = field(default_factory=list)
    words: list[str] | None = None
    """Those of the text, once they are needed."""
    beside: dict[str, set[str]] | None = None
    """The words around each number, once they are needed."""

    def offer(self, name: Words, schema: Flat, kind: str, *, sure: bool = False) -> Sequence[object]:
        """Return values that may fit a property, best first; `sure`: only those that its name asks for."""
        eager = self.eager and not sure
        if kind == "enum":
            return self._select_named(schema["enum"])
        if "".join(name) in self.known:
            return (self.known["".join(name)],)
        words = frozenset(name) | frozenset("".join(pair) for pair in pairwise(name))
        match kind:
            case "string":
                found: Sequence[object] = list(self._texts(words, schema, eager=eager))
            case "integer" | "number":
                found = self._numbers(name, schema, eager=eager)
            case "items":
                found = list(self._texts(words, schema, eager=eager)) if schema.get("type") == "string" else ()
            case _:
                found = ()
        return [value for value in dict.fromkeys(found) if value not in self.used or value == self.facts.text]

    def mark_used(self, value: object) -> None:
        """Note that a value was used."""
        self.used.append(value)
        del self.used[:-_REMEMBERED]

    def _select_named(self, values: Sequence[object]) -> list[object]:
        """Return the values of a list that the text names, in the order in which it names them."""
        said = self._words()
        text, words = f" {' '.join(said)} ", frozenset(said)
        plain = [(_plain(value), value) for value in values if isinstance(value, str)]
        found = [(text.find(f" {' '.join(spelled)} "), value) for spelled, value in plain if words.issuperset(spelled)]
        return [value for at, value in sorted(found, key=lambda pair: pair[0]) if at >= 0]

    def _words(self) -> list[str]:
        if self.words is None:
            self.words = _plain(self.facts.text)
        return self.words

    def _texts(self, words: frozenset[str], schema: Flat, *, eager: bool) -> Iterator[str]:
        kind = schema.get("format")
        for wanted, formats, of_kind in (
            (_EMAIL, ("email", "idn-email"), self.facts.emails),
            (_URL, ("uri", "url"), self.facts.urls),
            (_ID, ("uuid",), self.facts.ids),
        ):
            if kind in formats or (kind is None and words & wanted):
                yield from of_kind
        yield from self._moments(words, kind, eager=eager)
        if kind is None:
            yield from self._phrases(words, schema, eager=eager)

    def _moments(self, words: frozenset[str], kind: str | None, *, eager: bool) -> Iterator[str]:
        dates, times = self.facts.dates, self.facts.times
        if kind == "date-time":
            yield from (
                f"{date}T{time}Z" for date, time in zip(dates, times or ("00:00:00",) * len(dates), strict=False)
            )
        elif kind == "date" or (kind is None and words & _DATE):
            yield from dates
            yield from _days(self.facts.text) if kind is None and eager else ()
        elif kind == "time":
            yield from (f"{time}Z" for time in times)
        elif kind is None and words & _TIME:
            yield from (time.removesuffix(":00") for time in times)

    def _phrases(self, words: frozenset[str], schema: Flat, *, eager: bool) -> Iterator[str]:
        facts = self.facts
        if words & _CURRENCY:
            yield from facts.codes
        if words & _FORMULA:
            yield from (facts.formula,) if facts.formula else ()
        if words & _PLACE:
            yield from _first_after(_DIRECTIONS.get(next(iter(words & _DIRECTIONS.keys()), ""), ()), facts)
            yield from facts.places
        if "name" in words:
            yield from (found.strip("\"'`“”") for found in _NAMED.findall(facts.text))
        if words & _PERSON and (eager or words != {"name"} or self._names_somebody()):
            yield from _people(facts)
        if words & _ID:
            yield from (str(number) for number in facts.numbers)
        if eager:
            yield from self._anything(words, schema)

    def _anything(self, words: frozenset[str], schema: Flat) -> Iterator[str]:
        """Yield quoted words, then what is asked about, for a property that may take any text."""
        if not words & _HEADINGS or _HEADINGS & frozenset(_plain(self.facts.text)):
            yield from self.facts.quoted
        described = frozenset(content_words(str(schema.get("description", ""))))
        if words & _WHOLE or (described & _WHOLE and not words & _MADE_UP):
            yield from (self.facts.text.strip(),) if words & _VERBATIM else ()
            is_quoted = self.topic.startswith("“")
            yield from () if is_quoted and words & _HEADINGS else (self.topic.strip("“”…"), self.facts.text.strip())
        elif described & _PLACE:
            yield from self.facts.places
        elif not words & _MADE_UP:
            yield from self.facts.names

    def _names_somebody(self) -> bool:
        """Whether it is clear whose name is meant where a schema only says `name`."""
        return len(self.facts.names) == 1 or bool(
            {"named", "called", "i'm", "am"} & set(self.facts.text.lower().split())
        )

    def _numbers(self, name: Words, schema: Flat, *, eager: bool) -> list[float]:
        """Return the numbers next to a word of the name, then all others if any number will do."""
        numbers = [number for number in self.facts.numbers if number not in self.used]
        wanted = {
            variant for word in name for variant in (word, f"{word}s", word.removesuffix("s"), *_UNITS.get(word, ()))
        }
        around = self._around_numbers()
        near = [number for number in numbers if not wanted.isdisjoint(around.get(str(number), ()))]
        others = [number for number in numbers if number not in near] if eager else []
        return [float(each) if schema.get("type") == "number" and each != int(each) else each for each in near + others]

    def _around_numbers(self) -> Mapping[str, set[str]]:
        if self.beside is None:
            self.beside = {}
            words = _plain(self.facts.text.replace(",", ""))
            for at, word in enumerate(words):
                if word[0].isdecimal():
                    self.beside.setdefault(word, set()).update(words[max(0, at - 2) : at], words[at + 1 : at + 3])
        return self.beside


_REMEMBERED = 200
"""The most values that are remembered as used."""

_EMAIL = frozenset({"email", "mail", "emails", "recipient", "recipients", "to", "cc", "bcc", "sender", "from"})
_URL = frozenset({"url", "urls", "uri", "link", "links", "website", "site", "page", "href", "webpage"})
_ID = frozenset(
    {"id", "ids", "order", "ticket", "number", "reference", "sku", "account", "invoice", "uuid", "tracking", "flight"}
)
_DATE = frozenset(
    {"date", "day", "when", "dates", "checkin", "checkout", "departure", "start", "end", "due", "deadline", "birthday"}
)
_TIME = frozenset({"time", "hour", "at", "when", "start", "end"})
_NAMED = re2.compile(
    r"\b(?:named|called|name is)\s+(\"[^\"\n]{1,100}\"|'[^'\n]{1,100}'|`[^`\n]{1,100}`|“[^”\n]{1,100}”)"
)
_PLACE = frozenset(
    {"location", "city", "place", "country", "destination", "origin", "where", "region", "town", "state", "from", "to", "airport",
     "locations", "cities", "countries", "places", "area", "venue", "timezone", "start", "end", "address", "capital"}
)  # fmt: skip
_PERSON = frozenset(
    {"name", "names", "person", "people", "customer", "user", "author", "participant", "participants", "guest", "guests", "passenger",
     "contact", "attendee", "attendees", "recipient", "speaker", "fullname", "username", "assignee", "who", "patient", "employee"}
)  # fmt: skip
_CURRENCY = frozenset(
    {"currency", "currencies", "from", "to", "symbol", "ticker", "base", "target", "source", "code", "airport", "stock"}
)
_FORMULA = frozenset({"expression", "formula", "equation", "calculation", "expr", "input", "query", "problem", "math"})
_WHOLE = frozenset(
    {"query", "question", "text", "prompt", "input", "message", "search", "q", "term", "topic", "keyword", "keywords", "task",
     "request", "instruction", "instructions", "content", "body", "subject", "sentence", "queries", "title", "thought"}
)  # fmt: skip
_VERBATIM = frozenset(
    {"text", "message", "question", "input", "prompt", "request", "instruction", "instructions", "task", "sentence"}
)
_HEADINGS = frozenset({"subject", "title", "titled", "called", "named"})
_MADE_UP = frozenset(
    {"id", "unit", "units", "format", "language", "type", "status", "category", "reason", "date", "time", "timezone"}
)
_DIRECTIONS: Mapping[str, tuple[str, ...]] = {
    "from": ("from",),
    "origin": ("from",),
    "departure": ("from",),
    "source": ("from",),
    "start": ("from",),
    "to": ("to", "into"),
    "destination": ("to", "into"),
    "arrival": ("to",),
    "target": ("to", "into"),
    "end": ("to",),
}


def flatten(value: object) -> dict[str, object]:
    """Return the scalars and lists in a tool's result by their names, each in one word; the first of a name counts."""
    found: dict[str, object] = {}
    _flatten(value, found)
    return found


def _flatten(value: object, found: dict[str, object]) -> None:
    if isinstance(value, Mapping):
        for key, member in value.items():
            if not isinstance(member, Mapping):
                found.setdefault("".join(words_of(str(key))), member)
        for member in value.values():
            _flatten(member, found)


def _plain(text: str) -> list[str]:
    return "".join(character if character.isalnum() else " " for character in text.lower()).split()


def _first_after(words: tuple[str, ...], facts: Facts) -> Iterator[str]:
    for place in facts.names:
        if word_before(facts.text, place) in words:
            yield place


def _people(facts: Facts) -> list[str]:
    in_places = [name for name in facts.names if _is_in_a_place(name, facts.text)]
    return [name for name in facts.names if name not in in_places and name not in facts.codes]


def _is_in_a_place(name: str, text: str) -> bool:
    return word_before(text, name) in {"in", "at", "near", "from"}


def _days(text: str) -> Iterator[str]:
    """Yield the days that are named without a date: `tomorrow`, `next Monday`."""
    words = text.lower().replace("?", " ").replace(",", " ").replace(".", " ").split()
    for at, word in enumerate(words):
        if word in _DAYS:
            yield f"next {word}" if at and words[at - 1] == "next" else word


_DAYS = (
    "today",
    "tomorrow",
    "tonight",
    "yesterday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)


_UNITS: Mapping[str, tuple[str, ...]] = {
    "age": ("years", "old", "aged"),
    "price": ("dollars", "usd", "euros", "eur", "costs"),
    "cost": ("dollars", "usd", "euros", "eur"),
    "amount": ("dollars", "usd", "euros", "eur", "transfer", "send", "convert"),
    "quantity": ("pieces", "items", "units"),
    "count": ("times", "top", "first"),
    "limit": ("top", "first", "results"),
    "duration": ("minutes", "hours", "days", "weeks"),
    "guests": ("people", "persons"),
    "weight": ("kg", "kilograms", "pounds"),
    "height": ("cm", "meters", "feet"),
    "distance": ("km", "kilometers", "miles"),
    "temperature": ("degrees", "celsius", "fahrenheit"),
}
