"""mockllm's `responses.yml`: prompts and their answers, one answer for all other prompts, and a pace.

https://github.com/stacklok/mockllm
"""

from collections.abc import Iterator, Mapping

from llemulator_addon.script.converting.converted import Converted, literally, require_object
from llemulator_addon.script.script_error import Problem, join_place

_UNKNOWN = "I don't know the answer to that."
"""mockllm's answer if the file gives no `unknown_response`."""


def convert(value: object) -> Converted:
    """Return the script; raises `ScriptError`."""
    file = require_object(value, "")
    responses = require_object(file.get("responses") or {}, "responses")
    defaults = require_object(file.get("defaults") or {}, "defaults")
    settings = require_object(file.get("settings") or {}, "settings")
    rules = [_rule(str(prompt), answer) for prompt, answer in responses.items() if isinstance(answer, str)]
    rules.append({"name": "unknown", "reply": str(defaults.get("unknown_response", _UNKNOWN)), "optional": True})
    # mockllm streams one character at a time.
    stream = {"chunk_by": "character", **_pace(settings)}
    return Converted({"defaults": {"stream": stream}, "rules": rules}, tuple(_find_lost(file, responses, settings)))


def _rule(prompt: str, answer: str) -> dict[str, object]:
    # It compares the whole prompt, without white space around it and whatever its case.
    return {"match": {"user_text": rf"(?i)^\s*{literally(prompt.strip())}\s*$"}, "reply": answer}


def _pace(settings: Mapping[str, object]) -> dict[str, float]:
    """Pace a stream as it does: a character, which here counts as a token, takes 0.1 s divided by the factor."""
    factor = settings.get("lag_factor", 10)
    if (
        not settings.get("lag_enabled")
        or isinstance(factor, bool)
        or not isinstance(factor, int | float)
        or factor <= 0
    ):
        return {}
    return {"tokens_per_second": 10.0 * factor, "jitter": 0.5}


def _find_lost(
    file: Mapping[str, object], responses: Mapping[str, object], settings: Mapping[str, object]
) -> Iterator[Problem]:
    for key in file.keys() - {"responses", "defaults", "settings"}:
        yield Problem(str(key), "is not known")
    for prompt, answer in responses.items():
        if not isinstance(answer, str):
            yield Problem(join_place("responses", str(prompt)), "has no text for its answer")
    for key in settings.keys() - {"lag_enabled", "lag_factor"}:
        yield Problem(join_place("settings", str(key)), "is not known")
    if settings.get("lag_enabled"):
        yield Problem("settings.lag_enabled", "holds for streams only; an answer in one piece comes at once")
