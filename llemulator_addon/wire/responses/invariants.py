"""Rules between the items of a conversation.

All messages are reported. A conversation that the client goes on with is `before`; `given` are the items that the
request brings, each reference replaced by its item.
"""

from collections.abc import Iterable, Iterator, Sequence

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.resources import Resources
from llemulator_addon.wire.answer import Call
from llemulator_addon.wire.checking import refuse
from llemulator_addon.wire.members import text_in
from llemulator_addon.wire.responses import history, response_errors
from llemulator_addon.wire.responses.ids import Ids, find_shared, is_own_encrypted
from llemulator_addon.wire.responses.input_items import ANSWERED_BY, Item, calls_of, outputs_of


def check_conversation(call: Call, before: Sequence[Item], given: Sequence[Item]) -> None:
    """Refuse the first thing that is wrong between items; raises `RequestRefused`."""
    own = Ids(call.stamp).shared
    if not before and all(_kind(item) == "message" and _is_own(item, own) for item in given):
        return
    items = (*before, *given)
    refuse(next(_find_duplicates(before, given), None))
    refuse(next(_find_unpaired(items), None))
    refuse(next(_find_unfollowed(items), None))
    refuse(next(_find_unreasoned(items, given, call.resources), None))
    refuse(next(_find_unkept(before, given, call.resources), None))
    refuse(next(_find_unreadable(call, given, own), None))


def _find_duplicates(before: Iterable[Item], given: Iterable[Item]) -> Iterator[Failure]:
    seen = {text_in(item, "id") for item in before}
    for item in given:
        if (item_id := text_in(item, "id")) in seen and item_id is not None:
            yield response_errors.duplicate_item(item_id)
        seen.add(item_id)


def _find_unpaired(items: Sequence[Item]) -> Iterator[Failure]:
    """Yield the calls without a result, and the results without a call.

    Recorded: a `function_call_output` may answer a `tool_search_call`.
    """
    answered = {call_id for _, call_id in outputs_of(items)}
    called = {*calls_of(items), *(text_in(item, "call_id") for item in items if _kind(item) == "tool_search_call")}
    for kind, output_kind in ANSWERED_BY.items():
        for item in items:
            if _kind(item) == kind and item["call_id"] not in answered:
                yield response_errors.call_without_output(kind, item["call_id"])
            if _kind(item) == output_kind and item["call_id"] not in called:
                yield response_errors.output_without_call(kind, item["call_id"])


def _find_unfollowed(items: Sequence[Item]) -> Iterator[Failure]:
    """Yield each reasoning that is not followed by something that the model made."""
    following: Item | None = None
    for item in reversed(items):
        if _kind(item) == "reasoning":
            if following is None or not _is_made(following):
                yield response_errors.reasoning_without_following(str(item.get("id")))
        else:
            following = item


def _is_made(item: Item) -> bool:
    """Whether a model may have made an item: anything but messages of others and results of calls."""
    kind = _kind(item)
    return item.get("role") == "assistant" if kind == "message" else not (kind or "").endswith("_output")


def _find_unreasoned(items: Iterable[Item], given: Iterable[Item], resources: Resources) -> Iterator[Failure]:
    """Yield each item of a stored response without the reasoning that led to it there."""
    there = {text_in(item, "id") for item in items}
    for item in given:
        item_id, kind = text_in(item, "id"), _kind(item)
        if item_id is None or kind == "reasoning" or kind is None:
            continue
        reasoning = _find_reasoning(item_id, resources)
        if reasoning is not None and reasoning not in there:
            yield response_errors.item_without_reasoning(kind, item_id, reasoning)


def _find_reasoning(item_id: str, resources: Resources) -> str | None:
    """Return the id of the reasoning that led to an item: the last one before it, or before its neighbouring calls."""
    output = history.output_with(resources, item_id)
    ids = [text_in(item, "id") for item in output]
    if item_id not in ids:
        return None
    for item in reversed(output[: ids.index(item_id)]):
        if _kind(item) == "reasoning":
            return text_in(item, "id")
        if _kind(item) == "message":
            return None
    return None


def _find_unkept(before: Iterable[Item], given: Iterable[Item], resources: Resources) -> Iterator[Failure]:
    """Yield each reasoning that is neither stored nor encrypted: the API has only its id."""
    there = {text_in(item, "id") for item in before}
    for item in given:
        item_id = text_in(item, "id")
        if _kind(item) != "reasoning" or item.get("encrypted_content") or item_id is None or item_id in there:
            continue
        if all(text_in(stored, "id") != item_id for stored in history.output_with(resources, item_id)):
            yield response_errors.unknown_item(item_id)


def _find_unreadable(call: Call, given: Iterable[Item], own: str) -> Iterator[Failure]:
    """Yield each encrypted content that this program did not give out to the token."""
    for item in given:
        content = text_in(item, "encrypted_content")
        if content and not is_own_encrypted(content, call.stamp) and not call.gave(content):
            yield response_errors.unreadable_content(None if _is_own(item, own) else text_in(item, "id"), content)


def _is_own(item: Item, own: str) -> bool:
    """Whether an item came without an id: it has got one of this request by now, with its own digits."""
    return find_shared(text_in(item, "id") or "") == own


def _kind(item: Item) -> str | None:
    return text_in(item, "type")
