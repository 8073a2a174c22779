"""Does the work that is due by the session's clock: jobs that have ended leave a model and a file."""

from dataclasses import replace

from llemulator_addon.core.request import Request
from llemulator_addon.core.resources import Kept, Resources, TooLarge
from llemulator_addon.engine.session import Session
from llemulator_addon.wire.fine_tuning import FINAL, KIND, MODEL, OPEN, TuningJob, read_kept
from llemulator_addon.wire.stored_files import make_file


def do_due(session: Session, request: Request) -> Session:
    """Return the session as it is at the time of a request."""
    open_jobs = [job_id for job_id, _ in session.resources.items_of(OPEN)]
    if not open_jobs:
        return session
    now, resources = session.clock_time(request), session.resources
    for job_id in open_jobs:
        kept = resources.get(KIND, job_id)
        if kept is None:
            resources = resources.remove(OPEN, job_id)
        elif (job := read_kept(kept)).status_at(now) in FINAL:
            resources = _end(resources, job, now)
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
    models = (Kept(MODEL, name, {"id": name}) for name in sorted(names))
    try:
        return resources.put(replace(job, result_file=file.id).keep(), file, *models)
    except TooLarge:
        # The model is what counts; its metrics have no room.
        return resources.put(*(Kept(MODEL, name, {"id": name}) for name in sorted(names)))
