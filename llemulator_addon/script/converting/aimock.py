"""aimock's fixture files (formerly llmock): matches and responses, the first that matches answers.

https://github.com/CopilotKit/aimock; `src/router.ts` has the rules that its fixtures follow.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from llemulator_addon.script.converting.converted import Converted, literally, require_object
from llemulator_addon.script.globs import is_plain
from llemulator_addon.script.script_error import Problem, join_place, kind_of, problem


class _NotCarried(Exception):
    """Something that has no counterpart, and without which the rule would be another one."""

    def __init__(self, place: str, reason: str) -> None:
        self.problem = Problem(place, reason)
        super().__init__(str(self.problem))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fixture:
    """One fixture as a rule, and what decides its place among the others."""

    match: dict[str, Any]
    rule: dict[str, Any]
    """All but its match."""
    sequence: int | None
    """Its place among those that match the same, each of which answers once; None: it has none."""
    turn: int | None
    """How many answers of the model the conversation should have; None: any number."""

    def write(self, *more: dict[str, Any]) -> dict[str, Any]:
        """Return the rule, of which further words must hold."""
        return {"match": _all([self.match, *more]), **self.rule}


def convert(value: object) -> Converted:
    """Return the script; raises `ScriptError`."""
    written = value if isinstance(value, list) else require_object(value, "").get("fixtures")
    if not isinstance(written, list):
        raise problem("fixtures", f"expected a list, got {kind_of(written)}")
    lost: list[Problem] = []
    fixtures: list[_Fixture] = []
    for number, fixture in enumerate(written):
        place = join_place("fixtures", number)
        try:
            fixtures.append(_fixture(require_object(fixture, place), place, fixtures, lost))
        except _NotCarried as missing:
            lost.append(missing.problem)
    return Converted({"rules": _order_turns(_sort_sequences(fixtures))}, tuple(lost))


def _fixture(fixture: Mapping[str, object], place: str, before: list[_Fixture], lost: list[Problem]) -> _Fixture:
    match = require_object(fixture.get("match") or {}, join_place(place, "match"))
    response = require_object(fixture.get("response") or {}, join_place(place, "response"))
    words = [_word(key, wanted, join_place(join_place(place, "match"), key)) for key, wanted in match.items()]
    if "embedding" in response and not {"inputText", "endpoint"} & match.keys():
        words.append({"endpoint": "embeddings"})
    sequence, turn = (_number(match, key, join_place(place, "match")) for key in ("sequenceIndex", "turnIndex"))
    reply = _reply(response, join_place(place, "response"), lost)
    once = {} if sequence is None else {"times": 1}
    # A fixture that calls a tool answers the tool's result too, unless it says that none is there.
    again = {"calls_again": True} if _calls_tool(reply) and match.get("hasToolResult") is not False else {}
    rule = {"reply": reply, **once, **again, **_manner(fixture, place, lost)}
    made = _Fixture(match=_all(words), rule=rule, sequence=sequence, turn=turn)
    if sequence is not None and any(_is_same_place(made, other) for other in before):
        raise _NotCarried(join_place(place, "match.sequenceIndex"), "has the number of a fixture before it")
    return made


def _calls_tool(reply: Mapping[str, Any]) -> bool:
    return "tool_calls" in reply or any("tool_call" in block for block in reply.get("blocks", ()))


def _is_same_place(one: _Fixture, other: _Fixture) -> bool:
    return (one.match, one.sequence, one.turn) == (other.match, other.sequence, other.turn)


def _number(match: Mapping[str, object], key: str, place: str) -> int | None:
    wanted = match.get(key)
    if wanted is not None and (not isinstance(wanted, int) or isinstance(wanted, bool) or wanted < 0):
        raise _NotCarried(join_place(place, key), f"has {kind_of(wanted)}, where a number is understood")
    return wanted


def _sort_sequences(fixtures: list[_Fixture]) -> list[_Fixture]:
    """Put the fixtures of a sequence in its order, where they match the same: each answers once, so order is all."""
    members: dict[str, list[int]] = {}
    for position, fixture in enumerate(fixtures):
        if fixture.sequence is not None:
            members.setdefault(repr((fixture.match, fixture.turn)), []).append(position)
    ordered = list(fixtures)
    for positions in members.values():
        for position, source in zip(positions, sorted(positions, key=lambda at: _sequence(fixtures[at])), strict=True):
            ordered[position] = fixtures[source]
    return ordered


def _sequence(fixture: _Fixture) -> int:
    return fixture.sequence or 0


def _order_turns(fixtures: list[_Fixture]) -> list[dict[str, object]]:
    """Return the rules. Among fixtures that match, `turnIndex` chooses, and refuses nothing.

    The nearest turn that the conversation has reached answers; one reached exactly gives way to a fixture without a
    turn that stands before it. If no turn is reached, a fixture without one answers, else the lowest turn.
    """
    plain = [fixture for fixture in fixtures if fixture.turn is None]
    turns = [fixture for fixture in fixtures if fixture.turn is not None]
    if not turns:
        return [fixture.write() for fixture in plain]
    rules: list[dict[str, object]] = []
    for fixture in sorted(turns, key=_turn, reverse=True):
        reached = {"answered": _turn(fixture)}
        rules += [
            other.write(fixture.match, reached)
            for other in fixtures[: fixtures.index(fixture)]
            if other.turn is None and other.sequence is None and _may_both_match(other, fixture)
        ]
        rules.append(fixture.write({"answered": {"at_least": _turn(fixture)}}))
    rules += [fixture.write() for fixture in plain]
    return [*rules, *(fixture.write() for fixture in sorted(turns, key=_turn))]


def _turn(fixture: _Fixture) -> int:
    return fixture.turn or 0


def _may_both_match(one: _Fixture, other: _Fixture) -> bool:
    """Whether one request may match both: not where they want different values of a word that has one value."""
    return all(one.match[word] == other.match[word] for word in _SINGLE if word in one.match and word in other.match)


_SINGLE = ("endpoint", "stream")


# match --------------------------------------------------------------------------------------------------------------


def _word(key: str, wanted: object, place: str) -> dict[str, object]:
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


def _system(wanted: object) -> dict[str, object]:
    if isinstance(wanted, list):
        return _all([{"system_text": literally(_text(part))} for part in wanted])
    return {"system_text": literally(_text(wanted))}


def _model(wanted: object) -> dict[str, object]:
    """Carry a name: it means itself, and itself with a dash and a digit behind it, as dated names have."""
    if not is_plain(name := _text(wanted)):
        message = "has a name with * or ?, which are no letters here"
        raise ValueError(message)
    return {"model": [name, *(f"{name}-{digit}*" for digit in range(10))]}


def _endpoint(wanted: object) -> dict[str, object]:
    match wanted:
        case "chat":
            return {"any_of": [{"endpoint": "chat.completions"}, {"endpoint": "responses"}]}
        case "embedding":
            return {"endpoint": "embeddings"}
        case _:
            message = f"names {kind_of(wanted)}, which scripts do not answer"
            raise ValueError(message)


def _has_tool_result(wanted: object) -> dict[str, object]:
    """Carry whether a tool's result stands behind the last message of the user."""
    if not isinstance(wanted, bool):
        message = f"has {kind_of(wanted)}, where true or false is understood"
        raise TypeError(message)
    return {"tool_result": {}} if wanted else {"not": {"tool_result": {}}}


def _response_format(wanted: object) -> dict[str, object]:
    """Carry the format, which stands elsewhere in the body of each endpoint."""
    return {
        "any_of": [{"json_path": {path: _text(wanted)}} for path in ("$.response_format.type", "$.text.format.type")]
    }


_WORDS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "userMessage": lambda wanted: {"user_text": literally(_text(wanted))},
    "systemMessage": _system,
    "inputText": lambda wanted: {"endpoint": "embeddings", "any_text": literally(_text(wanted))},
    "toolName": lambda wanted: {"has_tool": _text(wanted)},
    "toolCallId": lambda wanted: {"tool_result": {"id": _text(wanted)}},
    "toolResultContains": lambda wanted: {"tool_result": {"pattern": literally(_text(wanted))}},
    "model": _model,
    "responseFormat": _response_format,
    "sequenceIndex": lambda _: {},
    "turnIndex": lambda _: {},
    "hasToolResult": _has_tool_result,
    "endpoint": _endpoint,
}
_REASONS = {"predicate": "is code", "context": "is sent by a header of that tool"}


def _all(matches: list[dict[str, Any]]) -> dict[str, object]:
    """Put matches into one; a word that is there already with another value needs `all_of`."""
    match: dict[str, object] = {}
    again: list[dict[str, object]] = []
    for each in matches:
        for word, wanted in each.items():
            if word == "all_of":
                again += wanted
            elif word not in match:
                match[word] = wanted
            elif match[word] != wanted and {word: wanted} not in again:
                again.append({word: wanted})
    return {**match, "all_of": again} if again else match


# response -----------------------------------------------------------------------------------------------------------


def _reply(response: Mapping[str, object], place: str, lost: list[Problem]) -> dict[str, object]:
    lost += [
        Problem(join_place(place, key), "is made from the seed, or as the endpoint has it")
        for key in _MADE & response.keys()
    ]
    if isinstance(error := response.get("error"), Mapping):
        return {"failure": _failure(response, error)}
    if "embedding" in response:
        return {"json": response["embedding"]}
    reply = _reason_first(_convert_response(response, place), response.get("reasoning")) | _some(response, "model")
    if not reply:
        known = ", ".join(sorted(response.keys() - _MADE)) or "nothing"
        raise _NotCarried(place, f"has {known}, which replies do not say")
    if (reason := response.get("finishReason")) is not None:
        reply["finish_reason"] = reason
    if isinstance(usage := response.get("usage"), Mapping):
        reply["usage"] = _usage(usage, join_place(place, "usage"), lost)
    lost += [Problem(join_place(place, key), "is not known") for key in response.keys() - _MADE - _KNOWN]
    return reply


_MADE = frozenset({"id", "created", "role", "systemFingerprint"})
_KNOWN = frozenset(
    {
        *("content", "toolCalls", "blocks", "reasoning", "model", "finishReason", "usage", "error", "status"),
        *("embedding", "retryAfter", "webSearches"),
    }
)


def _failure(response: Mapping[str, object], error: Mapping[str, object]) -> dict[str, object]:
    status = response.get("status", 500)
    # Of a 429 it says when to come back, after a second if the fixture says nothing.
    back = {"retry_after": response.get("retryAfter", 1)} if status == _TOO_MANY else {}
    return {"status": status, **_some(error, "message", "type", "code", "param"), **back}


_TOO_MANY = 429


def _usage(usage: Mapping[str, object], place: str, lost: list[Problem]) -> dict[str, object]:
    """Carry counts of OpenAI's two endpoints; of other providers' there is nothing to say."""
    lost += [Problem(join_place(place, str(key)), "is a count of another provider") for key in usage.keys() - _COUNTS]
    given = {key: usage[key] for key in _COUNTS if usage.get(key) is not None}
    for one, other in (("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens")):
        if one in given and other in given:
            del given[other]
    return given


_COUNTS = (
    *("prompt_tokens", "completion_tokens", "total_tokens", "input_tokens", "output_tokens"),
    *("prompt_tokens_details", "completion_tokens_details"),
)


def _convert_response(response: Mapping[str, object], place: str) -> dict[str, object]:
    if isinstance(blocks := response.get("blocks"), list):
        return {"blocks": list(_blocks(blocks, join_place(place, "blocks")))}
    said: dict[str, object] = {}
    content = response.get("content")
    if isinstance(content, str):
        said["text"] = content
    elif content is not None:
        said["json"] = content
    if isinstance(calls := response.get("toolCalls"), list):
        said["tool_calls"] = [_call(require_object(call, place)) for call in calls]
    if isinstance(searches := response.get("webSearches"), list) and searches:
        return {"blocks": list(_search_first(searches, said))}
    return said


def _search_first(searches: list[object], said: dict[str, Any]) -> Iterator[dict[str, object]]:
    """Yield the searches, which only Responses show, and then the words."""
    for query in searches:
        yield {"hosted_call": {"type": "web_search_call", "action": {"type": "search", "query": str(query)}}}
    yield from ({word: wanted} for word, wanted in said.items() if word != "tool_calls")
    yield from ({"tool_call": call} for call in said.get("tool_calls", ()))


def _reason_first(reply: dict[str, Any], reasoning: object) -> dict[str, object]:
    if not isinstance(reasoning, str) or not reasoning:
        return reply
    if "blocks" in reply:
        return {"blocks": [{"reasoning": reasoning}, *reply["blocks"]]}
    return {**reply, "reasoning": reasoning}


def _blocks(blocks: list[Any], place: str) -> Iterator[dict[str, object]]:
    for number, block in enumerate(blocks):
        match block:
            case {"type": "text", "text": str(text)}:
                yield {"text": text}
            case {"type": "toolCall"}:
                yield {"tool_call": _call(block)}
            case _:
                raise _NotCarried(join_place(place, number), "is a block of another type than text and toolCall")


def _call(call: Mapping[str, object]) -> dict[str, object]:
    return {"name": str(call.get("name")), **_some(call, "arguments", "id")}


def _some(of: Mapping[str, object], *keys: str) -> dict[str, object]:
    return {key: of[key] for key in keys if of.get(key) is not None}


# beside them --------------------------------------------------------------------------------------------------------


def _manner(fixture: Mapping[str, object], place: str, lost: list[Problem]) -> dict[str, object]:
    """Return the pace and the faults."""
    stream = _stream(fixture)
    faults = list(_faults(fixture, place, lost))
    lost += [Problem(join_place(place, str(key)), "is not known") for key in fixture.keys() - _KEYS]
    return {**({"stream": stream} if stream else {}), **({"faults": faults} if faults else {})}


_KEYS = frozenset(
    {
        *("match", "response", "streamingProfile", "latency", "chunkSize", "truncateAfterChunks", "chaos"),
        "metadata",  # nothing follows from it
    }
)


def _stream(fixture: Mapping[str, object]) -> dict[str, object]:
    stream: dict[str, object] = {}
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


def _faults(fixture: Mapping[str, object], place: str, lost: list[Problem]) -> Iterator[dict[str, object]]:
    chaos = fixture.get("chaos")
    if isinstance(chaos, Mapping):
        if _is_positive(late := chaos.get("latencyMs")):
            yield {"latency_ms": late}
        # It draws in this order, and the first that hits fails the request.
        for key, failure in (("dropRate", {"status": 500}), ("rateLimitRate", {"status": 429, "retry_after": 1})):
            if _is_positive(rate := chaos.get(key)):
                yield {"failure": {**failure, "probability": rate}}
        lost += [
            Problem(join_place(join_place(place, "chaos"), key), "is a matter of chance; here only failures are")
            for key in chaos.keys() - {"dropRate", "rateLimitRate", "latencyMs"}
        ]
    if _is_positive(chunks := fixture.get("truncateAfterChunks")):
        yield {"cut_after": {"sends": chunks}}


def _is_positive(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
