"""Fine-tuning jobs as values: what is kept of one, and all that it shows at a time of the session's clock.

A job takes `--fine-tuning-duration` seconds. In the first tenth its files are validated, in the second it is queued,
and then its steps follow at an even pace.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import exp
from typing import Any

from llemulator_addon.core.resources import Kept, Resources
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.wire.headers import ORGANIZATION
from llemulator_addon.wire.members import object_in, text_in
from llemulator_addon.wire.models import resolve_alias

KIND = "fine_tuning.job"
OPEN = "fine_tuning.job.open"
"""The kind that names the jobs which have not ended."""
MODEL = "fine_tuned_model"
"""The kind of resource of a model that a job made."""
FINAL = frozenset({"succeeded", "failed", "cancelled"})
_VALIDATED, _STARTED = 0.1, 0.2
_EVENTS_AT_MOST = 100
_CHECKPOINTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningJob:
    """A job as it is kept."""

    shown: Mapping[str, Any]
    """As it is created."""
    seed: int
    """Of the stamp with which it was created."""
    turn: int
    begun: float
    """When it was created, on the session's clock."""
    duration: float
    examples: int = 0
    tokens: int = 0
    error: Mapping[str, Any] | None = None
    validation: bool = False
    pauses: tuple[tuple[float, float], ...] = ()
    paused: float | None = None
    """Since when it is paused."""
    cancelled: float | None = None
    result_file: str | None = None

    def keep(self) -> Kept:
        """Return it as a resource."""
        return Kept(KIND, self.id, {name: getattr(self, name) for name in _NAMES})

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.shown["id"])

    @property
    def stamp(self) -> Stamp:
        """The source of its ids and numbers."""
        return Stamp(self.seed, self.turn)

    # Its way through time ---------------------------------------------------------------------------------------------

    def work_done(self, now: float) -> float:
        """Return the seconds for which it worked."""
        ends = min(each for each in (now, self.paused, self.cancelled) if each is not None)
        return max(0.0, ends - self.begun - sum(end - start for start, end in self.pauses))

    def status_at(self, now: float) -> str:
        """Return its status."""
        done = self.work_done(now) / self.duration
        if self.error is not None and done >= _VALIDATED:
            return "failed"
        if done >= 1:
            return "succeeded"
        if self.cancelled is not None:
            return "cancelled"
        if self.paused is not None:
            return "paused"
        return "validating_files" if done < _VALIDATED else "queued" if done < _STARTED else "running"

    def tell_time(self, worked: float) -> int:
        """Return the time in the answers' own clock after some seconds of work."""
        at = self.begun + worked
        for start, end in self.pauses:
            at += end - start if at > start else 0
        return int(self.shown["created_at"]) + int(at - self.begun)

    # Its work ---------------------------------------------------------------------------------------------------------

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """Those that are used: numbers in place of `auto`."""
        given = self.shown["hyperparameters"]
        usual = {"n_epochs": 3, "batch_size": max(1, self.examples // 500), "learning_rate_multiplier": 1.8}
        return {name: given[name] if isinstance(given[name], int | float) else usual[name] for name in usual}

    @property
    def steps(self) -> int:
        """How many steps it takes."""
        used = self.hyperparameters
        return max(1, -(-self.examples * int(used["n_epochs"]) // int(used["batch_size"])))

    def steps_done(self, now: float) -> int:
        """Return how many of its steps are done."""
        share = (self.work_done(now) / self.duration - _STARTED) / (1 - _STARTED)
        return 0 if self.error is not None else min(self.steps, max(0, int(share * self.steps + 1e-9)))

    def _find_time(self, step: int) -> float:
        return self.duration * (_STARTED + (1 - _STARTED) * step / self.steps)

    @property
    def model_name(self) -> str:
        """The name of the model that it makes."""
        suffix = self.shown["user_provided_suffix"] or ""
        return f"ft:{resolve_alias(self.shown['model'])}:personal:{suffix}:{self.stamp.base62(f'{self.id}/model', 8)}"

    def metrics_at(self, step: int) -> dict[str, float]:
        """Return what is measured at a step: a loss that falls, from the seed."""
        near = exp(-3 * step / self.steps)
        noise = self.stamp.fraction(f"{self.id}/{step}") * 0.1
        measured = {"train_loss": round(0.3 + 2 * near + noise, 5)}
        measured["train_accuracy"] = round(0.95 - 0.5 * near - noise, 5)
        if self.validation:
            measured |= {"valid_loss": round(0.4 + 2 * near + noise, 5)}
            measured |= {"valid_mean_token_accuracy": round(0.92 - 0.5 * near - noise, 5)}
        return measured

    # What it shows ----------------------------------------------------------------------------------------------------

    def show(self, now: float) -> dict[str, Any]:
        """Return the job as an answer shows it."""
        status = self.status_at(now)
        made = status == "succeeded"
        used = (
            self.shown["hyperparameters"] if self.work_done(now) < self.duration * _VALIDATED else self.hyperparameters
        )
        left = None if status in FINAL or status == "paused" else self.tell_time(self.duration)
        method = dict(self.shown["method"])
        method[method["type"]] = {**(method.get(method["type"]) or {}), "hyperparameters": used}
        return {
            **self.shown,
            "status": status,
            "fine_tuned_model": self.model_name if made else None,
            "finished_at": self.tell_time(self._ends(now)) if status in FINAL else None,
            "hyperparameters": used,
            "method": method,
            "trained_tokens": self.tokens * int(self.hyperparameters["n_epochs"]) if made else None,
            "result_files": [self.result_file] if self.result_file else [],
            "error": dict(self.error) if status == "failed" and self.error else None,
            "estimated_finish": left,
        }

    def _ends(self, now: float) -> float:
        match self.status_at(now):
            case "failed":
                return self.duration * _VALIDATED
            case "succeeded":
                return self.duration
            case _:
                return self.work_done(now)

    def list_events(self, now: float) -> list[dict[str, Any]]:
        """Return its events, oldest first."""
        told = list(self._tell(now))
        return [
            {
                "object": "fine_tuning.job.event",
                "id": f"ftevent-{self.stamp.base62(f'{self.id}/event {number}', 24)}",
                "created_at": self.tell_time(worked),
                "level": level,
                "message": message,
                "type": "message" if numbers is None else "metrics",
                "data": numbers or {},
            }
            for number, (worked, level, message, numbers) in enumerate(told)
        ]

    def _tell(self, now: float) -> Iterator[tuple[float, str, str, Mapping[str, Any] | None]]:
        status, done = self.status_at(now), self.work_done(now)
        yield 0, "info", f"Created fine-tuning job: {self.id}", None
        other = self.shown["validation_file"]
        also = f" and validation file: {other}" if other else ""
        yield 0, "info", f"Validating training file: {self.shown['training_file']}{also}", None
        if status == "failed" and self.error is not None:
            yield self.duration * _VALIDATED, "error", str(self.error["message"]), None
            return
        if done >= self.duration * _VALIDATED:
            yield self.duration * _VALIDATED, "info", "Files validated, moving job to queued state", None
        if done >= self.duration * _STARTED:
            yield self.duration * _STARTED, "info", "Fine-tuning job started", None
        every = -(-self.steps // _EVENTS_AT_MOST)
        for step in range(every, self.steps_done(now) + 1, every):
            measured = self.metrics_at(step)
            message = f"Step {step}/{self.steps}: training loss={measured['train_loss']:.2f}"
            numbers = {"step": step, "total_steps": self.steps, "train_loss": measured["train_loss"]}
            numbers["train_mean_token_accuracy"] = measured["train_accuracy"]
            yield self._find_time(step), "info", message, numbers
        if status == "succeeded":
            for each in self.list_checkpoints(now)[:-1]:
                message = f"Checkpoint created at step {each['step_number']} with Snapshot ID: "
                yield self.duration, "info", f"{message}{each['fine_tuned_model_checkpoint']}", None
            yield self.duration, "info", f"New fine-tuned model created: {self.model_name}", None
            yield self.duration, "info", "The job has successfully completed", None
        if status == "cancelled":
            yield done, "info", "The job has been cancelled", None

    def list_checkpoints(self, now: float) -> list[dict[str, Any]]:
        """Return its checkpoints, oldest first: one after each of the last epochs."""
        epochs = int(self.hyperparameters["n_epochs"])
        numbers = [self.steps * epoch // epochs for epoch in range(max(1, epochs - _CHECKPOINTS + 1), epochs + 1)]
        made = [step for step in dict.fromkeys(numbers) if 0 < step <= self.steps_done(now)]
        return [self._show_checkpoint(step, epochs) for step in made]

    def _show_checkpoint(self, step: int, epochs: int) -> dict[str, Any]:
        measured = {"step": step, **self.metrics_at(step)}
        measured["train_mean_token_accuracy"] = measured.pop("train_accuracy")
        is_last = step == self.steps * epochs // epochs
        return {
            "object": "fine_tuning.job.checkpoint",
            "id": f"ftckpt_{self.stamp.base62(f'{self.id}/checkpoint {step}', 24)}",
            "created_at": self.tell_time(self._find_time(step)),
            "fine_tuned_model_checkpoint": self.model_name if is_last else f"{self.model_name}:ckpt-step-{step}",
            "fine_tuning_job_id": self.id,
            "metrics": measured,
            "step_number": step,
        }

    def write_metrics(self) -> bytes:
        """Return its result file: CSV with a line for each step."""
        lines = ["step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy"]
        for step in range(1, self.steps + 1):
            measured = self.metrics_at(step)
            cells = (measured.get(name, "") for name in lines[0].split(",")[1:])
            lines.append(f"{step},{','.join(map(str, cells))}")
        return ("\n".join(lines) + "\n").encode()


_NAMES = tuple(TuningJob.__dataclass_fields__)


def read_kept(value: Mapping[str, Any]) -> TuningJob:
    """Return a job as it was kept."""
    return TuningJob(**value)


def list_jobs(resources: Resources) -> Iterator[TuningJob]:
    """Yield the jobs, oldest first."""
    return map(read_kept, resources.list_kind(KIND))


def make_job(job_id: str, body: Mapping[str, Any], stamp: Stamp, *, now: float, duration: float) -> TuningJob:
    """Return a new job; `body` is that of the request."""
    method = object_in(body, "method")
    kind = text_in(method, "type") or "supervised"
    given = {**object_in(body, "hyperparameters"), **object_in(object_in(method, kind), "hyperparameters")}
    shown = {
        "object": "fine_tuning.job",
        "id": job_id,
        "model": resolve_alias(body.get("model", "gpt-4o-mini")),
        "created_at": stamp.created,
        "organization_id": ORGANIZATION,
        "training_file": body.get("training_file", "file-abc123"),
        "validation_file": body.get("validation_file"),
        "seed": body["seed"] if body.get("seed") is not None else int(stamp.hex("fine-tuning seed", 7), 16),
        "user_provided_suffix": body.get("suffix"),
        "hyperparameters": {
            name: given.get(name, "auto") for name in ("n_epochs", "batch_size", "learning_rate_multiplier")
        },
        "method": {**method, "type": kind},
        "metadata": body.get("metadata"),
        "integrations": body.get("integrations") or [],
    }
    return TuningJob(shown=shown, seed=stamp.seed, turn=stamp.turn, begun=now, duration=duration)


def pause(job: TuningJob, now: float) -> TuningJob:
    """Let a job stand still."""
    return replace(job, paused=now)


def resume(job: TuningJob, now: float) -> TuningJob:
    """Let it go on."""
    return job if job.paused is None else replace(job, paused=None, pauses=(*job.pauses, (job.paused, now)))
