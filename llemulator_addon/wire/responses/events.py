"""The events of a response, made from the finished object alone: so a stream says what the JSON says.

Order and keys are those of the recordings since 2026-01: `type`, and then the other keys by name.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from typing import Any

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.wire import errors, sse
from llemulator_addon.wire.answer import ChunkBy, Made, Piece, cut, take_turns
from llemulator_addon.wire.api_dates import LATEST, Api, Day, api_on
from llemulator_addon.wire.families import family
from llemulator_addon.wire.json_bytes import is_long, read
from llemulator_addon.wire.logprobs import LogprobsInTurn
from llemulator_addon.wire.responses.input_items import Item
from llemulator_addon.wire.responses.response_object import Response, write_begun, write_failed

CountedEvent = tuple[dict[str, Any], int]
"""An event without its `sequence_number`, and how many tokens it brings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutting:
    """How a finished response is written as events."""

    stamp: Stamp
    chunk_by: ChunkBy = "token"
    tier: str = "auto"
    """The service tier that was asked for: the response shows it until it is finished."""
    partial_images: tuple[str, ...] = ()
    side_by_side: bool = False
    """Whether items go on side by side."""
    order: tuple[int, ...] = ()
    """The items whose events come next, before those that are left."""
    places: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """Of annotations, as a script gives them, under `ITEM/PART`."""
    obfuscates: bool = True
    names_search: bool = False
    """Whether a web search is announced with its type of action."""
    day: Day = LATEST
    """The day whose API answers."""

    @property
    def api(self) -> Api:
        """The features of the API on that day."""
        return api_on(self.day)


def pieces_of(response: Response, cutting: Cutting, *, after: int | None = None) -> Made[Piece]:
    """Return the whole stream, or what comes after the event with a sequence number.

    An event is one piece; one with a long text, or with log probabilities that are made, is several.
    """
    return Made(partial(_pieces, response, cutting, after))


def _pieces(response: Response, cutting: Cutting, after: int | None) -> Iterator[Piece]:
    padding = cutting.stamp.base62("obfuscation", _BLOCK * 64) if cutting.obfuscates else ""
    for number, (event, tokens) in enumerate(_events(response, cutting)):
        if after is None or number > after:
            spelled = _spell(event, number, padding)
            if _is_long(event):
                yield from map(Piece, sse.frame_in_pieces(spelled))
            else:
                yield Piece(sse.frame(spelled), tokens)


def _is_long(event: dict[str, object]) -> bool:
    """Whether it is made in pieces: it has all of a long text, or all log probabilities; a delta has few.

    `break_off` reads the first event, which therefore stays whole.
    """
    return "delta" not in event and event["type"] != "response.created" and is_long(event)


def break_off(sent: Sequence[bytes], failure: Failure) -> tuple[bytes, ...]:
    """Return the two events that end a stream with an error: `error`, and then `response.failed`.

    `sent` are the pieces before. Recorded: the error is nested, unlike in OpenAI's description. If the first event is
    no longer readable, or was not sent, the second is left out: it repeats the response of the first.
    """
    if sent and not sent[0].startswith(_EVENT):
        # A request of legacy completions at this path gets their chunks.
        return errors.break_off(sent, failure)
    number = sum(piece.startswith(_EVENT) for piece in sent)
    error = {"type": failure.type, "code": failure.code, "message": failure.message, "param": failure.param}
    first = sse.frame(_spell({"type": "error", "error": error}, number, ""))
    if not sent or not isinstance(response := _read(sent[0]).get("response"), dict):
        return (first,)
    last = {"type": "response.failed", "response": write_failed(response, failure)}
    return (first, sse.frame(_spell(last, number + 1, "")))


_EVENT = b"event: "
"""The beginning of an event. A long event is several pieces, and only the first begins so."""


def _read(piece: bytes) -> dict[str, object]:
    _, _, line = piece.partition(b"\ndata: ")
    try:
        event = read(line.strip())
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def _spell(event: dict[str, Any], number: int, padding: str) -> dict[str, object]:
    whole = {**event, "sequence_number": number}
    if padding and isinstance(event.get("delta"), str):
        whole["obfuscation"] = _obfuscation(len(event["delta"]), number, padding)
    return {"type": whole.pop("type"), **{key: whole[key] for key in sorted(whole)}}


_BLOCK = 16


def _obfuscation(said: int, number: int, padding: str) -> str:
    """Fill a delta up to blocks of 16 characters: recorded in 6 230 of 6 230 events, none after a full block."""
    start = number * _BLOCK % len(padding)
    return padding[start : start + -said % _BLOCK]


# The whole stream ---------------------------------------------------------------------------------------------------


def _events(response: Response, cutting: Cutting) -> Iterator[CountedEvent]:
    first = "queued" if response["background"] else "in_progress"
    yield _write_response("created", write_begun(response, first, tier=cutting.tier))
    if response["background"]:
        yield _write_response("queued", write_begun(response, "queued", tier=cutting.tier))
    yield _write_response("in_progress", write_begun(response, "in_progress", tier=cutting.tier))
    telling = _Telling(encoding_of(response), cutting)
    items = [telling.tell_whole(index, item) for index, item in enumerate(response["output"])]
    yield from _take_in_order(items, cutting.order) if cutting.order else ()
    yield from _take_side_by_side(items) if cutting.side_by_side and not cutting.order else chain.from_iterable(items)
    if response["status"] == "failed":
        # Recorded: the type of the error was its code again.
        error = {"type": response["error"]["code"], **response["error"], "param": None}
        yield {"type": "error", "error": error}, 0
    yield _write_response(response["status"], response)


def _take_in_order(items: list[Iterator[CountedEvent]], order: tuple[int, ...]) -> Iterator[CountedEvent]:
    """Take the next event of each item that is named; a number without an item, or with no event left, names none."""
    for number in order:
        yield from islice(items[number], 1) if number < len(items) else ()


def _take_side_by_side(items: list[Iterator[CountedEvent]]) -> Iterator[CountedEvent]:
    """Begin each item with two events, and then take turns (recorded of two `mcp_list_tools`)."""
    for item in items:
        yield from islice(item, 2)
    yield from take_turns(items)


def encoding_of(response: Response) -> object:
    """Return the encoding of the model that answered."""
    return family(response["model"]).encoding


def _write_response(what: str, response: Response) -> CountedEvent:
    return {"type": f"response.{what}", "response": response}, 0


def _opening(item: Item, cutting: Cutting) -> Item:
    """Return an item as it is announced, before its content is there."""
    opens = _OPENINGS.get(item["type"])
    opened = {**item, **opens(item)} if opens else dict(item)
    if item["type"] == "web_search_call" and cutting.names_search:
        opened["action"] = {"type": "search"}
    if item["type"] == "code_interpreter_call" and "code_outputs_begin_empty" not in cutting.api:
        opened["outputs"] = None
    if "status" in item and item["type"] not in _ANNOUNCED_FINISHED:
        opened["status"] = "in_progress"
    return {key: value for key, value in opened.items() if value is not _LEFT_OUT}


_LEFT_OUT = object()
_ANNOUNCED_FINISHED = frozenset({"shell_call_output", "program_output"})  # the first one is recorded so


def _image_before(item: Item) -> Item:
    return {key: _LEFT_OUT for key in item if key not in {"id", "type", "status"}}


def _action_before(item: Item, key: str) -> Item:
    return {"action": {**item["action"], key: []}} if isinstance(item.get("action"), dict) else {}


def _operation_before(item: Item) -> Item:
    operation = item["operation"]
    return {"operation": {**operation, "diff": ""}} if "diff" in operation else {}


_OPENINGS: Mapping[str, Callable[[Item], Item]] = {
    "message": lambda _: {"content": []},
    "reasoning": lambda item: {"summary": [], **({"content": []} if "content" in item else {})},
    "function_call": lambda _: {"arguments": ""},
    "custom_tool_call": lambda _: {"input": ""},
    "web_search_call": lambda _: {"action": _LEFT_OUT},
    "file_search_call": lambda _: {"queries": [], "results": None},
    "code_interpreter_call": lambda _: {"code": "", "outputs": []},
    "image_generation_call": _image_before,
    "mcp_list_tools": lambda _: {"tools": []},
    "mcp_call": lambda _: {"arguments": "", "error": None, "output": None},
    "local_shell_call": lambda item: _action_before(item, "command"),
    "shell_call": lambda item: _action_before(item, "commands"),
    "shell_call_output": lambda _: {"output": []},
    "apply_patch_call": _operation_before,
    "tool_search_call": lambda _: {"arguments": {}},
    "program": lambda _: {"code": ""},  # recorded, as the next one
    "program_output": lambda _: {"result": ""},
}

# Within an item -----------------------------------------------------------------------------------------------------

EventPlace = dict[str, Any]
"""`item_id` and `output_index` of an item's events."""


@dataclass(frozen=True, slots=True)
class _Telling:
    """The events between an item's announcement and its end."""

    encoding: Any
    cutting: Cutting

    def tell_whole(self, index: int, item: Item) -> Iterator[CountedEvent]:
        """Yield all events of an item."""
        yield {"type": "response.output_item.added", "item": _opening(item, self.cutting), "output_index": index}, 0
        yield from self.tell_item(item, {"item_id": item["id"], "output_index": index})
        yield {"type": "response.output_item.done", "item": item, "output_index": index}, 0

    def tell_item(self, item: Item, place: EventPlace) -> Iterator[CountedEvent]:
        """Yield them, for any type of item."""
        told = self._writers().get(item["type"])
        return told(item, place) if told else iter(())

    def _writers(self) -> Mapping[str, Callable[[Item, EventPlace], Iterator[CountedEvent]]]:
        return {
            "message": self._message,
            "reasoning": self._reasoning,
            "function_call": self._arguments,
            "custom_tool_call": self._input,
            "web_search_call": _search,
            "file_search_call": _search,
            "code_interpreter_call": self._code,
            "image_generation_call": self._image,
            "mcp_list_tools": _mcp_list_tools,
            "mcp_call": _mcp_call,
            "shell_call": self._commands,
            "shell_call_output": _outputs,
            "apply_patch_call": self._diff,
        }

    def _write_text(self, kind: str, key: str, text: str, place: EventPlace) -> Iterator[CountedEvent]:
        """Yield a text in deltas, and then whole."""
        for delta, tokens in self._cut(text):
            yield {"type": f"response.{kind}.delta", "delta": delta, **place}, tokens
        yield {"type": f"response.{kind}.done", key: text, **place}, 0

    def _cut(self, text: str) -> Iterable[tuple[str, int]]:
        return cut(text, self.encoding, self.cutting.chunk_by)

    def _message(self, item: Item, place: EventPlace) -> Iterator[CountedEvent]:
        for index, part in enumerate(item["content"]):
            here = {**place, "content_index": index}
            empty = {"refusal": ""} if part["type"] == "refusal" else {"annotations": [], "logprobs": [], "text": ""}
            begun = {key: empty.get(key, value) for key, value in part.items()}
            yield {"type": "response.content_part.added", "part": begun, **here}, 0
            yield from self._refusal(part, here) if part["type"] == "refusal" else self._text(part, here)
            # Recorded: its log probabilities stand in the event before and in the item, but not here.
            told = {**part, "logprobs": []} if "logprobs" in part else part
            yield {"type": "response.content_part.done", "part": told, **here}, 0

    def _refusal(self, part: Item, place: EventPlace) -> Iterator[CountedEvent]:
        for delta, tokens in self._cut(part["refusal"]):
            yield {"type": "response.refusal.delta", "delta": delta, **place}, tokens
        yield {"type": "response.refusal.done", "refusal": part["refusal"], **place}, 0

    def _text(self, part: Item, place: EventPlace) -> Iterator[CountedEvent]:
        probable = LogprobsInTurn(part.get("logprobs", ()))
        places = self.cutting.places.get(f"{place['output_index']}/{place['content_index']}")
        for delta, tokens, annotations in self._annotate(part) if places is None else self._put(part, places):
            if delta:
                yield _delta(delta, probable.take(delta) if "logprobs" in part else None, place), tokens
            for index, annotation in annotations:
                said = {"annotation": annotation, "annotation_index": index, **place}
                yield {"type": "response.output_text.annotation.added", **said}, 0
        text = {key: part[key] for key in ("logprobs", "text") if key in part}
        yield {"type": "response.output_text.done", **text, **place}, 0

    def _annotate(self, part: Item) -> Iterator[tuple[str, int, list[tuple[int, object]]]]:
        """Cut a text and put each annotation behind the place that it is about.

        Recorded: a cited span is one delta, and the annotation is the next event.
        """
        text, at = part["text"], 0
        for index, annotation in sorted(enumerate(part["annotations"]), key=lambda each: _end(each[1], text)):
            start = max(at, _start(annotation, text))
            end = max(start, _end(annotation, text))
            yield from ((delta, tokens, []) for delta, tokens in self._cut(text[at:start]))
            spoken = sum(tokens for _, tokens in self._cut(text[start:end]))
            yield text[start:end], spoken, [(index, annotation)]
            at = end
        yield from ((delta, tokens, []) for delta, tokens in self._cut(text[at:]))

    def _put(self, part: Item, places: Sequence[int]) -> Iterator[tuple[str, int, list[tuple[int, Any]]]]:
        """Cut a text and put each annotation behind the characters that a script names."""
        text, at = part["text"], 0
        for index, place in sorted(enumerate(places), key=lambda each: each[1]):
            end = max(at, min(place, len(text)))
            yield from ((delta, tokens, []) for delta, tokens in self._cut(text[at:end]))
            yield "", 0, [(index, part["annotations"][index])]
            at = end
        yield from ((delta, tokens, []) for delta, tokens in self._cut(text[at:]))

    def _arguments(self, item: Item, place: EventPlace) -> Iterator[CountedEvent]:
        return self._write_text("function_call_arguments", "arguments", item["arguments"], place)

    def _input(self, item: Item, place: EventPlace) -> Iterator[CountedEvent]:
        return self._write_text("custom_tool_call_input", "input", item["input"], place)

    def _reasoning(self, item: Item, place: EventPlace) -> Iterator[CountedEvent]:
        yield from self._summary(item, place)
        for index, part in enumerate(item.get("content") or ()):
            here = {**place, "content_index": index}
            yield {"type": "response.content_part.added", "part": {**part, "text": ""}, **here}, 0
            yield from self._write_text("reasoning_text", "text", part["text"], here)
            yield {"type": "response.content_part.done", "part": part, **here}, 0

    def _summary(self, item: Item, place: EventPlace) -> Iterator[CountedEvent]:
        for index, part in enumerate(item["summary"]):
            here = {**place, "summary_index": index}
            empty = {"type": "summary_text", "text": ""}
            yield {"type": "response.reasoning_summary_part.added", "part": empty, **here}, 0
            yield from self._write_text("reasoning_summary_text", "text", part["text"], here)
            yield {"type": "response.reasoning_summary_part.done", "part": part, **here}, 0

    def _code(self, item: Item, place: EventPlace) -> Iterator[CountedEvent]:
        kind = item["type"]
        yield from _stages(kind, ("in_progress",), place)
        yield from self._write_text("code_interpreter_call_code", "code", item["code"] or "", place)
        yield from _stages(kind, ("interpreting", "completed"), place)

    def _image(self, item: Item, place: EventPlace) -> Iterator[CountedEvent]:
        kind = item["type"]
        yield from _stages(kind, ("in_progress", "generating"), place)
        said = {key: item[key] for key in ("size", "quality", "background", "output_format") if key in item}
        for index, image in enumerate(self.cutting.partial_images):
            shown = {"partial_image_b64": image, "partial_image_index": index, **said}
            yield {"type": f"response.{kind}.partial_image", **shown, **place}, 0
        yield from _stages(kind, ("completed",), place)

    def _commands(self, item: Item, place: EventPlace) -> Iterator[CountedEvent]:
        """Yield the commands of a shell. Recorded: these events do not name their item."""
        for index, command in enumerate(map(str, item["action"].get("commands") or ())):
            here = {"command_index": index, "output_index": place["output_index"]}
            yield {"type": "response.shell_call_command.added", "command": "", **here}, 0
            yield from self._write_text("shell_call_command", "command", command, here)

    def _diff(self, item: Item, place: EventPlace) -> Iterator[CountedEvent]:
        if "diff" in item["operation"]:
            yield from self._write_text("apply_patch_call_operation_diff", "diff", item["operation"]["diff"], place)


def _search(item: Item, place: EventPlace) -> Iterator[CountedEvent]:
    return _stages(item["type"], ("in_progress", "searching", "completed"), place)


def _mcp_list_tools(item: Item, place: EventPlace) -> Iterator[CountedEvent]:
    return _stages(item["type"], ("in_progress", "failed" if item.get("error") else "completed"), place)


def _mcp_call(item: Item, place: EventPlace) -> Iterator[CountedEvent]:
    """Yield the events of a remote call. Recorded: its arguments are one delta, and an approved call begins again.

    The recordings have one `in_progress` in each call that needs no approval, and two in each that was approved.
    """
    kind, arguments = item["type"], item["arguments"]
    yield from _stages(kind, ("in_progress",), place)
    yield {"type": "response.mcp_call_arguments.delta", "delta": arguments, **place}, 1
    if item.get("approval_request_id") is not None:
        yield from _stages(kind, ("in_progress",), place)
    yield {"type": "response.mcp_call_arguments.done", "arguments": arguments, **place}, 0
    yield from _stages(kind, ("failed" if item.get("error") else "completed",), place)


def _outputs(item: Item, place: EventPlace) -> Iterator[CountedEvent]:
    for index, output in enumerate(output for output in item["output"] if isinstance(output, dict)):
        here = {"command_index": index, **place}
        told = {key: output[key] for key in ("stdout", "stderr") if output.get(key)}
        if told:
            yield {"type": "response.shell_call_output_content.delta", "delta": told, **here}, 1
        yield {"type": "response.shell_call_output_content.done", "output": [output], **here}, 0


def _stages(kind: str, stages: tuple[str, ...], place: EventPlace) -> Iterator[CountedEvent]:
    for stage in stages:
        yield {"type": f"response.{kind}.{stage}", **place}, 0


def _delta(delta: str, logprobs: list[object] | None, place: EventPlace) -> dict[str, object]:
    told = {} if logprobs is None else {"logprobs": logprobs}
    return {"type": "response.output_text.delta", "delta": delta, **told, **place}


def _start(annotation: object, text: str) -> int:
    return len(text) if _is_empty(annotation) else _place(annotation, text, "start_index", "index")


def _end(annotation: object, text: str) -> int:
    return len(text) if _is_empty(annotation) else _place(annotation, text, "end_index", "index")


def _is_empty(annotation: Any) -> bool:  # noqa: ANN401 - a script may give anything
    """Whether it is about no text. Recorded: it comes behind all of the text."""
    start = annotation.get("start_index")
    return isinstance(start, int) and start == annotation.get("end_index")


def _place(annotation: Any, text: str, *keys: str) -> int:  # noqa: ANN401 - a script may give anything
    given = next((annotation[key] for key in keys if isinstance(annotation.get(key), int)), len(text))
    return min(max(given, 0), len(text))
