# ruff: noqa: RUF001, SIM905 - typographic signs are what users type; lists of words read best as lines of words
"""Values that the user's words offer: addresses, dates, numbers, quoted words, names and places."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Any

import re2

from llemulator_addon.simulate.regions import join_regions
from llemulator_addon.simulate.topics import content_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Things said in a text, each kind in the order in which it was said."""

    text: str = ""
    emails: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    """UUIDs, and words that mix letters with digits, as `ORD-1234` and `#4711`."""
    dates: tuple[str, ...] = ()
    """As ISO 8601 has them, whatever the user wrote, where the year was said too."""
    times: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()
    quoted: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """Capitalised words that do not merely begin a sentence."""
    places: tuple[str, ...] = ()
    """Those after a word like `in` or `from`; then the other names."""
    codes: tuple[str, ...] = ()
    """Words of two to five capitals, as `USD` and `SFO`."""
    formula: str | None = None
    """Numbers with signs of arithmetic between them."""


def facts_of(text: str) -> Facts:
    """Find the facts in a text; of a long one, the first part, and of many things of a kind the first."""
    text = text[:_LONGEST]
    return _remember_facts(text) if len(text) <= _REMEMBERED else _facts_of(text)


@lru_cache(maxsize=512)
def _remember_facts(text: str) -> Facts:
    return _facts_of(text)


def _facts_of(text: str) -> Facts:
    emails = _all(_EMAIL, text)
    urls = tuple(url.rstrip(".,;:!?)'\"") for url in _all(_URL, text))
    dates = _dates(text)
    ids = _ids(text)
    plain = _remove(text, _EMAIL, _URL, _UUID, _MIXED, *_DATES, _TIME)
    names = _names(_remove(plain, _QUOTED))
    # Prompts stress words by capitals ("you MUST"): such a word is a place only behind a word like `in`.
    spoken = [*_places(plain, names), *(name for name in names if not _is_stressed(name))]
    places = join_regions(dict.fromkeys(name for name in spoken if name not in _LANGUAGES), plain)
    return Facts(
        text=text,
        emails=emails,
        urls=urls,
        ids=ids,
        dates=dates,
        times=_times(text),
        numbers=tuple(_number(found) for found in _all(_NUMBER, plain)),
        quoted=tuple(found[1:-1] for found in _all(_QUOTED, text)),
        names=names,
        places=places,
        codes=_all(_CODE, plain),
        formula=next((found.strip() for found in _all(_FORMULA, plain)), None),
    )


_LONGEST = 20_000
_REMEMBERED = 2_000
_MANY = 100
"""The most facts of a kind; a text with more of them is a table, not a question."""
_NEAR = 100
"""Words before or after something are looked for among this number of characters."""


def _pattern(text: str) -> Any:  # noqa: ANN401 - re2 has no types
    return re2.compile(text)


_EMAIL = _pattern(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_URL = _pattern(r"https?://[^\s<>\"'`)]+")
_UUID = _pattern(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b")
_MIXED = _pattern(r"\b[A-Za-z]{1,8}[-_]?\d{2,}[\w-]*\b|#\d+\b")
_ISO_DATE = _pattern(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_MONTH = r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_MONTH_FIRST = _pattern(rf"\b{_MONTH}\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})\b")
_DAY_FIRST = _pattern(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+(\d{{4}})\b")
_DATES = (_ISO_DATE, _MONTH_FIRST, _DAY_FIRST)
_TIME = _pattern(r"\b(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([AaPp]\.?[Mm])?|\b(\d{1,2})\s*([AaPp]\.?[Mm])\b")
_NUMBER = _pattern(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|-?\d+(?:\.\d+)?")
_QUOTED = _pattern(r"\"[^\"\n]{1,300}\"|“[^”\n]{1,300}”|`[^`\n]{1,300}`|'[^'\n]*[^'\w\n]'|(?:\B)'[^'\n]{1,300}'")
_NAME = _pattern(r"\b\p{Lu}[\p{L}'’-]*(?:[ ](?:of|de|la|le|da|del|van|von|der|the)?[ ]?\p{Lu}[\p{L}'’-]*)*")
_CODE = _pattern(r"\b[A-Z]{2,5}\b")
_FORMULA = _pattern(r"[(\s]*\d[\d.\s]*(?:[-+*/^%×÷()]+\s*[\d(][\d.\s()]*)+")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY_NAMES = frozenset({"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"})
_BEFORE_A_PLACE = frozenset(
    {"in", "at", "to", "from", "near", "for", "around", "of", "visit", "visiting", "between", "and"}
)


def _all(pattern: Any, text: str) -> tuple[str, ...]:  # noqa: ANN401
    return tuple(found.group(0) for found in islice(pattern.finditer(text), _MANY))


def _remove(text: str, *patterns: Any) -> str:  # noqa: ANN401
    for pattern in patterns:
        text = pattern.sub(" ", text)
    return text


def _ids(text: str) -> tuple[str, ...]:
    return (
        *_all(_UUID, text),
        *(found.removeprefix("#") for found in _all(_MIXED, _remove(text, _UUID, _EMAIL, _URL))),
    )


def _dates(text: str) -> tuple[str, ...]:
    found = [(match.start(), match.group(0)) for match in _ISO_DATE.finditer(text)]
    found += [(match.start(), _iso(*match.group(3, 1, 2))) for match in _MONTH_FIRST.finditer(text)]
    found += [(match.start(), _iso(*match.group(3, 2, 1))) for match in _DAY_FIRST.finditer(text)]
    return tuple(said for _, said in sorted(found) if _is_date(said))


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _iso(year: str, month: str, day: str) -> str:
    return f"{year}-{_MONTHS.index(month[:3].lower()) + 1:02}-{int(day):02}"


def _times(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (_time(match.groups()) for match in _TIME.finditer(text))))


def _time(found: tuple[str | None, ...]) -> str | None:
    hour, minute = int(found[0] or found[4] or 0), int(found[1] or 0)
    half = (found[3] or found[5] or "").lower().replace(".", "")
    hour = hour % 12 + (12 if half == "pm" else 0) if half else hour
    return f"{hour:02}:{minute:02}:{int(found[2] or 0):02}" if hour <= _LAST_HOUR and minute <= _LAST_MINUTE else None


_LAST_HOUR, _LAST_MINUTE = 23, 59


def _number(written: str) -> float:
    plain = written.replace(",", "")
    return float(plain) if "." in plain else int(plain)


def _names(text: str) -> tuple[str, ...]:
    found: list[str] = []
    for match in _NAME.finditer(text):
        words = match.group(0).strip().removesuffix("'s").removesuffix("’s").split()
        begins = match.start() == 0 or text[max(0, match.start() - _NEAR) : match.start()].rstrip()[-1:] in {
            "",
            ".",
            "!",
            "?",
            ":",
            "\n",
        }
        if begins and text[match.end() : match.end() + 1] == ":":
            words = []  # a heading, as `Current Task:`
        elif begins and not content_words(words[0].lower()):
            words = words[1:]
        elif (
            begins
            and len(words) == 1
            and not _is_repeated(words[0], text)
            and not _acts(text[match.end() : match.end() + _NEAR])
        ):
            words = []
        if words and not _is_calendar(words[0]) and not _NO_NAMES.issuperset(words):
            found.append(" ".join(words))
        if len(found) > _MANY:
            break
    return tuple(dict.fromkeys(found))


_NO_NAMES = frozenset(
    (
        "I JSON XML YAML API HTML SQL CSV URL ID AI LLM PDF OK MUST NOT NEVER ALWAYS ONLY DO DON'T SHOULD "
        "SHALL MAY CAN WILL IMPORTANT NOTE WARNING CRITICAL REQUIRED STRICTLY EXACTLY ALL ANY EVERY NO YES "
        "AND OR BUT IF THE BEFORE AFTER FIRST THIS TERMINATE DONE STOP END FINAL ANSWER TASK RULES "
        "INSTRUCTIONS CONTEXT INPUT OUTPUT EXAMPLE USER ASSISTANT SYSTEM You Your Please Do Use Answer "
        "Always Never Note Important Input Output Example Examples Question Context"
    ).split()
)
_LANGUAGES = frozenset(
    "English German French Spanish Italian Portuguese Dutch Polish Russian Turkish Arabic Chinese Japanese".split()
)
"""They follow `in` when a prompt says how to answer."""


def _is_stressed(name: str) -> bool:
    return len(name) > 1 and name.isupper()


def _acts(rest: str) -> bool:
    """Whether what follows the first word of a sentence is what people do: `Alice and Bob`, `Alice lives`."""
    words = rest.split()[:2]
    return bool(words) and (words[0] in _DEEDS or (words[0] == "and" and words[-1][:1].isupper()))


_DEEDS = frozenset("lives works said says wants met bought wrote called asked ordered needs born".split())


def _is_repeated(word: str, text: str) -> bool:
    return text.find(word, text.find(word) + len(word)) >= 0


def _is_calendar(word: str) -> bool:
    return word.lower() in _DAY_NAMES or (word[:3].lower() in _MONTHS and word.lower().rstrip(".") in _MONTH_NAMES)


_MONTH_NAMES = frozenset(
    "jan feb mar apr may jun jul aug sep oct nov dec january february march april june july august september october "
    "november december sept".split()
)


def _places(text: str, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if word_before(text, name).strip(",") in _BEFORE_A_PLACE]


def word_before(text: str, name: str) -> str:
    """Return the word before the first place of a name, in small letters; empty if there is none."""
    at = text.find(name)
    before = text[max(0, at - _NEAR) : max(at, 0)].split()
    return before[-1].lower() if before else ""
