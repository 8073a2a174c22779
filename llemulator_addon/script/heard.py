"""`heard`: the words that are heard in what a user says aloud in Realtime. It stands for rules."""

from collections.abc import Iterator, Mapping
from typing import Any

from llemulator_addon.script.rule import Rule, RulePart
from llemulator_addon.script.script_error import join_place, read_as

_ENDPOINT = "realtime.transcription"
_ESCAPES = str.maketrans({character: f"\\{character}" for character in r"\.+*?()|[]{}^$"})
"""Characters that mean something in a pattern."""


class HeardRules:
    """Not a value: the rules of one script while they are read; the turns of its user are counted."""

    def __init__(self) -> None:
        self._turn = 0

    def list_rules(self, part: RulePart, place: str) -> Iterator[Rule]:
        """Yield the rule at a place; before it the one for what is heard. Raises `ScriptError`."""
        if part.heard is None:
            yield part.rule(place)
            return
        written = part.model_dump(exclude_unset=True, by_alias=True)
        match, heard = dict(written.get("match", {})), written.pop("heard")
        turn = self._turn = match.get("turn", self._turn + 1)
        of_rule = {key: written[key] for key in ("optional", "priority") if key in written}
        yield _hear(heard, join_place(part.name or place, "heard"), turn=turn, **of_rule)
        if "reply" in written or "faults" in written:
            match.setdefault("transcript", f"^{heard.translate(_ESCAPES)}$")
            yield read_as(RulePart, {**written, "match": match}, place).rule(place)


def list_heard(heard: str | list[str] | None) -> Iterator[Rule]:
    """Yield the rules for `heard` at the top of a script: a text for each turn, or a list of texts in their order."""
    if isinstance(heard, str):
        yield _hear(heard, "heard")
        return
    for number, words in enumerate(heard or ()):
        yield _hear(words, join_place("heard", number), turn=number + 1)


def _hear(words: str, place: str, *, turn: object = None, **of_rule: object) -> Rule:
    match = {"endpoint": _ENDPOINT} if turn is None else {"endpoint": _ENDPOINT, "turn": turn}
    written: Mapping[str, Any] = {"match": match, "reply": {"transcript": words}, **of_rule}
    return read_as(RulePart, written, place).rule(place)
