import gzip
import json
from dataclasses import replace
from typing import Any

import brotli
import pytest

from llemulator_addon.core.outcome import Play
from llemulator_addon.core.steps import Cut, Send, Step, Steps
from llemulator_addon.engine.encoding import find_coding
from tests.playing import body_of, chat, emulator, headers_of, json_of, load, outcome, play, request, status

SDK = "gzip, deflate, br, zstd"
SCRIPT = {"responses": ["Hello there. " * 20, "Hello there. " * 20]}


def _answer(accepted: str, script: object = None, *, stream: bool = False, temperature: int = 1) -> Play:
    asked = chat("Hi", stream=stream, temperature=temperature)
    return outcome(emulator(script or SCRIPT), replace(asked, headers={**asked.headers, "accept-encoding": accepted}))


def _decoded(steps: Steps) -> Any:  # noqa: ANN401 - JSON
    decode = brotli.decompress if headers_of(steps)["content-encoding"] == "br" else gzip.decompress
    return json.loads(decode(body_of(steps)))


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (SDK, "br"),
        ("gzip", "gzip"),
        ("gzip;q=1.0, br;q=0", "gzip"),
        ("BR", "br"),
        ("gzip;q=0.0", None),
        ("deflate, zstd", None),
        ("identity", None),
        ("*", None),
        ("", None),
    ],
)
def test_the_edge_encodes_in_what_the_client_takes(accepted: str, coding: str | None) -> None:
    assert find_coding(accepted) == coding


@pytest.mark.parametrize("accepted", [SDK, "gzip"])
def test_a_body_in_one_piece_is_encoded_and_says_so_without_its_length(accepted: str) -> None:
    plain, encoded = _answer("identity").steps, _answer(accepted).steps

    assert _decoded(encoded) == json_of(plain)
    assert len(body_of(encoded)) < len(body_of(plain))
    assert "content-length" not in headers_of(encoded)
    assert "content-encoding" not in headers_of(plain)


def test_an_error_is_encoded_too() -> None:
    steps = _answer(SDK, temperature=7).steps

    assert (status(steps), _decoded(steps)["error"]["code"]) == (400, "decimal_above_max_value")


def test_a_stream_comes_as_it_is() -> None:
    steps = _answer(SDK, stream=True).steps

    assert "content-encoding" not in headers_of(steps)
    assert body_of(steps).startswith(b"data: {")


def test_an_answer_that_is_encoded_by_its_script_stays_as_it_is() -> None:
    raw = {"raw": {"body": "x" * 200, "headers": {"content-encoding": "zstd", "content-type": "application/json"}}}

    steps = _answer(SDK, {"responses": [{"reply": raw}]}).steps

    assert (headers_of(steps)["content-encoding"], body_of(steps)) == ("zstd", b"x" * 200)


def test_a_body_that_is_cut_can_be_decoded_up_to_there() -> None:
    rule = {"reply": "Hello there. " * 20, "faults": [{"cut_after": {"fraction": 0.5}}]}
    plain, encoded = (_answer(accepted, {"responses": [rule]}).steps for accepted in ("identity", "br"))

    assert isinstance(encoded[-1], Cut)
    assert brotli.Decompressor().process(body_of(encoded)) == body_of(plain)


@pytest.mark.long
@pytest.mark.parametrize("accepted", ["br", "gzip"])
def test_a_large_body_is_encoded_while_it_is_made(accepted: str) -> None:
    script = {"responses": ["word " * 600_000]}
    plain, encoded = (_answer(each, script) for each in ("identity", accepted))

    assert plain.whole is not None
    assert encoded.whole is not None
    first, second = ([*encoded.whole()] for _ in range(2))
    assert first == second
    assert _decoded(tuple(first)) == json.loads(_sent([*plain.whole()]))


def _sent(steps: list[Step]) -> bytes:
    return b"".join(step.piece for step in steps if isinstance(step, Send))


def test_the_journal_shows_an_answer_as_it_was_before() -> None:
    server = emulator()
    load(server, SCRIPT)
    asked = chat("Hi")
    play(server, replace(asked, headers={**asked.headers, "accept-encoding": SDK}))

    (shown,) = play(server, request("GET", "/_emulator/requests/1"))

    assert b"Hello there." in body_of(shown)


def test_the_head_of_an_answer_keeps_its_other_headers() -> None:
    plain, encoded = headers_of(_answer("identity").steps), headers_of(_answer("gzip").steps)

    assert {*plain} - {*encoded} == {"content-length"}
    assert {*encoded} - {*plain} == {"content-encoding"}
