"""`resources` of a script: what is there from the start."""

from typing import Any

import pytest
from openai.types import FileObject, VectorStore

from llemulator_addon.script.reader import read_script
from llemulator_addon.script.script_error import ScriptError
from tests.playing import body_of, emulator, json_of, load, play, post, request
from tests.wire.asking import Asking
from tests.wire.shapes import assert_sdk

_RESOURCES: dict[str, Any] = {
    "files": [
        {"id": "file-rules", "filename": "rules.md", "purpose": "assistants", "text": "Returns are free."},
        {"filename": "bytes.bin", "purpose": "batch", "data": "AAEC"},
    ],
    "vector_stores": [
        {"id": "vs_shop", "name": "shop", "files": [{"file": "file-rules", "attributes": {"year": 2025}}]}
    ],
    "fine_tuned_models": ["ft:gpt-4o-mini:acme::abc"],
}


def _content(client: Asking, file: str) -> bytes:
    (steps,) = play(client.server, request("GET", f"/v1/files/{file}/content"))
    return body_of(steps)


def test_files_of_a_script_are_there_and_their_bytes_come_back() -> None:
    client = Asking(emulator({"resources": _RESOURCES}))

    shown = client.get("/v1/files/file-rules")
    by_name = {each["filename"]: each["id"] for each in client.get("/v1/files")["data"]}

    assert_sdk(FileObject, shown)
    assert (shown["bytes"], shown["purpose"]) == (17, "assistants")
    assert _content(client, by_name["bytes.bin"]) == b"\x00\x01\x02"


def test_a_vector_store_of_a_script_can_be_searched_at_once() -> None:
    client = Asking(emulator({"resources": _RESOURCES}))

    store = client.get("/v1/vector_stores/vs_shop")
    (found,) = client.post("/v1/vector_stores/vs_shop/search", {"query": "free returns"})["data"]

    assert_sdk(VectorStore, store)
    assert (store["status"], store["file_counts"]["completed"]) == ("completed", 1)
    assert (found["filename"], found["attributes"]) == ("rules.md", {"year": 2025})


def test_a_fine_tuned_model_of_a_script_is_listed_and_answers() -> None:
    client = Asking(emulator({"responses": "Yes.", "resources": _RESOURCES}))
    asked = {"model": "ft:gpt-4o-mini:acme::abc", "messages": [{"role": "user", "content": "Hi"}]}

    assert "ft:gpt-4o-mini:acme::abc" in [each["id"] for each in client.get("/v1/models")["data"]]
    assert client.post("/v1/chat/completions", asked)["choices"][0]["message"]["content"] == "Yes."


def test_a_reset_brings_back_those_of_the_default_script_and_no_others() -> None:
    client = Asking(emulator({"resources": _RESOURCES}))
    load(client.server, {"resources": {"files": [{"id": "file-own", "filename": "a.txt", "text": "a"}]}})
    client.delete("/v1/files/file-rules")

    play(client.server, post("/_emulator/reset", {}))

    assert client.get("/v1/files/file-rules")["filename"] == "rules.md"
    assert client.failing("GET", "/v1/files/file-own")[0] == 404


@pytest.mark.parametrize(
    ("resources", "said"),
    [
        ({"files": [{"filename": "a"}]}, "resources.files[0]: give one of text and data"),
        ({"files": [{"filename": "a", "data": "?"}]}, "resources.files[0].data: expected Base64"),
        (
            {"vector_stores": [{"id": "vs_1", "files": ["b.md"]}]},
            'resources.vector_stores[0].files[0]: resources.files has no file "b.md"',
        ),
        ({"filez": []}, 'resources.filez: unknown key; did you mean "files"?'),
    ],
)
def test_wrong_resources_are_refused_with_their_place(resources: object, said: str) -> None:
    with pytest.raises(ScriptError) as wrong:
        read_script({"resources": resources})

    assert said in str(wrong.value)


def test_a_script_is_printed_with_its_resources_and_read_again() -> None:
    script = read_script({"resources": _RESOURCES})

    assert read_script(script.dump()) == script


def test_resources_of_two_scripts_add_up() -> None:
    client = Asking(emulator())

    for name in ("a", "b"):
        load(client.server, {"resources": {"files": [{"filename": f"{name}.txt", "text": name}]}})

    assert [each["filename"] for each in client.get("/v1/files?order=asc")["data"]] == ["a.txt", "b.txt"]


def test_resources_that_are_too_large_refuse_the_script() -> None:
    server = emulator(stored_size=4_000)
    body = {"resources": {"files": [{"filename": "a.txt", "text": "a" * 5_000}]}}

    (steps,) = play(server, post("/_emulator/script", body))

    assert json_of(steps)["error"]["message"].startswith("resources: they take more memory")
