"""Webhooks: where they may go, how they are signed, and how often they are tried."""

from itertools import pairwise
from typing import Any

import pytest
from openai import OpenAI
from openai.types.webhooks import UnwrapWebhookEvent, WebhookEndpoint, WebhookEndpointWithSecret

from llemulator_addon.core.resources import Resources
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.wire.webhooks import (
    DELIVERY,
    EVENT_TYPES,
    RETRIES,
    Due,
    SendResult,
    is_named,
    list_due,
    make_endpoint,
    note_attempt,
    queue_event,
)
from tests.playing import emulator, json_of, play, post, status
from tests.wire.asking import Asking
from tests.wire.shapes import assert_sdk

_URL, _SECRET = "http://127.0.0.1:9000/hook", "whsec_bXktc2VjcmV0"
_BODY = {"name": "mine", "url": _URL, "event_types": ["batch.completed"]}


@pytest.mark.parametrize(
    ("url", "named", "expected"),
    [
        ("http://127.0.0.1:9000/hook", "http://127.0.0.1:9000", True),
        ("http://127.0.0.1:9000/hook/a", "http://127.0.0.1:9000/hook", True),
        ("https://a.example/x", "https://a.example:443", True),
        ("http://127.0.0.1:9000/hooks", "http://127.0.0.1:9000/hook", False),
        ("http://127.0.0.1:9000/hook/../admin", "http://127.0.0.1:9000/hook", False),
        ("http://127.0.0.1:9001/hook", "http://127.0.0.1:9000", False),
        ("https://127.0.0.1:9000/hook", "http://127.0.0.1:9000", False),
        ("http://127.0.0.1:9000@evil.example/", "http://127.0.0.1:9000", False),
        ("http://user@127.0.0.1:9000/", "http://127.0.0.1:9000", False),
        ("http://127.0.0.1.evil.example:9000/", "http://127.0.0.1:9000", False),
        ("http://[", "http://127.0.0.1:9000", False),
    ],
)
def test_only_an_address_below_a_named_one_is_allowed(url: str, named: str, *, expected: bool) -> None:
    assert is_named(url, [named]) is expected


def test_nothing_is_allowed_if_no_address_is_named() -> None:
    assert not is_named(_URL, [])


def _queued() -> Resources:
    resources = Resources().put(make_endpoint("whe_1", _BODY, _SECRET, 0))
    return queue_event(resources, "batch.completed", {"id": "batch_1"}, Stamp(0, 0), now=0, named=[_URL])


def _due(resources: Resources, now: float) -> list[Due]:
    return list(list_due(resources, now=now, at=1_760_000_000))


def test_a_delivery_is_signed_as_the_sdk_wants_it() -> None:
    (due,) = _due(_queued(), 0)
    client = OpenAI(api_key="k")

    client.webhooks.verify_signature(due.body, dict(due.headers), secret=_SECRET, tolerance=10**12)

    assert dict(due.headers)["webhook-timestamp"] == "1760000000"


def test_a_failing_delivery_is_tried_at_growing_intervals_and_then_given_up() -> None:
    resources, now, times = _queued(), 0.0, list[float]()
    while (later := next(resources.list_kind(DELIVERY))["next"]) is not None:
        assert not _due(resources, later - 0.1)
        now = later
        (due,) = _due(resources, now)
        times.append(now)
        resources = note_attempt(resources, due.number, SendResult(status=503), now=now)

    assert [b - a for a, b in pairwise(times)] == list(RETRIES)
    assert next(resources.list_kind(DELIVERY))["state"] == "failed"


def test_events_that_nobody_wants_are_not_queued() -> None:
    resources = Resources().put(make_endpoint("whe_1", _BODY, _SECRET, 0))

    assert queue_event(resources, "batch.failed", {}, Stamp(0, 0), now=0, named=[_URL]) is resources


def test_a_secret_is_shown_when_it_is_made_and_never_again() -> None:
    client = Asking()

    made = client.post("/v1/webhook_endpoints", _BODY)
    shown = client.get(f"/v1/webhook_endpoints/{made['id']}")
    rotated = client.post(f"/v1/webhook_endpoints/{made['id']}/rotate_secret")

    for each in (made, rotated):
        assert_sdk(WebhookEndpointWithSecret, each)
    assert_sdk(WebhookEndpoint, shown)
    assert made["signing_secret"].endswith(shown["signing_secret_hint"])
    assert rotated["signing_secret"] != made["signing_secret"]


@pytest.mark.parametrize(
    ("changes", "param"),
    [({"url": "ftp://a"}, "url"), ({"url": "http://["}, "url"), ({"event_types": ["other"]}, "event_types[0]")],
)
def test_wrong_endpoints_are_refused(changes: dict[str, Any], param: str) -> None:
    (steps,) = play(emulator(), post("/v1/webhook_endpoints", {**_BODY, **changes}))

    assert (status(steps), json_of(steps)["error"]["param"]) == (400, param)


def test_leniently_any_address_is_kept_and_none_is_sent_to() -> None:
    client = Asking(emulator(lenient=True))

    made = client.post("/v1/webhook_endpoints", {**_BODY, "url": "url"})
    client.post(f"/v1/webhook_endpoints/{made['id']}/test", {"event_type": "batch.completed"})

    assert made["url"] == "url"
    assert [each["state"] for each in client.get("/_emulator/webhooks")["data"]] == ["refused"]


_TYPED = [kind for kind in EVENT_TYPES if not kind.startswith("video.")]
"""The SDK takes an endpoint for events of videos, and has no type for them."""


@pytest.mark.parametrize("kind", _TYPED)
def test_a_test_of_every_event_says_what_the_sdk_has_a_type_for(kind: str) -> None:
    client = Asking()
    endpoint = client.post("/v1/webhook_endpoints", _BODY)["id"]

    client.post(f"/v1/webhook_endpoints/{endpoint}/test", {"event_type": kind})

    (delivery,) = client.get("/_emulator/webhooks")["data"]
    assert delivery["event"]["type"] == kind
    assert_sdk(UnwrapWebhookEvent, delivery["event"])
