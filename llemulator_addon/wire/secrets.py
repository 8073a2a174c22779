"""What must never be written down: credentials in headers and queries, and keys in texts."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

HIDDEN = "***"

_NAMES = frozenset(
    (
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "api-key",
        "x-api-key",
        "ocp-apim-subscription-key",
    )
)
_WORDS = ("apikey", "api_key", "api-key", "secret", "password", "credential", "signature")
_LAST_WORDS = ("key", "token", "auth", "sig")
"""Words that make a secret of a value whose name ends with them: `x-amz-security-token`, `x-goog-key`."""

_NO_SECRETS = frozenset(("idempotency-key", "sec-websocket-key", "x-idempotency-key", "prompt_cache_key"))

_KEY_BEGINS = "sk-"
_KEY_AT_LEAST = 16
"""Characters behind the beginning. `sk-test` in a text is an example and no key."""

_SHORTEST_TOKEN = 8
"""A token of fewer characters guards nothing, and is part of ordinary words."""


def hidden_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return headers, whose names are in lower case, without the values that are secret."""
    names = _secret_names(tuple(headers))
    return {**headers, **dict.fromkeys(names, HIDDEN)} if names else headers


def hidden_query(query: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return the pairs of a query without the values that are secret."""
    return tuple((name, HIDDEN if _is_secret(name.lower()) else value) for name, value in query)


def without(text: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Return a text without the secret values among the pairs of a header or a query, and without OpenAI's keys."""
    for name, value in pairs:
        for part in value.split() if _is_secret(name.lower()) else ():
            text = hidden_text(text, part)
    return hidden_text(text, "")


def hidden_texts(value: Any, token: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value in whose texts neither the token stands nor anything that looks like a key of OpenAI's."""
    match value:
        case str():
            return hidden_text(value, token)
        case Mapping():
            return {key: hidden_texts(part, token) for key, part in value.items()}
        case list() | tuple():
            return [hidden_texts(part, token) for part in value]
        case _:
            return value


def hidden_text(text: str, token: str) -> str:
    """Return a text in which neither the token stands nor anything that looks like a key of OpenAI's."""
    if len(token) >= _SHORTEST_TOKEN and token in text:
        text = text.replace(token, HIDDEN)
    return _without_keys(text) if _KEY_BEGINS in text else text


def _without_keys(text: str) -> str:
    first, *others = text.split(_KEY_BEGINS)
    # `task-` and `disk-` are no beginnings of keys.
    parts = [first]
    for before, part in zip([first, *others], others, strict=False):
        end = next((at for at, character in enumerate(part) if not _is_of_key(character)), len(part))
        stands_alone = not before[-1:].isalnum()
        parts.append(HIDDEN + part[end:] if stands_alone and end >= _KEY_AT_LEAST else _KEY_BEGINS + part)
    return "".join(parts)


def _is_of_key(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character in "-_")


@lru_cache(4096)
def _secret_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return which of the names are secret. Clients send the same few combinations again and again."""
    return tuple(name for name in names if _is_secret(name))


def _is_secret(name: str) -> bool:
    if name in _NAMES:
        return True
    if name in _NO_SECRETS:
        return False
    return any(word in name for word in _WORDS) or name.replace("_", "-").rpartition("-")[2] in _LAST_WORDS
