"""A page's script may ask, as it may ask OpenAI: what browsers want to see before and with an answer."""

import re
from typing import Any

import pytest

from llemulator_addon.wire.endpoints import OPERATIONS
from tests.playing import body_of, chat, emulator, headers_of, json_of, play, request, status

ORIGIN = {"origin": "https://app.example"}
ASKED = "authorization,content-type,x-stainless-os"


def preflight(path: str = "/v1/chat/completions", **headers: Any) -> Any:  # noqa: ANN401
    """Ask as a browser does, which sends no key with it."""
    asking = {"access-control-request-method": "POST", "access-control-request-headers": ASKED, **ORIGIN, **headers}
    return request("OPTIONS", path, token=None, headers=asking)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/conversations", "/v1/nothing"])
def test_a_browser_that_asks_whether_it_may_send_may(path: str) -> None:
    (steps,) = play(emulator(), preflight(path))

    assert (status(steps), body_of(steps)) == (200, b"")
    assert headers_of(steps) == {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, POST, DELETE, OPTIONS",
        "access-control-allow-headers": ASKED,
        "content-length": "0",
    }


_STORED = [
    ("GET", "/v1/chat/completions"),
    ("GET", "/v1/chat/completions/chatcmpl-1"),
    ("POST", "/v1/chat/completions/chatcmpl-1"),
    ("DELETE", "/v1/chat/completions/chatcmpl-1"),
    ("GET", "/v1/chat/completions/chatcmpl-1/messages"),
    ("GET", "/v1/responses/resp_1"),
    ("DELETE", "/v1/responses/resp_1"),
    ("POST", "/v1/responses/resp_1/cancel"),
    ("GET", "/v1/responses/resp_1/input_items"),
    ("POST", "/v1/responses/compact"),
    ("GET", "/v1/conversations/conv_1"),
    ("POST", "/v1/conversations/conv_1"),
    ("DELETE", "/v1/conversations/conv_1"),
    ("GET", "/v1/conversations/conv_1/items"),
    ("GET", "/v1/conversations/conv_1/items/msg_1"),
    ("DELETE", "/v1/conversations/conv_1/items/msg_1"),
    ("DELETE", "/v1/models/ft:mine"),
    ("GET", "/v1/files"),
    ("GET", "/v1/files/file_1"),
    ("DELETE", "/v1/files/file_1"),
    ("GET", "/v1/files/file_1/content"),
    ("GET", "/v1/batches"),
    ("GET", "/v1/batches/batch_1"),
    ("POST", "/v1/batches/batch_1/cancel"),
    ("POST", "/v1/uploads/upload_1/parts"),
    ("POST", "/v1/uploads/upload_1/complete"),
    ("POST", "/v1/uploads/upload_1/cancel"),
    ("GET", "/v1/vector_stores"),
    ("GET", "/v1/vector_stores/vs_1"),
    ("POST", "/v1/vector_stores/vs_1"),
    ("DELETE", "/v1/vector_stores/vs_1"),
    ("POST", "/v1/vector_stores/vs_1/search"),
    ("GET", "/v1/vector_stores/vs_1/files"),
    ("POST", "/v1/vector_stores/vs_1/files"),
    ("GET", "/v1/vector_stores/vs_1/files/file_1"),
    ("POST", "/v1/vector_stores/vs_1/files/file_1"),
    ("DELETE", "/v1/vector_stores/vs_1/files/file_1"),
    ("GET", "/v1/vector_stores/vs_1/files/file_1/content"),
    ("POST", "/v1/vector_stores/vs_1/file_batches"),
    ("GET", "/v1/vector_stores/vs_1/file_batches/vsfb_1"),
    ("GET", "/v1/vector_stores/vs_1/file_batches/vsfb_1/files"),
    ("POST", "/v1/vector_stores/vs_1/file_batches/vsfb_1/cancel"),
    ("GET", "/v1/fine_tuning/jobs"),
    ("GET", "/v1/fine_tuning/jobs/ftjob_1"),
    ("GET", "/v1/fine_tuning/jobs/ftjob_1/events"),
    ("GET", "/v1/fine_tuning/jobs/ftjob_1/checkpoints"),
    ("POST", "/v1/fine_tuning/jobs/ftjob_1/pause"),
    ("POST", "/v1/fine_tuning/jobs/ftjob_1/resume"),
    ("POST", "/v1/fine_tuning/jobs/ftjob_1/cancel"),
    ("GET", "/v1/containers"),
    ("GET", "/v1/containers/cntr_1"),
    ("DELETE", "/v1/containers/cntr_1"),
    ("GET", "/v1/containers/cntr_1/files"),
    ("POST", "/v1/containers/cntr_1/files"),
    ("GET", "/v1/containers/cntr_1/files/cfile_1"),
    ("DELETE", "/v1/containers/cntr_1/files/cfile_1"),
    ("GET", "/v1/containers/cntr_1/files/cfile_1/content"),
    ("GET", "/v1/skills"),
    ("GET", "/v1/skills/skill_1"),
    ("POST", "/v1/skills/skill_1"),
    ("DELETE", "/v1/skills/skill_1"),
    ("GET", "/v1/skills/skill_1/content"),
    ("GET", "/v1/skills/skill_1/versions"),
    ("POST", "/v1/skills/skill_1/versions"),
    ("GET", "/v1/skills/skill_1/versions/version_1"),
    ("DELETE", "/v1/skills/skill_1/versions/version_1"),
    ("GET", "/v1/skills/skill_1/versions/version_1/content"),
    ("POST", "/v1/realtime/translations/client_secrets"),
    ("GET", "/v1/webhook_endpoints"),
    ("GET", "/v1/webhook_endpoints/whe_1"),
    ("POST", "/v1/webhook_endpoints/whe_1"),
    ("DELETE", "/v1/webhook_endpoints/whe_1"),
    ("POST", "/v1/webhook_endpoints/whe_1/rotate_secret"),
    ("POST", "/v1/webhook_endpoints/whe_1/test"),
    ("POST", "/v1/realtime/client_secrets"),
    ("POST", "/v1/realtime/calls"),
    *(("POST", f"/v1/realtime/calls/rtc_1/{name}") for name in ("accept", "hangup", "refer", "reject")),
]


@pytest.mark.parametrize(("method", "path"), _STORED)
def test_a_page_may_not_read_what_is_stored(method: str, path: str) -> None:
    asked = request(method, path, body=b"{}", headers=ORIGIN)
    steps, allowed = play(emulator(), asked, preflight(path, **{"access-control-request-method": method}))

    assert [
        name for each in (steps, allowed) for name in headers_of(each) if name.startswith("access-control-allow")
    ] == []
    assert (status(allowed), json_of(allowed)["error"]["code"]) == (403, "page_refused")


def test_no_operation_is_for_pages_by_oversight() -> None:
    stored = {(each.method, each.path) for each in OPERATIONS.values() if not each.for_pages}

    assert {re.sub(r"/\{\w+\}", "/{}", f"{method} {path}") for method, path in stored} == {
        re.sub(r"/(\w+_1|chatcmpl-1|ft:mine)", "/{}", f"{method} {path.removeprefix('/v1')}")
        for method, path in _STORED
    }


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/gpt-4o"])
def test_a_page_may_ask_which_models_there_are(path: str) -> None:
    (steps,) = play(emulator(), request("GET", path, headers=ORIGIN))

    assert headers_of(steps)["access-control-allow-origin"] == "*"


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
