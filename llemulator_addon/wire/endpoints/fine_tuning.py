"""Fine-tuning jobs: create, list, show, cancel, pause, resume; their events and checkpoints."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from llemulator_addon.core.json_type import JSON
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.resources import Kept, Resources
from llemulator_addon.wire.answer import Call, Operation, Served, show_kept
from llemulator_addon.wire.bodies import check_body, read_object
from llemulator_addon.wire.checking import Fields, Place, an_object, anything, integer, refuse_type, text
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.families import family
from llemulator_addon.wire.fine_tuning import (
    KIND,
    OPEN,
    TuningJob,
    list_jobs,
    make_job,
    pause,
    read_kept,
    resume,
)
from llemulator_addon.wire.json_bytes import pretty
from llemulator_addon.wire.models import base_model
from llemulator_addon.wire.paging import page
from llemulator_addon.wire.shared_fields import METADATA
from llemulator_addon.wire.stored_files import find_file
from llemulator_addon.wire.training_files import Examples, read_examples


def create(call: Call) -> Served:
    """Begin a job."""
    return _create(call, None)


def create_failing(call: Call, failure: Failure) -> Served:
    """Begin a job that fails as a script says."""
    return _create(call, {"code": failure.code, "message": failure.message, "param": failure.param})


def _create(call: Call, fails: Mapping[str, Any] | None) -> Served:
    body: Any = check_body(_JOB, read_object(call.request), lenient=call.lenient)
    _refuse_model(call, body["model"])
    job = _begin(call, body, f"ftjob-{call.stamp.base62('fine-tuning job', 24)}")
    found = [_read_file(call, body, param) for param in ("training_file", "validation_file")]
    error = fails or next((each.error for each in found if each.error is not None), None)
    job = replace(
        job,
        examples=found[0].number or 1,
        tokens=found[0].tokens,
        validation=body.get("validation_file") is not None,
        error=error,
    )
    return _serve(call, job, call.resources.put(job.keep(), Kept(OPEN, job.id, {})))


def _refuse_model(call: Call, model: str) -> None:
    """Refuse a model that nobody can train. Reported."""
    if not call.lenient and not base_model(model).startswith(_TRAINED):
        message = f"Model {model} is not available for fine-tuning or does not exist."
        raise RequestRefused(Failure(status=400, type=INVALID, code="model_not_available", message=message))


_TRAINED = ("gpt-3.5-turbo", "gpt-4-0613", "gpt-4o", "gpt-4.1", "o4-mini", "babbage-002", "davinci-002")


def _read_file(call: Call, body: Mapping[str, Any], param: str) -> Examples:
    """Read the examples of a file; raises `RequestRefused` if it is not there. The words are not recorded."""
    file_id = body.get(param)
    if not isinstance(file_id, str):
        return Examples()
    kept = find_file(call.resources, file_id, call.now)
    if kept is None:
        if call.lenient:
            return Examples(number=1)
        message = f"invalid {param}: {file_id}"
        raise RequestRefused(Failure(status=400, type=INVALID, param=param, message=message))
    if kept["file"]["purpose"] != "fine-tune" and not call.lenient:
        message = f"{file_id} has the purpose '{kept['file']['purpose']}', but must have the purpose 'fine-tune'."
        return Examples(error={"code": "invalid_purpose", "message": message, "param": param})
    return read_examples(kept["content"], family(base_model(body["model"])).encoding, param)


def list_all(call: Call) -> Served:
    """List the jobs, the newest first; `metadata[key]` filters."""
    wanted = {name[9:-1]: value for name, value in call.request.query if name.startswith("metadata[")}
    jobs = (each for each in list_jobs(call.resources) if wanted.items() <= (each.shown["metadata"] or {}).items())
    return _list(call, [each.show(call.now) for each in jobs])


def retrieve(call: Call) -> Served:
    """Show a job."""
    return _serve(call, _find(call))


def list_events(call: Call) -> Served:
    """List the events of a job, the newest first."""
    return _list(call, _find(call).list_events(call.now))


def list_checkpoints(call: Call) -> Served:
    """List the checkpoints of a job, the newest first."""
    return _list(call, _find(call).list_checkpoints(call.now), limit=10)


def cancel(call: Call) -> Served:
    """Stop a job; it makes no model."""
    return _change(call, "cancel", {"validating_files", "queued", "running", "paused"}, _cancel)


def _cancel(job: TuningJob, now: float) -> TuningJob:
    return replace(resume(job, now), cancelled=now)


def pause_job(call: Call) -> Served:
    """Let a job stand still."""
    return _change(call, "pause", {"queued", "running"}, pause)


def resume_job(call: Call) -> Served:
    """Let a paused job go on."""
    return _change(call, "resume", {"paused"}, resume)


def _change(call: Call, word: str, allowed: set[str], change: Callable[[TuningJob, float], TuningJob]) -> Served:
    job = _find(call)
    status = job.status_at(call.now)
    if status not in allowed:
        if call.lenient:
            return _serve(call, job)
        # The words are not recorded.
        message = f"Cannot {word} a fine-tuning job with status '{status}'."
        raise RequestRefused(Failure(status=400, type=INVALID, message=message))
    changed = change(job, call.now)
    is_kept = call.resources.get(KIND, job.id) is not None
    return _serve(call, changed, call.resources.put(changed.keep()) if is_kept else None)


def _begin(call: Call, body: Mapping[str, Any], job_id: str) -> TuningJob:
    return make_job(job_id, body, call.stamp, now=call.now, duration=call.fine_tuning_duration)


def _find(call: Call) -> TuningJob:
    """Return the job in the path; raises `RequestRefused`. A lenient call gets a new one. Reported."""
    job_id = call.params["fine_tuning_job_id"]
    if (kept := call.resources.get(KIND, job_id)) is not None:
        return read_kept(kept)
    if not call.lenient:
        message = f"Could not find fine tune: {job_id}"
        failure = Failure(status=404, type=INVALID, param="fine_tune_id", code="fine_tune_not_found", message=message)
        raise RequestRefused(failure)
    return replace(_begin(call, {}, job_id), examples=1)


def _serve(call: Call, job: TuningJob, resources: Resources | None = None) -> Served:
    return Served(answer=show_kept(job.show(call.now), pretty, b"\n"), resources=resources)


def _list(call: Call, shown: Iterable[Mapping[str, Any]], limit: int = 20) -> Served:
    return Served(answer=show_kept(page(call, shown, limit=limit), pretty, b"\n"))


_JOBS = "/fine_tuning/jobs"
_ONE = f"{_JOBS}/{{fine_tuning_job_id}}"

CREATE = Operation(
    name="fine_tuning.jobs.create", method="POST", path=_JOBS, serve=create, for_pages=True, fail=create_failing
)
LIST = Operation(name="fine_tuning.jobs.list", method="GET", path=_JOBS, serve=list_all)
RETRIEVE = Operation(name="fine_tuning.jobs.retrieve", method="GET", path=_ONE, serve=retrieve)
CANCEL = Operation(name="fine_tuning.jobs.cancel", method="POST", path=f"{_ONE}/cancel", serve=cancel)
PAUSE = Operation(name="fine_tuning.jobs.pause", method="POST", path=f"{_ONE}/pause", serve=pause_job)
RESUME = Operation(name="fine_tuning.jobs.resume", method="POST", path=f"{_ONE}/resume", serve=resume_job)
EVENTS = Operation(name="fine_tuning.jobs.list_events", method="GET", path=f"{_ONE}/events", serve=list_events)
CHECKPOINTS = Operation(
    name="fine_tuning.jobs.checkpoints.list", method="GET", path=f"{_ONE}/checkpoints", serve=list_checkpoints
)


def _auto_or(most: int | None) -> Callable[[Place, JSON], None]:
    def check(place: Place, given: JSON) -> None:
        if given == "auto":
            return
        if most is not None:
            integer(1, most)(place, given)
        elif isinstance(given, bool) or not isinstance(given, int | float):
            raise refuse_type(place, "a decimal", given)

    return check


_HYPERPARAMETERS = Fields(
    checks={"n_epochs": _auto_or(50), "batch_size": _auto_or(256), "learning_rate_multiplier": _auto_or(None)}
)
_METHOD = Fields(
    checks={
        "type": text(),
        "supervised": Fields(checks={"hyperparameters": _HYPERPARAMETERS}),
        "dpo": Fields(checks={"hyperparameters": _HYPERPARAMETERS}),
        "reinforcement": an_object,
    },
    needs=("type",),
)
_JOB = Fields(
    checks={
        "model": text(least=1),
        "training_file": text(least=1),
        "validation_file": text(),
        "hyperparameters": _HYPERPARAMETERS,
        "method": _METHOD,
        "suffix": text(least=1, most=64),
        "seed": integer(0, 2_147_483_647),
        "metadata": METADATA,
        "integrations": anything,
    },
    needs=("model", "training_file"),
)
