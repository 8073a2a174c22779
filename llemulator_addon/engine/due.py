"""Does the work that is due by the session's clock: ended jobs leave a model and a file, and events are queued.

Deliveries of webhooks are resources. `adapters/deliveries.py` sends those that are due.
"""

from dataclasses import replace
from typing import NamedTuple

from llemulator_addon.core.request import Request
from llemulator_addon.core.resources import Kept, Resources, TooLarge
from llemulator_addon.engine.session import Session
from llemulator_addon.wire.batches import has_open
from llemulator_addon.wire.fine_tuning import FINAL, KIND, MODEL, OPEN, TuningJob, read_kept
from llemulator_addon.wire.responses import history
from llemulator_addon.wire.stored_files import make_file
from llemulator_addon.wire.webhooks import ENDPOINT, Due, SendResult, list_due, next_due, note_attempt, queue_event

BACKGROUND = "webhook.response"
"""The kind that names background responses of whose end nobody was told yet."""
_BACKGROUND_SECONDS = 1.0
"""After which a background response is finished, if a webhook wants its event."""
_LOOK_AGAIN = 1.0
"""Seconds until the next look at work whose end will be told."""


def do_due(session: Session, request: Request) -> Session:
    """Return the session as it is at the time of a request."""
    jobs, responses = (dict(session.resources.items_of(kind)) for kind in (OPEN, BACKGROUND))
    if not jobs and not responses:
        return session
    now, resources = session.clock_time(request), session.resources
    for job_id in jobs:
        kept = resources.get(KIND, job_id)
        if kept is None:
            resources = resources.remove(OPEN, job_id)
        elif (job := read_kept(kept)).status_at(now) in FINAL:
            resources = _end(resources, job, now)
            resources = tell(session, resources, f"fine_tuning.job.{job.status_at(now)}", job.id, now)
    for response_id, pending in responses.items():
        resources = _end_response(session, resources, response_id, pending["due"], now)
    return session if resources is session.resources else session.change(resources=resources)


def _end(resources: Resources, job: TuningJob, now: float) -> Resources:
    resources = resources.remove(OPEN, job.id)
    if job.status_at(now) != "succeeded":
        return resources
    file = make_file(
        job.stamp,
        (job.write_metrics(),),
        name="step_metrics.csv",
        purpose="fine-tune-results",
        now=now,
        label=f"{job.id}/metrics",
        content_type="text/csv",
    )
    names = {job.model_name, *(each["fine_tuned_model_checkpoint"] for each in job.list_checkpoints(now))}
    models = [Kept(MODEL, name, {"id": name}) for name in sorted(names)]
    try:
        return resources.put(replace(job, result_file=file.id).keep(), file, *models)
    except TooLarge:
        # The model is what counts; its metrics have no room.
        return resources.put(*models)


# Events ---------------------------------------------------------------------------------------------------------------


def tell(session: Session, resources: Resources, kind: str, thing_id: str, now: float) -> Resources:
    """Return resources with the deliveries of an event, if any endpoint wants it."""
    named = session.policy.webhooks
    try:
        return queue_event(resources, kind, {"id": thing_id}, session.stamp, now=now, named=named)
    except TooLarge:
        # The work itself is done all the same.
        return resources


def note_background(resources: Resources, kept: tuple[Kept, ...], now: float) -> Resources:
    """Return resources that remember a new background response, if a webhook may tell of its end."""
    for each in kept:
        if each.kind == history.RESPONSE and each.value["response"]["background"] and _has_endpoint(resources):
            due = {"due": now + _BACKGROUND_SECONDS}
            resources = resources.put(Kept(BACKGROUND, str(each.value["id"]), due))
    return resources


def _has_endpoint(resources: Resources) -> bool:
    return any(True for _ in resources.items_of(ENDPOINT))


def _end_response(session: Session, resources: Resources, response_id: str, due: float, now: float) -> Resources:
    made = history.find(resources, response_id)
    if made is None:
        return resources.remove(BACKGROUND, response_id)
    if not history.is_done(made) and due > now:
        return resources
    done = history.finish(made)
    resources = resources.remove(BACKGROUND, response_id).put(history.keep(done))
    return tell(session, resources, f"response.{history.now(done)['status']}", response_id, now)


# Deliveries -----------------------------------------------------------------------------------------------------------


class DueNow(NamedTuple):
    """The attempts to make now, and the seconds until the next look; None: nothing is to come."""

    attempts: tuple[Due, ...]
    wait: float | None


def take_due(session: Session, request: Request) -> tuple[Session, DueNow]:
    """Return what is to be sent at the time of a request."""
    session = do_due(session, request)
    resources, now = session.resources, session.clock_time(request)
    if not _has_endpoint(resources):
        return session, DueNow((), None)
    attempts = tuple(list_due(resources, now=now, at=request.at))
    later = next_due(resources)
    waits = [] if later is None else [max(0.0, later - now)]
    is_open = any(True for kind in (OPEN, BACKGROUND) for _ in resources.items_of(kind)) or has_open(resources)
    return session, DueNow(attempts, min([*waits, *([_LOOK_AGAIN] if is_open else [])], default=None))


def end_attempt(session: Session, request: Request, number: int, attempt: SendResult) -> Session:
    """Return the session with the end of an attempt noted."""
    now = session.clock_time(request)
    return session.change(resources=note_attempt(session.resources, number, attempt, now=now))
