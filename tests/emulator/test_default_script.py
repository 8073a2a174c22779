"""The default script, when another one takes its place."""

import asyncio

from llemulator_addon.script.reader import read_script
from tests.playing import chat, connect, emulator, json_of, load, play, post, request, texts


def test_a_token_without_a_script_of_its_own_plays_the_new_one_from_its_start() -> None:
    server = emulator({"responses": ["one", "two"]})
    said = texts(server, chat(), chat(token="sk-other"))

    asyncio.run(server.play_by_default(read_script({"responses": ["three", "four"]})))

    assert said == ["one", "one"]
    assert texts(server, chat(), chat(), chat(), chat(token="sk-other"), chat(token="sk-new")) == [
        *("three", "four", "400 script_exhausted"),
        *("three", "three"),
    ]


def test_a_token_with_a_script_of_its_own_goes_on_with_it() -> None:
    server = emulator({"responses": ["default"]})
    load(server, {"responses": ["one", "two"]})
    said = texts(server, chat())

    asyncio.run(server.play_by_default(read_script({"responses": ["other"]})))

    assert (said, texts(server, chat())) == (["one"], ["two"])


def test_after_a_reset_a_token_plays_the_new_one() -> None:
    server = emulator({"responses": ["default"]})
    load(server, {"responses": ["own"]})
    asyncio.run(server.play_by_default(read_script({"responses": ["other"]})))

    play(server, post("/_emulator/reset"))

    assert texts(server, chat()) == ["other"]


def test_a_session_keeps_its_journal_its_clock_and_the_models_that_it_named() -> None:
    server = emulator({"responses": {"": "old"}})
    load(server, {"models": ["mine"]})
    play(server, post("/_emulator/clock", {"advance_s": 60}), chat(model="mine"))

    asyncio.run(server.play_by_default(read_script({"responses": {"": "new"}})))

    assert texts(server, chat(model="mine"), chat()) == ["new", "404 model_not_found"]
    clock, journal = play(server, request("GET", "/_emulator/clock"), request("GET", "/_emulator/requests"))
    assert json_of(clock)["ahead_s"] == 60
    assert json_of(journal)["total"] == 3


def test_where_nobody_gave_a_script_one_begins() -> None:
    server = emulator()
    said = texts(server, chat("Hi"))

    asyncio.run(server.play_by_default(read_script({"responses": ["scripted"]})))

    assert (said, texts(server, chat("Hi"), chat("Hi"))) == (["Hi"], ["scripted", "400 script_exhausted"])


def test_faults_of_connections_are_those_of_the_new_one_and_are_counted_once() -> None:
    server = emulator({"rules": [{"faults": [{"connect": {"status": 503}}]}]})
    texts(server, chat(), chat(token="sk-other"))

    asyncio.run(
        server.play_by_default(read_script({"rules": [{"faults": [{"connect": {"status": 502}}], "times": 1}]}))
    )

    faults = [connect(server) for _ in range(2)]
    assert [fault and fault.status for fault in faults] == [502, None]
