"""A page's script may ask, as it may ask OpenAI: what browsers want to see before and with an answer."""

from typing import Any

import pytest

from tests.playing import body_of, chat, emulator, headers_of, play, request, status

ORIGIN = {"origin": "https://app.example"}
ASKED = "authorization,content-type,x-stainless-os"


def preflight(path: str = "/v1/chat/completions", **headers: Any) -> Any:  # noqa: ANN401
    """Ask as a browser does, which sends no key with it."""
    asking = {"access-control-request-method": "POST", "access-control-request-headers": ASKED, **ORIGIN, **headers}
    return request("OPTIONS", path, token=None, headers=asking)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses/resp_1", "/v1/nothing"])
def test_a_browser_that_asks_whether_it_may_send_may(path: str) -> None:
    (steps,) = play(emulator(), preflight(path))

    assert (status(steps), body_of(steps)) == (200, b"")
    assert headers_of(steps) == {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, POST, DELETE, OPTIONS",
        "access-control-allow-headers": ASKED,
        "content-length": "0",
    }


def test_asking_takes_no_turn_and_uses_no_rule() -> None:
    asked, plain = emulator(["one"]), emulator(["one"])

    assert play(asked, preflight(), chat())[1:] == play(plain, chat())


@pytest.mark.parametrize("body", [{}, {"stream": True}, {"model": "gpt-0"}])
def test_an_answer_and_an_error_to_a_page_may_be_read_by_it(body: dict[str, Any]) -> None:
    asked = chat(**body)
    from_a_page = request("POST", asked.path, body=asked.body, headers=ORIGIN)

    plain, readable = (play(emulator({"responses": "Hi"}), each)[0] for each in (asked, from_a_page))

    assert headers_of(readable) == {**headers_of(plain), "access-control-allow-origin": "*"}
    assert headers_of(readable).get("access-control-expose-headers", "X-Request-ID") == "X-Request-ID"
    assert body_of(readable) == body_of(plain)


def test_that_a_key_is_missing_may_be_read_by_a_page_too() -> None:
    (steps,) = play(emulator(), request("POST", "/v1/chat/completions", token=None, headers=ORIGIN))

    assert (status(steps), headers_of(steps)["access-control-allow-origin"]) == (401, "*")


def test_who_comes_from_no_page_is_told_nothing_of_it() -> None:
    (steps,) = play(emulator(), request("OPTIONS", "/v1/chat/completions"))

    assert status(steps) == 405
    assert "access-control-allow-origin" not in headers_of(steps)
