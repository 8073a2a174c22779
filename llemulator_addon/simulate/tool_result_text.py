"""The words of an answer about the results of tools."""

from collections.abc import Mapping, Sequence
from typing import Any

from llemulator_addon.core.chance import Chance
from llemulator_addon.simulate.property_values import words_of
from llemulator_addon.wire import json_bytes


def text_of_results(results: Sequence[tuple[str, str]], chance: Chance) -> str:
    """Return an answer that uses the results, each given with its tool's name."""
    said = [_describe(name, read(text), chance) for name, text in results]
    opening = chance.one(("Here is what I found.", "I looked that up for you.", "Thanks for waiting.", "Here you go."))
    closing = chance.one(("Is there anything else you would like to know?", "Let me know if you need more detail.", ""))
    if len(said) == 1:
        return " ".join(filter(None, (opening, *said, closing)))
    return "\n".join(filter(None, (opening, *(f"- {each}" for each in said), closing)))


def read(text: str) -> Any:  # noqa: ANN401 - any JSON
    """Return the JSON that a tool sent, or its text."""
    try:
        return json_bytes.read(text.encode())
    except (ValueError, UnicodeEncodeError):
        return text.strip()


def _describe(name: str, result: Any, chance: Chance) -> str:  # noqa: ANN401
    spoken = " ".join(words_of(name)) or "the tool"
    match result:
        case "" | None:
            return f"The call of {spoken} was successful and returned nothing further."
        case Mapping() | list() if not result:
            return f"{_capital(spoken)} returned an empty result."
        case {"error": problem} if problem:
            return f"Unfortunately, {spoken} reported a problem: {_scalar(problem)}."
        case Mapping():
            return f"{_opening(spoken, chance)} {_list(_pairs(result))}."
        case list():
            count = f"{len(result)} result{'' if len(result) == 1 else 's'}"
            return f"{_capital(spoken)} returned {count}: {'; '.join(map(_scalar, result[:_MOST]))}."
        case str():
            text = result[:_LONGEST] + ("…" if len(result) > _LONGEST else "")
            return f"{_opening(spoken, chance)} {text}{'' if text.endswith(('.', '!', '?', '…')) else '.'}"
        case _:
            return f"The result of {spoken} is {_scalar(result)}."


def _opening(spoken: str, chance: Chance) -> str:
    return _capital(chance.one((f"according to {spoken}:", f"{spoken} says:", f"from {spoken}:")))


_MOST = 6
_LONGEST = 600


def _pairs(result: Mapping[str, Any], within: str = "") -> list[str]:
    pairs: list[str] = []
    for key, value in result.items():
        name = f"{within}{' '.join(words_of(str(key))) or key}"
        pairs += _pairs(value, f"{name} ") if isinstance(value, Mapping) else [f"{name} is {_scalar(value)}"]
    return pairs


def _list(pairs: Sequence[str]) -> str:
    shown = list(pairs[:_MOST])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _scalar(value: object) -> str:
    match value:
        case str():
            return value[:_LONGEST].rstrip(".")
        case True | False:
            return "yes" if value else "no"
        case None:
            return "not known"
        case Mapping():
            return ", ".join(_pairs(value)[:_MOST])
        case list():
            return ", ".join(map(_scalar, value[:_MOST])) or "empty"
        case _:
            return str(value)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
