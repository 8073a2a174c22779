"""A container that a response makes for its code is there when a client asks for it."""

import json
from base64 import b64encode
from typing import Any

import pytest

from llemulator_addon.emulator import Emulator
from llemulator_addon.script.reader import read_script
from llemulator_addon.script.script_error import ScriptError
from llemulator_addon.wire.zip_files import write_zip
from tests.playing import body_of, emulator, json_of, play, post, request
from tests.wire.asking import Asking
from tests.wire.forms import form
from tests.wire.shapes import events

_CALL = {"hosted_call": {"type": "code_interpreter_call", "code": "1 + 1"}}
_RUNS = {"rules": [{"reply": {"blocks": [_CALL, {"text": "2"}]}, "times": 9}]}


def _ask(server: Emulator, container: object, at: float = 0, **fields: Any) -> Any:  # noqa: ANN401 - JSON or events
    tools = [{"type": "code_interpreter", "container": container}]
    body = json.dumps({"model": "gpt-4o", "input": "Add", "tools": tools, **fields}).encode()
    (steps,) = play(server, request("POST", "/v1/responses", body=body, at=at))
    return events(body_of(steps)) if fields.get("stream") else json_of(steps)


def _used(response: Any) -> str:  # noqa: ANN401 - JSON
    return str(response["output"][0]["container_id"])


def test_an_automatic_container_is_kept_with_its_files() -> None:
    client = Asking(emulator(_RUNS))
    sent = form("/v1/files", ("purpose", "user_data"), ("file", ("a.csv", b"1,1")))
    file = json_of(play(client.server, sent)[0])["id"]

    made = _used(_ask(client.server, {"type": "auto", "memory_limit": "4g", "file_ids": [file, "file-unknown"]}))

    (shown,) = client.get("/v1/containers")["data"]
    assert client.get(f"/v1/containers/{made}") == shown
    assert (shown["id"], shown["status"], shown["memory_limit"]) == (made, "running", "4g")
    (copy,) = client.get(f"/v1/containers/{made}/files")["data"]
    (content,) = play(client.server, request("GET", f"/v1/containers/{made}/files/{copy['id']}/content"))
    assert body_of(content) == b"1,1"


def test_a_stream_names_the_container_that_is_kept() -> None:
    client = Asking(emulator(_RUNS))

    *_, last = _ask(client.server, {"type": "auto"}, stream=True, store=False)

    assert [each["id"] for each in client.get("/v1/containers")["data"]] == [_used(last["response"])]


def test_a_response_goes_on_in_the_container_of_the_one_before_while_that_is_running() -> None:
    server, auto = emulator(_RUNS), {"type": "auto"}

    first = _ask(server, auto)
    second = _ask(server, auto, at=1_100, previous_response_id=first["id"])
    third = _ask(server, auto, at=2_200, input=second["output"])
    late = _ask(server, auto, at=3_400, previous_response_id=third["id"])

    assert _used(first) == _used(second) == _used(third)
    assert _used(late) != _used(first)


def test_responses_that_have_nothing_to_do_with_each_other_have_their_own_containers() -> None:
    server = emulator(_RUNS)

    assert _used(_ask(server, {"type": "auto"})) != _used(_ask(server, {"type": "auto"}))


def test_a_container_of_the_client_is_used_and_lasts_longer_for_it() -> None:
    client = Asking(emulator(_RUNS))
    own = client.post("/v1/containers", {"name": "mine"})["id"]

    used = _used(_ask(client.server, own, at=1_000))

    assert used == own
    (steps,) = play(client.server, request("GET", f"/v1/containers/{own}", at=1_300))
    assert json_of(steps)["status"] == "running"


def test_a_container_that_a_script_names_stays_as_it_is() -> None:
    call = {"hosted_call": {"type": "code_interpreter_call", "container_id": "cntr_mine"}}
    client = Asking(emulator({"rules": [{"reply": {"blocks": [call]}}]}))

    assert _used(_ask(client.server, {"type": "auto"})) == "cntr_mine"
    assert client.get("/v1/containers")["data"] == []


def test_leniently_a_container_of_any_form_is_no_mistake_of_ours() -> None:
    server = emulator(_RUNS, lenient=True)

    odd: Any
    for odd in ({"file_ids": [[]], "memory_limit": {}}, [], None, 1, {"file_ids": 1}):
        assert _used(_ask(server, odd, previous_response_id="resp_unknown")).startswith("cntr_")


_PLOT = {
    "type": "code_interpreter_call",
    "code": "plot()",
    "logs": "done\n",
    "files": [{"filename": "plot.png", "data": "iVBORw0KGgo="}, {"filename": "sums.csv", "text": "a,b"}],
}
_PLOTS = {"rules": [{"reply": {"blocks": [{"hosted_call": _PLOT}, {"text": "See [it](sandbox:/mnt/data/plot.png)."}]}}]}


def test_the_code_prints_and_makes_what_a_script_says() -> None:
    client = Asking(emulator(_PLOTS))

    call, message = _ask(client.server, {"type": "auto"}, include=["code_interpreter_call.outputs"])["output"]

    picture = {"type": "image", "url": "data:image/png;base64,iVBORw0KGgo="}
    assert call["outputs"] == [{"type": "logs", "logs": "done\n"}, picture]
    assert not {"logs", "files"} & call.keys()
    plot, sums = message["content"][0]["annotations"]
    text = message["content"][0]["text"]
    assert text[plot["start_index"] : plot["end_index"]] == "sandbox:/mnt/data/plot.png"
    assert (sums["type"], sums["filename"]) == ("container_file_citation", "sums.csv")
    files = f"/v1/containers/{call['container_id']}/files"
    assert {(each["id"], each["source"]) for each in client.get(files)["data"]} == {
        (plot["file_id"], "assistant"),
        (sums["file_id"], "assistant"),
    }
    (content,) = play(client.server, request("GET", f"{files}/{sums['file_id']}/content"))
    assert body_of(content) == b"a,b"


def test_what_code_printed_is_null_unless_it_is_asked_for() -> None:
    call, _ = _ask(emulator(_PLOTS), {"type": "auto"})["output"]

    assert call["outputs"] is None


@pytest.mark.parametrize(
    "wrong", [{"logs": 1}, {"files": [{"text": "a"}]}, {"files": [{"filename": "a", "data": "%"}]}]
)
def test_a_wrong_output_of_code_is_refused_with_the_script(wrong: dict[str, Any]) -> None:
    call = {"type": "code_interpreter_call", **wrong}

    with pytest.raises(ScriptError):
        read_script({"rules": [{"reply": {"blocks": [{"hosted_call": call}]}}]})


def test_a_tool_with_an_unknown_or_expired_container_is_refused() -> None:
    client = Asking(emulator(_RUNS))
    made = client.post("/v1/containers", {"name": "a"})["id"]

    unknown, late = _ask(client.server, "cntr_unknown"), _ask(client.server, made, at=1_300)

    assert unknown["error"]["message"] == "Container with id 'cntr_unknown' not found."
    assert late["error"]["message"] == "Container is expired."
    assert _ask(emulator(_RUNS, lenient=True), "cntr_unknown")["status"] == "completed"


# Skills ---------------------------------------------------------------------------------------------------------------

_MANIFEST = b"---\nname: sums\ndescription: Adds.\n---\nAdd."
_SHELL = {"rules": [{"reply": {"blocks": [{"hosted_call": {"type": "shell_call"}}, {"text": "ok"}]}, "times": 9}]}


def _make_skill(client: Asking) -> str:
    files = (("files[]", ("sums/SKILL.md", _MANIFEST)), ("files[]", ("sums/add.py", b"1 + 1")))
    return str(json_of(play(client.server, form("/v1/skills", *files))[0])["id"])


def _list_paths(client: Asking, container_id: str) -> set[str]:
    return {each["path"] for each in client.get(f"/v1/containers/{container_id}/files")["data"]}


_MOUNTED = {"/mnt/skills/sums/SKILL.md", "/mnt/skills/sums/add.py"}


@pytest.mark.parametrize("version", [{}, {"version": "1"}, {"version": "latest"}])
def test_a_skill_is_in_the_container_that_is_created_with_it(version: dict[str, str]) -> None:
    client = Asking(emulator())
    skill = {"type": "skill_reference", "skill_id": _make_skill(client), **version}

    made = client.post("/v1/containers", {"name": "a", "skills": [skill]})

    assert _list_paths(client, made["id"]) == _MOUNTED


def test_a_skill_within_a_request_is_in_the_container_of_a_shell_which_later_calls_go_on_with() -> None:
    client = Asking(emulator(_SHELL))
    zipped = b64encode(write_zip({"sums/SKILL.md": _MANIFEST, "sums/add.py": b"1 + 1"})).decode()
    source = {"type": "base64", "media_type": "application/zip", "data": zipped}
    skill = {"type": "inline", "name": "sums", "description": "Adds.", "source": source}
    tools = [{"type": "shell", "environment": {"type": "container_auto", "skills": [skill]}}]
    asked = {"model": "gpt-5.4", "input": "Add", "tools": tools}

    first = client.post("/v1/responses", asked)
    second = client.post("/v1/responses", {**asked, "previous_response_id": first["id"]})

    call, again = first["output"][0], second["output"][0]
    assert call["environment"]["type"] == "container_reference"
    assert call["environment"] == again["environment"]
    assert _list_paths(client, call["environment"]["container_id"]) == _MOUNTED


@pytest.mark.parametrize(
    ("skill", "message"),
    [
        ({"type": "skill_reference", "skill_id": "skill_no"}, "Skill with id 'skill_no' not found."),
        ({"type": "inline", "name": "a", "source": {"data": "%"}}, "The data is not Base64."),
        ({"type": "inline", "name": "a", "source": {"data": "AAAA"}}, "The zip file cannot be read."),
    ],
)
def test_a_skill_that_cannot_be_read_is_refused(skill: dict[str, Any], message: str) -> None:
    client = Asking(emulator(_SHELL))

    made = play(client.server, post("/v1/containers", {"name": "a", "skills": [skill]}))[0]
    tools = [{"type": "shell", "environment": {"type": "container_auto", "skills": [skill]}}]
    asked = play(client.server, post("/v1/responses", {"model": "gpt-5.4", "input": "Add", "tools": tools}))[0]

    assert json_of(made)["error"]["message"] == json_of(asked)["error"]["message"] == message
