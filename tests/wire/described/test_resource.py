"""What is created is there when it is asked for again, and gone when it was deleted."""

from typing import Any

import pytest

from llemulator_addon.core.request import Request
from tests.playing import body_of, emulator, headers_of, json_of, load, play, post, request, status
from tests.wire.asking import Asking
from tests.wire.forms import form

_VAULTS = "/v1/vaults"


def test_what_is_created_has_what_was_asked_for_and_an_id_of_its_kind() -> None:
    client = Asking()

    made = client.post(_VAULTS, {"name": "docs", "metadata": {"a": "b"}})

    assert (made["object"], made["name"], made["metadata"]) == ("vault", "docs", {"a": "b"})
    assert made["id"].startswith("vault_")
    assert client.get(f"{_VAULTS}/{made['id']}") == made


def test_a_change_stays_and_leaves_the_rest() -> None:
    client = Asking()
    made = client.post(_VAULTS, {"name": "docs", "metadata": {"a": "b"}})

    changed = client.post(f"{_VAULTS}/{made['id']}", {"name": "other"})

    assert changed == {**made, "name": "other"}
    assert client.get(f"{_VAULTS}/{made['id']}") == changed


def test_what_was_deleted_is_refused_in_openais_words() -> None:
    client = Asking()
    made = client.post(_VAULTS)

    gone = client.delete(f"{_VAULTS}/{made['id']}")

    assert gone == {"id": made["id"], "deleted": True, "object": "vault.deleted"}
    assert client.failing("GET", f"{_VAULTS}/{made['id']}") == (404, f"No vault found with id '{made['id']}'.")
    assert client.get(_VAULTS)["data"] == []


def test_a_list_has_pages() -> None:
    client = Asking()
    ids = [client.post(_VAULTS, {"name": f"{number}"})["id"] for number in range(3)]

    first = client.get(f"{_VAULTS}?limit=2")
    rest = client.get(f"{_VAULTS}?limit=2&after={first['last_id']}")

    assert [each["id"] for each in first["data"]] == [ids[2], ids[1]]
    assert (first["first_id"], first["last_id"], first["has_more"]) == (ids[2], ids[1], True)
    assert ([each["id"] for each in rest["data"]], rest["has_more"]) == ([ids[0]], False)
    assert [each["id"] for each in client.get(f"{_VAULTS}?order=asc")["data"]] == ids


def test_a_list_that_goes_on_by_a_word_names_it() -> None:
    client = Asking()
    for name in "ab":
        client.post("/v1/organization/groups", {"name": name})

    first = client.get("/v1/organization/groups?limit=1")
    rest = client.get(f"/v1/organization/groups?limit=1&after={first['next']}")

    assert ([each["name"] for each in first["data"]], first["has_more"]) == (["a"], True)
    assert ([each["name"] for each in rest["data"]], rest["next"]) == (["b"], None)


def test_nothing_is_below_something_that_was_never_created() -> None:
    assert Asking().failing("GET", f"{_VAULTS}/vault_1/credentials") == (404, "No vault found with id 'vault_1'.")


def test_a_secret_is_shown_once() -> None:
    client, keys = Asking(), "/v1/organization/admin_api_keys"

    made = client.post(keys, {"name": "mine"})

    assert made["value"].startswith("sk-admin-")
    shown = client.get(f"{keys}/{made['id']}")
    assert shown == {name: value for name, value in made.items() if name != "value"}


def test_a_member_of_a_collection_has_the_id_that_it_was_put_there_by() -> None:
    client = Asking()
    group = client.post("/v1/organization/groups", {"name": "people"})
    role = client.post("/v1/organization/roles", {"role_name": "reader", "permissions": ["files.read"]})
    roles = f"/v1/organization/groups/{group['id']}/roles"

    put = client.post(roles, {"role_id": role["id"]})

    assert (put["group"]["id"], put["role"]["id"], put["role"]["name"]) == (group["id"], role["id"], "reader")
    assert [(each["id"], each["permissions"]) for each in client.get(roles)["data"]] == [(role["id"], ["files.read"])]
    assert client.delete(f"{roles}/{role['id']}")["deleted"] is True
    assert client.get(roles)["data"] == []


def test_an_action_changes_the_state() -> None:
    client = Asking()
    project = client.post("/v1/organization/projects", {"name": "mine"})

    assert client.post(f"/v1/organization/projects/{project['id']}/archive")["status"] == "archived"
    assert client.get(f"/v1/organization/projects/{project['id']}")["status"] == "archived"


def test_a_setting_of_an_organization_is_kept_until_it_is_taken_back() -> None:
    client, path = Asking(), "/v1/organization/spend_limit"
    limit = {"currency": "USD", "interval": "month", "threshold_amount": 7}

    assert client.failing("GET", path) == (404, "No spend limit found.")
    assert client.post(path, limit)["threshold_amount"] == 7
    assert client.get(path)["threshold_amount"] == 7
    assert client.delete(path)["deleted"] is True
    assert client.failing("GET", path) == (404, "No spend limit found.")


def test_certificates_are_switched_on_by_their_ids() -> None:
    client = Asking()
    certificate = client.post("/v1/organization/certificates", {"certificate": "pem", "name": "mine"})

    on = client.post("/v1/organization/certificates/activate", {"certificate_ids": [certificate["id"]]})

    assert [(each["id"], each["active"]) for each in on["data"]] == [(certificate["id"], True)]


def test_the_bytes_of_a_file_come_back() -> None:
    server = emulator({"legacy": True})
    (made,) = play(server, form("/v1/videos", ("prompt", "a"), ("input_reference", ("a.png", b"\x89PNG"))))
    video = json_of(made)["id"]

    (content,) = play(server, request("GET", f"/v1/videos/{video}/content"))

    assert body_of(content) == b"\x89PNG"


def test_a_reset_forgets_everything() -> None:
    client = Asking()
    client.post(_VAULTS)

    load(client.server, {"reset": True})

    assert client.get(_VAULTS)["data"] == []


def test_two_tokens_have_their_own() -> None:
    server = emulator()

    play(server, post(_VAULTS, {}, token="sk-one"))

    assert json_of(play(server, request("GET", _VAULTS, token="sk-two"))[0])["data"] == []


def test_the_same_requests_get_the_same_bytes() -> None:
    def answers() -> list[bytes]:
        server = emulator()
        return [body_of(each) for each in play(server, post(_VAULTS, {"name": "a"}), request("GET", _VAULTS))]

    assert answers() == answers()


@pytest.mark.parametrize(
    ("path", "body", "param", "message"),
    [
        ("groups", {"name": 3}, "name", "Invalid type for 'name': expected a string, but got an integer instead."),
        ("groups", {}, "name", "Missing required parameter: 'name'."),
        (
            "certificates/activate",
            {"certificate_ids": "cert_1"},
            "certificate_ids",
            "Invalid type for 'certificate_ids': expected an array, but got a string instead.",
        ),
    ],
)
def test_a_body_that_is_wrong_is_refused_in_openais_words(
    path: str, body: dict[str, Any], param: str, message: str
) -> None:
    (steps,) = play(emulator(), post(f"/v1/organization/{path}", body))

    error = json_of(steps)["error"]
    assert (status(steps), error["type"], error["param"], error["message"]) == (
        400,
        "invalid_request_error",
        param,
        message,
    )


def test_limits_of_openais_description_are_checked() -> None:
    asked = {"certificate_ids": ["cert_1"] * 11}

    assert Asking().post("/v1/organization/certificates/activate", asked)["error"]["message"] == (
        "Invalid 'certificate_ids': array too long. Expected an array with maximum length 10, but got an array with "
        "length 11 instead."
    )


# Rules --------------------------------------------------------------------------------------------------------------


def _ruled(rule: dict[str, Any], asked: Request) -> Any:  # noqa: ANN401 - JSON
    (steps,) = play(emulator({"rules": [rule]}), asked)
    return status(steps), json_of(steps)


def test_a_rule_that_names_an_operation_of_the_table_answers_it() -> None:
    reply = {"raw": {"json": {"id": "group_scripted"}}}

    assert _ruled(
        {"match": {"endpoint": "organization.groups.create"}, "reply": reply}, post("/v1/organization/groups", {})
    ) == (
        200,
        {"id": "group_scripted"},
    )


def test_a_rule_can_fail_an_operation_that_openai_took_away() -> None:
    rule = {"match": {"endpoint": "assistants.list"}, "reply": {"failure": {"status": 410, "message": "Gone."}}}

    answered, body = _ruled(rule, request("GET", "/v1/assistants"))

    assert (answered, body["error"]["message"]) == (410, "Gone.")


# Gone at OpenAI -----------------------------------------------------------------------------------------------------

_ASSISTANT = {"model": "gpt-4o", "name": "Math"}


def _create_assistant(script: Any = None, **settings: Any) -> int:  # noqa: ANN401 - a script
    return status(play(emulator(script, **settings), post("/v1/assistants", _ASSISTANT))[0])


def test_what_openai_took_away_is_answered_by_who_wants_it() -> None:
    assert _create_assistant() == 404
    assert _create_assistant(lenient=True) == 200
    assert _create_assistant({"legacy": True}) == 200


@pytest.mark.parametrize(("day", "expected"), [("2026-08-25", 200), ("2026-08-26", 404)])
def test_what_openai_took_away_is_there_before_its_day(day: str, expected: int) -> None:
    assert _create_assistant(api_date=day) == expected
    assert _create_assistant({"api_date": day}) == expected


def test_a_run_of_an_evaluation_is_cancelled_at_the_path_that_older_sdks_use() -> None:
    server = emulator(api_date="2026-06-30", lenient=True)

    older, newer = play(server, *(post(f"/v1/evals/eval_1/runs/run_1{end}", {}) for end in ("", "/cancel")))

    assert (json_of(older)["id"], json_of(older)["status"]) == ("run_1", json_of(newer)["status"])
    assert status(play(emulator(), post("/v1/evals/eval_1/runs/run_1", {}))[0]) == status(
        play(emulator(), post("/v1/evals/eval_1/runs/run_1/cancel", {}))[0]
    )


def test_assistants_threads_and_runs_work_by_the_table() -> None:
    client = Asking(emulator({"legacy": True}))
    thread = client.post("/v1/threads", {"messages": []})
    runs = f"/v1/threads/{thread['id']}/runs"

    run = client.post(runs, {"assistant_id": "asst_1"})

    assert (run["thread_id"], run["assistant_id"], run["status"]) == (thread["id"], "asst_1", "completed")
    assert [each["id"] for each in client.get(runs)["data"]] == [run["id"]]


def test_a_run_is_streamed() -> None:
    server = emulator({"legacy": True})
    thread = json_of(play(server, post("/v1/threads", {}))[0])["id"]

    (steps,) = play(server, post(f"/v1/threads/{thread}/runs", {"assistant_id": "asst_1", "stream": True}))

    named = [line for line in body_of(steps).decode().splitlines() if line.startswith("event: ")]
    assert headers_of(steps)["content-type"].startswith("text/event-stream")
    assert named == [
        "event: thread.run.created",
        "event: thread.run.in_progress",
        "event: thread.run.completed",
        "event: done",
    ]


def test_a_secret_within_an_object_is_never_shown() -> None:
    auth = {"type": "static_bearer", "mcp_server_url": "https://example.com", "token": "never-shown"}
    client = Asking()
    vault = client.post("/v1/vaults", {"name": "mine"})["id"]

    made = client.post(f"/v1/vaults/{vault}/credentials", {"name": "one", "auth": auth})

    assert made["auth"] == {"type": "static_bearer", "mcp_server_url": "https://example.com"}
