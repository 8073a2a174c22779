"""`/_emulator/webhooks`: the deliveries of a session, and one sent again."""

from typing import Any

from llemulator_addon.admin.numbers import number_in_path
from llemulator_addon.admin.route import AdminCall, json_answer
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.resources import Value
from llemulator_addon.core.steps import Steps
from llemulator_addon.engine.session import Session
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.webhooks import DELIVERY, send_again

PATH = "/_emulator/webhooks"


async def show(call: AdminCall) -> Steps:
    """List the deliveries, the oldest first, each with its attempts."""
    session = await call.server.store.read(call.key)
    return json_answer({"object": "list", "data": [_show(each) for each in session.resources.list_kind(DELIVERY)]})


async def send(call: AdminCall) -> Steps:
    """Send a delivery once more, and again as often as a new one. It must go to an address that the user named."""
    text, number = number_in_path(call.request.path)

    def transition(session: Session) -> tuple[Session, Value | None]:
        now = session.clock_time(call.request)
        named = session.policy.webhooks
        resources = None if number is None else send_again(session.resources, number, now=now, named=named)
        if resources is None:
            return session, None
        return session.change(resources=resources), resources.get(DELIVERY, str(number))

    value = await call.server.store.change(call.key, transition)
    if value is None:
        named = "its address is not named with --webhooks (LLEMULATOR_WEBHOOKS)"
        message = f"There is no delivery {text[:20]}, or {named}."
        raise RequestRefused(Failure(status=404, type=INVALID, code="delivery_not_found", message=message))
    return json_answer(_show(value))


def _show(value: Value) -> dict[str, Any]:
    names = ("number", "id", "endpoint", "url", "event", "state", "next", "attempts")
    return {"object": "webhook.delivery", **{name: value[name] for name in names}}
