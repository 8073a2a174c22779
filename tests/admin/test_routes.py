"""The admin routes."""

from dataclasses import replace

import pytest

from llemulator_addon.admin import ROUTES
from llemulator_addon.core.request import Way
from llemulator_addon.live.draining import Draining
from llemulator_addon.script.schema import schema
from tests.playing import TOKEN, body_of, chat, emulator, headers_of, json_of, load, play, post, request, status, texts


def test_loading_says_how_many_rules_there_are_and_names_the_session() -> None:
    server = emulator()

    assert load(server, {"responses": ["a", "b"]}) == {"object": "script", "session": "1234", "loaded": 2, "rules": 2}
    assert load(server, {"responses": ["c"]})["rules"] == 3


def test_a_bad_script_is_refused_whole_and_the_old_one_stays() -> None:
    server = emulator()
    load(server, {"responses": ["a"]})
    (refused,) = play(server, post("/_emulator/script", {"reset": True, "responses": ["b", {"patern": "c"}]}))

    assert status(refused) == 400
    assert json_of(refused)["error"] == {
        "message": 'responses[1].patern: unknown key; did you mean "pattern"?',
        "type": "invalid_request_error",
        "param": "responses[1].patern",
        "code": "invalid_script",
    }
    assert texts(server, chat(), chat()) == ["a", "400 script_exhausted"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"responses": "a"}'),
        ("application/yaml", b"responses: a"),
        ("text/yaml; charset=utf-8", b"responses: a"),
        ("application/x-www-form-urlencoded", b'{"responses": "a"}'),
        ("application/x-www-form-urlencoded", b"responses: a"),
        ("", b'["a"]'),
    ],
)
def test_scripts_come_as_json_or_yaml(content_type: str, body: bytes) -> None:
    server = emulator()
    (steps,) = play(server, request("POST", "/_emulator/script", body=body, headers={"content-type": content_type}))

    assert (status(steps), json_of(steps)["loaded"]) == (200, 1)
    assert texts(server, chat()) == ["a"]


def test_the_script_is_shown_with_what_is_used_up() -> None:
    server = emulator()
    load(server, {"responses": ["a", {"pattern": "b", "response": "b"}], "seed": 5})
    play(server, chat())

    assert json_of(play(server, request("GET", "/_emulator/script"))[0]) == {
        "object": "script",
        "session": "1234",
        "owner": "token",
        "seed": 5,
        "defaults": {},
        "rules": [
            {"name": "responses[0]", "match": {}, "reply": {"text": "a"}, "times": 1, "answered": 1, "left": 0},
            {
                "name": "responses[1]",
                "match": {"user_text": "b"},
                "reply": {"text": "b"},
                "times": 1,
                "answered": 0,
                "left": 1,
            },
        ],
    }


def test_the_defaults_in_force_are_shown_as_a_script_writes_them() -> None:
    server = emulator({"rules": [{"reply": "a"}], "defaults": {"on_unmatched": "echo"}})
    (before,) = play(server, request("GET", "/_emulator/script"))
    load(server, {"defaults": {"faults": [{"failure": {"status": 500}}]}})
    (after,) = play(server, request("GET", "/_emulator/script"))

    assert json_of(before)["defaults"] == {"on_unmatched": "echo"}
    assert json_of(after)["defaults"] == {"faults": [{"failure": {"status": 500}}]}


def test_deleting_the_script_forgets_its_rules_only() -> None:
    server = emulator(["default"])
    load(server, {"responses": ["a"], "models": ["mine"]})
    (deleted,) = play(server, request("DELETE", "/_emulator/script"))

    assert json_of(deleted) == {"object": "script.deleted", "deleted": True, "rules": 1}
    assert texts(server, chat(model="mine"), chat()) == ["400 no_matching_rule", "404 model_not_found"]


def test_reset_forgets_the_session_and_the_default_script_begins_anew() -> None:
    server = emulator(["default"])
    load(server, {"responses": ["a"], "models": ["mine"]})
    (reset,) = play(server, request("POST", "/_emulator/reset"))

    assert json_of(reset) == {"object": "session.deleted", "deleted": True, "session": "1234"}
    assert texts(server, chat(), chat()) == ["default", "400 script_exhausted"]


def test_the_state_is_shown_only_while_debugging() -> None:
    hidden, shown = (emulator(["a"], debug=debug) for debug in (False, True))
    (refused,) = play(hidden, request("GET", "/_emulator/state"))
    _, state = play(shown, chat(), request("GET", "/_emulator/state"))

    assert status(refused) == 404
    assert (json_of(state)["turn"], json_of(state)["owner"], json_of(state)["state"]) == (1, "server", "started")
    assert TOKEN not in body_of(state).decode()


def test_a_route_that_is_not_there_is_answered_with_those_that_are() -> None:
    (steps,) = play(emulator(), request("GET", "/_emulator/nothing"))

    assert status(steps) == 404
    assert all(path in json_of(steps)["error"]["message"] for path in ROUTES)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/_emulator/reset", "POST"),
        ("PUT", "/_emulator/script", "GET, POST, DELETE"),
        ("POST", "/healthz", "GET"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(method: str, path: str, allow: str) -> None:
    (steps,) = play(emulator(), request(method, path))

    assert (status(steps), headers_of(steps)["allow"]) == (405, allow)


def test_a_session_needs_a_token() -> None:
    (steps,) = play(emulator(), request("GET", "/_emulator/script", token=None))

    assert (status(steps), json_of(steps)["error"]["code"]) == (401, "missing_token")


def test_probes_need_none() -> None:
    live, starting = play(emulator(), request("GET", "/healthz", token=None), request("GET", "/readyz", token=None))
    (ready,) = play(emulator(ca_certificate=b"PEM"), request("GET", "/readyz", token=None))

    assert [(status(steps), json_of(steps)["status"]) for steps in (live, starting, ready)] == [
        (200, "ok"),
        (503, "starting"),
        (200, "ready"),
    ]


def test_a_process_that_is_about_to_end_is_not_ready() -> None:
    draining = Draining()
    program = emulator(ca_certificate=b"PEM", draining=draining)
    draining.has_begun = True
    ready, live = play(program, request("GET", "/readyz", token=None), request("GET", "/healthz", token=None))

    assert (status(ready), json_of(ready)["status"], status(live)) == (503, "draining", 200)


def test_the_certificate_is_given_to_whoever_asks() -> None:
    (steps,) = play(emulator(ca_certificate=b"PEM"), request("GET", "/_emulator/ca.pem", token=None))

    assert (status(steps), body_of(steps)) == (200, b"PEM")


def test_the_clock_of_a_session_is_moved_and_rate_limits_go_by_it() -> None:
    rule = {"reply": "in", "faults": [{"rate_limit": {"requests_per_minute": 1}}]}
    server = emulator({"rules": [rule]})

    assert texts(server, chat(at=100), chat(at=101)) == ["in", "429 rate_limit_exceeded"]
    (moved,) = play(server, post("/_emulator/clock", {"advance_s": 60}, at=101))
    assert json_of(moved) == {"object": "clock", "session": "1234", "at": 161.0, "ahead_s": 60.0}
    assert texts(server, chat(at=102)) == ["in"]
    shown, at, reset = play(
        server,
        request("GET", "/_emulator/clock", at=103),
        post("/_emulator/clock", {"at": 1000}, at=104),
        post("/_emulator/clock", {"reset": True}, at=105),
    )
    assert [json_of(steps)["at"] for steps in (shown, at, reset)] == [163.0, 1000.0, 105.0]
    assert json_of(play(server, request("GET", "/_emulator/clock", token="other", at=1))[0])["ahead_s"] == 0.0


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "give one of advance_s, at and reset"),
        ({"advance": 1}, 'advance: unknown key; did you mean "advance_s"?'),
        ({"advance_s": "1"}, 'advance_s: expected a number, got "1"'),
    ],
)
def test_the_clock_says_what_it_takes(body: object, message: str) -> None:
    (steps,) = play(emulator(), post("/_emulator/clock", body))

    assert (status(steps), json_of(steps)["error"]["message"]) == (400, message)


def test_the_schema_of_the_language_is_served() -> None:
    (steps,) = play(emulator(), request("GET", "/_emulator/script.schema.json", token=None))

    assert json_of(steps) == schema()


@pytest.mark.long
def test_a_session_has_so_many_rules_at_most() -> None:
    server = emulator()
    load(server, {"responses": ["a"] * 20_000})
    (steps,) = play(server, post("/_emulator/script", {"responses": ["b"]}))

    assert status(steps) == 400
    assert json_of(steps)["error"]["message"] == (
        "a session has at most 20000 rules; it has 20000, and 1 would be added"
    )


@pytest.mark.parametrize(("way", "host"), [("origin", "127.0.0.1"), ("connect", "llemulator")])
def test_the_programs_own_address_says_what_it_is(way: Way, host: str) -> None:
    asked = replace(request("GET", "/", token=None), way=way, host=host)
    (steps,) = play(emulator(version="1.2.3"), asked)

    told = json_of(steps)
    assert (status(steps), told["name"], told["version"]) == (200, "llemulator", "1.2.3")
    assert (told["service"], told["status"]) == ("llemulator", "ok")
    assert (
        "POST|GET|DELETE /_emulator/script" in told["routes"] or "GET|POST|DELETE /_emulator/script" in told["routes"]
    )


def test_health_says_that_all_is_well_in_two_ways() -> None:
    (health,) = play(emulator(), replace(request("GET", "/health", token=None), way="origin"))

    assert (status(health), json_of(health)) == (200, {"status": "ok", "ok": True})


@pytest.mark.parametrize("path", ["/", "/health"])
def test_at_openais_hosts_these_paths_are_openais(path: str) -> None:
    (steps,) = play(emulator(), replace(request("GET", path), way="connect"))

    assert status(steps) == 404


def test_the_state_says_how_to_see_it() -> None:
    (refused,) = play(emulator(["a"]), request("GET", "/_emulator/state"))

    assert "Start llemulator with --debug (DEBUG=true)" in json_of(refused)["error"]["message"]
