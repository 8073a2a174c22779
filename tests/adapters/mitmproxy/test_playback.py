import pytest
from mitmproxy import http

from llemulator_addon.adapters.mitmproxy.internals.played import make_played
from llemulator_addon.core.steps import Cut, Head, Send, Steps, Wait

_FIVE = Head(200, (("content-length", "5"),))


def _request(method: str = "POST", version: str = "HTTP/1.1") -> http.Request:
    request = http.Request.make(method, "https://api.openai.com/v1/models")
    request.http_version = version
    return request


@pytest.mark.parametrize(
    ("steps", "at_once"),
    [
        ((_FIVE, Send(b"Hello")), True),
        ((_FIVE, Send(b"He"), Send(b"llo")), True),
        ((Head(200), Send(b"Hello")), True),
        ((_FIVE, Send(b"Hello"), Wait(1)), False),
        ((_FIVE, Cut()), False),
        ((Cut(),), False),
        ((_FIVE, Send(b"Hell")), False),
        ((_FIVE, Send(b"Hello!")), False),
    ],
)
def test_what_has_no_waits_and_no_cut_and_its_announced_size_leaves_at_once(steps: Steps, at_once: bool) -> None:  # noqa: FBT001
    assert make_played(steps, _request()).at_once == at_once


def test_other_addons_see_the_whole_body_of_a_stream() -> None:
    response = make_played((Head(200), Send(b"one"), Wait(5), Send(b"two")), _request())

    assert response.content == b"onetwo"


@pytest.mark.parametrize(
    ("version", "fields"),
    [
        ("HTTP/1.0", ((b"X-Name", b"1"),)),
        ("HTTP/1.1", ((b"X-Name", b"1"), (b"transfer-encoding", b"chunked"))),
        ("HTTP/2.0", ((b"x-name", b"1"),)),
    ],
)
def test_the_end_of_a_body_can_be_known_in_each_version(version: str, fields: tuple[tuple[bytes, bytes], ...]) -> None:
    assert make_played((Head(200, (("X-Name", "1"),)), Send(b"x")), _request(version=version)).headers.fields == fields


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_what_can_have_no_body_has_none_and_keeps_its_headers(method: str, status: int) -> None:
    response = make_played((Head(status, (("content-length", "5"),)), Send(b"Hello")), _request(method))

    assert (response.content, response.at_once, response.headers.fields) == (b"", True, ((b"content-length", b"5"),))


def test_a_line_break_in_a_header_does_not_make_another_header() -> None:
    response = make_played((Head(200, (("x-name", "1\r\nx-other: 2"),)), Send(b"")), _request(version="HTTP/2.0"))

    assert response.headers.fields == ((b"x-name", b"1  x-other: 2"),)


def test_a_header_may_have_any_letters() -> None:
    response = make_played((Head(200, (("x-name", "Grüße 🙂"),)),), _request(version="HTTP/2.0"))

    assert response.headers.fields == ((b"x-name", "Grüße 🙂".encode()),)
