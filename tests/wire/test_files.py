from hashlib import md5
from typing import Any

import pytest
from openai.types import FileDeleted, FileObject, Upload
from openai.types.uploads import UploadPart

from llemulator_addon.core.request import Request
from tests.playing import body_of, emulator, headers_of, json_of, play, post, request, status
from tests.wire.asking import Asking
from tests.wire.forms import File, form
from tests.wire.shapes import assert_described, assert_sdk

_LINES: File = ("lines.jsonl", b'{"a": 1}\n')
_NULLS = ["$.expires_at", "$.status_details"]


def _upload(client: Asking, file: File = _LINES, purpose: str = "batch", **more: str) -> Any:  # noqa: ANN401 - JSON
    asked = form("/v1/files", ("purpose", purpose), ("file", file), *_expiring(**more))
    return json_of(play(client.server, asked)[0])


def _expiring(seconds: str = "") -> tuple[tuple[str, str], ...]:
    return (("expires_after[anchor]", "created_at"), ("expires_after[seconds]", seconds)) if seconds else ()


def _at(asked: Request, seconds: float) -> Request:
    return request(asked.method, asked.path, body=asked.body, at=seconds)


def test_a_file_is_uploaded_shown_downloaded_and_deleted() -> None:
    client = Asking()

    made = _upload(client)
    shown = client.get(f"/v1/files/{made['id']}")
    (content,) = play(client.server, request("GET", f"/v1/files/{made['id']}/content"))
    gone = client.delete(f"/v1/files/{made['id']}")

    assert made == shown
    assert {**made, "id": "", "created_at": 0, "expires_at": 0} == {
        "object": "file",
        "id": "",
        "purpose": "batch",
        "filename": "lines.jsonl",
        "bytes": 9,
        "created_at": 0,
        "expires_at": 0,
        "status": "processed",
        "status_details": None,
    }
    assert made["expires_at"] - made["created_at"] == 30 * 86_400
    assert (body_of(content), headers_of(content)["content-type"]) == (_LINES[1], "application/octet-stream")
    assert headers_of(content)["content-disposition"] == 'attachment; filename="lines.jsonl"'
    assert gone == {"object": "file", "deleted": True, "id": made["id"]}
    assert client.failing("GET", f"/v1/files/{made['id']}") == (404, f"No such File object: {made['id']}")
    assert_sdk(FileObject, made)
    assert_sdk(FileDeleted, gone)
    assert_described("OpenAIFile", made, null=_NULLS)


def test_files_are_listed_by_purpose_in_pages() -> None:
    client = Asking()
    batch, other, third = _upload(client), _upload(client, ("a.txt", b"a"), "user_data"), _upload(client)

    listed = client.get("/v1/files")
    of_batches = client.get("/v1/files?purpose=batch&limit=1&order=asc")
    after = client.get(f"/v1/files?purpose=batch&limit=1&order=asc&after={of_batches['last_id']}")

    assert [file["id"] for file in listed["data"]] == [third["id"], other["id"], batch["id"]]
    assert ([file["id"] for file in of_batches["data"]], of_batches["has_more"]) == ([batch["id"]], True)
    assert ([file["id"] for file in after["data"]], after["has_more"]) == ([third["id"]], False)


def test_a_file_expires_by_the_clock_of_the_session() -> None:
    client = Asking()
    made = _upload(client, ("a.txt", b"a"), "user_data", seconds="3600")
    path = f"/v1/files/{made['id']}"

    before, after = play(client.server, _at(request("GET", path), 3_599), _at(request("GET", path), 3_600))
    listed = json_of(play(client.server, _at(request("GET", "/v1/files"), 3_600))[0])

    assert made["expires_at"] - made["created_at"] == 3_600
    assert (status(before), status(after), listed["data"]) == (200, 404, [])


def test_a_file_is_another_tokens_own() -> None:
    client = Asking()
    made = _upload(client)

    (steps,) = play(client.server, request("GET", f"/v1/files/{made['id']}", token="sk-other-1234"))

    assert status(steps) == 404


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ((("purpose", "batch"),), "Missing required parameter: 'file'."),
        ((("file", _LINES),), "Missing required parameter: 'purpose'."),
        (
            (("file", "text"), ("purpose", "batch")),
            "Invalid type for 'file': expected a file, but got a string instead.",
        ),
        ((("file", ("a.txt", b"a")), ("purpose", "batch")), "Invalid file format for Batch API. Must be .jsonl"),
        (
            (("file", ("a.txt", b"a")), ("purpose", "fine-tune")),
            "Invalid file format for Fine-Tuning API. Must be .jsonl",
        ),
        ((("file", ("a.txt", b"")), ("purpose", "user_data")), "File is empty."),
        (
            (("file", _LINES), ("purpose", "answers")),
            (
                "Invalid value: 'answers'. Supported values are: 'assistants', 'batch', 'fine-tune', 'vision', "
                "'user_data', and 'evals'."
            ),
        ),
        (
            (("file", _LINES), ("purpose", "batch"), *_expiring(seconds="60")),
            (
                "Invalid 'expires_after.seconds': integer below minimum value. Expected a value >= 3600, but got 60 "
                "instead."
            ),
        ),
    ],
)
def test_a_wrong_file_is_refused(fields: tuple[tuple[str, Any], ...], message: str) -> None:
    (steps,) = play(emulator(), form("/v1/files", *fields))

    assert (status(steps), json_of(steps)["error"]["message"]) == (400, message)


def test_a_body_that_is_no_form_is_refused() -> None:
    (steps,) = play(emulator(), post("/v1/files", {"purpose": "batch"}))

    error = json_of(steps)["error"]
    assert (status(steps), error["code"]) == (400, "unsupported_content_type")
    assert error["message"].startswith("Unsupported content type: 'application/json'.")


def test_what_was_sent_for_a_model_to_read_is_not_downloaded() -> None:
    client = Asking()
    made = _upload(client, ("a.txt", b"a"), "user_data")

    assert client.failing("GET", f"/v1/files/{made['id']}/content") == (
        400,
        "Not allowed to download files of purpose: user_data",
    )


def test_the_oldest_files_make_room_for_new_ones() -> None:
    client = Asking(emulator(stored_size=100_000))
    made = [_upload(client, ("a.jsonl", bytes(40_000))) for _ in range(3)]

    assert [file["id"] for file in client.get("/v1/files")["data"]] == [made[2]["id"], made[1]["id"]]


def test_a_file_that_is_larger_than_there_is_room_is_refused() -> None:
    (steps,) = play(
        emulator(stored_size=10_000), form("/v1/files", ("purpose", "batch"), ("file", ("a.jsonl", bytes(20_000))))
    )

    assert status(steps) == 413


# Uploads --------------------------------------------------------------------------------------------------------------

_BEGUN = {"bytes": 6, "filename": "a.jsonl", "mime_type": "text/jsonl", "purpose": "batch"}


def _add(client: Asking, upload: str, content: bytes) -> Any:  # noqa: ANN401 - JSON
    return json_of(play(client.server, form(f"/v1/uploads/{upload}/parts", ("data", ("part", content))))[0])


def test_an_upload_is_a_file_of_its_parts_in_the_order_of_their_ids() -> None:
    client = Asking()
    upload = client.post("/v1/uploads", _BEGUN)
    path = f"/v1/uploads/{upload['id']}"
    parts = [_add(client, upload["id"], content) for content in (b"def", b"abc")]

    digest = md5(b"abcdef", usedforsecurity=False).hexdigest()
    done = client.post(f"{path}/complete", {"part_ids": [parts[1]["id"], parts[0]["id"]], "md5": digest})
    (content,) = play(client.server, request("GET", f"/v1/files/{done['file']['id']}/content"))

    assert (upload["status"], upload["file"], done["status"], done["file"]["bytes"]) == (
        "pending",
        None,
        "completed",
        6,
    )
    assert body_of(content) == b"abcdef"
    assert client.get("/v1/files")["data"] == [done["file"]]
    for shape, value in ((Upload, upload), (Upload, done), (UploadPart, parts[0])):
        assert_sdk(shape, value)
    assert_described("Upload", done, null=["$.file.status_details"])
    assert_described("UploadPart", parts[0])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"part_ids": []}, "The parts have 0 bytes, but the upload was created for 6 bytes."),
        ({"part_ids": ["part_x"]}, "Part 'part_x' was not found in upload 'ID'."),
        ({"part_ids": ["PART"], "md5": "00"}, "The md5 checksum does not match the uploaded bytes."),
        ({}, "Missing required parameter: 'part_ids'."),
    ],
)
def test_an_upload_that_is_not_what_was_announced_is_refused(body: dict[str, Any], message: str) -> None:
    client = Asking()
    upload = client.post("/v1/uploads", _BEGUN)
    part = _add(client, upload["id"], b"abcdef")["id"]
    asked = {**body, **({"part_ids": [part]} if body.get("part_ids") == ["PART"] else {})}

    refused = client.post(f"/v1/uploads/{upload['id']}/complete", asked)

    assert refused["error"]["message"] == message.replace("ID", upload["id"])


def test_an_upload_that_was_cancelled_or_has_expired_takes_no_parts() -> None:
    client = Asking()
    first, second = client.post("/v1/uploads", _BEGUN), client.post("/v1/uploads", _BEGUN)

    cancelled = client.post(f"/v1/uploads/{first['id']}/cancel")
    refused = _add(client, first["id"], b"abc")
    late = form(f"/v1/uploads/{second['id']}/parts", ("data", ("part", b"abc")), at=3_600)
    expired = json_of(play(client.server, late)[0])

    assert cancelled["status"] == "cancelled"
    assert refused["error"]["message"] == "Upload is in status 'cancelled', but must be 'pending'."
    assert expired["error"]["message"] == "Upload is in status 'expired', but must be 'pending'."


def test_a_lenient_server_answers_for_files_and_uploads_that_nobody_made() -> None:
    client = Asking(emulator(lenient=True))

    shown = client.get("/v1/files/file_id")
    (content,) = play(client.server, request("GET", "/v1/files/file_id/content"))
    completed = client.post("/v1/uploads/upload_abc/complete", {"part_ids": ["string"]})

    assert (shown["id"], body_of(content), completed["status"]) == ("file_id", b"Hello", "completed")
