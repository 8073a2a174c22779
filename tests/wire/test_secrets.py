import pytest

from llemulator_addon.wire.secrets import hidden_headers, hidden_query, hidden_text, hidden_texts

_KEY = "sk-proj-0123456789abcdefABCDEF_-xyz"


@pytest.mark.parametrize(
    "name",
    [
        "authorization",
        "proxy-authorization",
        "api-key",
        "x-api-key",
        "cookie",
        "x-goog-api-key",
        "x-amz-security-token",
        "ocp-apim-subscription-key",
        "x-secret-thing",
        "x-auth",
        "client_secret",
    ],
)
def test_headers_that_name_a_secret_lose_their_value(name: str) -> None:
    assert hidden_headers({name: "s", "accept": "*/*"}) == {name: "***", "accept": "*/*"}


@pytest.mark.parametrize("name", ["idempotency-key", "accept", "user-agent", "x-stainless-retry-count", "keywords"])
def test_other_headers_stay(name: str) -> None:
    assert hidden_headers({name: "s"}) == {name: "s"}


def test_a_query_loses_its_secrets_and_nothing_else() -> None:
    assert hidden_query((("api-version", "1"), ("API-Key", "s"), ("access_token", "s"))) == (
        ("api-version", "1"),
        ("API-Key", "***"),
        ("access_token", "***"),
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"my key is {_KEY}.", "my key is ***."),
        (f"{_KEY} and {_KEY}", "*** and ***"),
        ("use sk-test for tests", "use sk-test for tests"),
        ("the task-0123456789abcdefABCDEF is done", "the task-0123456789abcdefABCDEF is done"),
        ("a token-of-mine here", "a *** here"),
        ("nothing", "nothing"),
    ],
)
def test_texts_show_neither_keys_nor_the_token(text: str, shown: str) -> None:
    assert hidden_text(text, "token-of-mine") == shown


def test_a_token_that_is_an_ordinary_word_takes_nothing_from_texts() -> None:
    assert hidden_text("any text has any words", "any") == "any text has any words"


def test_every_text_of_a_json_value_is_looked_at() -> None:
    value = {"a": [_KEY, 1, None], "b": {"c": f"x {_KEY}"}, "d": True}

    assert hidden_texts(value, "") == {"a": ["***", 1, None], "b": {"c": "x ***"}, "d": True}
