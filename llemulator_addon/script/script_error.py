"""The problems of a script: the place, the reason, and the nearest key if a key is unknown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import override

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from llemulator_addon.script.key_hints import describe_unknown_key, models_in
from llemulator_addon.script.templates.problems import TemplateProblem


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong."""

    place: str
    """As `responses[2].pattern`; empty for the script as a whole."""
    reason: str

    @override
    def __str__(self) -> str:
        """Spell it in one line."""
        return f"{self.place}: {self.reason}" if self.place else self.reason


MOST_TOLD = 100
"""The most problems that are listed; the reader stops after them."""


class ScriptError(ValueError):
    """A script that cannot be loaded. Nothing of it is."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Take the first problems; the last line says that there are more."""
        told = tuple(islice(problems, MOST_TOLD + 1))
        self.problems = told if len(told) <= MOST_TOLD else (*told[:MOST_TOLD], Problem("", _MORE))
        super().__init__("\n".join(map(str, self.problems)))

    @property
    def place(self) -> str:
        """Place of the first problem."""
        return self.problems[0].place


_MORE = f"there is more; the first {MOST_TOLD} problems are listed"


def problem(place: str, reason: str) -> ScriptError:
    """Return the error with this one problem."""
    return ScriptError([Problem(place, reason)])


def unknown_key(place: str, key: str, known: Iterable[str], shape: type[BaseModel]) -> ScriptError:
    """Return the error of a key that nobody knows; `shape` is the model of the whole at that place."""
    return problem(join_place(place, key), describe_unknown_key(key, known, (shape,)))


def join_place(place: str, step: str | int) -> str:
    """Return the place of a member of the value at a place."""
    if isinstance(step, int):
        return f"{place}[{step}]"
    if len(step) > _LONGEST_STEP:
        step = f"{step[:_LONGEST_STEP]}…"
    return f"{place}.{step}" if place else step


_LONGEST_STEP = 200


def read_as[M: BaseModel](shape: type[M], value: object, place: str) -> M:
    """Read a value into a model; raises `ScriptError` with every problem."""
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        found = _first(shape, value, error)
    raise ScriptError(_problem(shape, each, place) for each in found)


def _first(shape: type[BaseModel], value: object, error: ValidationError) -> list[ErrorDetails]:
    """Return what was found, or some of it where that is very much: each error takes a kilobyte."""
    for most in (1_000, 100, 10, 1):
        if error.error_count() <= _MOST_FOUND:
            break
        try:
            shape.model_validate(_prune(value, most))
        except ValidationError as fewer:
            error = fewer
        else:
            break
    return error.errors(include_url=False)


_MOST_FOUND = 1_000


def _prune(value: object, most: int) -> object:
    """Return a value with at most `most` members in each list and object."""
    match value:
        case Mapping():
            return {key: _prune(member, most) for key, member in islice(value.items(), most)}
        case list():
            return [_prune(member, most) for member in value[:most]]
        case _:
            return value


def kind_of(value: object) -> str:
    """Name a JSON value's kind, and the value where it is short."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}"
        case str():
            return f'"{value}"' if len(value) <= _SHORT else f'"{value[:_SHORT]}…"'
        case list() | tuple():
            return "a list"
        case Mapping():
            return "an object"
        case _:
            return f"a {type(value).__name__}"


_SHORT = 60


def _problem(shape: type[BaseModel], found: ErrorDetails, place: str) -> Problem:
    steps = [step for step in found["loc"] if isinstance(step, int) or not _is_branch(step)]
    if found["type"] == "extra_forbidden" and _is_branch(key := str(found["loc"][-1])):
        # The script's own key looks like a branch.
        steps.append(key)
    error = found.get("ctx", {}).get("error")
    for step in (*steps, *(error.steps if isinstance(error, TemplateProblem) else ())):
        place = join_place(place, step)
    return Problem(place, _reason(shape, found, steps))


def _is_branch(step: str) -> bool:
    # pydantic puts the branch of a union into the place; it names types, which no key of the language does.
    return step in _TYPES or "[" in step or step[:1].isupper()


_TYPES = {"str", "int", "float", "bool", "none", "constrained-str", "constrained-int", "constrained-float"}


def _reason(shape: type[BaseModel], found: ErrorDetails, steps: list[int | str]) -> str:
    given: dict[str, object] = found.get("ctx", {})
    got = kind_of(found["input"])
    match found["type"]:
        case "extra_forbidden":
            parts = _find_parts(shape, steps[:-1])
            return describe_unknown_key(str(steps[-1]), _list_keys(parts), (*parts, shape))
        case "missing":
            return "missing"
        case "value_error" if isinstance(wrong := given["error"], TemplateProblem):
            return wrong.reason
        case "value_error":
            return str(given["error"])
        case "literal_error":
            expected = str(given["expected"])
            return f"expected {_AS_JSON.get(expected, expected)}, got {got}"
        case kind if kind in _EXPECTED:
            limits = {name: _plain(limit) for name, limit in given.items()}
            return f"expected {_EXPECTED[kind].format(**limits)}, got {got}"
        case _:
            return f"{found['msg'][:1].lower()}{found['msg'][1:]}, got {got}"


def _plain(limit: object) -> object:
    return f"{limit:g}" if isinstance(limit, float) else limit


_AS_JSON = {"True": "true", "False": "false"}
"""By how Python spells a value, how JSON does."""
_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "too_short": "at least {min_length} of them",
    "too_long": "at most {max_length} of them",
    "string_too_short": "at least {min_length} characters",
    "finite_number": "a finite number",
}


def _find_parts(shape: type[BaseModel], steps: Iterable[int | str]) -> list[type[BaseModel]]:
    """Walk from a model along a place to the models that may stand there."""
    models = [shape]
    for step in steps:
        if isinstance(step, str):
            models = [inner for model in models for inner in _models_at(model, step)]
    return models


def _list_keys(models: Iterable[type[BaseModel]]) -> list[str]:
    return [field.alias or name for model in models for name, field in model.model_fields.items()]


def _models_at(model: type[BaseModel], key: str) -> list[type[BaseModel]]:
    for name, field in model.model_fields.items():
        if key == (field.alias or name):
            return models_in(field.annotation)
    return []
