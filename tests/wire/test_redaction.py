import json
import time
from urllib.parse import quote

import pytest

from llemulator_addon.wire.redaction import (
    is_secret,
    redact_body,
    redact_headers,
    redact_query,
    redact_text,
    redact_texts,
)
from tests.wire.secrets import ANY, FORMS, NAMES, core

_KEY = "sk-proj-0123456789abcdefABCDEF_-xyz"


@pytest.mark.parametrize("name", NAMES)
def test_headers_that_name_a_secret_lose_their_value(name: str) -> None:
    assert redact_headers({name: "s", "accept": "*/*"}) == {name: "***", "accept": "*/*"}


@pytest.mark.parametrize(
    "name",
    [
        "idempotency-key",
        "accept",
        "user-agent",
        "x-stainless-retry-count",
        "keywords",
        "max_tokens",
        "monkey",
        "prompt_cache_key",
        "session_id",
        "author",
        "passage",
        "sec-fetch-site",
    ],
)
def test_other_headers_stay(name: str) -> None:
    assert redact_headers({name: "s"}) == {name: "s"}


def test_a_query_loses_its_secrets_and_nothing_else() -> None:
    assert redact_query((("api-version", "1"), ("API-Key", "s"), ("access_token", "s"))) == (
        ("api-version", "1"),
        ("API-Key", "***"),
        ("access_token", "***"),
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"my key is {_KEY}.", "my key is ***."),
        (f"{_KEY} and {_KEY}", "*** and ***"),
        (f"{_KEY} {_KEY}", "*** ***"),
        ("use sk-test for tests", "use sk-test for tests"),
        ("the task-0123456789abcdefABCDEF is done", "the task-0123456789abcdefABCDEF is done"),
        ("a token-of-mine here", "a *** here"),
        ("nothing", "nothing"),
        ("Bearer authentication and Basic authentication", "Bearer authentication and Basic authentication"),
        ("which token: the first", "which token: the first"),
        ("100% of it, 5%25", "100% of it, 5%25"),
        ("https://u:p%40x@h.example/p?token=abc&x=1#top", "https://***@h.example/p?token=***&x=1#top"),
        ("write to a@b.example", "write to a@b.example"),
        ("see https%3A%2F%2Fx.example%2F%3Fjwt%3Dabc now", "see https://x.example/?jwt=*** now"),
        ("grant=x&client_secret=abc&a=b", "grant=x&client_secret=***&a=b"),
        ('{"password": "a\\"b", "n": 1}', '{"password": "***", "n": 1}'),
        ('{"authorization":"Bearer cut o', '{"authorization":"***'),
        ('{"arguments":"{\\"api_key\\":\\"abc\\",\\"n\\":1}"}', '{"arguments":"{\\"api_key\\":\\"***\\",\\"n\\":1}"}'),
        ('{"token":"Hello","logprob":-0.1}', '{"token":"Hello","logprob":-0.1}'),
        ('x {"type":"mcp","headers":{"X-Any":"abc"}}', 'x {"type":"mcp","headers":{"X-Any":"***"}}'),
        ('form-data; name="api_key"\r\n\r\nabc\r\n--x', 'form-data; name="api_key"\r\n\r\n***\r\n--x'),
        ("caf\u00e9 \ud800 ok", "caf\u00e9 ? ok"),
    ],
)
def test_texts_show_neither_secrets_nor_the_token(text: str, shown: str) -> None:
    assert redact_text(text, "token-of-mine") == shown


def test_a_token_that_is_an_ordinary_word_takes_nothing_from_texts() -> None:
    assert redact_text("any text has any words", "any") == "any text has any words"


@pytest.mark.long
@pytest.mark.parametrize("secret", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize(
    "around",
    ["{}", "it is {}, yes", '"{}"', "({})", "x={}", "/v1/{}/chat", "a\n{}\nb", "<{}>", "'{}'", "{} {}"],
)
def test_a_secret_is_known_by_its_form_wherever_it_stands(secret: str, around: str) -> None:
    text = around.replace("{}", secret)

    for spelled in (text, quote(text), quote(quote(text)), json.dumps(text), json.dumps(json.dumps({"a": text}))):
        shown = redact_text(spelled, "")
        assert [part for part in core(secret) if part in shown or quote(part, safe="") in shown] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_secret_is_known_by_the_name_before_it(name: str) -> None:
    value = {"a": [{name: ANY, "n": 1}], "b": [{"name": name, "value": ANY}], "c": {name: {"x": [ANY]}}}
    texts = [json.dumps({name: ANY}), json.dumps(json.dumps({name: ANY})), f"https://x.example/?{name}={ANY}&b=c"]

    assert ANY not in json.dumps(redact_texts(value, ""))
    assert [text for text in texts if ANY in redact_text(text, "")] == []
    assert ANY not in redact_body(json.dumps(value).encode(), "")
    assert ANY not in redact_body(f"event: x\ndata: {json.dumps(value)}\n\n".encode(), "")


def test_every_text_of_a_json_value_is_looked_at() -> None:
    value = {"a": [_KEY, 1, None], "b": {"c": f"x {_KEY}"}, "d": True, _KEY: 1}

    assert redact_texts(value, "") == {"a": ["***", 1, None], "b": {"c": "x ***"}, "d": True, "***": 1}


def test_of_an_mcp_tool_authorization_and_all_headers_are_hidden() -> None:
    tool = {"type": "mcp", "server_label": "a", "authorization": ANY, "headers": {"X-Any": ANY, "Accept": "b"}}

    assert redact_texts(tool, "") == {
        "type": "mcp",
        "server_label": "a",
        "authorization": "***",
        "headers": {"X-Any": "***", "Accept": "***"},
    }


def test_what_a_schema_says_of_a_secret_stays_and_so_do_counts_and_log_probabilities() -> None:
    value = {
        "properties": {"password": {"type": "string", "description": "of the user"}, "token": {"$ref": "#/$defs/a"}},
        "required": ["password", "token"],
        "usage": {"prompt_tokens": 1, "max_tokens": 2},
        "content": [{"token": "Hello", "logprob": -0.5}],
        "keys": ["ENTER"],
        "prompt_cache_key": "a",
    }

    assert redact_texts(value, "") == value


def test_a_body_stays_as_it_is_where_it_has_no_secret() -> None:
    assert redact_body(b'{ "a" : [1.0,\n "b"] }', "token-of-mine") == '{ "a" : [1.0,\n "b"] }'


def test_a_secret_behind_escapes_or_in_a_key_that_stands_twice_is_found() -> None:
    escaped = f'{{"\\u0061pi_key": "{ANY}", "t": "\\u0073k-proj-0123456789abcdefABCDEF"}}'
    twice = f'{{"a": "{_KEY}", "a": 1}}'

    assert ANY not in redact_body(escaped.encode(), "")
    assert "0123456789abcdefABCDEF" not in redact_body(escaped.encode(), "") + redact_body(twice.encode(), "")


def test_what_is_remembered_of_names_does_not_grow_with_them() -> None:
    long = ["x" * 100_000 + "_token", "password" + "x" * 100_000]

    assert [is_secret(name) for name in (*long, "x" * 100_000)] == [True, True, False]
    assert ANY not in json.dumps(redact_texts(dict.fromkeys(long, ANY), ""))


def test_a_name_with_half_of_a_pair_is_a_name() -> None:
    assert redact_texts({"\ud800": "a", "\ud800_token": ANY}, "") == {"\ud800": "a", "\ud800_token": "***"}


def test_names_are_told_apart_whatever_their_spelling() -> None:
    assert [
        name
        for name in ("API_KEY", "apiKey", "Api-Key", "api key", "x.api.key", "headers[api_key]")
        if not is_secret(name)
    ] == []


_HOSTILE = (
    *(
        "eyJ",
        "\\",
        '"a":',
        "{",
        '"',
        "https://",
        "?a=b",
        "bearer ",
        "sk-",
        "%41",
        '"headers":{mcp',
        "a=b\n",
        " ",
        "SG.",
    ),
    *('form-data; name="a"', "-----BEGIN PRIVATE KEY-----", '\\"key\\":\\"', "eyJaaaaa.", "A%", '"key":"'),
)


@pytest.mark.long
@pytest.mark.parametrize("piece", _HOSTILE)
def test_the_time_it_takes_is_linear_in_the_text(piece: str) -> None:
    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        begun = time.process_time()
        redact_text(text, "token-of-mine")
        return time.process_time() - begun

    # Quadratic, it would be four hundred times as long.
    assert seconds(200_000) < 100 * max(seconds(10_000), 0.005)
