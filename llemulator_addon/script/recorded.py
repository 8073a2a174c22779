"""Recorded answers of OpenAI's API as replies: played, they say the same, with the same ids, calls and counts.

Chat completions, Responses and embeddings are understood, and what has another form is a `raw` reply. A stream is first
put together into the object that an answer in one piece has.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from llemulator_addon.wire.logprobs import join_tokens

Json = Mapping[str, Any]


def reply_of(answer: Json, *, status: int = 200, events: Iterable[Json] = ()) -> dict[str, Any]:
    """Return the reply that makes an endpoint answer as it was recorded; `events` are those of a Responses stream."""
    error = answer.get("error")
    if status >= _FAILED and isinstance(error, Mapping):
        return {"failure": {"status": status, **{key: error.get(key) for key in ("message", "type", "code", "param")}}}
    match answer.get("object"):
        case "chat.completion" if status == _OK and answer.get("choices"):
            return _read_completion(answer)
        case "response" if status == _OK and answer.get("status") in {"completed", "incomplete"}:
            return _read_response(answer, list(events))
        case "response" if status == _OK and isinstance(error, Mapping) and not answer.get("output"):
            return {"failure": {"taken": True, "code": error.get("code"), "message": error.get("message")}}
        case "list" if status == _OK and _has_vectors(answer):
            return _read_embeddings(answer)
        case _:
            return {"raw": {"status": status, "json": dict(answer)}}


_OK = 200
_FAILED = 400

# Chat ----------------------------------------------------------------------------------------------------------------


def _read_completion(answer: Json) -> dict[str, Any]:
    choices = [_choice(choice) for choice in answer["choices"]]
    said = choices[0] if len(choices) == 1 else {"choices": choices}
    fingerprint = {"system_fingerprint": answer["system_fingerprint"]} if "system_fingerprint" in answer else {}
    verdicts = answer.get("moderation")
    moderated = {side: verdicts[side]["results"][0] for side in ("input", "output")} if verdicts else {}
    return {**_envelope(answer), **fingerprint, **said, **({"moderation": moderated} if moderated else {})}


def _choice(choice: Json) -> dict[str, Any]:
    message = choice["message"]
    reply: dict[str, Any] = {"finish_reason": choice.get("finish_reason")}
    calls = [_chat_call(call) for call in message.get("tool_calls") or ()]
    if function := message.get("function_call"):
        calls.append({"name": function["name"], "arguments": function["arguments"]})
    probable = choice.get("logprobs") or {}
    if message.get("refusal") is not None:
        reply["refusal"] = message["refusal"]
        _add_logprobs(reply, probable.get("refusal"))
    elif sound := message.get("audio"):
        reply["audio"] = {key: sound[key] for key in ("transcript", "data", "id", "expires_at") if key in sound}
    elif message.get("annotations"):
        cited = [{"type": "url_citation", **each["url_citation"]} for each in message["annotations"]]
        spoken = {"text": message.get("content") or "", "annotations": cited}
        _add_logprobs(spoken, probable.get("content"))
        reply["blocks"] = [{"message": spoken}]
        reply["blocks"] += [{"tool_call": call} for call in calls]
        return reply
    elif message.get("content") is not None or not calls:
        reply["text"] = message.get("content") or ""
        _add_logprobs(reply, probable.get("content"))
    if calls:
        reply["tool_calls"] = calls
    return reply


def _chat_call(call: Json) -> dict[str, Any]:
    if call.get("type") == "custom":
        return {"name": call["custom"]["name"], "input": call["custom"]["input"], "id": call["id"]}
    return {"name": call["function"]["name"], "arguments": call["function"]["arguments"], "id": call["id"]}


def _add_logprobs(to: dict[str, Any], entries: object) -> None:
    """Add log probabilities, unless they are those of another text: one that ended at a stop sequence, for example."""
    text = to["refusal"] if "refusal" in to else to["text"]
    if isinstance(entries, list) and entries and join_tokens(entries) == text.encode("utf-8", "replace"):
        to["logprobs"] = entries


def _envelope(answer: Json) -> dict[str, Any]:
    """Return the words that all answers have: model, usage and tier."""
    tier = answer.get("service_tier")
    return {
        "model": answer["model"],
        **({"usage": answer["usage"] and _usage(answer["usage"])} if "usage" in answer else {}),
        **({"service_tier": tier} if isinstance(tier, str) else {}),
    }


def _usage(usage: Json) -> dict[str, Any]:
    return {name: count for name, count in usage.items() if isinstance(count, int | dict) and name in _COUNTS}


_COUNTS = frozenset(
    f"{side}_tokens{more}"
    for side in ("prompt", "completion", "input", "output", "total")
    for more in ("", "_details")
    if (side, more) != ("total", "_details")
)

# Responses -----------------------------------------------------------------------------------------------------------


def _read_response(answer: Json, events: list[Json]) -> dict[str, Any]:
    blocks = [block for at, item in enumerate(answer["output"]) for block in _blocks(item, at, events)]
    said: dict[str, Any] = {"blocks": blocks} if blocks else {"text": ""}
    if answer["status"] == "incomplete":
        reason = str((answer.get("incomplete_details") or {}).get("reason"))
        said["finish_reason"] = {"max_output_tokens": "length", "content_filter": "content_filter"}.get(reason)
    if (order := _order(events, len(answer["output"]))) is not None:
        said["side_by_side"] = order
    verdicts = answer.get("moderation")
    moderated = {"moderation": {side: verdicts[side] for side in ("input", "output")}} if verdicts else {}
    return {**_envelope(answer), **said, **moderated}


def _blocks(item: Json, at: int, events: list[Json]) -> Iterator[dict[str, Any]]:
    match item["type"]:
        case "message":
            parts = [_part(part, at, number, events) for number, part in enumerate(item["content"])]
            own = {key: item[key] for key in ("id", "status", "phase") if item.get(key) is not None}
            yield {"message": {**(parts[0] if len(parts) == 1 else {"parts": parts}), **own}}
        case "reasoning":
            yield {"reasoning": _reasoning(item)}
        case "function_call" | "custom_tool_call" as kind:
            key = "arguments" if kind == "function_call" else "input"
            named = {name: item[name] for name in ("status", "namespace", "caller") if item.get(name) is not None}
            ids = {"id": item["call_id"], "item_id": item["id"]}
            yield {"tool_call": {"name": item["name"], key: item[key], **ids, **named}}
        case kind:
            fields = {key: value for key, value in item.items() if key != "type"}
            yield {"hosted_call": {"type": kind, **fields, **_partial_images(item, events)}}


def _reasoning(item: Json) -> dict[str, Any]:
    texts = {
        "summary": [part["text"] for part in item.get("summary") or ()],
        "content": [part["text"] for part in item.get("content") or ()],
    }
    own = {key: item[key] for key in ("id", "encrypted_content", "status") if item.get(key) is not None}
    return {**{key: parts for key, parts in texts.items() if parts}, **own}


def _part(part: Json, at: int, number: int, events: list[Json]) -> dict[str, Any]:
    if part["type"] == "refusal":
        return {"refusal": part["refusal"]}
    made: dict[str, Any] = {"text": part["text"]}
    if part.get("annotations"):
        made["annotations"] = part["annotations"]
        places = _places(at, number, events)
        usual = dict(enumerate(_usual_place(each, len(part["text"])) for each in part["annotations"]))
        if places.keys() == usual.keys() and places != usual:
            made["annotations_at"] = [places[index] for index in sorted(places)]
    _add_logprobs(made, part.get("logprobs"))
    return made


def _places(at: int, number: int, events: list[Json]) -> dict[int, int]:
    """Return how many characters of a part came before each annotation."""
    said, places = 0, dict[int, int]()
    for event in events:
        if (event.get("output_index"), event.get("content_index")) == (at, number):
            if event["type"] == "response.output_text.delta":
                said += len(event["delta"])
            elif event["type"] == "response.output_text.annotation.added":
                places[event["annotation_index"]] = said
    return places


def _usual_place(annotation: Json, size: int) -> int:
    """Return the place of an annotation that needs no word: the end of its text, or of all, if it is about none."""
    start, end = annotation.get("start_index"), annotation.get("end_index", annotation.get("index"))
    return size if start == end or not isinstance(end, int) else min(max(end, 0), size)


def _partial_images(item: Json, events: list[Json]) -> dict[str, Any]:
    """Return the unfinished images of a stream, which no item has."""
    if item["type"] != "image_generation_call" or not events:
        return {}
    images = [event["partial_image_b64"] for event in events if "partial_image_b64" in event]
    return {"partial_images": images}


def _order(events: list[Json], items: int) -> list[int] | None:
    """Return whose event came next, if items went on side by side: the numbers of items up to the last that did."""
    places = [place for event in events if isinstance(place := event.get("output_index"), int) and place < items]
    if places == sorted(places):
        return None
    last = max(at for at, place in enumerate(places) if place < max(places[: at + 1]))
    return [place + 1 for place in places[: last + 1]]


# Streams -------------------------------------------------------------------------------------------------------------


def join_chunks(chunks: Iterable[Json]) -> dict[str, Any]:
    """Return the completion that the chunks of a stream of chat are, without `usage` if none of them has it."""
    whole: dict[str, Any] = {}
    choices: dict[int, dict[str, Any]] = {}
    for chunk in chunks:
        whole |= {key: value for key, value in chunk.items() if key not in _OF_CHUNKS and (value or key not in whole)}
        if "usage" in chunk:
            whole["usage"] = chunk["usage"] or whole.get("usage")
        for part in chunk.get("choices") or ():
            _join_choice(choices.setdefault(part["index"], _empty_choice(part["index"])), part)
    return {**whole, "object": "chat.completion", "choices": [choices[index] for index in sorted(choices)]}


_OF_CHUNKS = frozenset({"choices", "usage", "obfuscation"})


def _empty_choice(index: int) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
    return {"index": index, "message": message, "logprobs": None, "finish_reason": None}


def _join_choice(choice: dict[str, Any], part: Json) -> None:
    message, delta = choice["message"], part.get("delta") or {}
    for key in ("content", "refusal"):
        if delta.get(key) is not None:
            message[key] = (message[key] or "") + delta[key]
    for call in delta.get("tool_calls") or ():
        _join_call(message.setdefault("tool_calls", []), call)
    if (called := delta.get("function_call")) is not None:
        _join_texts(message.setdefault("function_call", {}), called)
    if (sound := delta.get("audio")) is not None:
        _join_texts(message.setdefault("audio", {}), sound, whole=("id",))
    if delta.get("annotations"):
        message["annotations"] = delta["annotations"]
    for key, entries in (part.get("logprobs") or {}).items():
        if entries:
            choice["logprobs"] = {**(choice["logprobs"] or {}), key: (choice["logprobs"] or {}).get(key, []) + entries}
    choice["finish_reason"] = part.get("finish_reason") or choice["finish_reason"]


def _join_call(calls: list[dict[str, Any]], part: Json) -> None:
    known = next((call for call in calls if call["index"] == part["index"]), None)
    if known is None:
        known = {"index": part["index"]}
        calls.append(known)
    for key in ("id", "type"):
        if part.get(key):
            known[key] = part[key]
    for key in ("function", "custom"):
        if part.get(key) is not None:
            _join_texts(known.setdefault(key, {}), part[key], whole=("name",))


def _join_texts(to: dict[str, Any], part: Json, whole: tuple[str, ...] = ("name",)) -> None:
    for key, value in part.items():
        joins = isinstance(value, str) and key not in whole
        to[key] = to.get(key, "") + value if joins else value


# Embeddings ----------------------------------------------------------------------------------------------------------


def _has_vectors(answer: Json) -> bool:
    rows = answer.get("data")
    return isinstance(rows, list) and bool(rows) and all(isinstance(row.get("embedding"), list) for row in rows)


def _read_embeddings(answer: Json) -> dict[str, Any]:
    return {**_envelope(answer), "embedding": [row["embedding"] for row in answer["data"]]}
