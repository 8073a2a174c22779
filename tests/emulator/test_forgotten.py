"""Nothing of a session lives outside it: what comes for one that was reset does not reach the next one."""

import asyncio
from typing import Any

import pytest

from llemulator_addon.core.outcome import Ask, Ending, Forward
from llemulator_addon.core.reply import says
from llemulator_addon.core.session_key import ExchangeId
from llemulator_addon.core.steps import Head, Send
from llemulator_addon.core.upstream import Upstreams, upstreams_in
from llemulator_addon.emulator import Emulator
from llemulator_addon.engine.decide import decide
from llemulator_addon.engine.loaded_script import LoadedScript, ScriptSettings
from llemulator_addon.engine.manual import Given, answer_by_person, nobody_answered
from llemulator_addon.engine.session import Session
from llemulator_addon.script.reader import Defaults, read_script
from tests.playing import chat, connect, emulator, end, json_of, outcome, play, post, request

_ENDING = Ending(how="client_left", bytes_sent=7, sends=1, seconds=3.0)
_MANUAL = LoadedScript(server=ScriptSettings(defaults=Defaults(on_unmatched="manual")))
_UPSTREAM: Upstreams = upstreams_in("http://127.0.0.1:9/v1", "server")


def _first(server: Emulator) -> dict[str, Any]:
    shown: dict[str, Any] = json_of(play(server, request("GET", "/_emulator/requests/1"))[0])
    return shown


@pytest.mark.parametrize("forgetting", [post("/_emulator/reset"), post("/_emulator/script", {"reset": True})])
def test_the_end_of_an_answer_is_not_noted_with_another_exchange_of_that_number_and_time(forgetting: Any) -> None:  # noqa: ANN401
    server = emulator()
    old = outcome(server, chat("old", at=1.0))
    play(server, forgetting, chat("new", at=1.0))

    end(server, old.exchange, _ENDING)

    assert (_first(server)["user_text"], _first(server)["ending"]) == ("new", None)


def test_the_answer_of_an_upstream_is_not_noted_with_another_exchange_of_that_number_and_time() -> None:
    server = emulator(upstream=_UPSTREAM)
    old, new = (_forwarded(server, text) for text in ("old", "new"))

    asyncio.run(server.came(old, (Head(200), Send(b"for the old one"))))
    assert _first(server)["answer"]["body"] is None
    asyncio.run(server.came(new, (Head(200), Send(b"for the new one"))))
    assert _first(server)["answer"]["body"] == "for the new one"


def _forwarded(server: Emulator, text: str) -> ExchangeId:
    play(server, post("/_emulator/reset"))
    answered = asyncio.run(server.answer(chat(text)))
    assert isinstance(answered, Forward)
    return answered.exchange


def test_a_default_script_that_changes_leaves_exchanges_under_way_in_their_session() -> None:
    server = emulator(["before"])
    asked = outcome(server, chat())
    asyncio.run(server.play_by_default(read_script(["after"])))

    end(server, asked.exchange, _ENDING)

    assert _first(server)["ending"]["how"] == "client_left"


def test_what_acts_on_connections_goes_with_the_session() -> None:
    server = emulator()
    play(server, post("/_emulator/script", {"rules": [{"faults": [{"connect": {"status": 502}}]}]}))
    assert connect(server) is not None

    play(server, post("/_emulator/reset"))

    assert connect(server) is None


def test_a_person_who_answers_too_late_puts_nothing_into_the_next_session() -> None:
    waiting, (session, _) = Session(life=1, script=_MANUAL), decide(Session(life=2, script=_MANUAL), chat("new"))
    _, ask = decide(waiting, chat("old"))
    assert isinstance(ask, Ask)

    answered = [nobody_answered(session, ask=ask), answer_by_person(session, ask, Given(reply=says("too late")))]

    assert [after for after, _ in answered] == [session, session]
