"""Reading YAML 1.2. A module of its own, imported where it is needed: most scripts that arrive over HTTP are JSON.

libyaml, by PyYAML, says where values begin and end, one event after the other, so that other threads go on meanwhile.
Values are plain JSON, without objects, dates or sets. `no`, `on` and `0o10` are read as in YAML 1.2.
"""

from collections.abc import Hashable, Mapping
from datetime import date
from typing import Any

from yaml.cyaml import CParser
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from llemulator_addon.script.json_value import MOST_NESTED, MOST_VALUES, too_many
from llemulator_addon.script.regex import matches
from llemulator_addon.script.script_error import ScriptError, kind_of, problem

_LONGEST = 4 << 20
_MOST_MERGED = 10_000
"""Keys of one object, those of `<<` included."""


def read(text: str | bytes) -> object:
    """Read the one document of a text; raises `ScriptError`. The result need not be JSON."""
    if len(text) > _LONGEST:
        raise problem("", f"not read: YAML of more than {_LONGEST >> 20} MiB takes long; JSON may have more")
    try:
        return _Reading(CParser(text)).document()
    except MarkedYAMLError as error:
        is_quoted = "quoted scalar" in (error.context or "") and "end of" in (error.problem or "")
        mark = error.context_mark if is_quoted else error.problem_mark
        reason = "a quote is not closed; it opens" if is_quoted else error.problem or error.context or ""
        raise _refuse(f"{reason}{_remedy(error.problem or '')}", mark) from None
    except YAMLError as error:
        raise problem("", f"not YAML: {error}") from None
    except UnicodeEncodeError:
        raise problem("", "not YAML: half of a surrogate pair is no character") from None


def _refuse(reason: str, mark: Any) -> ScriptError:  # noqa: ANN401 - PyYAML has no types
    where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return problem("", f"not YAML: {reason}{where}")


def _remedy(problem: str) -> str:
    return next((f" ({remedy})" for sign, remedy in _REMEDIES.items() if sign in problem), "")


_REMEDIES: Mapping[str, str] = {
    "cannot start any token": "YAML is indented with spaces, not with tabs",
    "unknown escape character": "in double quotes, \\ is an escape; put regular expressions in single quotes",
}


class _Reading:
    """The values of one text, made as its events come."""

    def __init__(self, parser: CParser) -> None:
        self._parser = parser
        self._anchors: dict[str, object] = {}
        self._values = 0

    def document(self) -> object:
        self._next(StreamStartEvent)
        event = self._parser.get_event()
        if isinstance(event, StreamEndEvent):
            return None
        value = self._value(self._parser.get_event(), 0)
        self._next(DocumentEndEvent)
        event = self._parser.get_event()
        if isinstance(event, DocumentStartEvent):
            raise _refuse("expected a single document", event.start_mark)
        return value

    def _next(self, kind: type) -> None:
        event = self._parser.get_event()
        assert isinstance(event, kind), event  # noqa: S101 - what libyaml promises

    def _value(self, event: Any, depth: int) -> object:  # noqa: ANN401
        self._values += 1
        if self._values > MOST_VALUES:
            raise too_many()
        if depth > MOST_NESTED + 1:
            raise _refuse(f"it is nested more than {MOST_NESTED} times", event.start_mark)
        match event:
            case ScalarEvent():
                return self._check_anchor(event, _scalar(event))
            case AliasEvent():
                if event.anchor not in self._anchors:
                    raise _refuse(f'found undefined alias "{event.anchor}"', event.start_mark)
                return self._anchors[event.anchor]
            case SequenceStartEvent():
                _check_tag(event, "seq")
                members: list[object] = []
                self._check_anchor(event, members)
                while not isinstance(member := self._parser.get_event(), SequenceEndEvent):
                    members.append(self._value(member, depth + 1))
                return members
            case _:
                _check_tag(event, "map")
                made: dict[Any, object] = {}
                self._check_anchor(event, made)
                self._fill(made, depth)
                return made

    def _check_anchor(self, event: Any, value: object) -> object:  # noqa: ANN401
        if event.anchor is not None:
            self._anchors[event.anchor] = value
        return value

    def _fill(self, made: dict[Any, object], depth: int) -> None:
        merged: dict[Any, object] | None = None
        while not isinstance(event := self._parser.get_event(), MappingEndEvent):
            is_merge = isinstance(event, ScalarEvent) and event.value == "<<" and event.implicit[0]
            key = self._value(event, depth + 1)
            self._values -= 1  # keys are none
            if not isinstance(key, Hashable):
                raise _refuse(f"a key is text, got {kind_of(key)}", event.start_mark)
            if key in made or (is_merge and merged is not None):
                raise _refuse(f'found duplicate key "{str(key)[:_SHOWN]}"', event.start_mark)
            value = self._value(self._parser.get_event(), depth + 1)
            if is_merge:
                merged = _merge(value, event.start_mark)
            else:
                made[key] = value
        if merged:
            own = dict(made)
            made.clear()
            made |= merged | own


_SHOWN = 100


def _merge(value: object, mark: Any) -> dict[Any, object]:  # noqa: ANN401
    """Return what `<<` brings; of several objects the first goes before the others."""
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(part, Mapping) for part in parts):
        raise _refuse("expected an object or a list of objects to merge", mark)
    if sum(map(len, parts)) > _MOST_MERGED:
        raise _refuse(f"more than {_MOST_MERGED} keys to merge", mark)
    made: dict[Any, object] = {}
    for part in reversed(parts):
        made = {**part, **{key: made[key] for key in made if key not in part}}
    return made


# What a scalar is ---------------------------------------------------------------------------------------------------

_TAG = "tag:yaml.org,2002:"


def _check_tag(event: MappingStartEvent | SequenceStartEvent, kind: str) -> None:
    if event.tag not in (None, "!", _TAG + kind):
        raise _refuse(f'the tag "{event.tag[:_SHOWN]}" is not known here', event.start_mark)


def _scalar(event: ScalarEvent) -> object:
    if event.tag is None:
        return _plain(event) if event.implicit[0] else event.value
    if event.tag in ("!", _TAG + "str"):
        return event.value
    kind = event.tag.removeprefix(_TAG)
    if kind not in _KINDS:
        raise _refuse(f'the tag "{event.tag[:_SHOWN]}" is not known here', event.start_mark)
    value = _plain(event)
    if kind == "float" and type(value) is int:
        return float(value) if abs(value) < _FAR else value
    if type(value) is not _KINDS[kind]:
        raise _refuse("a value is not of the kind that its tag says", event.start_mark)
    return value


_FAR = 1 << 1000
_KINDS: Mapping[str, type] = {"int": int, "float": float, "bool": bool, "null": type(None)}


def _plain(event: ScalarEvent) -> object:
    """Say what a scalar without quotes is."""
    text: str = event.value
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _OF_NUMBERS or len(text) > _LONGEST_NUMBER or not text.isascii():
        return text
    if matches(_INT, text):
        return _int(text.replace("_", ""), event)
    if matches(_FLOAT, text):
        return float(text.replace("_", ""))
    return _date(text) if matches(_DATE, text) else text


def _date(text: str) -> date:
    """Return a date, which is no JSON value: it is refused except where a script wants one."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return date.min


def _int(text: str, event: ScalarEvent) -> object:
    sign, digits = (-1, text[1:]) if text[0] == "-" else (1, text.removeprefix("+"))
    base = {"0b": 2, "0x": 16, "0o": 8}.get(digits[:2])
    try:
        return sign * (int(digits) if base is None else int(digits[2:], base))
    except ValueError:
        raise _refuse(f'"{event.value[:_SHOWN]}" is no number', event.start_mark) from None


_WORDS: Mapping[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_OF_NUMBERS = frozenset("-+.0123456789")
_LONGEST_NUMBER = 10_000
_INT = r"^(?:[-+]?0b[01_]+|[-+]?0o?[0-7_]+|[-+]?[0-9][0-9_]*|[-+]?0x[0-9a-fA-F_]+)$"
_FLOAT = (
    r"^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+"
    r"|[-+]?\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?)$"
)
_DATE = (
    r"^[0-9]{4}-(?:[0-9]{2}-[0-9]{2}|[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?"
    r"(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)$"
)
