"""The day whose API answers: of the script, the server, a clock that was moved, or the tables."""

from datetime import UTC, datetime

import pytest

from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Steps
from llemulator_addon.emulator import Emulator
from llemulator_addon.script.reader import read_text
from llemulator_addon.wire.api_dates import begin_of
from tests.playing import chat, emulator, json_of, play, post, request, status

NOW = datetime(2026, 11, 29, tzinfo=UTC).timestamp()
DEPRECATED = {
    "error": {
        "message": "The model `gpt-4o` has been deprecated, learn more here: "
        "https://platform.openai.com/docs/deprecations",
        "type": "invalid_request_error",
        "param": None,
        "code": "model_not_found",
    }
}
LAST = "2027-01-14"
"""The day on which gpt-4o is shut down."""


def respond(model: str = "o3") -> Request:
    """A request for a response."""
    return post("/v1/responses", {"model": model, "input": "Hi"}, at=NOW)


def says_mode(steps: Steps) -> bool:
    """Whether a response is of after 2026-06-30."""
    return "mode" in json_of(steps)["reasoning"]


def clock(server: Emulator, **moved: float) -> None:
    """Move the clock."""
    (moving,) = play(server, post("/_emulator/clock", moved, at=NOW))
    assert status(moving) == 200


def statuses(server: Emulator) -> list[int]:
    """What those get who use gpt-4o in every way."""
    asked = (
        chat(at=NOW),
        respond("gpt-4o"),
        post("/v1/responses/input_tokens", {"model": "gpt-4o", "input": "Hi"}, at=NOW),
        request("GET", "/v1/models/gpt-4o", at=NOW),
    )
    return [status(steps) for steps in play(server, *asked)]


@pytest.mark.parametrize("step", [{"at": begin_of(LAST)}, {"advance_s": begin_of(LAST) - NOW}], ids=["at", "advance_s"])
def test_a_model_is_refused_from_the_day_on_which_it_is_shut_down(step: dict[str, float]) -> None:
    server = emulator()
    clock(server, **{word: value - 1 for word, value in step.items()})
    before = statuses(server)
    clock(server, reset=True)
    clock(server, **step)

    assert (before, statuses(server)) == ([200] * 4, [404] * 4)
    assert json_of(play(server, chat(at=NOW))[0]) == DEPRECATED
    assert json_of(play(server, request("GET", "/v1/models/gpt-4o", at=NOW))[0]) == DEPRECATED


def test_the_list_of_models_has_none_that_was_shut_down() -> None:
    server = emulator()
    before, _, after = play(
        server,
        request("GET", "/v1/models", at=NOW),
        post("/_emulator/clock", {"at": begin_of(LAST)}, at=NOW),
        request("GET", "/v1/models", at=NOW),
    )
    names = [{card["id"] for card in json_of(steps)["data"]} for steps in (before, after)]

    assert "gpt-4o" in names[0] - names[1]
    assert "gpt-3.5-turbo-0613" not in names[0]


def test_the_day_of_the_real_clock_is_not_the_apis() -> None:
    server = emulator()
    days = (begin_of("2026-11-29"), begin_of("2030-01-01"))

    assert [status(steps) for steps in play(server, *(chat(at=at) for at in days))] == [200, 200]


def test_seconds_by_which_a_test_moves_a_rate_limit_do_not_change_the_day() -> None:
    server = emulator()
    clock(server, advance_s=60)

    assert status(play(server, chat(model="gpt-4", at=NOW))[0]) == 200


def test_a_script_or_the_server_says_the_day_and_the_clock_advances_it() -> None:
    script = {"reset": True, "api_date": "2026-06-29"}
    server, scripted = emulator(api_date="2026-06-29"), emulator()
    assert status(play(scripted, post("/_emulator/script", script))[0]) == 200
    before = [says_mode(play(each, respond())[0]) for each in (server, scripted, emulator())]
    for each in (server, scripted):
        clock(each, advance_s=86_400)

    assert before == [False, False, True]
    assert [says_mode(play(each, respond())[0]) for each in (server, scripted)] == [True, True]


def test_the_day_of_a_default_script_is_that_of_every_token() -> None:
    assert not says_mode(play(emulator({"api_date": "2026-06-29"}), respond())[0])


def test_an_earlier_day_has_the_models_of_that_day() -> None:
    server = emulator(api_date="2024-09-12")

    assert status(play(server, chat(model="gpt-3.5-turbo-0613", at=NOW))[0]) == 200


def test_models_that_a_script_or_a_setting_names_are_valid_on_any_day() -> None:
    servers = [emulator({"models": ["gpt-4-32k"]}), emulator(models=("gpt-4-32k",)), emulator(lenient=True)]

    assert [status(play(each, chat(model="gpt-4-32k", at=NOW))[0]) for each in servers] == [200, 200, 200]


def test_a_day_in_yaml_needs_no_quotes() -> None:
    assert read_text("api_date: 2026-06-29", "yaml").api_date == "2026-06-29"


def test_what_is_no_day_is_refused_with_its_place() -> None:
    (refused,) = play(emulator(), post("/_emulator/script", {"api_date": "yesterday"}))

    assert json_of(refused)["error"]["message"] == "api_date: expected a day such as 2026-06-30"
