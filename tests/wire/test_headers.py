import pytest

from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import Head
from llemulator_addon.wire import headers
from tests.playing import chat, emulator, headers_of, play, post, request

EDGE = {
    *("access-control-expose-headers", "cf-cache-status", "cf-ray", "date", "openai-organization", "openai-project"),
    *("openai-processing-ms", "openai-version", "server", "strict-transport-security", "x-content-type-options"),
    *("x-openai-proxy-wasm", "x-request-id", "content-type"),
}
ROUTED = {"access-control-allow-origin", "via"}
COMPLETION = {"model": "gpt-3.5-turbo-instruct", "prompt": "Hi"}
LIMITS = {f"x-ratelimit-{what}-{of}" for what in ("limit", "remaining", "reset") for of in ("requests", "tokens")}
RESPONSES = {"model": "gpt-4o", "input": "Hi"}


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        (chat(), EDGE | LIMITS | {"content-length"}),
        (chat(stream=True), EDGE | LIMITS),
        (post("/v1/responses", RESPONSES), (EDGE | LIMITS | {"content-length"}) - {"x-openai-proxy-wasm"}),
        (post("/v1/responses", {**RESPONSES, "stream": True}), EDGE - {"x-openai-proxy-wasm"}),
        (
            post("/v1/embeddings", {"model": "text-embedding-3-small", "input": "Hi"}),
            EDGE | LIMITS | ROUTED | {"content-length", "openai-model"},
        ),
        (
            post("/v1/completions", COMPLETION),
            EDGE | LIMITS | ROUTED | {"content-length", "openai-model", "cache-control"},
        ),
        (
            post("/v1/completions", {**COMPLETION, "stream": True}),
            EDGE | LIMITS | ROUTED | {"openai-model", "cache-control"},
        ),
        (chat(temperature=3), EDGE | LIMITS | {"content-length"}),
        (
            post("/v1/responses", {**RESPONSES, "temperature": 3}),
            (EDGE | {"content-length"}) - {"x-openai-proxy-wasm"},
        ),
        (
            chat(model="gpt-none"),
            {
                *("content-type", "content-length", "date", "vary", "openai-organization", "x-request-id", "server"),
                *("cf-ray", "cf-cache-status", "strict-transport-security", "x-content-type-options"),
            },
        ),
    ],
    ids=[
        *("chat", "chat stream", "responses", "responses stream", "embeddings", "completions", "completions stream"),
        *("refused chat", "refused response", "unknown model"),
    ],
)
def test_an_answer_has_the_headers_that_were_recorded(asked: object, names: set[str]) -> None:
    assert set(headers_of(play(emulator(), asked)[0])) == names  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "content_type"),
    [
        (chat(), "application/json"),
        (chat(stream=True), "text/event-stream; charset=utf-8"),
        (chat(model="gpt-none"), "application/json; charset=utf-8"),
        (chat(temperature=3), "application/json"),
        (post("/v1/completions", {**COMPLETION, "stream": True}), "text/event-stream"),
        (request("GET", "/v1/models"), "application/json"),
    ],
)
def test_the_content_type_is_the_one_recorded(asked: object, content_type: str) -> None:
    assert headers_of(play(emulator(), asked)[0])["content-type"] == content_type  # type: ignore[arg-type]


def test_a_page_gets_one_header_that_lets_it_read_what_everybody_may_read() -> None:
    asked = post("/v1/completions", COMPLETION, headers={"origin": "https://a.example"})
    (steps,) = play(emulator(), asked)

    head = next(step for step in steps if isinstance(step, Head))
    assert [value for name, value in head.headers if name == "access-control-allow-origin"] == ["*"]


def test_no_header_leads_a_client_to_another_protocol_or_leaves_a_cookie() -> None:
    names = {name for name, _ in headers.describe_body(Stamp(0, 0), b"{}")}

    assert not names & {"alt-svc", "set-cookie"}


def test_a_request_id_is_as_long_as_the_real_ones_and_another_for_each_turn() -> None:
    first, second = headers.request_id(Stamp(0, 0)), headers.request_id(Stamp(0, 1))

    assert first != second
    assert (first[:4], len(first)) == ("req_", 36)
