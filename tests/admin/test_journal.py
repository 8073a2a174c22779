from dataclasses import replace
from typing import Any, Literal

import pytest

from llemulator_addon.adapters.prices import openai_prices
from llemulator_addon.core.outcome import Ending, Play
from llemulator_addon.emulator import Emulator
from llemulator_addon.engine.batches import BATCH_HEADER
from tests.playing import chat, emulator, end, json_of, outcome, play, post, request, status

_SCRIPT = {"rules": [{"name": "hello", "match": {"user_text": "hello"}, "reply": {"text": "Hi"}}]}


def _asked(*texts: str) -> Emulator:
    server = emulator(_SCRIPT)
    play(server, *(chat(text, at=100.0 + number) for number, text in enumerate(texts)))
    return server


def _get(server: Emulator, query: str = "") -> Any:  # noqa: ANN401
    return json_of(play(server, request("GET", f"/_emulator/requests{query}"))[0])


def _numbers(server: Emulator, query: str) -> list[int]:
    return [exchange["number"] for exchange in _get(server, query)["data"]]


def test_the_journal_lists_what_was_asked_and_what_answered() -> None:
    assert _get(_asked("hello")) == {
        "object": "list",
        "data": [
            {
                "number": 1,
                "at": 100.0,
                "method": "POST",
                "host": "api.openai.com",
                "path": "/v1/chat/completions",
                "endpoint": "chat.completions",
                "model": "gpt-4o",
                "stream": False,
                "user_text": "hello",
                "rule": "hello",
                "unmatched": None,
                "unsupported": False,
                "upstream": None,
                "status": 200,
                "ending": None,
                "tokens": None,
                "cost_usd": None,
            }
        ],
        "total": 1,
        "recorded": 1,
        "first_kept": 1,
        "has_more": False,
    }


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [1, 2, 3]),
        ("?unmatched=true", [2]),
        ("?unmatched=false", [1, 3]),
        ("?rule=hello", [1, 3]),
        ("?status=400", [2]),
        ("?status=2xx", [1, 3]),
        ("?status=2XX", [1, 3]),
        ("?status=0", []),
        ("?endpoint=chat.completions", [1, 2, 3]),
        ("?endpoint=responses", []),
        ("?model=gpt-4o&rule=hello", [1, 3]),
        ("?since=1", [2, 3]),
        ("?limit=2", [1, 2]),
        ("?since=1&limit=1", [2]),
    ],
)
def test_filters_and_pages(query: str, numbers: list[int]) -> None:
    assert _numbers(_asked("hello", "bye", "hello"), query) == numbers


def test_a_page_says_whether_there_is_more_and_how_many_there_are() -> None:
    server = _asked("hello", "bye", "hello")

    pages = [_get(server, query) for query in ("?limit=2", "?limit=2&since=2", "?unmatched=true&limit=1")]
    assert [(page["has_more"], page["total"]) for page in pages] == [(True, 3), (False, 3), (False, 1)]


@pytest.mark.parametrize("path", ["requests", "requests/live", "unclaimed", "state", "clock", "waiting", "requests/1"])
def test_a_parameter_that_a_route_does_not_have_is_refused(path: str) -> None:
    server = emulator(_SCRIPT, debug=True)
    play(server, chat("hello"))
    (answer,) = play(server, request("GET", f"/_emulator/{path}?colour=red"))

    assert (status(answer), json_of(answer)["error"]["param"]) == (400, "colour")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        *((query, "true or false") for query in ("unmatched=perhaps", "unmatched=", "unsupported=perhaps")),
        *((query, "brief, full, har or script") for query in ("format=xml", "format=")),
        *((query, "a text that is not empty") for query in ("endpoint=", "model=", "rule=")),
        *(
            (query, "a whole number from 0")
            for query in ("since=x", "since=", "since=-1", "limit=-1", "limit=1.5", "since=x&format=har")
        ),
        *(
            (query, "a status such as 429, a class such as 5xx, or 0 for an answer that has no status")
            for query in ("status=abc", "status=", "status=4", "status=4x", "status=5xxx", "status=xxx", "status=0xx")
        ),
    ],
)
def test_a_value_in_the_wrong_form_is_refused_with_the_right_form(query: str, expected: str) -> None:
    (answer,) = play(emulator(), request("GET", f"/_emulator/requests?{query}"))
    name, _, value = query.partition("&")[0].partition("=")

    error = json_of(answer)["error"]
    assert (status(answer), error["code"], error["param"]) == (400, "invalid_value", name)
    assert error["message"] == f"Invalid value of '{name}' in the query: '{value}'. Expected {expected}."


@pytest.mark.parametrize("path", ["requests", "requests/live", "unclaimed"])
def test_the_same_parameter_is_checked_alike_at_every_route(path: str) -> None:
    (answer,) = play(emulator(), request("GET", f"/_emulator/{path}?since=abc"))

    assert json_of(answer)["error"]["message"] == (
        "Invalid value of 'since' in the query: 'abc'. Expected a whole number from 0."
    )


@pytest.mark.parametrize("path", ["/healthz?from=probe", "/?from=browser"])
def test_probes_and_browsers_may_add_a_query(path: str) -> None:
    (answer,) = play(emulator(), replace(request("GET", path), host="llemulator"))

    assert status(answer) == 200


def test_one_exchange_is_shown_with_all_that_is_known_of_it() -> None:
    server = emulator(_SCRIPT)
    asked = outcome(server, chat("hello", at=100.0, stream=True))
    end(server, asked.exchange, Ending(how="whole", bytes_sent=9, sends=3, seconds=0.25, left=(0.0, 0.1, 0.2)))

    shown = json_of(play(server, request("GET", "/_emulator/requests/1"))[0])

    assert (shown["object"], shown["number"], shown["ending"]) == (
        "exchange",
        1,
        {"how": "whole", "seconds": 0.25, "bytes_sent": 9, "sends": 3},
    )
    assert shown["request"]["body"]["messages"] == [{"role": "user", "content": "hello"}]
    assert shown["request"]["headers"] == {"content-type": "application/json", "authorization": "***"}
    assert shown["prompt"]["messages"] == [{"role": "user", "text": "hello"}]
    assert [(event["left"], event["value"]["object"]) for event in shown["answer"]["events"]] == [
        (0.0, "chat.completion.chunk"),
        (0.1, "chat.completion.chunk"),
        (0.2, "chat.completion.chunk"),
    ]
    assert shown["connection"] == {"id": "", "new": True, "http_version": "HTTP/1.1", "way": "connect"}


@pytest.mark.parametrize("number", ["7", "0", "x", "", "%31%20"])
def test_an_exchange_that_is_not_there_is_404(number: str) -> None:
    (answer,) = play(_asked("hello"), request("GET", f"/_emulator/requests/{number}"))

    assert (status(answer), json_of(answer)["error"]["code"]) == (404, "exchange_not_found")


def test_it_is_exported_as_har() -> None:
    server = emulator(_SCRIPT, version="1.2.3")
    play(server, chat("hello", at=100.0))
    log = _get(server, "?format=har")["log"]

    (entry,) = log["entries"]
    assert (log["version"], log["creator"]) == ("1.2", {"name": "llemulator", "version": "1.2.3"})
    assert set(entry) == {
        "startedDateTime", "time", "request", "response", "cache", "timings", "connection", "comment",
    }  # fmt: skip
    assert entry["startedDateTime"] == "1970-01-01T00:01:40.000+00:00"
    assert entry["request"]["url"] == "https://api.openai.com/v1/chat/completions"
    assert {"name": "authorization", "value": "***"} in entry["request"]["headers"]
    assert (entry["response"]["status"], entry["response"]["content"]["mimeType"]) == (200, "application/json")


def test_no_form_of_the_journal_shows_a_token_or_a_key() -> None:
    key = "sk-proj-" + "a1B2" * 10
    server = emulator()
    play(server, chat(f"my key is {key} and my token sk-test-1234", user=key))

    paths = ("", "?format=full", "?format=har", "/1")
    shown = [str(json_of(play(server, request("GET", f"/_emulator/requests{path}"))[0])) for path in paths]
    assert [(key in text, "sk-test-1234" in text) for text in shown] == [(False, False)] * 4


def test_another_token_sees_nothing_of_it() -> None:
    server = _asked("hello")

    assert json_of(play(server, request("GET", "/_emulator/requests", token="another"))[0])["data"] == []


def test_a_short_list_of_a_large_journal_needs_little_room_among_unread_answers() -> None:
    server = emulator(_SCRIPT, unread_size=200 << 10)
    play(server, *(chat("hello " + "x" * 20_000) for _ in range(20)))
    lists = play(server, *(request("GET", f"/_emulator/requests?limit={limit}") for limit in (20, 20, 1)))

    assert [status(steps) for steps in lists] == [200, 503, 200]


@pytest.mark.parametrize(("how", "tokens"), [("whole", {"prompt": 11, "answer": 3}), ("client_left", None)])
def test_the_tokens_that_a_whole_answer_says_it_took_are_listed(
    how: Literal["whole", "client_left"], tokens: object
) -> None:
    usage = {"prompt_tokens": 11, "completion_tokens": 3}
    server = emulator({"rules": [{"reply": {"text": "Hi", "usage": usage}}]})
    asked = (chat("hello"), chat("hello", stream=True, stream_options={"include_usage": True}))
    for each in asked:
        answered = outcome(server, each)
        assert isinstance(answered, Play)
        end(server, answered.exchange, Ending(how=how, bytes_sent=1, sends=1, seconds=0.5))

    assert [each["tokens"] for each in _get(server)["data"]] == [tokens, tokens]


_MODELS = ("gpt-4o", "unheard-of")
_WHOLE = Ending(how="whole", bytes_sent=1, sends=100, seconds=0.5)


def _priced(**more: Any) -> Emulator:  # noqa: ANN401 - parameters of every type
    """Answer the same by a model with a price and by one without, whole and as a stream."""
    usage = {"prompt_tokens": 1000, "completion_tokens": 100}
    server = emulator({"rules": [{"reply": {"text": "Hi", "usage": usage}}]}, prices=openai_prices, lenient=True)
    streamed: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}
    forms: tuple[dict[str, Any], ...] = ({}, streamed)
    for each in (chat("hello", model=model, **form, **more) for model in _MODELS for form in forms):
        answered = outcome(server, each)
        assert isinstance(answered, Play)
        end(server, answered.exchange, _WHOLE)
    return server


def test_the_cost_of_the_tokens_is_shown_and_none_where_the_price_is_not_known() -> None:
    server = _priced()
    one = json_of(play(server, request("GET", "/_emulator/requests/1"))[0])

    # 2.50 and 10 dollars for a million.
    assert [each["cost_usd"] for each in _get(server)["data"]] == [0.0035, 0.0035, None, None]
    assert one["cost_usd"] == 0.0035


def test_the_service_tier_of_the_answer_has_its_price() -> None:
    assert [each["cost_usd"] for each in _get(_priced(service_tier="priority"))["data"]][:2] == [0.00595, 0.00595]


def test_a_raw_body_that_only_looks_as_if_it_had_a_usage_has_no_cost() -> None:
    body = '{\n  "usage": {\n    "prompt_tokens": 10 no JSON\n  }'
    server = emulator({"rules": [{"reply": {"raw": {"body": body}}}]}, prices=openai_prices)
    answered = outcome(server, chat("hello"))
    assert isinstance(answered, Play)
    end(server, answered.exchange, _WHOLE)

    (shown,) = _get(server)["data"]

    assert (shown["cost_usd"], shown["tokens"]) == (None, {"prompt": 10, "answer": 0})


def test_a_limit_of_the_cost_is_verified_and_an_unknown_price_is_a_finding() -> None:
    server = _priced()

    def verify(**body: object) -> Any:  # noqa: ANN401
        return json_of(play(server, post("/_emulator/verify", body))[0])

    over, within = verify(max_cost_usd=0.006), verify(max_cost_usd=0.007)
    assert over["cost"] == {"usd": 0.007, "unpriced": 2}
    assert [each["sentence"] for each in over["findings"]] == ["The tokens cost 0.007 USD, more than 0.006 USD."]
    assert [each["sentence"] for each in within["findings"]] == [
        "The tokens may cost more than 0.007 USD: there is no price for all those of unheard-of."
    ]
    assert within["findings"][0]["requests"] == [3, 4]
    assert verify(max_cost_usd=0.001, ignore=["cost"])["passed"]
    assert verify()["passed"]


def test_a_line_of_a_batch_has_the_price_of_batches() -> None:
    line = chat("hello", service_tier="priority")
    server = emulator({"rules": [{"reply": {"text": "Hi", "usage": {"prompt_tokens": 1000}}}]}, prices=openai_prices)
    answered = outcome(server, replace(line, headers={**line.headers, BATCH_HEADER: "batch_1"}))
    assert isinstance(answered, Play)
    end(server, answered.exchange, _WHOLE)
    (shown,) = _get(server)["data"]

    assert shown["cost_usd"] == pytest.approx(0.00125 + shown["tokens"]["answer"] * 5 / 1_000_000)
