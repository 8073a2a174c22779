"""Which requests are handed to an upstream, and which are not."""

import asyncio
import json
from typing import Any

import pytest

from llemulator_addon.core.outcome import Answered, Converse, Forward, Play
from llemulator_addon.core.request import Request
from llemulator_addon.core.upstream import Upstream, Upstreams, base_url, upstreams_in
from llemulator_addon.emulator import Emulator
from llemulator_addon.wire.credentials import key_of
from tests.playing import TOKEN, chat, emulator, json_of, load, play, post, request, said, texts

_URL, _OTHER = "http://127.0.0.1:8081/v1", "http://127.0.0.1:11434/v1"
_ANYTHING = Upstreams(anything=Upstream(url=_URL, named_by="server"))
_NAMED = Upstreams(models={"smollm": Upstream(url=_URL, named_by="server")})


def _answered(server: Emulator, asked: Request) -> Answered:
    return asyncio.run(server.answer(asked))


def _told(server: Emulator, asked: Request) -> str:
    """Return where a request goes, or what is said here."""
    match _answered(server, asked):
        case Forward() as forward:
            return f"{forward.to.url}{forward.path}"
        case Play(steps):
            return said(steps)
        case Converse():
            return "a WebSocket connection"


def test_one_url_stands_for_everything_that_no_rule_answers_whatever_the_model_is_called() -> None:
    server = emulator({"responses": {"scripted": "of the rule"}}, upstream=_ANYTHING)

    assert _told(server, chat("scripted", model="llama3.2:1b")) == "of the rule"
    assert _told(server, chat("else", model="llama3.2:1b")) == f"{_URL}/chat/completions"
    assert _told(server, chat("else")) == f"{_URL}/chat/completions"


@pytest.mark.parametrize(
    ("path", "body", "below"),
    [
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi"}]}, "/chat/completions"),
        ("/chat/completions", {"messages": [{"role": "user", "content": "Hi"}]}, "/chat/completions"),
        ("/v1/responses", {"input": "Hi"}, "/responses"),
        ("/v1/completions", {"prompt": "Hi"}, "/completions"),
        ("/v1/embeddings", {"input": "Hi"}, "/embeddings"),
        ("/openai/v1/responses", {"input": "Hi"}, "/responses"),
    ],
)
def test_paths_are_mapped_below_the_base_url_and_the_body_goes_as_it_was_sent(
    path: str, body: dict[str, Any], below: str
) -> None:
    asked = post(path, {"model": "any", **body})

    forward = _answered(emulator(upstream=_ANYTHING), asked)

    assert isinstance(forward, Forward)
    assert (forward.to.url + forward.path, forward.body) == (_URL + below, asked.body)


@pytest.mark.parametrize(
    "settings",
    [
        {"upstream": upstreams_in(f"gpt-4o={_URL}#llama3.2:1b", "server")},
        {"upstream": upstreams_in(f"{_URL}#llama3.2:1b", "server")},
        {"script": {"responses": [], "upstream": {"gpt-4o": f"{_URL}#llama3.2:1b"}}},
        {"script": {"responses": [], "upstream": f"{_URL}#llama3.2:1b"}},
    ],
)
def test_a_model_may_have_another_name_there_and_the_rest_of_the_body_is_the_same(settings: dict[str, Any]) -> None:
    server = emulator(**settings)

    forward = _answered(server, chat("Hi", temperature=0.5))

    assert isinstance(forward, Forward)
    assert (forward.to.url, forward.path) == (_URL, "/chat/completions")
    assert json.loads(forward.body) == {**json.loads(chat("Hi", temperature=0.5).body), "model": "llama3.2:1b"}


def test_a_named_model_goes_there_whatever_the_fallback_is_and_others_do_not() -> None:
    server = emulator({"responses": {"scripted": "x"}}, upstream=_NAMED)

    assert _told(server, chat(model="smollm")) == f"{_URL}/chat/completions"
    assert _told(server, post("/v1/embeddings", {"model": "smollm", "input": "Hi"})) == f"{_URL}/embeddings"
    assert _told(server, chat()) == "400 no_matching_rule"
    assert _told(server, chat(model="llama")) == "404 model_not_found"


def test_moderations_go_there_for_a_named_model_alone() -> None:
    asked = post("/v1/moderations", {"model": "smollm", "input": "Hi"})

    assert isinstance(_answered(emulator(upstream=_NAMED), asked), Forward)
    assert isinstance(_answered(emulator(upstream=_ANYTHING), post("/v1/moderations", {"input": "Hi"})), Play)


def test_what_this_api_would_refuse_is_left_to_the_upstream_to_judge() -> None:
    asked = chat(model="smollm", temperature=17, response_format={"type": "gbnf"}, top_k=5)

    assert _told(emulator(upstream=_NAMED), asked) == f"{_URL}/chat/completions"
    assert _told(emulator(upstream=_ANYTHING), chat(temperature=17)) == f"{_URL}/chat/completions"
    assert _told(emulator(upstream=_NAMED), chat(temperature=17)).startswith("400")


def test_a_file_that_is_not_stored_here_may_be_one_of_the_upstream() -> None:
    content = [{"type": "file", "file": {"file_id": "file-theirs"}}]
    asked = post("/v1/chat/completions", {"model": "gpt-4o", "messages": [{"role": "user", "content": content}]})

    assert _told(emulator(upstream=_ANYTHING), asked) == f"{_URL}/chat/completions"


def test_rules_come_first_although_this_api_would_refuse_the_request() -> None:
    server = emulator({"responses": {"scripted": "of the rule"}}, upstream=_ANYTHING)

    assert _told(server, chat("scripted", temperature=17)) == "of the rule"
    assert _told(server, chat("else", temperature=17)) == f"{_URL}/chat/completions"
    assert _told(server, post("/v1/chat/completions", {"model": "x"})) == f"{_URL}/chat/completions"


@pytest.mark.parametrize(
    ("settings", "script", "wanted"),
    [
        ({"upstream": _ANYTHING, "on_unmatched": "echo"}, None, "Hi"),
        ({"upstream": _ANYTHING}, {"rules": [], "defaults": {"on_unmatched": "echo"}}, "Hi"),
        ({"upstream": _ANYTHING}, {"responses": []}, f"{_URL}/chat/completions"),
        ({"upstream": _ANYTHING}, None, f"{_URL}/chat/completions"),
        ({}, {"responses": [], "upstream": _OTHER}, f"{_OTHER}/chat/completions"),
        ({"upstream": _ANYTHING}, {"responses": [], "upstream": _OTHER}, f"{_OTHER}/chat/completions"),
        ({"upstream": _ANYTHING}, {"responses": [], "upstream": {"gpt-4o": _OTHER}}, f"{_OTHER}/chat/completions"),
        ({"upstream": _NAMED, "on_unmatched": "upstream"}, None, "400 no_upstream"),
    ],
)
def test_the_fallback_is_upstream_where_one_is_named_for_everything_and_nothing_else_is_said(
    settings: dict[str, Any], script: object, wanted: str
) -> None:
    assert _told(emulator(script, **settings), chat("Hi")) == wanted


def test_a_script_names_its_own_for_its_token_alone() -> None:
    server = emulator()
    load(server, {"responses": {"scripted": "of the rule"}, "upstream": {"smollm": _URL}})

    assert _told(server, chat("scripted", model="smollm")) == "of the rule"
    assert _told(server, chat("else", model="smollm")) == f"{_URL}/chat/completions"
    assert _told(server, chat("else", model="smollm", token="another")) == "404 model_not_found"
    forward = _answered(server, chat("else", model="smollm"))
    assert isinstance(forward, Forward)
    assert forward.to.named_by == "script"


def test_named_models_are_listed_beside_the_simulated_one_and_after_a_reset_they_are_not() -> None:
    server = emulator()
    load(server, {"models": ["mine"], "upstream": {"smollm": _URL}})

    def listed() -> list[str]:
        return [model["id"] for model in json_of(play(server, request("GET", "/v1/models"))[0])["data"]]

    assert listed() == ["mine", "smollm"]
    load(server, {"reset": True, "upstream": {"smollm": _URL}})
    assert {"smollm", "gpt-sim-1", "gpt-4o"} <= set(listed())
    play(server, post("/_emulator/reset"))
    assert "smollm" not in listed()


def test_gpt_sim_1_is_simulated_whatever_the_fallback_is() -> None:
    settings: list[dict[str, Any]] = [
        {},
        {"on_unmatched": "manual"},
        {"upstream": _ANYTHING},
        {"script": {"rules": []}},
    ]
    asked = chat("How is bread baked?", model="gpt-sim-1", response_length="short")

    said_each = [texts(emulator(**each), asked)[0] for each in settings]

    assert len(set(said_each)) == 1
    assert "bread" in said_each[0]
    assert texts(emulator({"responses": "of the rule"}), asked) == ["of the rule"]


def test_models_that_act_act_although_there_is_an_upstream() -> None:
    assert _told(emulator(upstream=_ANYTHING), chat(model="rate-limit-error")) == "429 rate_limit_exceeded"


def test_a_default_rate_limit_refuses_before_anything_goes_there() -> None:
    limit = {"rate_limit": {"requests_per_minute": 1}}
    server = emulator({"rules": [], "defaults": {"faults": [limit]}}, upstream=_ANYTHING)

    assert [_told(server, chat()) for _ in range(2)] == [f"{_URL}/chat/completions", "429 rate_limit_exceeded"]


def test_verify_takes_what_went_to_a_named_model_for_answered() -> None:
    server = emulator(
        {"rules": [{"reply": "x", "match": {"user_text": "scripted"}, "optional": True}]}, upstream=_NAMED
    )
    _answered(server, chat(model="smollm"))

    verified = json_of(play(server, post("/_emulator/verify", {}))[0])

    assert (verified["passed"], verified["counts"]["unmatched"]) == (True, 0)


@pytest.mark.parametrize("model", [["smollm"], {"smollm": 1}, 5, None])
def test_a_model_that_is_no_text_goes_to_the_upstream_for_everything_and_to_no_other(model: object) -> None:
    asked = chat(model=model)

    assert _told(emulator(upstream=_ANYTHING), asked) == f"{_URL}/chat/completions"
    assert _told(emulator(upstream=_NAMED), asked).startswith("400")


# Naming them ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "place"),
    [
        ({"defaults": {"on_unmatched": "upstream"}}, "defaults.on_unmatched"),
        ({"upstream": "127.0.0.1:8081"}, "upstream"),
        ({"upstream": {"smollm": "ftp://127.0.0.1"}}, "upstream.smollm"),
        ({"upstream": "http://user:password@127.0.0.1/v1"}, "upstream"),
        ({"upstream": "https://api.openai.com/v1"}, "upstream"),
        ({"upstream": {"gpt-4o": "https://EU.api.openai.com./v1"}}, "upstream.gpt-4o"),
        ({"upstream": {}}, "upstream"),
        ({"upstream": 5}, "upstream"),
    ],
)
def test_an_upstream_that_cannot_be_is_refused_with_its_place_and_nothing_is_loaded(
    script: dict[str, object], place: str
) -> None:
    server = emulator()
    (refused,) = play(server, post("/_emulator/script", {"responses": ["a"], **script}))

    error = json_of(refused)["error"]
    assert (error["code"], error["param"]) == ("invalid_script", place)
    assert "password@" not in json.dumps(error)
    assert json_of(play(server, request("GET", "/_emulator/script"))[0])["rules"] == []


def test_on_unmatched_upstream_is_good_where_the_server_names_one() -> None:
    server = emulator(upstream=_NAMED)

    assert load(server, {"responses": [], "defaults": {"on_unmatched": "upstream"}})["object"] == "script"


@pytest.mark.parametrize(
    ("text", "anything", "models"),
    [
        ("http://a/v1/", "http://a/v1", {}),
        ("smollm=http://a/v1", None, {"smollm": "http://a/v1"}),
        ("gpt-4o=http://a/v1#llama3.2", None, {"gpt-4o": "http://a/v1"}),
        (" x = https://a:1/v1 , http://b , y=http://c", "http://b", {"x": "https://a:1/v1", "y": "http://c"}),
    ],
)
def test_a_setting_is_one_url_or_a_url_for_each_of_some_models(
    text: str, anything: str | None, models: dict[str, str]
) -> None:
    found = upstreams_in(text, "server")

    assert found.anything == (anything and Upstream(url=anything, named_by="server"))
    assert {model: upstream.url for model, upstream in found.models.items()} == models
    assert upstreams_in(",".join(found.write()), "server") == found


@pytest.mark.parametrize("text", ["", "x", "x=", "=http://a", "x=http://a,x=http://b", "http://a,http://b", "x=y"])
def test_a_setting_that_is_neither_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"URL|http:"):
        upstreams_in(text, "server")


@pytest.mark.parametrize(
    "text",
    ["", "a", "//a", "http://", "http://a:b", "http://u@a", "http://a?b", "http://a#b", "http://a b", "http://ä"],
)
def test_a_base_url_is_a_scheme_a_host_and_a_path(text: str) -> None:
    with pytest.raises(ValueError, match=r"URL|http:"):
        base_url(text)


def test_what_is_handed_on_names_its_session_without_the_token() -> None:
    server = emulator(upstream=_ANYTHING)
    forward = _answered(server, chat())

    assert isinstance(forward, Forward)
    assert forward.exchange.session == key_of(TOKEN)
    assert TOKEN not in repr(forward)
