"""Bodies that cost much to read."""

import gzip
import zlib
from collections.abc import Callable, Iterable, Mapping

import zstandard

from conformance.attacks.attack import Attack, Send, Way, at_once, chat, written

_TOKEN = "sk-attack-bodies"
_CHAT = "/v1/chat/completions"
_READ = frozenset({200, 400, 413, 429})
"""It is answered, or refused."""

_MEGABYTE = 1_000_000


def _posting(body: Callable[[], object], *, path: str = _CHAT, headers: str = "", times: int = 1) -> Send:
    def send(way: Way) -> Iterable[int]:
        made = written(body())
        way.begin()
        return at_once(lambda _: way.post(path, made, token=_TOKEN, headers=headers), times, width=times)

    return send


def _by_http2(body: Callable[[], object]) -> Send:
    def send(way: Way) -> Iterable[int]:
        made = written(body())
        way.begin()
        return [way.post_by_http2(_CHAT, made, token=_TOKEN)]

    return send


def _spaces(megabytes: int) -> bytes:
    asked = written(chat("Hello"))
    return asked[:-1] + b" " * (megabytes * _MEGABYTE) + asked[-1:]


def _blank_text(megabytes: int) -> dict[str, object]:
    return chat(" " * (megabytes * _MEGABYTE))


def _messages(count: int) -> dict[str, object]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": "a"}] * count}


def _zstd(body: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(body)


def _coded(coding: str) -> str:
    return f"Content-Encoding: {coding}\r\n"


_AT_ONCE = "six bodies of 30 MB at once"
_PACKED_AT_ONCE = "60 KB of gzip, ten times"
"""There is not room for all of them."""
_NO_PATH = "30 MB of spaces to a path that is none"
"""It is answered as any path that is none."""
_NUMBERS = list(range(1, 1_000)) * 1_000
_EMBED = {"model": "text-embedding-3-small", "encoding_format": "base64"}

_SENDS: Mapping[str, tuple[str, Send]] = {
    "30 MB of spaces": ("30 MB of spaces as the text", _posting(lambda: _blank_text(30))),
    "30 MB of spaces, streamed": (
        "the same, as a stream",
        _posting(lambda: {**_blank_text(30), "stream": True}),
    ),
    "30 MB of spaces around": ("30 MB of spaces between the parts of JSON", _posting(lambda: _spaces(30))),
    "30 MB of spaces by HTTP/2": ("the same by HTTP/2", _by_http2(lambda: _spaces(30))),
    "30 MB of spaces by responses": (
        "30 MB of spaces as the input of Responses",
        _posting(lambda: {"model": "gpt-4o", "input": " " * (30 * _MEGABYTE), "store": False}, path="/v1/responses"),
    ),
    "30 MB of spaces to count": (
        "the same, whose tokens are counted",
        _posting(lambda: {"model": "gpt-4o", "input": " " * (30 * _MEGABYTE)}, path="/v1/responses/input_tokens"),
    ),
    "30 MB of spaces to embed": (
        "30 MB of spaces for embeddings",
        _posting(lambda: {**_EMBED, "input": " " * (30 * _MEGABYTE)}, path="/v1/embeddings"),
    ),
    _NO_PATH: ("30 MB to /v1/none", _posting(lambda: _spaces(30), path="/v1/none")),
    "30 MB of spaces to an admin route": (
        "30 MB to /_emulator/script",
        _posting(lambda: _spaces(30), path="/_emulator/script"),
    ),
    "30 MB of one letter": ("30 MB of the same letter", _posting(lambda: chat("a" * (30 * _MEGABYTE)))),
    "a million messages": ("1 000 000 messages", _posting(lambda: _messages(1_000_000))),
    "a million messages, streamed": (
        "the same, as a stream",
        _posting(lambda: {**_messages(1_000_000), "stream": True}),
    ),
    "a million items": (
        "1 000 000 items of Responses",
        _posting(
            lambda: {"model": "gpt-4o", "input": [{"role": "user", "content": "a"}] * 1_000_000, "store": False},
            path="/v1/responses",
        ),
    ),
    "a million parts": (
        "one message of 1 000 000 parts",
        _posting(lambda: chat([{"type": "text", "text": "a"}] * 1_000_000)),
    ),
    "a million tokens to embed": (
        "1 000 000 numbers for embeddings",
        _posting(lambda: {**_EMBED, "input": _NUMBERS}, path="/v1/embeddings"),
    ),
    "100 000 tools": (
        "100 000 functions",
        _posting(
            lambda: chat(
                "Hello", tools=[{"type": "function", "function": {"name": f"f{number}"}} for number in range(100_000)]
            )
        ),
    ),
    "a million keys": (
        "an object of 1 000 000 unknown keys",
        _posting(lambda: chat("Hello", **{f"k{number}": 1 for number in range(1_000_000)})),
    ),
    "nested 10 000 times": (
        "10 000 nested lists",
        _posting(lambda: b'{"model": "gpt-4o", "messages": ' + b"[" * 10_000 + b"]" * 10_000 + b"}"),
    ),
    "a number of 10 MB": (
        "a number of 10 000 000 digits",
        _posting(lambda: b'{"model": "gpt-4o", "seed": ' + b"9" * (10 * _MEGABYTE) + b', "messages": []}'),
    ),
    "60 KB of gzip": (
        "30 MB of spaces, packed with gzip",
        _posting(lambda: gzip.compress(_spaces(30)), headers=_coded("gzip")),
    ),
    _PACKED_AT_ONCE: (
        "the same from ten clients at once",
        _posting(lambda: gzip.compress(_spaces(30)), headers=_coded("gzip"), times=10),
    ),
    "gzip of a gigabyte": (
        "1 GB of spaces, packed with gzip",
        _posting(lambda: gzip.compress(b" " * 1_000 * _MEGABYTE, 6), headers=_coded("gzip")),
    ),
    "30 MB of deflate": (
        "30 MB of spaces, packed with deflate",
        _posting(lambda: zlib.compress(_spaces(30)), headers=_coded("deflate")),
    ),
    "30 MB of zstd": (
        "30 MB of spaces, packed with zstd",
        _posting(lambda: _zstd(_spaces(30)), headers=_coded("zstd")),
    ),
    "30 MB of a text, packed": (
        "30 MB of one letter as the text, packed with gzip",
        _posting(lambda: gzip.compress(written(chat("a" * (30 * _MEGABYTE)))), headers=_coded("gzip")),
    ),
    _AT_ONCE: ("30 MB from six clients at once", _posting(lambda: _spaces(30), times=6)),
}

_MORE = {_NO_PATH: frozenset({404}), _AT_ONCE: frozenset({503}), _PACKED_AT_ONCE: frozenset({503})}

ATTACKS: Mapping[str, Attack] = {
    name: Attack(sends=sends, send=send, answers=_READ | _MORE.get(name, frozenset()))
    for name, (sends, send) in _SENDS.items()
}
"""By name."""
