"""Redaction of secrets in headers, queries, bodies, paths and texts. One redaction for all that is shown.

A secret is known by the name of what carries it (a header, a pair of a query or a form, a cookie, a key of JSON at any
depth), by its form wherever it stands (`secret_forms`), or because it is the token of the session. Headers and queries
lose theirs before they are kept; all else when it is shown, so that answering costs nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any
from urllib.parse import quote, unquote

import re2

from llemulator_addon.core.session_key import SessionKey
from llemulator_addon.wire import json_bytes
from llemulator_addon.wire.credentials import is_address, key_of
from llemulator_addon.wire.secret_forms import HIDDEN, redact_forms

__all__ = [
    "HIDDEN",
    "Token",
    "is_secret",
    "redact_body",
    "redact_headers",
    "redact_pairs",
    "redact_query",
    "redact_short",
    "redact_text",
    "redact_texts",
]

type Token = str | SessionKey
"""The token of the session, or its digest where a person looks who does not know the token."""

# Names ----------------------------------------------------------------------------------------------------------------

_WORDS = (
    "apikey",
    "api-key",
    "access-key",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "private-key",
    "credential",
    "signature",
    "authorization",
    "authentication",
    "assertion",
    "connection-string",
    "connectionstring",
    "cookie",
    "jwt",
    # A browser's handshake of WebSocket has its key there.
    "websocket-protocol",
)
"""Words that make a secret of what has them in its name."""
_LAST_WORDS = frozenset(("key", "auth", "sig", "pass", "pwd", "otp", "bearer", "sas", "keys"))
_ENDINGS = ("token", "apikeys")
"""Endings of names whose values are secrets: `x-amz-security-token`, `x-goog-key`, `accessToken`."""

_NO_SECRETS = frozenset(
    ("idempotency-key", "sec-websocket-key", "x-idempotency-key", "prompt-cache-key", "www-authenticate")
)
_NO_SECRETS_IN_JSON = frozenset(("key", "keys", "pass", "eos-token", "bos-token", "pad-token", "page-token"))
"""Keys of JSON that say other things: what is pressed, what a test did, how texts are tokenized."""

_SHORTEST_TOKEN = 8
"""A token of fewer characters guards nothing, and is part of ordinary words."""


def redact_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return headers, whose names are in lower case, without the values that are secret by their names."""
    names = _secret_names(tuple(headers))
    return {**headers, **dict.fromkeys(names, HIDDEN)} if names else headers


def redact_query(query: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return the pairs of a query without the values that are secret by their names."""
    return tuple((name, HIDDEN if is_secret(name) else value) for name, value in query)


def redact_pairs(text: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Return a text without the secret values among the pairs of a header or a query, and without other secrets."""
    for name, value in pairs:
        if is_secret(name):
            for part in (value, *value.split()):
                text = redact_text(text, part)
    return redact_text(text, "")


@lru_cache(4096)
def _secret_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return which of the names are secret. Clients send the same few combinations again and again."""
    return tuple(name for name in names if is_secret(name))


def is_secret(name: str) -> bool:
    """Whether what a header, a pair of a query or a field of a form has under this name is a secret."""
    return _names_secret(_short(name))


def _is_secret_in_json(name: str) -> bool:
    return _names_secret_in_json(_short(name))


def _short(name: str) -> str:
    """Return the ends of a name: what is remembered of names must not grow with what clients send."""
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME // 2] + name[-_LONGEST_NAME // 2 :]


@lru_cache(4096)
def _names_secret(name: str) -> bool:
    # RE2 takes no half of a surrogate pair.
    whole = name.encode("utf-8", "replace").decode().strip()
    spelled = _HUMP.sub(r"\1-\2", whole).lower().translate(_APART).strip("-")
    if spelled in _NO_SECRETS:
        return False
    if any(word in spelled for word in _WORDS) or spelled.endswith(_ENDINGS):
        return True
    return spelled.rpartition("-")[2] in _LAST_WORDS


@lru_cache(4096)
def _names_secret_in_json(name: str) -> bool:
    return name.lower().replace("_", "-") not in _NO_SECRETS_IN_JSON and _names_secret(name)


_HUMP = re2.compile("([a-z0-9])([A-Z])")
_APART = str.maketrans(dict.fromkeys("_. []", "-"))
_LONGEST_NAME = 200


# JSON -----------------------------------------------------------------------------------------------------------------

_OF_SCHEMAS = frozenset(("type", "$ref", "anyOf", "oneOf", "allOf", "enum", "const", "description"))
"""A schema of a secret says what it looks like, and has none."""


def redact_texts(value: object, token: Token) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value without secrets: neither the token, nor what is one by its key or by its form."""
    match value:
        case str():
            return redact_text(value, token)
        case Mapping():
            return _redact_object(value, token)
        case list() | tuple():
            return [redact_texts(part, token) for part in value]
        case _:
            return value


def _redact_object(value: Mapping[str, object], token: Token) -> dict[str, object]:
    # Of log probabilities, and of pairs that are written out.
    of_a_token = "logprob" in value
    named = isinstance(name := value.get("name"), str) and "value" in value and _is_secret_in_json(name)
    is_mcp = value.get("type") == "mcp" or "server_url" in value or "server_label" in value
    hidden = {}
    for key, part in value.items():
        is_secret = _is_secret_in_json(key) and not (of_a_token and key == "token")
        is_named = (named and key == "value") or (is_mcp and key == "headers")
        hide = _blot if is_secret or is_named else redact_texts
        if key == "server_url" and isinstance(part, str):
            part = _SERVER_URL.sub(_hide_behind_host, part)  # noqa: PLW2901 - the rest is hidden as in any text
        hidden[redact_text(key, token) if len(key) >= _SHORTEST_TOKEN else key] = hide(part, token)
    return hidden


_SERVER_URL = re2.compile(r"""^(\w+:/{1,2}[^/?#]*)(.*)""")
_PATHS_OF_SERVERS = frozenset(("", "/", "/mcp", "/mcp/", "/sse", "/sse/"))
"""Paths of remote MCP servers that guard nothing. Others may have the user's key as a part, and their queries have keys
under any name; OpenAI's API hid all behind the host until 2025-11 (`https://host/<redacted>`)."""


def _hide_behind_host(found: Any) -> str:  # noqa: ANN401 - re2 has no types
    before, behind = found.groups()
    return str(found[0]) if behind in _PATHS_OF_SERVERS else f"{before}/{HIDDEN}"


def _blot(value: object, token: Token) -> object:
    """Return the value under the name of a secret without any of its parts."""
    match value:
        case None | bool() | "":
            return value
        case Mapping() if _OF_SCHEMAS & value.keys():
            return redact_texts(value, token)
        case Mapping():
            return {redact_text(key, token): _blot(part, token) for key, part in value.items()}
        case list() | tuple():
            return [_blot(part, token) for part in value]
        case _:
            return HIDDEN


# Texts ----------------------------------------------------------------------------------------------------------------


def redact_body(body: bytes, token: Token) -> str:
    """Return a body as text without secrets: letter for letter, but where a secret stood in what is JSON."""
    text = body.decode("utf-8", "replace")
    if (shown := _json_hidden(text, token)) is not None:
        return shown
    if text.startswith(("data:", "event:")):
        return "\n".join(_line_hidden(line, token) for line in text.split("\n"))
    return redact_text(text, token)


def _line_hidden(line: str, token: Token) -> str:
    name, colon, data = line.partition(": ")
    shown = _json_hidden(data, token) if name == "data" else None
    return redact_text(line, token) if shown is None else f"{name}{colon}{shown}"


def _json_hidden(text: str, token: Token) -> str | None:
    if text.lstrip()[:1] not in {"{", "["}:
        return None
    try:
        value = json_bytes.read(text.encode())
    except ValueError:
        return None
    hidden = redact_texts(value, token)
    # A key that stands there twice has a value that is not in the other.
    return redact_text(text, token) if hidden == value else json_bytes.compact(hidden).decode()


def redact_short(text: str, token: Token) -> str:
    """Return a text without secrets that clients or scripts repeat: a path, a host, the name of a model or a rule."""
    return _redact_again(text, token) if len(text) <= _LONGEST_NAME else redact_text(text, token)


@lru_cache(1024)
def _redact_again(text: str, token: Token) -> str:
    return redact_text(text, token)


def redact_text(text: str, token: Token) -> str:
    """Return a text without secrets: neither the token, nor what is one by its form or by the name before it."""
    if len(text) < _SHORTEST_TOKEN and "=" not in text:
        return text
    if not text.isascii():
        # RE2 takes no half of a surrogate pair.
        text = text.encode("utf-8", "replace").decode()
    text = _redact(text, token)
    return _WORD.sub(lambda found: _redact_encoded(found[0], token), text) if "%" in text else text


def _redact(text: str, token: Token) -> str:
    if isinstance(token, SessionKey):
        text = _hide_by_digest(text, token)
    elif len(token) >= _SHORTEST_TOKEN:
        for spelled in _spellings(token):
            if spelled in text:
                text = text.replace(spelled, HIDDEN)
    text = redact_forms(text)
    if "=" in text:
        text = _PAIR.sub(_pair_hidden, text)
    return _drop_members(text) if '"' in text else text


@lru_cache(16)
def _spellings(token: str) -> tuple[str, ...]:
    return () if is_address(token) else tuple({token: None, quote(token, safe=""): None})


def _hide_by_digest(text: str, key: SessionKey) -> str:
    """Hide a token of which only the digest and the last characters are known."""
    name, begin, found, shown_from = key.name, 0, 0, 0
    if len(name) < _NAME_OF_A_TOKEN or is_address(name):
        return text
    while (end := text.find(name, begin) + len(name)) >= len(name):
        found += 1
        word = _LAST_WORD.search(text[max(shown_from, end - _LONGEST_TOKEN) : end])
        spelled = "" if word is None else word[0]
        # Whoever writes the same end again and again gets no more work done for it.
        token = spelled if found > _MOST_ENDS else next((each for each in _endings(spelled) if key_of(each) == key), "")
        if token:
            text = text[: end - len(token)] + HIDDEN + text[end:]
            end += len(HIDDEN) - len(token)
            shown_from = end
        begin = end
    return text


def _endings(word: str) -> Iterator[str]:
    return (word[start:] for start in range(len(word) - _SHORTEST_TOKEN + 1))


_NAME_OF_A_TOKEN = 4
"""Characters that are known of a token which is long enough to guard something (`SessionKey.name`)."""
_LONGEST_TOKEN = 300
_MOST_ENDS = 50
_LAST_WORD = re2.compile(r"""[^\s"'<>\\]+$""")

_LIKELY = "(?i:key|token|secret|auth|sig|pass|pwd|otp|bearer|sas|credential|assertion|connection|cookie|jwt|%)"
"""Part of each name that may be a secret's; a name that is found costs more than the search."""

_NAME = rf"""[^=&\s#"'<>;?]{{0,64}}{_LIKELY}[^=&\s#"'<>;?]{{0,64}}"""
_PAIR = re2.compile(rf"""(^|[?&;#\n]|\\[nr])({_NAME})=([^&\s#"'<>;\\]+)""")
"""Of a query or a form, in the text or as a whole text."""


def _pair_hidden(found: Any) -> str:  # noqa: ANN401 - re2 has no types
    before, name, _ = found.groups()
    return f"{before}{name}={HIDDEN}" if is_secret(unquote(name)) else str(found[0])


# JSON and forms within texts ------------------------------------------------------------------------------------------


def _drop_members(text: str) -> str:
    if '"headers' in text and ("mcp" in text or "server_" in text):
        text = _MCP_HEADERS.sub(lambda found: _VALUE.sub(rf"\1{HIDDEN}", found[0]), text)
    if '"server_url' in text:
        text = _MEMBER_SERVER_URL.sub(_hide_behind_host, text)
    for mark, pattern in _MEMBERS.items():
        if mark in text:
            text = pattern.sub(partial(_member_hidden, text=text), text)
    return _PART.sub(_part_hidden, text) if "form-data" in text else text


def _member(mark: str) -> Any:  # noqa: ANN401 - re2 has no types
    """Match a member of an object whose texts stand between such marks; it may be broken off."""
    quoted = re2.escape(mark)
    value = r'(?:[^"\\]|\\.)*)("|\\?\z' if mark == '"' else rf"|.*?[^\\])({quoted}|\z"
    name = rf'[^"\\]{{0,64}}{_LIKELY}[^"\\]{{0,64}}'
    return re2.compile(rf"(?s)((?:^|[^\\]){quoted}({name}){quoted}\s*:\s*{quoted})({value})")


_MEMBERS = {mark: _member(mark) for mark in ('"', r"\"", r"\\\"", r"\\\\\\\"")}
"""JSON within a text, which may itself be within JSON, and so on."""


def _member_hidden(found: Any, text: str) -> str:  # noqa: ANN401 - re2 has no types
    before, name, value, end = found.groups()
    of_a_token = text[found.end() : found.end() + 40].lstrip(' ,\\"\r\n\t').startswith("logprob")
    if not value or of_a_token or not _is_secret_in_json(name):
        return str(found[0])
    return f"{before}{HIDDEN}{end}"


_MCP_HEADERS = re2.compile(r'"headers\\{0,15}"\s*:\s*\{[^{}]*')
_MEMBER_SERVER_URL = re2.compile(r"""("server_url\\{0,15}"\s*:\s*\\{0,15}"\w+:/{1,2}[^/?#"\\]*)([^"\\]*)""")
_VALUE = re2.compile(r'(:\s*\\{0,15}")(?:[^"\\]|\\[^"\\])+')
_PART = re2.compile(
    r'(?s)(form-data;[^\r\n]*?name="([^"\r\n]{1,64})"[^\r\n]*(?:\r?\n[^\r\n]+)*\r?\n\r?\n)(.*?)(\r?\n--|\z)'
)
"""Of a form (RFC 7578)."""


def _part_hidden(found: Any) -> str:  # noqa: ANN401 - re2 has no types
    before, name, _, end = found.groups()
    return f"{before}{HIDDEN}{end}" if is_secret(name) else str(found[0])


# Percent-encoding -----------------------------------------------------------------------------------------------------

_WORD = re2.compile(r"""[^\s"'<>]+""")
_TIMES_ENCODED = 3
_LEFT_AS_IT_IS = "/:?&=#*@+,;!$'()[]~"


def _redact_encoded(word: str, token: Token) -> str:
    """Look into a word that is percent-encoded, maybe more than once; encode it again only if a secret was in it."""
    encoded = word
    for _ in range(_TIMES_ENCODED if "%" in word else 0):
        decoded = unquote(encoded)
        if decoded == encoded:
            break
        if (hidden := _redact(decoded, token)) != decoded:
            return quote(hidden, safe=_LEFT_AS_IT_IS)
        encoded = decoded
    return word
