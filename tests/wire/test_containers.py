"""Containers: files go in and come out, and time ends them."""

from typing import Any

import pytest
from openai.types import ContainerCreateResponse
from openai.types.containers import FileCreateResponse

from tests.playing import body_of, emulator, json_of, play, post, request, status
from tests.wire.asking import Asking
from tests.wire.forms import form
from tests.wire.shapes import assert_sdk


def _upload(client: Asking, path: str, content: bytes, *parts: tuple[str, str]) -> Any:  # noqa: ANN401 - JSON
    return json_of(play(client.server, form(path, *parts, ("file", ("data.csv", content))))[0])


def _content(client: Asking, path: str) -> bytes:
    (steps,) = play(client.server, request("GET", f"{path}/content"))
    return body_of(steps)


def test_a_file_that_is_put_into_a_container_comes_out_again() -> None:
    client = Asking()
    container = client.post("/v1/containers", {"name": "work"})
    files = f"/v1/containers/{container['id']}/files"

    sent = _upload(client, files, b"a,b")
    listed = client.get(files)["data"]

    assert_sdk(ContainerCreateResponse, container)
    assert_sdk(FileCreateResponse, sent)
    assert (container["status"], container["expires_after"]["minutes"]) == ("running", 20)
    assert (sent["path"], sent["bytes"], sent["source"]) == ("/mnt/data/data.csv", 3, "user")
    assert listed == [sent]
    assert _content(client, f"{files}/{sent['id']}") == b"a,b"


def test_stored_files_are_copied_into_a_container() -> None:
    client = Asking()
    first, second = (_upload(client, "/v1/files", each, ("purpose", "user_data"))["id"] for each in (b"one", b"two"))

    container = client.post("/v1/containers", {"name": "work", "file_ids": [first]})["id"]
    client.post(f"/v1/containers/{container}/files", {"file_id": second})
    client.delete(f"/v1/files/{first}")
    ids = [each["id"] for each in client.get(f"/v1/containers/{container}/files?order=asc")["data"]]

    assert [_content(client, f"/v1/containers/{container}/files/{each}") for each in ids] == [b"one", b"two"]


def test_a_container_expires_twenty_minutes_after_it_was_used() -> None:
    server = emulator()
    container = json_of(play(server, post("/v1/containers", {"name": "work"}))[0])["id"]

    def look(at: float) -> str:
        return str(json_of(play(server, request("GET", f"/v1/containers/{container}", at=at))[0])["status"])

    assert [look(1_199), look(1_200)] == ["running", "expired"]
    (steps,) = play(server, request("POST", f"/v1/containers/{container}/files", body=b'{"file_id": "f"}', at=1_200))
    assert json_of(steps)["error"]["message"] == "Container is expired."


def test_a_deleted_container_is_gone_with_its_files() -> None:
    client = Asking()
    container = client.post("/v1/containers", {"name": "work"})["id"]
    _upload(client, f"/v1/containers/{container}/files", b"a")

    (steps,) = play(client.server, request("DELETE", f"/v1/containers/{container}"))

    assert (status(steps), body_of(steps)) == (200, b"")
    assert client.failing("GET", f"/v1/containers/{container}/files")[0] == 404


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("", {}, "name"),
        ("", {"name": "a", "memory_limit": "2g"}, "memory_limit"),
        ("", {"name": "a", "file_ids": ["file-none"]}, "id"),
    ],
)
def test_wrong_bodies_are_refused(path: str, body: dict[str, Any], param: str) -> None:
    (steps,) = play(emulator(), post(f"/v1/containers{path}", body))

    assert json_of(steps)["error"]["param"] == param


def test_leniently_a_file_is_made_of_nothing() -> None:
    client = Asking(emulator(lenient=True))

    (steps,) = play(client.server, request("POST", "/v1/containers/cntr_any/files"))

    assert json_of(steps)["bytes"] == 5
