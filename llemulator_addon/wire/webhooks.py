"""Webhooks: which events go to which address, signed by Standard Webhooks (https://www.standardwebhooks.com).

A delivery is a resource. It is tried at growing intervals of the session's clock until it is taken.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from llemulator_addon.core.resources import Kept, Resources, Value
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.wire.json_bytes import compact

ENDPOINT = "webhook_endpoint"
DELIVERY = "webhook.delivery"
DAY = 86_400

EVENT_TYPES = (
    *("batch.completed", "batch.failed", "batch.expired", "batch.cancelled"),
    *("response.completed", "response.failed", "response.cancelled", "response.incomplete"),
    *("eval.run.succeeded", "eval.run.failed", "eval.run.canceled"),
    *("fine_tuning.job.succeeded", "fine_tuning.job.failed", "fine_tuning.job.cancelled"),
    *("realtime.call.incoming", "live.transport.incoming", "video.completed", "video.failed"),
    *("agent.environment.ready", "agent.environment.failed", "agent.environment.suspended"),
    *("agent.environment.expired", "agent.session.created", "agent.session.action_required"),
    *("agent.session.in_progress", "agent.session.idle", "agent.session.failed", "safety.alert.created"),
)
"""Those of the SDK."""

RETRIES = (5.0, 30.0, 120.0, 600.0, 3_600.0, 21_600.0, 86_400.0)
"""Seconds from one attempt to the next. OpenAI tries for 72 hours; its intervals are not known."""
_TAKEN = range(200, 300)


class Due(NamedTuple):
    """One attempt to make: a POST."""

    number: int
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class SendResult(NamedTuple):
    """The end of an attempt: the status of the answer, or why there was none."""

    status: int | None = None
    error: str | None = None


def is_named(url: str, named: Sequence[str]) -> bool:
    """Whether an address is one that the user named: the same scheme, host and port, and below its path."""
    try:
        asked = urlsplit(url)
        return "@" not in asked.netloc and any(_is_below(asked, urlsplit(each)) for each in named)
    except ValueError:
        return False


def _is_below(asked: Any, allowed: Any) -> bool:  # noqa: ANN401 - split URLs
    same = (asked.scheme, asked.hostname, _port(asked)) == (allowed.scheme, allowed.hostname, _port(allowed))
    path = allowed.path.rstrip("/")
    return same and (not path or asked.path == path or asked.path.startswith(f"{path}/")) and ".." not in asked.path


def _port(parts: Any) -> int | None:  # noqa: ANN401 - a split URL
    given: int | None = parts.port
    return given or {"http": 80, "https": 443}.get(parts.scheme)


def queue_event(  # noqa: PLR0913 - an event and what its deliveries need
    resources: Resources, kind: str, data: Mapping[str, Any], stamp: Stamp, *, now: float, named: Sequence[str]
) -> Resources:
    """Return resources with a delivery for each endpoint that wants events of this kind."""
    wanted = [each for each in resources.list_kind(ENDPOINT) if kind in each["event_types"]]
    return queue_for(resources, wanted, kind, data, stamp, now=now, named=named)


def queue_for(  # noqa: PLR0913 - an event and its receivers
    resources: Resources,
    endpoints: Sequence[Value],
    kind: str,
    data: Mapping[str, Any],
    stamp: Stamp,
    *,
    now: float,
    named: Sequence[str],
) -> Resources:
    """Return resources with a delivery for each of some endpoints."""
    label = f"{kind}/{data.get('id') or data.get('call_id') or data.get('session_id')}"
    event = {
        "id": f"evt_{stamp.hex(f'{label}/event', 32)}",
        "object": "event",
        "created_at": stamp.created,
        "type": kind,
        "data": dict(data),
    }
    for endpoint in endpoints:
        number = 1 + max((each["number"] for each in resources.list_kind(DELIVERY)), default=0)
        is_refused = not is_named(endpoint["url"], named)
        value = {
            "number": number,
            "id": f"wh_{stamp.hex(f'{label}/{number}', 32)}",
            "endpoint": endpoint["id"],
            "url": endpoint["url"],
            "event": event,
            "state": "refused" if is_refused else "pending",
            "next": None if is_refused else now,
            "attempts": [{"at": now, "status": None, "error": _NOT_NAMED}] if is_refused else [],
        }
        resources = resources.put(Kept(DELIVERY, str(number), value))
    return resources


_NOT_NAMED = "this address is not named: use --webhooks (LLEMULATOR_WEBHOOKS) to allow it"


def list_due(resources: Resources, *, now: float, at: float) -> Iterator[Due]:
    """Yield the attempts that are due; `at` is the real time, which is what a receiver compares with its clock."""
    for value in resources.list_kind(DELIVERY):
        if value["state"] != "pending" or value["next"] > now:
            continue
        if (endpoint := resources.get(ENDPOINT, value["endpoint"])) is not None:
            yield sign(value, _list_secrets(endpoint, now), at)


def next_due(resources: Resources) -> float | None:
    """Return the time of the next attempt, on the session's clock."""
    pending = (each["next"] for each in resources.list_kind(DELIVERY) if each["state"] == "pending")
    return min(pending, default=None)


def _list_secrets(endpoint: Value, now: float) -> list[str]:
    """Return the secrets that sign: the old one too, for a day if that was wanted."""
    old = [endpoint["old_secret"]] if endpoint["old_secret"] and endpoint["old_until"] > now else []
    return [endpoint["secret"], *old]


def sign(delivery: Value, secrets: Sequence[str], at: float) -> Due:
    """Return an attempt with its signatures, one for each secret."""
    body, timestamp = compact(delivery["event"]), str(int(at))
    signed = b".".join((delivery["id"].encode(), timestamp.encode(), body))
    signatures = (b64encode(hmac.digest(_key_of(each), signed, sha256)).decode() for each in secrets)
    headers = (
        ("content-type", "application/json"),
        ("user-agent", "OpenAI/1.0 (+https://platform.openai.com/docs/webhooks)"),
        ("webhook-id", delivery["id"]),
        ("webhook-timestamp", timestamp),
        ("webhook-signature", " ".join(f"v1,{each}" for each in signatures)),
    )
    return Due(delivery["number"], delivery["url"], headers, body)


def _key_of(secret: str) -> bytes:
    """Return the key of a secret; one without OpenAI's prefix is the key itself, as for the SDK."""
    return b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()


def note_attempt(resources: Resources, number: int, attempt: SendResult, *, now: float) -> Resources:
    """Return resources with the end of an attempt: the delivery is taken, tried again later, or given up."""
    value = resources.get(DELIVERY, str(number))
    if value is None:
        return resources
    attempts = [*value["attempts"], {"at": now, "status": attempt.status, "error": attempt.error}]
    made = len(attempts) - value.get("before", 0)
    if attempt.status in _TAKEN:
        state, later = "delivered", None
    elif made <= len(RETRIES):
        state, later = "pending", now + RETRIES[made - 1]
    else:
        state, later = "failed", None
    changed = {**value, "attempts": attempts, "state": state, "next": later}
    return resources.put(Kept(DELIVERY, str(number), changed))


def send_again(resources: Resources, number: int, *, now: float, named: Sequence[str]) -> Resources | None:
    """Return resources in which a delivery is due at once; None if it is not there, or its address is not named."""
    value = resources.get(DELIVERY, str(number))
    if value is None or not is_named(value["url"], named):
        return None
    due = {**value, "state": "pending", "next": now, "before": len(value["attempts"])}
    return resources.put(Kept(DELIVERY, str(number), due))


def make_endpoint(endpoint_id: str, body: Value, secret: str, created_at: int) -> Kept:
    """Return an endpoint as it is kept."""
    value = {
        "id": endpoint_id,
        "name": body["name"],
        "url": body["url"],
        "event_types": list(body["event_types"]),
        "created_at": created_at,
        "updated_at": None,
        "secret": secret,
        "old_secret": None,
        "old_until": 0.0,
    }
    return Kept(ENDPOINT, endpoint_id, value)
