"""Things that a server keeps, as large and as many as one can send."""

import base64
from collections.abc import Callable, Iterable, Mapping

from conformance.attacks.attack import Attack, Send, Way, at_once, chat, posting

_KEPT = frozenset({200, 400, 404, 413, 429, 507})
"""It is kept, and what is oldest makes room; or it is refused."""

_CHAT = "/v1/chat/completions"
_WIDTH = 4


def _many(times: int, request: Callable[[int], bytes]) -> Send:
    def send(way: Way) -> Iterable[int]:
        way.begin()
        return at_once(lambda number: way.send(request(number)), times, width=_WIDTH)

    return send


def _same(times: int, path: str, body: object, *, tokens: int = 1, headers: str = "") -> Send:
    """Send the same again and again; written once, because that takes longer than to send it."""
    requests = [posting(path, body, token=f"sk-attack-stored-{number}", headers=headers) for number in range(tokens)]
    return _many(times, lambda number: requests[number % tokens])


def _image(size: int) -> dict[str, object]:
    url = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(size)).decode()
    content = [{"type": "input_text", "text": "Look"}, {"type": "input_image", "detail": "low", "image_url": url}]
    return {"model": "gpt-4o", "input": [{"role": "user", "content": content}], "store": True}


def _response(size: int, **more: object) -> dict[str, object]:
    return {"model": "gpt-4o", "input": "word " * (size // 5), "store": True, **more}


def _script(number: int, size: int) -> bytes:
    script = {"responses": [f"{number} " + "word " * (size // 5)]}
    return posting("/_emulator/script", script, token=f"sk-attack-script-{number}")


def _items(size: int) -> dict[str, object]:
    text = "word " * (size // 20 // 5)
    return {"items": [{"type": "message", "role": "user", "content": text} for _ in range(20)]}


_ELSEWHERE = {"heads in the journal", "paths in the journal", "queries in the journal", "tokens"} | {
    "requests that nobody claims",
    "hosts of the egress",
}
"""Those that may be refused for their head, their missing token or a host that does not exist."""

_SENDS: Mapping[str, tuple[str, Callable[[], Send]]] = {
    "responses with images": (
        "100 Responses, each with an image of 3 MB",
        lambda: _same(100, "/v1/responses", _image(3_000_000)),
    ),
    "responses with long texts": (
        "60 Responses, each with 10 MB of text",
        lambda: _same(60, "/v1/responses", _response(10_000_000)),
    ),
    "responses of many tokens": (
        "200 Responses of 1 MB, each under a token of its own",
        lambda: _same(200, "/v1/responses", _response(1_000_000), tokens=200),
    ),
    "responses in the background": (
        "60 Responses of 4 MB in the background",
        lambda: _same(60, "/v1/responses", _response(4_000_000, background=True)),
    ),
    "chat completions stored": (
        "600 chat completions of 500 KB with store",
        lambda: _same(600, _CHAT, chat("word " * 100_000, store=True)),
    ),
    "conversations": (
        "100 conversations of twenty items, 2 MB each",
        lambda: _same(100, "/v1/conversations", _items(2_000_000)),
    ),
    "scripts of many tokens": (
        "150 scripts of 3 MB, each under a token of its own",
        lambda: _many(150, lambda number: _script(number, 3_000_000)),
    ),
    "scripts added to one token": (
        "60 scripts of 3 MB, added under one token",
        lambda: _same(60, "/_emulator/script", {"responses": ["word " * 600_000]}),
    ),
    "rules of many tokens": (
        "1 000 tokens with 1 000 rules each",
        lambda: _many(
            1_000,
            lambda number: posting(
                "/_emulator/script",
                {"responses": ["a"] * 1_000},
                token=f"sk-attack-rules-{number}",
            ),
        ),
    ),
    "heads in the journal": (
        "3 000 requests with 60 KB of headers",
        lambda: _same(3_000, _CHAT, chat("Hello"), tokens=50, headers=f"X-Long: {'a' * 60_000}\r\n"),
    ),
    "paths in the journal": (
        "3 000 requests with a path of 15 KB",
        lambda: _many(
            3_000, lambda number: posting(f"/v1/{'a' * 15_000}/{number}", {}, token=f"sk-attack-paths-{number % 50}")
        ),
    ),
    "queries in the journal": (
        "3 000 requests with a query of 15 KB",
        lambda: _many(
            3_000,
            lambda number: posting(f"/v1/models?a={'a' * 15_000}", {}, token=f"sk-attack-queries-{number % 50}"),
        ),
    ),
    "tokens": (
        "5 000 tokens of 16 KB",
        lambda: _many(5_000, lambda number: posting(_CHAT, chat("Hello"), token=f"sk-{number}-" + "a" * 16_000)),
    ),
    "bodies in the journal": (
        "2 000 requests of 250 KB under ten tokens",
        lambda: _same(2_000, _CHAT, chat("word " * 50_000), tokens=10),
    ),
    "requests that nobody claims": (
        "3 000 requests of 100 KB without a token",
        lambda: _many(
            3_000,
            lambda number: (
                (
                    f"POST /v1/{number} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 100000\r\n"
                    f"X-Long: {'b' * 30_000}\r\n\r\n"
                ).encode()
                + b"a" * 100_000
            ),
        ),
    ),
    "hosts of the egress": (
        "5 000 names of hosts, each of 250 letters",
        lambda: _many(
            5_000,
            lambda number: (
                f"GET http://{number}.{'.'.join(['a' * 50] * 4)}.invalid./ HTTP/1.1\r\nConnection: close\r\n"
                f"Host: {number}.invalid\r\n\r\n"
            ).encode(),
        ),
    ),
}


def _made_late(make: Callable[[], Send]) -> Send:
    """Return what makes its requests once it is asked to attack, not when the table is read."""

    def send(way: Way) -> Iterable[int]:
        return make()(way)

    return send


ATTACKS: Mapping[str, Attack] = {
    name: Attack(sends=sends, send=_made_late(make), answers=_KEPT | ({401, 405, 502} if name in _ELSEWHERE else set()))
    for name, (sends, make) in _SENDS.items()
}
"""By name."""
