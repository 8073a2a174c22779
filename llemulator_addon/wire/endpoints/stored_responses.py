"""Operations on responses that were made: retrieve, delete, cancel, their input, and counting and compacting input."""

from collections.abc import Mapping
from typing import Any

from llemulator_addon.core.prompt import Message, Prompt
from llemulator_addon.core.reply import says
from llemulator_addon.wire import errors
from llemulator_addon.wire.answer import Answer, Call, EventStream, Made, Manner, Operation, Piece, Served, show_kept
from llemulator_addon.wire.api_dates import api_on
from llemulator_addon.wire.bodies import read_object
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.json_bytes import write_ascii
from llemulator_addon.wire.paging import page
from llemulator_addon.wire.responses import history, response_errors
from llemulator_addon.wire.responses.body import INCLUDED
from llemulator_addon.wire.responses.events import Cutting, pieces_of
from llemulator_addon.wire.responses.ids import Ids, make_encrypted
from llemulator_addon.wire.responses.input_items import NOT_KEPT, Item, items_of
from llemulator_addon.wire.responses.output import Writing
from llemulator_addon.wire.responses.prompt import NAME, history_of, read_counting
from llemulator_addon.wire.responses.response_object import (
    Response,
    conversation_id,
    usage,
    write_billed,
    write_finished,
)
from llemulator_addon.wire.usage import Counted, count_prompt


def retrieve(call: Call) -> Served:
    """Show a response as it is now, or tell it again as events; a look moves a background response on."""
    made = _record(call)
    _check_included(call)
    if "reasoning.encrypted_content" in _list_included(call) and not call.lenient:
        raise RequestRefused(response_errors.refuse_encrypted_of_stored())
    if call.request.query_value("stream") == "true":
        return _keep(call, history.finish(made), EventStream(pieces=_retold(call, made)))
    looked = history.look_at(made)
    return _keep(call, looked, _json(write_billed(history.now(looked), api_on(looked["day"]))))


def delete(call: Call) -> Served:
    """Forget a response."""
    made = _record(call)
    gone = {"id": made["id"], "object": "response", "deleted": True}
    return Served(answer=_json(gone), resources=call.resources.remove(history.RESPONSE, history.keep(made).id))


def cancel(call: Call) -> Served:
    """Stop a background response. One that is finished, or was stopped before, is shown as it is."""
    made = _record(call)
    if not made["response"]["background"] and not call.lenient:
        return Served(answer=response_errors.synchronous())
    stopped = history.cancel(made)
    return _keep(call, stopped, _json(write_billed(history.now(stopped), api_on(stopped["day"]))))


def input_items(call: Call) -> Served:
    """List what a response was given itself; what came before is with the responses before."""
    made = _record(call)
    _check_included(call)
    conversation = made["response"].get("conversation")
    name = conversation["id"] if conversation else None
    items = history.resolve(made["input"], call.resources, name, lenient=True)
    return Served(answer=_json(page(call, [item for item in items if item.get("type") not in NOT_KEPT])))


def count_input_tokens(call: Call) -> Served:
    """Count what a response to the body would be charged for its input."""
    prompt = _count(call, read_object(call.request) if call.request.body else {})
    return Served(answer=_json({"object": "response.input_tokens", "input_tokens": count_prompt(prompt)}))


def compact(call: Call) -> Served:
    """Make a conversation short: what the user said, and the rest as one item that says nothing to others."""
    body = read_object(call.request)
    prompt = _count(call, body)
    ids = Ids(call.stamp)
    said = history.resolve(
        (*history_of(call, body), *items_of(body.get("input"), ids)),
        call.resources,
        conversation_id(body),
        lenient=call.lenient,
    )
    summary = {
        "id": ids.make("cmp", "output"),
        "type": "compaction",
        "encrypted_content": make_encrypted("compaction", ids),
    }
    answer = {
        "id": ids.make("resp", "itself"),
        "object": "response.compaction",
        "created_at": call.stamp.created,
        # Recorded so; but the SDK's types know no user's messages in an output, and a lenient server keeps to them.
        "output": [*(item for item in said if _is_users(item) and not call.lenient), summary],
        "usage": usage(Counted(prompt=count_prompt(prompt), completion=_SUMMARY_TOKENS), api_on(call.day)),
    }
    return Served(answer=_json(answer))


RETRIEVE = Operation(name="responses.retrieve", method="GET", path="/responses/{response_id}", serve=retrieve)
DELETE = Operation(name="responses.delete", method="DELETE", path="/responses/{response_id}", serve=delete)
CANCEL = Operation(name="responses.cancel", method="POST", path="/responses/{response_id}/cancel", serve=cancel)
INPUT_ITEMS = Operation(
    name="responses.input_items.list", method="GET", path="/responses/{response_id}/input_items", serve=input_items
)
INPUT_TOKENS = Operation(
    name="responses.input_tokens.count",
    method="POST",
    path="/responses/input_tokens",
    serve=count_input_tokens,
    asks_model=True,
    for_pages=True,
)
COMPACT = Operation(name="responses.compact", method="POST", path="/responses/compact", serve=compact, asks_model=True)


def _record(call: Call) -> history.Record:
    """Return the stored response in the path; raises `RequestRefused`. A lenient call gets a new one."""
    response_id = call.params["response_id"]
    if (made := history.find(call.resources, response_id)) is not None:
        return made
    if not call.lenient:
        raise RequestRefused(response_errors.unknown_response(response_id))
    return _simulate(call, response_id)


def _list_included(call: Call) -> list[str]:
    """Return what is to be included, in each form in which clients write a list into a query."""
    return [value for name, value in call.request.query if name == "include" or name.startswith("include[")]


def _check_included(call: Call) -> None:
    if not call.lenient:
        INCLUDED.check({"include": [*_list_included(call)]})


def _simulate(call: Call, response_id: str) -> history.Record:
    prompt = Prompt(endpoint=NAME, model="gpt-4o", messages=(Message(role="user", text="Hello"),))
    manner = Manner(stamp=call.stamp, day=call.day)
    ids = Ids(call.stamp)
    response = write_finished(prompt, says("Hello"), Writing(prompt=prompt, manner=manner, ids=ids))
    cutting = Cutting(stamp=call.stamp, day=call.day)
    return history.record({**response, "id": response_id}, items_of("Hello", ids), cutting)


def _retold(call: Call, made: history.Record) -> Made[Piece]:
    padded = call.request.query_value("include_obfuscation") != "false"
    cutting = history.cutting_of(made, obfuscates=padded)
    return pieces_of(made["response"], cutting, after=_starting_after(call))


def _starting_after(call: Call) -> int | None:
    given = call.request.query_value("starting_after")
    if given is None:
        return None
    if given.isascii() and given.isdigit():
        return int(given)
    if call.lenient:
        return None
    raise RequestRefused(errors.wrong_type("starting_after", "an integer", "a string"))


def _keep(call: Call, made: history.Record, answer: Answer) -> Served:
    """Keep what became of a record, if it is kept at all."""
    if history.find(call.resources, made["id"]) is None:
        return Served(answer=answer)
    return Served(answer=answer, resources=call.resources.put(history.keep(made)))


def _count(call: Call, body: Mapping[str, Any]) -> Prompt:
    prompt = read_counting(call, body)
    if not call.lenient and not call.knows(prompt.model):
        raise RequestRefused(call.missing_model(prompt.model, response_errors.unknown_model))
    return prompt


_SUMMARY_TOKENS = 64
"""The tokens that a summary reports; the real numbers depend on its text."""


def _is_users(item: Item) -> bool:
    return item.get("type") == "message" and item.get("role") == "user"


def _json(value: Response | dict[str, object]) -> Answer:
    return show_kept(value, write_ascii)
