"""A rule says which files there are, and what is in them."""

from typing import Any

import pytest
from openai.types import FileObject
from openai.types.containers import FileListResponse

from llemulator_addon.script.reader import read_script
from llemulator_addon.script.script_error import ScriptError
from tests.playing import body_of, emulator, play, request
from tests.wire.asking import Asking
from tests.wire.shapes import assert_sdk

_NOTES = {"filename": "notes.txt", "text": "Free for thirty days."}
_REPORT = {"id": "file-report", "filename": "report.pdf", "purpose": "assistants", "bytes": 5_000_000}
_CONTAINER = "/v1/containers/cntr_any/files"


def _client(files: object, **script: Any) -> Asking:  # noqa: ANN401 - JSON
    return Asking(emulator({"rules": [{"reply": {"files": files}}], **script}))


def _download(client: Asking, path: str) -> bytes:
    return body_of(play(client.server, request("GET", path))[0])


def test_a_list_has_the_files_that_a_rule_names_in_their_order_and_no_others() -> None:
    client = _client([_REPORT, _NOTES], resources={"files": [{"filename": "other.txt", "text": "a"}]})

    listed = client.get("/v1/files")

    report, notes = listed["data"]
    assert (report["id"], report["filename"], report["purpose"], report["bytes"]) == (
        *("file-report", "report.pdf", "assistants"),
        5_000_000,
    )
    assert (notes["filename"], notes["bytes"], listed["has_more"]) == ("notes.txt", 21, False)
    assert_sdk(FileObject, report)
    assert [each["id"] for each in client.get("/v1/files?purpose=user_data")["data"]] == [notes["id"]]
    assert [each["id"] for each in client.get("/v1/files?limit=1&order=asc")["data"]] == [notes["id"]]


def test_a_file_that_was_listed_can_be_shown_and_downloaded_by_its_id() -> None:
    client = _client([_REPORT, _NOTES])
    listed = client.get("/v1/files")["data"]

    assert [client.get(f"/v1/files/{each['id']}") for each in listed] == listed
    assert _download(client, f"/v1/files/{listed[1]['id']}/content") == b"Free for thirty days."


def test_one_file_without_an_id_stands_for_any_id() -> None:
    client = _client(_NOTES)

    assert client.get("/v1/files/file-any")["id"] == "file-any"
    assert _download(client, "/v1/files/file-any/content") == b"Free for thirty days."


def test_two_files_of_one_name_are_two() -> None:
    first, second = _client([{**_NOTES, "created_at": 5}, _NOTES]).get("/v1/files")["data"]

    assert first["id"] != second["id"]
    assert first["created_at"] == 5


def test_an_id_that_no_file_has_gets_the_refusal_of_an_unknown_file() -> None:
    client = _client([_REPORT, _NOTES])

    assert client.failing("GET", "/v1/files/file-none") == (404, "No such File object: file-none")
    assert client.failing("GET", "/v1/files/file-none/content") == (404, "No such File object: file-none")
    assert _client([]).get("/v1/files")["data"] == []


def test_a_container_has_the_files_that_a_rule_names() -> None:
    client = _client([{"id": "cfile_1", "filename": "plot.png", "data": "iVBORw0KGgo="}, _NOTES])

    plot, notes = client.get(_CONTAINER)["data"]

    assert (plot["id"], plot["path"], plot["bytes"]) == ("cfile_1", "/mnt/data/plot.png", 8)
    assert plot["container_id"] == "cntr_any"
    assert_sdk(FileListResponse, plot)
    assert client.get(f"{_CONTAINER}/{notes['id']}") == notes
    assert _download(client, f"{_CONTAINER}/cfile_1/content") == b"\x89PNG\r\n\x1a\n"


def test_a_rule_with_files_answers_neither_models_nor_other_operations() -> None:
    client = _client(_NOTES, defaults={"on_unmatched": "echo"})

    answer = client.respond("Hi")

    assert answer["output"][0]["content"][0]["text"] == "Hi"
    assert client.post("/v1/conversations")["object"] == "conversation"
    assert client.failing("DELETE", "/v1/files/file-any")[0] == 404
    assert client.get("/v1/files")["data"][0]["filename"] == "notes.txt"


def test_the_first_of_two_rules_can_say_what_only_downloads_get() -> None:
    rules = [{"match": {"endpoint": "files.content"}, "reply": {"files": _NOTES}}, {"reply": {"files": _REPORT}}]
    client = Asking(emulator({"rules": rules}))

    assert client.get("/v1/files/file-report")["filename"] == "report.pdf"
    assert _download(client, "/v1/files/file-report/content") == b"Free for thirty days."


def test_headers_and_templates_of_a_reply_with_files_count() -> None:
    file = {"filename": "a.txt", "text": "{{ request.path }}"}
    reply = {"template": True, "files": file, "headers": {"x-from": "script"}}
    client = Asking(emulator({"rules": [{"reply": reply}]}))

    (steps,) = play(client.server, request("GET", "/v1/files/file-1/content"))

    assert body_of(steps) == b"/v1/files/file-1/content"
    assert ("x-from", "script") in steps[0].headers  # type: ignore[union-attr]  # it is the head


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": "a"},
        {**_NOTES, "data": "AA=="},
        {**_NOTES, "purpose": "holiday"},
        {**_NOTES, "bytes": -1},
        [_REPORT, _REPORT],
    ],
)
def test_wrong_files_are_refused_with_the_script(wrong: object) -> None:
    with pytest.raises(ScriptError):
        read_script({"rules": [{"reply": {"files": wrong}}]})
