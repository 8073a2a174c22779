"""Fine-tuning with the official SDK, over real sockets."""

import json

import httpx2
from openai import OpenAI

from conformance.server import running
from tests.wire_real.sdk import official


def test_a_job_is_polled_to_its_end_with_the_clock_moved_once_and_its_model_answers() -> None:
    example = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
    with running("--fine-tuning-duration", "7200") as server, official(server, "sk-fine-tuning") as client:
        file = client.files.create(file=("a.jsonl", f"{json.dumps(example)}\n".encode() * 10), purpose="fine-tune")
        job = client.fine_tuning.jobs.create(model="gpt-4o-mini", training_file=file.id)
        assert job.status == "validating_files"

        _advance(client, server.origin, 7_200)
        job = client.fine_tuning.jobs.retrieve(job.id)

        assert (job.status, job.error) == ("succeeded", None)
        assert job.fine_tuned_model in [each.id for each in client.models.list()]
        said = client.chat.completions.create(
            model=job.fine_tuned_model or "", messages=[{"role": "user", "content": "Hi"}]
        )
        assert said.choices[0].message.content == "Hi"
        assert len(list(client.fine_tuning.jobs.list_events(job.id))) > 30
        assert len(list(client.fine_tuning.jobs.checkpoints.list(job.id))) == 3
        assert client.files.content(job.result_files[0]).text.startswith("step,train_loss")


def _advance(client: OpenAI, origin: str, seconds: float) -> None:
    headers = {"authorization": f"Bearer {client.api_key}"}
    httpx2.post(f"{origin}/_emulator/clock", json={"advance_s": seconds}, headers=headers).raise_for_status()
