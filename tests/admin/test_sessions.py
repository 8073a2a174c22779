"""All sessions, by their digests: what a page in a browser asks, which knows no token."""

from dataclasses import replace
from hashlib import sha256

import pytest

from llemulator_addon.core.request import Request
from tests.playing import TOKEN, body_of, chat, emulator, headers_of, json_of, load, play, post, request, status, texts

_DIGEST = sha256(TOKEN.encode()).hexdigest()[:16]


def _locally(asked: Request, session: str | None = _DIGEST) -> Request:
    """Ask as a page on this machine does, without a token."""
    headers = {name: value for name, value in asked.headers.items() if name != "authorization"}
    path = asked.path if session is None else asked.path.replace("/_emulator/", f"/_emulator/sessions/{session}/")
    return replace(asked, path=path, headers=headers, way="origin", host="127.0.0.1")


def test_sessions_are_listed_by_digest_with_what_happened_in_them() -> None:
    server = emulator()
    load(server, {"responses": [{"pattern": "hi", "response": "Hello"}, {"pattern": "other", "response": "x"}]})
    (*_, listed) = play(server, chat("hi"), chat("nothing"), _locally(request("GET", "/_emulator/sessions"), None))

    (session,) = json_of(listed)["data"]
    assert (session["session"], session["name"]) == (_DIGEST, "1234")
    assert {name: session[name] for name in ("recorded", "unmatched", "rules", "unused_rules")} == {
        "recorded": 2, "unmatched": 1, "rules": 2, "unused_rules": 1,
    }  # fmt: skip
    assert TOKEN not in body_of(listed).decode()


def test_a_digest_names_a_session_in_place_of_its_token() -> None:
    server = emulator()
    load(server, {"responses": [{"pattern": "before", "response": "x"}]})
    (loaded,) = play(server, _locally(post("/_emulator/script", {"responses": ["from the page"]})))

    assert status(loaded) == 200
    assert texts(server, chat("anything")) == ["from the page"]


@pytest.mark.parametrize(
    "text",
    [
        f"my key is {TOKEN}.",
        f'{{"key": "{TOKEN}"}}',
        f"https://host/{TOKEN}/x",
        f"key={TOKEN}",
        f"({TOKEN})",
        f"*{TOKEN}*",
    ],
)
@pytest.mark.parametrize("path", ["/_emulator/requests/1", "/_emulator/requests?format=har", "/_emulator/requests"])
def test_the_token_of_a_session_named_by_its_digest_is_not_shown(text: str, path: str) -> None:
    server = emulator()
    asked = _locally(request("GET", path))
    (*_, shown) = play(server, chat(text), asked)

    assert TOKEN not in body_of(shown).decode()
    assert headers_of(shown).get("content-length") in {None, str(len(body_of(shown)))}


def test_others_than_this_machine_may_not_see_all_sessions_or_name_one_by_its_digest() -> None:
    server = emulator()
    paths = ("/_emulator/sessions", "/_emulator/live", f"/_emulator/sessions/{_DIGEST}/requests")
    asked = (replace(request("GET", path), client="203.0.113.7") for path in paths)

    assert [(status(steps), json_of(steps)["error"]["code"]) for steps in play(server, *asked)] == [
        (401, "admin_key_needed")
    ] * 3


@pytest.mark.parametrize("digest", ["x", "none", "0" * 16, "", "%2e%2e"])
def test_a_digest_that_no_session_has_is_refused(digest: str) -> None:
    (refused,) = play(emulator(), _locally(request("GET", "/_emulator/requests"), digest))

    assert status(refused) == 404 or digest == "none"


def test_requests_without_a_token_have_a_session_too() -> None:
    server = emulator()
    (*_, listed, shown) = play(
        server,
        chat("hi", token=None),
        _locally(request("GET", "/_emulator/sessions"), None),
        _locally(request("GET", "/_emulator/requests"), "none"),
    )

    assert [session["session"] for session in json_of(listed)["data"]] == [""]
    assert json_of(shown)["recorded"] == 1


@pytest.mark.parametrize("path", ["/_emulator/egress", "/_emulator/sessions", "/_emulator/live", "/_emulator/nothing"])
def test_only_routes_about_a_session_have_a_path_below_a_digest(path: str) -> None:
    server = emulator()
    (*_, refused) = play(server, chat("hi"), _locally(request("GET", path)))

    assert status(refused) == 404


def test_the_newest_exchanges_of_all_sessions_are_listed_in_the_order_of_time() -> None:
    server = emulator()
    asked = [
        replace(chat(text, token=token), at=at)
        for text, token, at in (("a", "one", 1.0), ("b", "two", 2.0), ("c", "one", 3.0), (TOKEN, TOKEN, 4.0))
    ]
    newest = [_locally(request("GET", f"/_emulator/sessions?exchanges={count}"), None) for count in (3, 9, 0)]
    *_, listed, all_there_are, none = play(server, *asked, *newest)

    assert [(each["name"], each["number"], each["at"]) for each in json_of(listed)["exchanges"]] == [
        ("o", 1, 2.0), ("e", 2, 3.0), ("1234", 1, 4.0),
    ]  # fmt: skip
    assert [each["at"] for each in json_of(all_there_are)["exchanges"]] == [1.0, 2.0, 3.0, 4.0]
    assert (json_of(none)["exchanges"], len(json_of(none)["data"])) == ([], 3)
    assert TOKEN not in body_of(listed).decode()
