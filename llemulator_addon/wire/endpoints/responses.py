"""`POST /v1/responses`: writing what the model says as an object, or as typed events."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Failure, HostedCall, ModelOutput, Text, says
from llemulator_addon.core.resources import Kept
from llemulator_addon.wire import sizes
from llemulator_addon.wire.answer import (
    Answer,
    Body,
    BrokenOff,
    Call,
    Endpoint,
    EventStream,
    LongBody,
    Made,
    Manner,
    Piece,
)
from llemulator_addon.wire.containers import check_tools
from llemulator_addon.wire.endpoints import completions
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.families import family
from llemulator_addon.wire.json_bytes import drop_many, write_ascii, write_pieces
from llemulator_addon.wire.members import objects_in
from llemulator_addon.wire.responses import echoed_parameters, history, prompt, response_errors
from llemulator_addon.wire.responses.events import Cutting, break_off, pieces_of
from llemulator_addon.wire.responses.hosted_tools import PARTIAL_IMAGES, draw_image
from llemulator_addon.wire.responses.ids import Ids
from llemulator_addon.wire.responses.input_items import NOT_KEPT, Item, items_of
from llemulator_addon.wire.responses.output import Writing, list_places
from llemulator_addon.wire.responses.prompt import NAME
from llemulator_addon.wire.responses.response_object import (
    Response,
    conversation_id,
    tier_asked,
    write_billed,
    write_failed,
    write_finished,
)
from llemulator_addon.wire.usage import read_usage


def read(call: Call, body: Mapping[str, Any]) -> Prompt:
    """Understand a body; raises `RequestRefused` in OpenAI's words."""
    if is_legacy(body):
        return replace(completions.read(call._replace(lenient=True), body), endpoint=NAME)
    asked = prompt.read(call, body)
    if not call.lenient:
        check_tools(call.resources, asked.body, call.now)
    if prompt.exceeds_window(call, asked):
        raise _refuse_length(call, asked)
    return asked


def _refuse_length(call: Call, asked: Prompt) -> RequestRefused:
    """Refuse what is too long: a stream has begun by then (reported)."""
    failure = response_errors.exceeds_window()
    if not asked.stream:
        return RequestRefused(failure)
    manner = Manner(stamp=call.stamp, day=call.day)
    ids = Ids(call.stamp, stored=asked.body.get("store") is not False)
    response = write_finished(asked, says(""), Writing(prompt=asked, manner=manner, ids=ids))
    begun: list[Piece] = []
    for piece in pieces_of(response, _cutting(asked, says(""), manner)):
        if sum(each.piece.startswith(b"event: ") for each in (*begun, piece)) > _ANNOUNCING:
            break
        begun.append(piece)
    ending = break_off([each.piece for each in begun], failure)
    return BrokenOff(failure, EventStream(pieces=(*begun, *map(Piece, ending))))


_ANNOUNCING = 2
"""Events before any text: `response.created` and `response.in_progress`."""


def is_legacy(body: Mapping[str, Any]) -> bool:
    """Whether a body is one for legacy completions: `prompt` as text, and no `input`.

    OpenAI refuses it. The first emulator of this kind answered it with a text completion, and its users send it.
    """
    return "input" not in body and isinstance(body.get("prompt"), str | list)


def write(prompt: Prompt, reply: ModelOutput, manner: Manner) -> Answer:
    """Write what the model says; it is kept where the request does not forbid it."""
    if is_legacy(prompt.body):
        return completions.write(prompt, reply, manner)
    ids = Ids(manner.stamp, stored=prompt.body.get("store") is not False)
    writing = Writing(prompt=prompt, manner=manner, ids=ids)
    response = write_finished(prompt, reply, writing)
    cutting, choice = _cutting(prompt, reply, manner), reply.choice(0)
    if choice.side_by_side or any(isinstance(block, Text) and block.places for block in choice.blocks):
        places = list_places(choice, writing)
        cutting = replace(cutting, side_by_side=choice.side_by_side, order=choice.order, places=places)
    return _tell(prompt, response, ids, cutting, manner)


def size(prompt: Prompt, reply: ModelOutput) -> int:
    """Estimate the bytes of an answer. An answer in one piece says its words once, a stream four times."""
    if is_legacy(prompt.body):
        return completions.size(prompt, reply)
    body, encoding = prompt.body, family(prompt.model).encoding
    asks = echoed_parameters.includes(body, "message.output_text.logprobs")
    alternatives = sizes.number(body, "top_logprobs") if asks else None
    for times, texts in sizes.list_texts(replace(prompt, choices=1), reply):
        of = sizes.estimate_texts(texts, encoding, stream=prompt.stream, alternatives=alternatives)
        return times * (sizes.OF_AN_ANSWER + (4 * of if prompt.stream else of))
    return sizes.OF_AN_ANSWER


def fail(prompt: Prompt, failure: Failure, manner: Manner) -> Answer | Failure:
    """Take the request, and write a response that fails: at once, or where it runs in the background at its end."""
    if is_legacy(prompt.body):
        return failure
    ids = Ids(manner.stamp, stored=prompt.body.get("store") is not False)
    response = write_failed(write_finished(prompt, says(""), Writing(prompt=prompt, manner=manner, ids=ids)), failure)
    return _tell(prompt, response, ids, _cutting(prompt, says(""), manner), manner)


ENDPOINT = Endpoint(
    name=NAME,
    method="POST",
    path="/responses",
    read=read,
    write=write,
    unknown_model=response_errors.unknown_model,
    fail=fail,
    break_off=break_off,
    find_held=lambda asked: conversation_id(asked.body),
    size=size,
)


def _tell(prompt: Prompt, response: Response, ids: Ids, cutting: Cutting, manner: Manner) -> Answer:
    # Without the log probabilities of an answer that is too large to be there at once.
    shown = drop_many(response) if manner.in_pieces else response
    made = history.record(shown, items_of(prompt.body.get("input"), ids), cutting)
    if prompt.stream:
        in_background = bool(response["background"])
        return EventStream(
            pieces=pieces_of(response, cutting),
            keeps=_keeps(history.finish(made), prompt.body, manner.talk),
            announced=3 if in_background else 2,
            # A background stream is gone on with by number, so that nothing is counted in that the response has not.
            keeps_alive=not in_background,
            usage=read_usage(response["usage"]),
        )
    keeps, now = _keeps(made, prompt.body), history.now(made)
    said = read_usage(now["usage"])
    if manner.in_pieces and history.is_done(made):
        pieces = Made(lambda: write_pieces(write_billed(response, cutting.api), write_ascii))
        return LongBody(pieces=pieces, keeps=keeps, usage=said)
    return Body(body=write_ascii(write_billed(now, cutting.api)), keeps=keeps, usage=said)


def _cutting(prompt: Prompt, reply: ModelOutput, manner: Manner) -> Cutting:
    options = prompt.body.get("stream_options")
    wanted = options.get("include_obfuscation") if isinstance(options, dict) else None
    return Cutting(
        stamp=manner.stamp,
        chunk_by=manner.chunk_by,
        tier=tier_asked(prompt.body),
        partial_images=_partial_images(prompt, reply),
        # Recorded: a stream of a background response is not padded.
        obfuscates=wanted is not False and not prompt.body.get("background") and "obfuscation" in manner.api,
        names_search=_names_search(prompt, manner),
        day=manner.day,
    )


def _names_search(prompt: Prompt, manner: Manner) -> bool:
    """Whether a web search is announced with its type: by the older tool (recorded until 2026-09), once by both."""
    kinds = (str(tool.get("type")) for tool in objects_in(prompt.body, "tools"))
    return "search_announced_with_action" in manner.api or any(kind.startswith("web_search_preview") for kind in kinds)


def _partial_images(prompt: Prompt, reply: ModelOutput) -> tuple[str, ...]:
    """Return the images to show before the finished one: those of the script, or as many as the tool asks for."""
    calls = [block for block in reply.choice(0).blocks if isinstance(block, HostedCall)]
    for call in calls:
        if PARTIAL_IMAGES in call.fields:
            return tuple(call.fields[PARTIAL_IMAGES])
    drawn = next((call for call in calls if call.type == "image_generation_call"), None)
    count = 0 if drawn is None else _images_asked(prompt.body)
    if drawn is not None and "result" in drawn.fields:
        return (drawn.fields["result"],) * count
    return tuple(draw_image(prompt, (number + 1) / (count + 1)) for number in range(count))


def _images_asked(body: Mapping[str, object]) -> int:
    asked = [tool.get("partial_images") for tool in objects_in(body, "tools")]
    return min(next((count for count in asked if isinstance(count, int)), 0), _MOST_PARTIAL)


_MOST_PARTIAL = 3
"""The API's own limit."""


def _keeps(made: history.Record, body: Mapping[str, object], talk: str = "") -> tuple[Kept, ...]:
    """Return what is kept: the response, and its items at the end of its conversation."""
    response = made["response"]
    # What runs in the background must be found again, whatever `store` says.
    own = (history.keep(made),) if response["store"] or response["background"] else ()
    if talk and not own:
        own = (*own, history.keep_recent(made, talk))
    name = conversation_id(body)
    if name is None:
        return own
    said: tuple[Item, ...] = (*made["input"], *response["output"])
    return (*own, *history.append(name, (item for item in said if item.get("type") not in NOT_KEPT)))
