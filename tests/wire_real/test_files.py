"""Files and uploads with the official SDK, over real sockets."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx2
import pytest
from openai import BadRequestError, NotFoundError, OpenAI

from conformance.server import Server
from tests.wire_real.sdk import official

_LINES = b'{"custom_id": "a"}\n' * 30_000
"""More than is answered or read at once."""


@pytest.fixture
def client(server: Server, request: pytest.FixtureRequest) -> Iterator[OpenAI]:
    with official(server, f"sk-{request.node.name}") as client:
        yield client


def _load(server: Server, client: OpenAI, script: object) -> None:
    headers = {"authorization": f"Bearer {client.api_key}"}
    httpx2.post(f"{server.origin}/_emulator/script", headers=headers, json=script).raise_for_status()


def test_a_file_comes_back_as_it_went_in(client: OpenAI) -> None:
    made = client.files.create(file=("lines.jsonl", _LINES), purpose="batch")

    assert client.files.wait_for_processing(made.id).status == "processed"
    assert client.files.content(made.id).read() == _LINES
    assert [file.id for file in client.files.list(purpose="batch")] == [made.id]
    assert client.files.delete(made.id).deleted
    with pytest.raises(NotFoundError, match="No such File object"):
        client.files.retrieve(made.id)


def test_files_that_a_rule_names_are_listed_shown_and_downloaded(client: OpenAI, server: Server) -> None:
    report = {"filename": "report.csv", "text": "a,b\n", "purpose": "assistants_output"}
    script = {
        "rules": [{"reply": {"files": [report, {"id": "cfile_plot", "filename": "plot.png", "data": "iVBORw=="}]}}]
    }
    _load(server, client, script)

    first, second = client.files.list()

    assert (first.filename, first.purpose, first.bytes, second.id) == (
        "report.csv",
        "assistants_output",
        4,
        "cfile_plot",
    )
    assert client.files.retrieve(first.id) == first
    assert client.files.content(first.id).read() == b"a,b\n"
    assert [each.path.rpartition("/")[2] for each in client.containers.files.list("cntr_1")] == [
        "report.csv",
        "plot.png",
    ]
    assert client.containers.files.content.retrieve("cfile_plot", container_id="cntr_1").read() == b"\x89PNG"
    with pytest.raises(NotFoundError, match="No such File object"):
        client.files.retrieve("file-none")


def test_a_message_can_name_a_file_until_it_is_deleted(client: OpenAI, server: Server) -> None:
    file_id = client.files.create(file=("a.pdf", b"%PDF-1.4"), purpose="user_data").id

    def ask_both() -> None:
        client.responses.create(
            model="gpt-4o", input=[{"role": "user", "content": [{"type": "input_file", "file_id": file_id}]}]
        )
        client.chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": [{"type": "file", "file": {"file_id": file_id}}]}]
        )

    _load(server, client, {"rules": [{"reply": "A page."}]})
    ask_both()
    client.files.delete(file_id)

    with pytest.raises(NotFoundError, match=f"No such File object: {file_id}") as refused:
        ask_both()
    assert refused.value.param == "input[0].content[0].file_id"


def test_an_upload_in_chunks_is_one_file(client: OpenAI, tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(_LINES)

    on_disk = client.uploads.upload_file_chunked(file=path, mime_type="text/jsonl", purpose="batch", part_size=200_000)
    in_memory = client.uploads.upload_file_chunked(
        file=_LINES, filename="m.jsonl", bytes=len(_LINES), mime_type="text/jsonl", purpose="batch"
    )

    assert on_disk.file is not None
    assert in_memory.file is not None
    assert client.files.content(on_disk.file.id).read() == client.files.content(in_memory.file.id).read() == _LINES


def test_a_wrong_file_is_a_bad_request(client: OpenAI) -> None:
    with pytest.raises(BadRequestError, match=r"Must be \.jsonl"):
        client.files.create(file=BytesIO(b"text"), purpose="batch")


def test_the_journal_shows_a_form_by_its_fields(client: OpenAI, server: Server) -> None:
    client.files.create(file=("a.txt", b"my sk-proj-" + b"a" * 40), purpose="user_data")

    headers = {"authorization": f"Bearer {client.api_key}"}
    listed = httpx2.get(f"{server.origin}/_emulator/requests", headers=headers).json()
    number = listed["data"][-1]["number"]
    shown = httpx2.get(f"{server.origin}/_emulator/requests/{number}", headers=headers).json()

    assert shown["request"]["body"] == {
        "purpose": "user_data",
        "file": {"filename": "a.txt", "content_type": "text/plain", "bytes": 51},
    }
