"""aimock's fixture files (formerly llmock): matches and responses, the first that matches answers.

https://github.com/CopilotKit/aimock
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeGuard

from llemulator_addon.script.converting.converted import Converted, literally, require_object
from llemulator_addon.script.globs import is_plain
from llemulator_addon.script.script_error import Problem, join_place, kind_of, problem


class _NotCarried(Exception):
    """Something that has no counterpart, and without which the rule would be another one."""

    def __init__(self, place: str, reason: str) -> None:
        self.problem = Problem(place, reason)
        super().__init__(str(self.problem))


def convert(value: object) -> Converted:
    """Return the script; raises `ScriptError`."""
    fixtures = value if isinstance(value, list) else require_object(value, "").get("fixtures")
    if not isinstance(fixtures, list):
        raise problem("fixtures", f"expected a list, got {kind_of(fixtures)}")
    lost: list[Problem] = []
    rules: list[tuple[int, dict[str, Any]]] = []
    for number, fixture in enumerate(fixtures):
        place = join_place("fixtures", number)
        try:
            rules.append(_rule(require_object(fixture, place), place, lost))
        except _NotCarried as missing:
            lost.append(missing.problem)
    return Converted({"rules": _sort_sequence(rules)}, tuple(lost))


def _rule(fixture: Mapping[str, Any], place: str, lost: list[Problem]) -> tuple[int, dict[str, Any]]:
    match = require_object(fixture.get("match") or {}, join_place(place, "match"))
    response = require_object(fixture.get("response") or {}, join_place(place, "response"))
    words = [_word(key, wanted, join_place(join_place(place, "match"), key)) for key, wanted in match.items()]
    if "embedding" in response and not {"inputText", "endpoint"} & match.keys():
        words.append({"endpoint": "embeddings"})
    rule: dict[str, Any] = {"match": _all(words), "reply": _reply(response, join_place(place, "response"), lost)}
    index = match.get("sequenceIndex")
    if index is not None:
        rule["times"] = 1
    return (index if isinstance(index, int) else -1), {**rule, **_manner(fixture, place, lost)}


def _sort_sequence(rules: list[tuple[int, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Put the rules of a sequence in its order, where they match the same: each answers once, so order is all."""
    members: dict[str, list[int]] = {}
    for position, (index, rule) in enumerate(rules):
        if index >= 0:
            members.setdefault(repr(rule["match"]), []).append(position)
    ordered = [rule for _, rule in rules]
    for positions in members.values():
        for position, source in zip(positions, sorted(positions, key=lambda at: rules[at][0]), strict=True):
            ordered[position] = rules[source][1]
    return ordered


# match --------------------------------------------------------------------------------------------------------------


def _word(key: str, wanted: Any, place: str) -> dict[str, Any]:  # noqa: ANN401
    if (made := _WORDS.get(key)) is None:
        raise _NotCarried(place, _REASONS.get(key, "is not known"))
    try:
        return made(wanted)
    except (TypeError, ValueError) as error:
        raise _NotCarried(place, str(error)) from None


def _text(wanted: object) -> str:
    if not isinstance(wanted, str):
        message = f"has {kind_of(wanted)}, where text is understood"
        raise TypeError(message)
    return wanted


def _system(wanted: object) -> dict[str, Any]:
    if isinstance(wanted, list):
        return _all([{"system_text": literally(_text(part))} for part in wanted])
    return {"system_text": literally(_text(wanted))}


def _model(wanted: object) -> dict[str, Any]:
    if not is_plain(_text(wanted)):
        message = "has a name with * or ?, which are no letters here"
        raise ValueError(message)
    return {"model": wanted}


def _turn(wanted: object) -> dict[str, Any]:
    """Carry the first turn only: it counts answers, and `turn` user messages, which differ where tools are called."""
    if wanted != 0:
        message = "counts the assistant's messages, which nothing here does; `turn` counts the user's"
        raise ValueError(message)
    return {"not": {"json_path": {"$.messages[*].role": "assistant"}}}


def _endpoint(wanted: object) -> dict[str, Any]:
    match wanted:
        case "chat":
            return {"any_of": [{"endpoint": "chat.completions"}, {"endpoint": "responses"}]}
        case "embedding":
            return {"endpoint": "embeddings"}
        case _:
            message = f"names {kind_of(wanted)}, which scripts do not answer"
            raise ValueError(message)


def _has_tool_result(wanted: object) -> dict[str, Any]:
    result = {"json_path": {"$.messages[*].role": "tool"}}
    return result if wanted else {"not": result}


_WORDS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "userMessage": lambda wanted: {"user_text": literally(_text(wanted))},
    "systemMessage": _system,
    "inputText": lambda wanted: {"endpoint": "embeddings", "any_text": literally(_text(wanted))},
    "toolName": lambda wanted: {"has_tool": _text(wanted)},
    "toolCallId": lambda wanted: {"json_path": {"$.messages[-1].tool_call_id": _text(wanted)}},
    "toolResultContains": lambda wanted: {"tool_result": {"pattern": literally(_text(wanted))}},
    "model": _model,
    "responseFormat": lambda wanted: {"json_path": {"$.response_format.type": _text(wanted)}},
    "sequenceIndex": lambda _: {},
    "turnIndex": _turn,
    "hasToolResult": _has_tool_result,
    "endpoint": _endpoint,
}
_REASONS = {"predicate": "is code"}


def _all(words: list[dict[str, Any]]) -> dict[str, Any]:
    """Put words into one match; a word that is there already needs `all_of`."""
    match: dict[str, Any] = {}
    again: list[dict[str, Any]] = []
    for word in words:
        if word.keys() & match.keys():
            again.append(word)
        else:
            match |= word
    return {**match, "all_of": again} if again else match


# response -----------------------------------------------------------------------------------------------------------


def _reply(response: Mapping[str, Any], place: str, lost: list[Problem]) -> dict[str, Any]:
    lost += [
        Problem(join_place(place, key), "is made from the seed, or as the endpoint has it")
        for key in _MADE & response.keys()
    ]
    if isinstance(error := response.get("error"), Mapping):
        return {"failure": {"status": response.get("status", 500), **_some(error, "message", "type", "code", "param")}}
    if "embedding" in response:
        return {"json": response["embedding"]}
    reply = {**_convert_response(response, place), **_some(response, "model", "reasoning")}
    if not reply:
        known = ", ".join(sorted(response.keys() - _MADE)) or "nothing"
        raise _NotCarried(place, f"has {known}, which replies do not say")
    if (reason := response.get("finishReason")) is not None:
        reply["finish_reason"] = reason
    if isinstance(usage := response.get("usage"), Mapping):
        reply["usage"] = _some(usage, "prompt_tokens", "completion_tokens")
    lost += [Problem(join_place(place, key), "is not known") for key in response.keys() - _MADE - _KNOWN]
    return reply


_MADE = frozenset({"id", "created", "role", "systemFingerprint"})
_KNOWN = frozenset(
    {"content", "toolCalls", "blocks", "reasoning", "model", "finishReason", "usage", "error", "status", "embedding"}
)


def _convert_response(response: Mapping[str, Any], place: str) -> dict[str, Any]:
    if isinstance(blocks := response.get("blocks"), list):
        return {"blocks": list(_blocks(blocks, join_place(place, "blocks")))}
    said: dict[str, Any] = {}
    content = response.get("content")
    if isinstance(content, str):
        said["text"] = content
    elif content is not None:
        said["json"] = content
    if isinstance(calls := response.get("toolCalls"), list):
        said["tool_calls"] = [_call(require_object(call, place)) for call in calls]
    return said


def _blocks(blocks: list[Any], place: str) -> Iterator[dict[str, Any]]:
    for number, block in enumerate(blocks):
        match block:
            case {"type": "text", "text": str(text)}:
                yield {"text": text}
            case {"type": "toolCall"}:
                yield {"tool_call": _call(block)}
            case _:
                raise _NotCarried(join_place(place, number), "is a block of another type than text and toolCall")


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": str(call.get("name")), **_some(call, "arguments", "id")}


def _some(of: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: of[key] for key in keys if of.get(key) is not None}


# beside them --------------------------------------------------------------------------------------------------------


def _manner(fixture: Mapping[str, Any], place: str, lost: list[Problem]) -> dict[str, Any]:
    """Return the pace and the faults."""
    stream = _stream(fixture)
    faults = list(_faults(fixture, place, lost))
    known = {"match", "response", "streamingProfile", "latency", "chunkSize", "truncateAfterChunks", "chaos"}
    lost += [Problem(join_place(place, str(key)), "is not known") for key in fixture.keys() - known]
    return {**({"stream": stream} if stream else {}), **({"faults": faults} if faults else {})}


def _stream(fixture: Mapping[str, Any]) -> dict[str, Any]:
    stream: dict[str, Any] = {}
    profile = fixture.get("streamingProfile")
    if isinstance(profile, Mapping):
        names = (("ttft", "ttft_ms"), ("tps", "tokens_per_second"), ("jitter", "jitter"))
        stream = {ours: profile[theirs] for theirs, ours in names if profile.get(theirs) is not None}
    elif _is_positive(latency := fixture.get("latency")):
        # So many milliseconds between chunks.
        stream = {"ttft_ms": latency, "tokens_per_second": 1000 / latency}
    if _is_positive(size := fixture.get("chunkSize")):
        stream["chunk_by"] = size
    return stream


def _faults(fixture: Mapping[str, Any], place: str, lost: list[Problem]) -> Iterator[dict[str, Any]]:
    chaos = fixture.get("chaos")
    if isinstance(chaos, Mapping):
        if _is_positive(rate := chaos.get("dropRate")):
            yield {"failure": {"status": 500, "probability": rate}}
        lost += [
            Problem(join_place(join_place(place, "chaos"), key), "is a matter of chance; here only failures are")
            for key in chaos.keys() - {"dropRate"}
        ]
    if _is_positive(chunks := fixture.get("truncateAfterChunks")):
        yield {"cut_after": {"sends": chunks}}


def _is_positive(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
