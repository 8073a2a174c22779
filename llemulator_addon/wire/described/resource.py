"""One resource serves every operation of the table: it keeps what was created, lists, shows, changes and deletes it.

An answer has all that the client asked for, and the rest of an answer is invented from its type.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from llemulator_addon.core.resources import Resources
from llemulator_addon.wire.answer import Call, EventStream, Piece, Served
from llemulator_addon.wire.described.asked import (
    DescribedCall,
    KnownMembers,
    ServedTogether,
    answer,
    members_of,
    read_body,
)
from llemulator_addon.wire.described.collections import (
    Thing,
    find_thing,
    id_in,
    list_things,
    nameless,
    require_parents,
    unknown,
)
from llemulator_addon.wire.described.forms import files_of
from llemulator_addon.wire.described.shapes import fits
from llemulator_addon.wire.described.table import Described, Does
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.json_bytes import compact
from llemulator_addon.wire.paging import page
from llemulator_addon.wire.stored_files import send_content


def serve(described: Described, group: ServedTogether, call: Call) -> Served:
    """Answer one operation of the table; raises `RequestRefused`."""
    require_parents(call, described, group.creatable)
    return _SERVING[described.does](DescribedCall(described, group, call, read_body(described, call)))


# Collections --------------------------------------------------------------------------------------------------------


def _list(asked: DescribedCall) -> Served:
    described, call = asked.described, asked.call
    things = [each for each in list_things(call.resources, asked.place) if _is_asked(each, call)]
    order, (usual, most) = described.order, described.limit
    found = page(call, ({"id": each.id, "thing": each} for each in things), order=order, limit=usual, most=most)
    found["data"] = [asked.complete(described.answer, each["thing"]) for each in found["data"]]
    if described.page == "next":
        found["next"] = found["last_id"] if found["has_more"] else None
    return answer(found)


_PAGING = frozenset({"after", "before", "limit", "order", "id"})


def _is_asked(thing: Thing, call: Call) -> bool:
    """Whether a thing is what a query asks for: a parameter with the name of one of its members compares with that."""
    for name, value in call.request.query:
        told = thing.known.get("status" if name == "filter" else name)
        if name not in _PAGING and isinstance(told, str) and told != value:
            return False
    return True


def _create(asked: DescribedCall) -> Served:
    if asked.described.page:
        return _create_many(asked)
    thing = _make_thing(asked)
    kept = asked.call.resources.put(thing.keep_in(asked.place))
    if asked.wants_stream:
        return Served(answer=_stream(asked, thing), resources=kept)
    return asked.show(thing, kept)


def _create_many(asked: DescribedCall) -> Served:
    """Create one for each of the ids that a body lists, as permissions for several projects."""
    lists = ((name, ids) for name, ids in asked.body.items() if name.endswith("_ids") and isinstance(ids, list))
    name, ids = next(lists, ("ids", []))
    one = name.removesuffix("s")
    texts = dict.fromkeys(each for each in ids if isinstance(each, str))
    things = [_make_thing(replace(asked, body={one: each}), f"{number}") for number, each in enumerate(texts)]
    return asked.show_all(things, asked.call.resources.put(*(each.keep_in(asked.place) for each in things)))


def _make_thing(asked: DescribedCall, label: str = "") -> Thing:
    described, call, body = asked.described, asked.call, asked.body
    id_name = asked.group.id_of(described.collection)
    given = body.get(id_name) if id_name != "id" else None
    thing_id = given if isinstance(given, str) and given else _new_id(asked, id_name, label)
    known = {**_look_up(call, asked.known, id_name), **asked.known, "id": thing_id, id_name: thing_id}
    if isinstance(session := body.get("session"), dict):
        # A live session is told within an object that has the answer to the connection too.
        known["session"] = {**session, "id": thing_id}
    made = asked.complete(asked.group.type_of(described), Thing(thing_id, known, call.stamp.created))
    thing = Thing(thing_id, {**known, **made}, call.stamp.created)
    sent = files_of(body)
    return replace(thing, content=(sent[0].content,), content_type=sent[0]["content_type"]) if sent else thing


def _new_id(asked: DescribedCall, id_name: str, label: str = "") -> str:
    if not id_name.endswith("id"):
        # Versions are counted.
        return str(1 + sum(1 for _ in list_things(asked.call.resources, asked.place)))
    prefix = asked.described.prefix
    drawn = asked.call.stamp.hex(f"{asked.described.collection}/{label}", 32)
    return f"{prefix}{drawn if prefix.endswith('_') else drawn[:24]}"


def _look_up(call: Call, known: KnownMembers, id_name: str = "") -> KnownMembers:
    """Return what is kept of the things that are named: a role, a group, a user, a project.

    All that is known of the one that is put into the collection is known of its member there.
    """
    found: KnownMembers = {}
    for one in ("role", "group", "user", "project"):
        thing_id = known.get(f"{one}_id")
        if not isinstance(thing_id, str):
            continue
        places = (f"/organization/{one}s", f"/projects/{known.get('project_id')}/{one}s")
        things = (find_thing(call.resources, place, thing_id) for place in places)
        thing = next((each for each in things if each is not None), None)
        found[one] = {"id": thing_id} if thing is None else thing.known
        if thing is not None and id_name == f"{one}_id":
            found |= thing.known
    return found


def _retrieve(asked: DescribedCall) -> Served:
    return asked.show(_find(asked))


def _find(asked: DescribedCall) -> Thing:
    """Return the thing in the path; raises `RequestRefused`. A lenient call gets a new one."""
    call, thing_id = asked.call, asked.call.params[id_in(asked.described.path)]
    found = find_thing(call.resources, asked.place, thing_id)
    if found is None and not call.lenient:
        raise RequestRefused(unknown(asked.described.collection, thing_id))
    return found or Thing(thing_id, {**call.params, "id": thing_id}, call.stamp.created)


def _update(asked: DescribedCall) -> Served:
    thing = _merge(asked, _find(asked), asked.known)
    return asked.show(thing, _keep_again(asked, thing))


def _merge(asked: DescribedCall, thing: Thing, changes: KnownMembers) -> Thing:
    """Return a thing with changes; a null that may not be there changes nothing."""
    nullable = {each.name for each in members_of(asked.described.answer) if fits(each.shape, None)}
    said = {name: value for name, value in changes.items() if value is not None or name in nullable}
    return replace(thing, known={**thing.known, **said, "id": thing.id})


def _keep_again(asked: DescribedCall, thing: Thing) -> Resources | None:
    if find_thing(asked.call.resources, asked.place, thing.id) is None:
        return None
    return asked.call.resources.put(thing.keep_in(asked.place))


def _delete(asked: DescribedCall) -> Served:
    thing = _find(asked)
    told = {"deleted": True, "object": None, "status": "deleted", "id": thing.id}
    gone = replace(thing, known={**thing.known, **told, id_in(asked.described.path): thing.id})
    return asked.show(gone, asked.call.resources.remove(asked.place, thing.id))


def _act(asked: DescribedCall) -> Served:
    of_one = replace(asked.described, path=asked.described.path.rpartition("/")[0])
    thing = _merge(asked, _find(replace(asked, described=of_one)), {**asked.known, **_become(asked)})
    return asked.show(thing, _keep_again(asked, thing))


_BECOMES: Mapping[str, tuple[str, ...]] = {
    "cancel": ("cancelled", "canceled", "cancelling"),
    "pause": ("paused",),
    "resume": ("running", "active", "enabled"),
    "archive": ("archived",),
    "submit_tool_outputs": ("completed",),
}


def _become(asked: DescribedCall) -> KnownMembers:
    """Return the state, and the time of its beginning, to which an action leads."""
    states = _BECOMES.get(asked.described.path.rpartition("/")[2], ())
    members = {each.name: each.shape for each in members_of(asked.described.answer)}
    state = next((each for each in states if "status" in members and fits(members["status"], each)), None)
    times = {f"{each}_at": asked.call.stamp.created for each in states if f"{each}_at" in members}
    return times if state is None else {**times, "status": state}


def _pick(asked: DescribedCall) -> Served:
    """Answer with the organization's certificates that a body names, switched on or off; a project gets them too."""
    active = asked.described.path.endswith("/activate")
    ids, things = asked.body.get("certificate_ids"), []
    for each in ids if isinstance(ids, list) else ():
        found = find_thing(asked.call.resources, _CERTIFICATES, each) if isinstance(each, str) else None
        if found is not None:
            things.append(replace(found, known={**found.known, "active": active}))
        elif not asked.call.lenient:
            raise RequestRefused(unknown(_CERTIFICATES, str(each)))
    return asked.show_all(things, asked.call.resources.put(*(each.keep_in(asked.place) for each in things)))


_CERTIFICATES = "/organization/certificates"

# Single things ------------------------------------------------------------------------------------------------------

_SINGLE = "-"


def _show_single(asked: DescribedCall) -> Served:
    call, path = asked.call, asked.described.path
    found = find_thing(call.resources, asked.place, _SINGLE)
    if found is None and nameless(path) in asked.group.unsettable and not call.lenient:
        raise RequestRefused(unknown(path))
    return asked.show(found or Thing(_SINGLE, dict(call.params), call.stamp.created))


def _set_single(asked: DescribedCall) -> Served:
    before = find_thing(asked.call.resources, asked.place, _SINGLE)
    thing = _merge(asked, before or Thing(_SINGLE, {}, asked.call.stamp.created), asked.known)
    return asked.show(thing, asked.call.resources.put(thing.keep_in(asked.place)))


def _unset_single(asked: DescribedCall) -> Served:
    gone = Thing(_SINGLE, {**asked.call.params, "deleted": True}, asked.call.stamp.created)
    return asked.show(gone, asked.call.resources.remove(asked.place, _SINGLE))


# The rest -----------------------------------------------------------------------------------------------------------


def _send_content(asked: DescribedCall) -> Served:
    item = asked.described.collection
    thing = _find(replace(asked, described=replace(asked.described, path=item, at=item.rpartition("/")[0])))
    name = thing.known.get("filename")
    return Served(answer=send_content(thing.content, thing.content_type, name if isinstance(name, str) else thing.id))


def _call(asked: DescribedCall) -> Served:
    if asked.described.page:
        return asked.show_all([])
    known = {**_look_up(asked.call, asked.known), **asked.known, "id": _new_id(asked, "id")}
    thing = Thing(known["id"], known, asked.call.stamp.created)
    if asked.wants_stream:
        return Served(answer=_stream(asked, thing))
    return asked.show(thing)


def _send_no_events(asked: DescribedCall) -> Served:
    """Answer with a stream that has ended: nothing happens by itself."""
    del asked
    return Served(answer=EventStream(pieces=()))


def _stream(asked: DescribedCall, thing: Thing) -> EventStream:
    """Tell of a thing in the events that have all of it as `data`: that it is created, and that it is done."""
    described, pieces = asked.described, []
    shown = asked.complete(described.answer, thing)
    for each in described.events[1:] if isinstance(described.events, list) else [described.events]:
        members = {member.name: member.shape for member in members_of(each)}
        match members.get("event"):
            case ["=", str(name)] if members.get("data") == described.answer and name.endswith(_TOLD):
                pieces.append(Piece(b"event: %b\ndata: %b\n\n" % (name.encode(), compact(shown))))
            case _:
                continue
    return EventStream(pieces=(*pieces, Piece(b"event: done\ndata: [DONE]\n\n")))


_TOLD = (".created", ".in_progress", ".completed")

_SERVING: Mapping[Does, Callable[[DescribedCall], Served]] = {
    "list": _list,
    "create": _create,
    "retrieve": _retrieve,
    "update": _update,
    "delete": _delete,
    "act": _act,
    "show": _show_single,
    "set": _set_single,
    "unset": _unset_single,
    "content": _send_content,
    "pick": _pick,
    "stream": _send_no_events,
    "call": _call,
}
