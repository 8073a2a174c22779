"""Fine-tuning jobs go through their states by the session's clock, and make a model that answers."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from openai.types.fine_tuning import FineTuningJob, FineTuningJobEvent
from openai.types.fine_tuning.jobs import FineTuningJobCheckpoint

from tests.playing import body_of, emulator, json_of, play, request, status
from tests.wire.forms import form
from tests.wire.shapes import assert_sdk

_BEYOND = ["user_provided_suffix"]
_JOBS = "/v1/fine_tuning/jobs"
_EXAMPLE = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello there"}]}


_UNEXPECTED = (
    "The job failed due to an invalid training file. Unexpected file format, expected either prompt/completion pairs "
    "or chat messages."
)


_TOO_MANY_EPOCHS = (
    "Invalid 'method.dpo.hyperparameters.n_epochs': integer above maximum value. Expected a value <= 50, but got 51 "
    "instead."
)


class Client:
    """One that says when it asks. A job takes 100 seconds."""

    def __init__(self, script: object = None, **settings: Any) -> None:  # noqa: ANN401 - whatever settings there are
        self.server = emulator(script, **{"fine_tuning_duration": 100.0, **settings})

    def upload(self, *lines: object, purpose: str = "fine-tune") -> str:
        text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
        sent = form("/v1/files", ("purpose", purpose), ("file", ("a.jsonl", text.encode())))
        return str(json_of(play(self.server, sent)[0])["id"])

    def post(self, path: str, body: Mapping[str, Any], at: float = 0) -> Any:  # noqa: ANN401 - JSON
        return json_of(play(self.server, request("POST", path, body=json.dumps(body).encode(), at=at))[0])

    def get(self, path: str, at: float = 0) -> Any:  # noqa: ANN401 - JSON
        return json_of(play(self.server, request("GET", path, at=at))[0])

    def begin(self, *lines: object, **fields: object) -> str:
        """Begin a job with a file of these lines, ten examples if there are none, and return its path."""
        file = self.upload(*(lines or [_EXAMPLE] * 10))
        made = self.post(_JOBS, {"model": "gpt-4o-mini", "training_file": file, **fields})
        return f"{_JOBS}/{made['id']}"

    def messages(self, job: str, at: float) -> list[str]:
        """Return what its events say, oldest first."""
        return [each["message"] for each in reversed(self.get(f"{job}/events?limit=100", at)["data"])]


def test_a_job_goes_through_its_states_by_the_clock() -> None:
    client = Client()
    job = client.begin(suffix="mine", metadata={"a": "b"})

    seen = [client.get(job, at) for at in (0, 9, 10, 19, 20, 99, 100)]

    for each in seen:
        assert_sdk(FineTuningJob, each, beyond=_BEYOND)
    assert [each["status"] for each in seen] == [
        *("validating_files", "validating_files", "queued", "queued", "running", "running", "succeeded")
    ]
    before, done = seen[0], seen[-1]
    assert (before["fine_tuned_model"], before["hyperparameters"]["n_epochs"]) == (None, "auto")
    assert done["fine_tuned_model"].startswith("ft:gpt-4o-mini-2024-07-18:personal:mine:")
    assert (done["finished_at"], done["hyperparameters"]["n_epochs"]) == (done["created_at"] + 100, 3)
    assert done["trained_tokens"] > 0
    assert done["metadata"] == {"a": "b"}


def test_the_model_of_a_job_is_listed_and_answers_once_it_is_done() -> None:
    client = Client()
    job = client.begin()
    name = client.get(job, 200)["fine_tuned_model"]
    asked = {"model": name, "messages": [{"role": "user", "content": "Hi"}]}

    answer = client.post("/v1/chat/completions", asked, 100)
    listed = [each["id"] for each in client.get("/v1/models", 100)["data"]]

    assert answer["choices"][0]["message"]["content"] == "Hi"
    assert name in listed
    play(client.server, request("DELETE", f"/v1/models/{name}", at=101))
    assert client.post("/v1/chat/completions", asked, 102)["error"]["code"] == "model_not_found"


def test_before_its_end_there_is_no_model() -> None:
    client, twin = Client(), Client()
    client.begin()
    name = twin.get(twin.begin(), 100)["fine_tuned_model"]

    asked = {"model": name, "messages": [{"role": "user", "content": "Hi"}]}

    error = client.post("/v1/chat/completions", asked, 99)["error"]

    assert error["code"] == "model_not_found"


def test_events_tell_what_happened_so_far() -> None:
    client = Client()
    job = client.begin()
    file = client.get(job)["training_file"]

    running = client.messages(job, 60)
    done = client.messages(job, 100)

    assert running[:4] == [
        f"Created fine-tuning job: {job.rpartition('/')[2]}",
        f"Validating training file: {file}",
        "Files validated, moving job to queued state",
        "Fine-tuning job started",
    ]
    assert running[4].startswith("Step 1/30: training loss=")
    assert len(running) == 4 + 15
    assert done[-2].startswith("New fine-tuned model created: ft:")
    assert done[-1] == "The job has successfully completed"
    for each in client.get(f"{job}/events", 100)["data"]:
        assert_sdk(FineTuningJobEvent, each)


def test_checkpoints_come_after_epochs_and_the_last_is_the_model() -> None:
    client = Client()
    job = client.begin()

    half = client.get(f"{job}/checkpoints", 60)["data"]
    done = client.get(f"{job}/checkpoints", 100)["data"]

    for each in done:
        assert_sdk(FineTuningJobCheckpoint, each)
    assert [each["step_number"] for each in half] == [10]
    assert [each["step_number"] for each in done] == [30, 20, 10]
    assert done[0]["fine_tuned_model_checkpoint"] == client.get(job, 100)["fine_tuned_model"]
    asked = {"model": done[1]["fine_tuned_model_checkpoint"], "messages": [{"role": "user", "content": "Hi"}]}
    assert client.post("/v1/chat/completions", asked, 100)["choices"]


def test_the_result_file_has_a_line_for_each_step() -> None:
    client = Client()
    job = client.begin(validation_file=client.upload(_EXAMPLE))

    (file,) = client.get(job, 100)["result_files"]
    (steps,) = play(client.server, request("GET", f"/v1/files/{file}/content", at=100))
    lines = body_of(steps).decode().splitlines()

    assert lines[0] == "step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy"
    assert len(lines) == 31
    assert all(len(line.split(",")) == 5 and line.split(",")[3] for line in lines[1:])
    assert client.get(f"/v1/files/{file}", 100)["purpose"] == "fine-tune-results"


def test_a_paused_job_stands_still_and_takes_as_long_as_it_would() -> None:
    client = Client()
    job = client.begin()

    paused = client.post(f"{job}/pause", {}, 50)
    waiting = client.get(job, 500)
    resumed = client.post(f"{job}/resume", {}, 500)

    assert [each["status"] for each in (paused, waiting, resumed)] == ["paused", "paused", "running"]
    assert [client.get(job, at)["status"] for at in (549, 550)] == ["running", "succeeded"]


def test_a_cancelled_job_makes_no_model() -> None:
    client = Client()
    job = client.begin()

    cancelled = client.post(f"{job}/cancel", {}, 50)

    assert_sdk(FineTuningJob, cancelled, beyond=_BEYOND)
    assert (cancelled["status"], cancelled["finished_at"]) == ("cancelled", cancelled["created_at"] + 50)
    assert client.get(job, 500)["fine_tuned_model"] is None
    assert not [each for each in client.get("/v1/models", 500)["data"] if each["id"].startswith("ft:")]
    assert "Cannot cancel" in client.post(f"{job}/cancel", {}, 500)["error"]["message"]


@pytest.mark.parametrize(
    ("lines", "code", "message"),
    [
        (
            [_EXAMPLE] * 9,
            "invalid_n_examples",
            "Training file has 9 example(s), but must have at least 10 examples",
        ),
        (
            [{"text": "a"}] * 10,
            "invalid_file_format",
            _UNEXPECTED,
        ),
        (["{"], "invalid_file_format", "Invalid file format. Line 1 is not valid JSON."),
    ],
)
def test_a_wrong_file_makes_the_job_fail_as_openai_does(lines: list[object], code: str, message: str) -> None:
    client = Client()
    job = client.begin(*lines)

    failed = client.get(job, 10)

    assert_sdk(FineTuningJob, failed, beyond=_BEYOND)
    assert failed["status"] == "failed"
    assert failed["error"] == {"code": code, "message": message, "param": "training_file"}
    assert client.messages(job, 10)[-1] == message


def test_a_script_lets_a_job_fail_later() -> None:
    failure = {"status": 400, "code": "exceeded_quota", "message": "You have no money.", "taken": True}
    rule = {"match": {"endpoint": "fine_tuning.jobs.create"}, "reply": {"failure": failure}, "times": 1}
    client = Client({"rules": [rule]})

    job, other = client.begin(), client.begin()

    assert client.get(job)["status"] == "validating_files"
    failed = client.get(job, 100)
    assert (failed["status"], failed["error"]["code"], failed["error"]["message"]) == (
        "failed",
        "exceeded_quota",
        "You have no money.",
    )
    assert client.get(other, 100)["status"] == "succeeded"


def test_a_script_refuses_a_job_at_once() -> None:
    rule = {"match": {"endpoint": "fine_tuning.jobs.create"}, "reply": {"failure": {"status": 429, "message": "Slow."}}}
    client = Client({"rules": [rule]})

    assert client.post(_JOBS, {"model": "gpt-4o-mini", "training_file": "f"})["error"]["message"] == "Slow."


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"training_file": "f"}, "Missing required parameter: 'model'."),
        (
            {"model": "gpt-5.4", "training_file": "f"},
            "Model gpt-5.4 is not available for fine-tuning or does not exist.",
        ),
        ({"model": "gpt-4o-mini", "training_file": "file-1"}, "invalid training_file: file-1"),
        (
            {
                "model": "gpt-4o-mini",
                "training_file": "f",
                "method": {"type": "dpo", "dpo": {"hyperparameters": {"n_epochs": 51}}},
            },
            _TOO_MANY_EPOCHS,
        ),
    ],
)
def test_wrong_bodies_are_refused(body: Mapping[str, Any], message: str) -> None:
    assert Client().post(_JOBS, body)["error"]["message"] == message


def test_an_unknown_job_is_refused_as_openai_does() -> None:
    (steps,) = play(Client().server, request("GET", f"{_JOBS}/ftjob-1"))

    assert status(steps) == 404
    assert json_of(steps)["error"]["code"] == "fine_tune_not_found"


def test_jobs_are_listed_by_their_metadata() -> None:
    client = Client()
    first, second = (client.begin(metadata={"of": name}).rpartition("/")[2] for name in "ab")

    assert [each["id"] for each in client.get(_JOBS)["data"]] == [second, first]
    assert [each["id"] for each in client.get(f"{_JOBS}?metadata[of]=a")["data"]] == [first]
