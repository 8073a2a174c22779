"""Client secrets and calls of Realtime: keys for browsers, and calls that an application accepts."""

import json
from typing import Any

import pytest
from openai.types.realtime import ClientSecretCreateResponse

from llemulator_addon.core.outcome import Play
from llemulator_addon.core.steps import Head
from llemulator_addon.engine.decide import decide
from llemulator_addon.engine.session import Session
from llemulator_addon.wire.credentials import key_of
from tests.playing import body_of, emulator, json_of, play, post, request, status
from tests.wire.realtime.talking import Talking, kinds, session_of

_SECRETS = "/v1/realtime/client_secrets"
_CALL = "/v1/realtime/calls/rtc_1"
_SCRIPT = {"rules": [{"match": {"user_text": "Hello"}, "reply": "Hi there"}]}
_REALTIME = {"type": "realtime", "model": "gpt-realtime", "instructions": "Be brief.", "output_modalities": ["text"]}


def _make(of: Session, **body: Any) -> tuple[Session, Any]:  # noqa: ANN401 - JSON
    after, outcome = decide(of, post(_SECRETS, body, token="sk-realtime"))
    assert isinstance(outcome, Play)
    return after, json_of(outcome.steps)


def _connect(session: Session, secret: str, query: str = "") -> Talking:
    return Talking(session, query, authorization=f"Bearer {secret}")


def test_a_secret_belongs_to_the_session_of_the_key_that_made_it_and_begins_with_its_configuration() -> None:
    session, made = _make(session_of(_SCRIPT).change(key=key_of("sk-realtime")), session=_REALTIME)
    ClientSecretCreateResponse.model_validate(made)

    talking = _connect(session, made["value"])
    talking.say("Hello")

    assert made["value"].startswith("ek_")
    assert key_of(made["value"]) == key_of("sk-realtime")
    shown = talking.events[0]["session"]
    assert {name: shown[name] for name in _REALTIME} == _REALTIME
    assert talking.ask()[-2]["response"]["output"][0]["content"][0]["text"] == "Hi there"


def test_a_secret_for_transcriptions_begins_such_a_session() -> None:
    session, made = _make(Session(), session={"type": "transcription"})
    ClientSecretCreateResponse.model_validate(made)

    assert _connect(session, made["value"]).events[0]["session"]["type"] == "transcription"


def test_a_secret_expires_by_the_clock_and_a_connection_goes_on() -> None:
    session, made = _make(Session(), session=_REALTIME, expires_after={"anchor": "created_at", "seconds": 60})
    talking = _connect(session, made["value"])

    late = _connect(session.change(clock_ahead=61.0), made["value"])
    talking.say("Hello")

    assert _status(late) == 401
    talking.session = talking.session.change(clock_ahead=61.0)
    assert kinds(talking.ask())[-2] == "response.done"


def test_a_secret_is_for_realtime_alone_and_an_unknown_one_for_nothing() -> None:
    session, made = _make(Session(), session=_REALTIME)
    headers = {"authorization": f"Bearer {made['value']}"}

    _, elsewhere = decide(session, request("GET", "/v1/models", headers=headers, token=None))
    unknown = _connect(Session(), made["value"])

    assert isinstance(elsewhere, Play)
    assert (status(elsewhere.steps), _status(unknown)) == (401, 401)


def test_a_secret_is_kept_and_recorded_without_its_text() -> None:
    session, made = _make(Session(), session=_REALTIME)
    talking = _connect(session, made["value"])

    assert made["value"] not in str(list(session.resources))
    assert made["value"] not in str(talking.session.journal.get(2))


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"expires_after": {"seconds": 5}}, "expires_after.seconds"),
        ({"session": {}}, "session.type"),
        ({"session": {"type": "realtime", "voice": "alloy"}}, "session.voice"),
        ({"session": {"type": "realtime", "model": "nothing"}}, None),
    ],
)
def test_a_secret_that_is_wrong_is_refused(body: dict[str, object], param: str | None) -> None:
    _, refused = _make(Session(), **body)

    assert "value" not in refused
    assert refused["error"]["param"] == param


def test_a_call_over_webrtc_is_refused_with_words() -> None:
    (steps,) = play(emulator(), post("/v1/realtime/calls", {"sdp": "v=0"}))

    assert status(steps) == 400
    assert "WebSocket" in json_of(steps)["error"]["message"]


def test_a_call_that_is_accepted_has_a_connection_until_it_ends() -> None:
    for ending, body in (("hangup", {}), ("reject", {"status_code": 486}), ("refer", {"target_uri": "tel:+1"})):
        session, accepted = decide(Session(), post(f"{_CALL}/accept", _REALTIME, token="sk-realtime"))
        talking = Talking(session, "call_id=rtc_1")
        session, ended = decide(session, post(f"{_CALL}/{ending}", body, token="sk-realtime"))

        assert isinstance(accepted, Play)
        assert isinstance(ended, Play)
        assert (status(accepted.steps), status(ended.steps), body_of(ended.steps)) == (200, 200, b"")
        assert talking.events[0]["session"]["instructions"] == "Be brief."
        assert _status(Talking(session, "call_id=rtc_1")) == 404


def test_a_call_is_not_accepted_with_a_session_that_is_wrong_nor_transferred_to_nobody() -> None:
    for path, body in ((f"{_CALL}/accept", {"type": "realtime", "x": 1}), (f"{_CALL}/refer", {})):
        (steps,) = play(emulator(), post(path, body))
        assert status(steps) == 400, json.dumps(body)


def _status(talking: Talking) -> int:
    assert talking.refused is not None
    (head,) = (step for step in talking.refused if isinstance(step, Head))
    return head.status


def test_a_lenient_server_ignores_what_is_wrong_and_shows_the_secret_where_version_1_of_the_sdk_expects_it() -> None:
    asked = {"session": {"type": "realtime", "model": "gpt-realtime", "max_output_tokens": 0}}
    made = json_of(play(emulator(lenient=True), post("/v1/realtime/client_secrets", asked))[0])

    assert made["session"]["max_output_tokens"] == "inf"
    assert made["session"]["client_secret"] == {"value": made["value"], "expires_at": made["expires_at"]}
