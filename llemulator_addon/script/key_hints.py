"""Hints for an unknown key: the key that was meant, or where the key belongs."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache

from pydantic import BaseModel

_LONGEST = 200
_CLOSE = 0.5
"""From this likeness on (of 1), a key is taken for a misspelt one."""


def describe_unknown_key(key: str, known: Iterable[str], shapes: Iterable[type[BaseModel]] = ()) -> str:
    """Return why a key is refused, with the most useful hint. `shapes`: where it may belong, the nearest first."""
    names = sorted(set(known))
    if len(key) > _LONGEST:
        return f"unknown key; known are {', '.join(names)}"
    if key.lower() not in names and (place := next(filter(None, (_place_of(key, each) for each in shapes)), None)):
        return f'unknown key here; "{key}" belongs in {place}'
    if misspelt := get_close_matches(key.lower(), names, n=1, cutoff=_CLOSE):
        return f'unknown key; did you mean "{misspelt[0]}"?'
    return f"unknown key; known are {', '.join(names)}"


def models_in(annotation: object) -> list[type[BaseModel]]:
    """Return the models that a field's type names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in models_in(part)]


def _place_of(key: str, shape: type[BaseModel]) -> str | None:
    places = _places(shape)
    first, _, last = _SHORT_FORMS.get(key, "").partition(".")
    if places.get(first) == "":
        return f'"{_SHORT_FORMS[key]}" ("{key}" is for the short forms in "responses")'
    if places.get(last) == "":
        return f'"{last}" ("{key}" is for the short forms in "responses")'
    if key not in places:
        return None
    return f'"{places[key]}"' if places[key] else _TOP.get(shape.__name__, "the top level")


_SHORT_FORMS: Mapping[str, str] = {"pattern": "match.user_text", "response": "reply", "error": "reply.failure"}
_TOP: Mapping[str, str] = {"RulePart": "the rule itself"}


@cache
def _places(shape: type[BaseModel]) -> Mapping[str, str]:
    """Return for each key of a model, and of the models in it, the place that is nearest to the top."""
    found: dict[str, str] = {}
    seen = {shape}
    waiting = deque([(shape, "")])
    while waiting:
        model, place = waiting.popleft()
        for name, annotation in _fields(model):
            found.setdefault(name, place)
            for inner in models_in(annotation):
                if inner not in seen:
                    seen.add(inner)
                    waiting.append((inner, f"{place}.{name}" if place else name))
    return found


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, object]]:
    return ((field.alias or name, field.annotation) for name, field in model.model_fields.items())
