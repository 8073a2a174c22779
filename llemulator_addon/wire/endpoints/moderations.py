"""`POST /v1/moderations`.

No model speaks here, so a rule answers only if its `match` names the endpoint or the path. A rule that answers may
fail; its text is the verdict on every input, as an object from categories to scores or booleans (`json: {violence:
0.9, hate: true}`), and what is not named is scored as ever. Without a rule the scores are low, unless one of a short
list of words is in the input (`wire/moderation.py`), whatever `on_unmatched` says.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

from llemulator_addon.core.json_type import JSON, JsonObject
from llemulator_addon.core.prompt import Message, Prompt
from llemulator_addon.core.reply import Failure, ModelOutput
from llemulator_addon.wire import errors, moderation
from llemulator_addon.wire.answer import Answer, Body, Call, Endpoint, LongBody, Made, Manner
from llemulator_addon.wire.bodies import check_body
from llemulator_addon.wire.checking import Fields, text
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.json_bytes import Many, pretty, write_pieces
from llemulator_addon.wire.json_bytes import read as read_json
from llemulator_addon.wire.members import text_in
from llemulator_addon.wire.models import resolve_alias, serves

NAME = "moderations"


def read(call: Call, body: JsonObject) -> Prompt:
    """Understand a body; raises `RequestRefused` in OpenAI's words."""
    model = text_in(check_body(_MODERATION, body, lenient=call.lenient), "model") or moderation.DEFAULT
    if body.get("input") is None:
        raise RequestRefused(errors.missing("input"))
    judged = _inputs(body["input"])
    if call.knows(model) and not serves(model, "moderations") and not call.lenient:
        raise RequestRefused(_not_for_moderation(model))
    return Prompt(
        endpoint=NAME,
        model=model,
        messages=tuple(Message(role="user", text=each.text) for each in judged),
        body=body,
    )


def write(prompt: Prompt, says: ModelOutput, manner: Manner) -> Answer:
    """Write a verdict on each input."""
    model = says.model or (resolve_alias(prompt.model) if manner.dated_models else prompt.model)
    given = _read_given(says)
    judged = _inputs(prompt.body["input"])

    def results() -> Iterator[dict[str, object]]:
        pairs = zip(judged, chain(given, repeat(given[-1])), strict=False)
        return (_verdict(model, each, verdict) for each, verdict in pairs)

    answer = {
        "id": _id(model, manner),
        "model": model,
        "results": Many(results) if manner.in_pieces else list(results()),
    }
    if manner.in_pieces:
        return LongBody(pieces=Made(lambda: chain(write_pieces(answer), (b"\n",))))
    return Body(body=pretty(answer) + b"\n")


def size(prompt: Prompt, says: ModelOutput) -> int:
    """Estimate the bytes of an answer. To judge a text takes as long as to send it many times over."""
    del says
    return sum(_OF_A_VERDICT + _JUDGING * len(message.text) for message in prompt.messages)


_OF_A_VERDICT = 2_500
_JUDGING = 8

ENDPOINT = Endpoint(
    name=NAME, method="POST", path="/moderations", read=read, write=write, speaks=False, only_openai=True, size=size
)


_MODERATION = Fields(checks={"model": text()})
"""`input` is read apart."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """The input of one verdict."""

    text: str
    has_text: bool = True
    has_image: bool = False


def _inputs(value: JSON) -> tuple[_Judged, ...]:
    match value:
        case str():
            return (_Judged(value),)
        case [str(), *_] if len(texts := [text for text in value if isinstance(text, str)]) == len(value):
            return tuple(_Judged(text) for text in texts)
        case [dict(), *_] if all(isinstance(part, dict) and isinstance(part.get("type"), str) for part in value):
            return (_read_parts(list(value)),)
        case _:
            # No recording of this refusal is known.
            raise RequestRefused(
                errors.wrong_type("input", "one of a string, array of strings or array of objects", "another")
            )


def _read_parts(parts: list[JSON]) -> _Judged:
    kinds = {text_in(part, "type") for part in parts}
    texts = [text_in(part, "text") or "" for part in parts if text_in(part, "type") == "text"]
    return _Judged("\n".join(texts), has_text="text" in kinds, has_image="image_url" in kinds)


def _verdict(model: str, judged: _Judged, given: Mapping[str, Any]) -> dict[str, object]:
    return moderation.judge(model, judged.text, given, text=judged.has_text, image=judged.has_image)


def _read_given(says: ModelOutput) -> Sequence[Mapping[str, Any]]:
    """Return the verdicts of the script, of which the last repeats."""
    return says.moderation.verdicts if says.moderation and says.moderation.verdicts else (_read_script(says),)


def _read_script(says: ModelOutput) -> Mapping[str, Any]:
    """Read a verdict from what the script says; empty where it says something else."""
    try:
        value = read_json(says.choice(0).text.encode())
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _id(model: str, manner: Manner) -> str:
    if model.startswith("text-moderation"):
        return f"modr-{manner.stamp.base62('moderation', 29)}"
    return f"modr-{manner.stamp.hex('moderation', 32)}"


def _not_for_moderation(model: str) -> Failure:
    return Failure(
        status=400,
        type=INVALID,
        param="model",
        code="invalid_value",
        message=f"Invalid value for 'model' = {model}. Please check the OpenAI documentation and try again.",
    )
