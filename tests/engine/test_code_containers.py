"""A container that a response makes for its code is there when a client asks for it."""

import json
from typing import Any

from llemulator_addon.emulator import Emulator
from tests.playing import body_of, emulator, json_of, play, request
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
