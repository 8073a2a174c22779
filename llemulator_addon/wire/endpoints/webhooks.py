"""Webhook endpoints: create, list, show, change, delete, another secret, a test."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from llemulator_addon.core.json_type import JSON
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.resources import Kept, Resources, Value
from llemulator_addon.wire.answer import Call, Operation, Served, show_kept
from llemulator_addon.wire.bodies import check_body, read_object
from llemulator_addon.wire.checking import Fields, Place, array, boolean, one_of, spell, text
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.incoming_calls import LIVE_CALL, REALTIME_CALL, describe_call
from llemulator_addon.wire.json_bytes import pretty
from llemulator_addon.wire.paging import page
from llemulator_addon.wire.webhooks import DAY, ENDPOINT, EVENT_TYPES, make_endpoint, queue_for


def create(call: Call) -> Served:
    """Make an endpoint. Only this answer and that of `rotate_secret` show its secret."""
    fields = _LENIENT_ENDPOINT if call.lenient else _ENDPOINT
    body: Any = check_body(fields, read_object(call.request), lenient=call.lenient)
    kept = make_endpoint(f"whe_{call.stamp.hex('webhook', 32)}", body, _make_secret(call), call.stamp.created)
    return _serve(kept.value, call.resources.put(kept), with_secret=True)


def _make_secret(call: Call) -> str:
    return f"whsec_{call.stamp.base62('webhook secret', 32)}"


def list_all(call: Call) -> Served:
    """List the endpoints, the newest first."""
    shown = [_show(each) for each in call.resources.list_kind(ENDPOINT)]
    return Served(answer=show_kept(page(call, shown), pretty, b"\n"))


def retrieve(call: Call) -> Served:
    """Show an endpoint."""
    return _serve(_find(call))


def update(call: Call) -> Served:
    """Change its name, address or events."""
    body: Any = check_body(_CHANGES, read_object(call.request), lenient=call.lenient)
    given = {name: body[name] for name in ("name", "url", "event_types") if body.get(name) is not None}
    value = {**_find(call), **given, "updated_at": call.stamp.created}
    return _serve(value, _keep(call, value))


def delete(call: Call) -> Served:
    """Forget an endpoint; what was not delivered yet never is."""
    endpoint_id = _find(call)["id"]
    gone = {"id": endpoint_id, "object": "webhook_endpoint.deleted", "deleted": True}
    return Served(answer=show_kept(gone, pretty, b"\n"), resources=call.resources.remove(ENDPOINT, endpoint_id))


def rotate_secret(call: Call) -> Served:
    """Give it another secret; the old one signs too for a day, if the body asks for it."""
    body: Any = check_body(_ROTATION, read_object(call.request) if call.request.body else {}, lenient=call.lenient)
    before = _find(call)
    value = {**before, "secret": _make_secret(call), "updated_at": call.stamp.created}
    if body.get("keep_old_secret_active_for_24_hours") is True:
        value |= {"old_secret": before["secret"], "old_until": call.now + DAY}
    return _serve(value, _keep(call, value), with_secret=True)


def send_test(call: Call) -> Served:
    """Send an event of a kind, with an invented id. The answer does not wait for the receiver's."""
    endpoint = _find(call)
    body: Any = check_body(_TEST, read_object(call.request), lenient=call.lenient)
    kind = body["event_type"]
    data = _invent_thing(kind, call.stamp.hex("webhook test", 24))
    resources = queue_for(call.resources, [endpoint], kind, data, call.stamp, now=call.now, named=call.webhooks)
    told = {
        "object": "webhook_endpoint.test",
        "webhook_endpoint_id": endpoint["id"],
        "event_type": kind,
        "status_code": 200,
        "success": True,
    }
    return Served(answer=show_kept(told, pretty, b"\n"), resources=resources)


def _invent_thing(kind: str, drawn: str) -> Mapping[str, Any]:
    """Return what an event of a kind says of its invented thing, by the SDK's types."""
    if kind in {REALTIME_CALL, LIVE_CALL}:
        return describe_call(kind, drawn)
    return {"id": f"{kind.partition('.')[0]}_{drawn}", **_OTHER_MEMBERS.get(kind, {})}


_OTHER_MEMBERS: Mapping[str, Mapping[str, Any]] = {
    "agent.session.action_required": {"required_action": {"type": "function_call"}},
    **{
        f"agent.session.{state}": {"environment_type": "openai_hosted"}
        for state in ("created", "in_progress", "idle", "failed")
    },
}


def _find(call: Call) -> Value:
    """Return the endpoint in the path; raises `RequestRefused`. A lenient call gets a new one."""
    endpoint_id = call.params["webhook_endpoint_id"]
    if (kept := call.resources.get(ENDPOINT, endpoint_id)) is not None:
        return kept
    if not call.lenient:
        # The words are not recorded.
        message = f"No webhook endpoint found with id '{endpoint_id}'."
        raise RequestRefused(Failure(status=404, type=INVALID, message=message))
    body = {"name": "endpoint", "url": "https://example.com/webhook", "event_types": ["response.completed"]}
    return make_endpoint(endpoint_id, body, _make_secret(call), call.stamp.created).value


def _keep(call: Call, value: Value) -> Resources | None:
    kept = call.resources.get(ENDPOINT, value["id"]) is not None
    return call.resources.put(Kept(ENDPOINT, value["id"], value)) if kept else None


def _show(value: Value, *, with_secret: bool = False) -> Mapping[str, Any]:
    shown = {name: value[name] for name in ("id", "name", "url", "event_types", "created_at", "updated_at")}
    secret = {"signing_secret": value["secret"]} if with_secret else {}
    return {"object": "webhook_endpoint", **shown, "signing_secret_hint": value["secret"][-4:], **secret}


def _serve(value: Value, resources: Resources | None = None, *, with_secret: bool = False) -> Served:
    return Served(answer=show_kept(_show(value, with_secret=with_secret), pretty, b"\n"), resources=resources)


_ALL = "/webhook_endpoints"
_ONE = f"{_ALL}/{{webhook_endpoint_id}}"

CREATE = Operation(name="webhooks.create", method="POST", path=_ALL, serve=create, for_pages=True)
LIST = Operation(name="webhooks.list", method="GET", path=_ALL, serve=list_all)
RETRIEVE = Operation(name="webhooks.retrieve", method="GET", path=_ONE, serve=retrieve)
UPDATE = Operation(name="webhooks.update", method="POST", path=_ONE, serve=update)
DELETE = Operation(name="webhooks.delete", method="DELETE", path=_ONE, serve=delete)
ROTATE = Operation(name="webhooks.rotate_secret", method="POST", path=f"{_ONE}/rotate_secret", serve=rotate_secret)
TEST = Operation(name="webhooks.test", method="POST", path=f"{_ONE}/test", serve=send_test)


def _check_url(place: Place, given: JSON) -> None:
    text(least=1)(place, given)
    try:
        is_url = urlsplit(str(given)).scheme in {"http", "https"} and bool(urlsplit(str(given)).hostname)
    except ValueError:
        is_url = False
    if not is_url:
        # The words are not recorded. OpenAI takes https only.
        param = spell(place)
        message = f"Invalid '{param}': expected an http or https URL."
        raise RequestRefused(Failure(status=400, type=INVALID, param=param, message=message))


_EVENTS = array(one_of(*EVENT_TYPES), members="strings", least=1)
_CHANGES = Fields(checks={"name": text(least=1), "url": _check_url, "event_types": _EVENTS})
_ENDPOINT = Fields(checks=_CHANGES.checks, needs=("name", "url", "event_types"))
_LENIENT_ENDPOINT = Fields(checks={**_CHANGES.checks, "url": text()}, needs=_ENDPOINT.needs)
_ROTATION = Fields(checks={"keep_old_secret_active_for_24_hours": boolean})
_TEST = Fields(checks={"event_type": one_of(*EVENT_TYPES)}, needs=("event_type",))
