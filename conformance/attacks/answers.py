"""Small requests for large answers."""

from collections.abc import Iterable, Mapping

from conformance.attacks.attack import SECONDS, Attack, Send, Way, at_once, chat, http2

_TOKEN = "sk-attack-answers"
_SENTENCE = "The quick brown fox jumps over the lazy dog and then it rests. "

_GIVEN = frozenset({200, 400, 413, 429})
"""An answer, made while it is sent, or a refusal as OpenAI's API gives it."""


def _text(size: int) -> str:
    return (_SENTENCE * (size // len(_SENTENCE) + 1))[:size]


def _post(path: str, body: object, *, times: int = 1) -> Send:
    def send(way: Way) -> Iterable[int]:
        way.begin()
        return at_once(lambda _: way.post(path, body, token=_TOKEN), times, width=times)

    return send


def _by_http2(path: str, body: object) -> Send:
    def send(way: Way) -> Iterable[int]:
        way.begin()
        return [way.post_by_http2(path, body, token=_TOKEN)]

    return send


def _http2_streams_at_once(way: Way) -> Iterable[int]:
    """Ask a hundred times on one connection, with windows as large as they may be."""
    body = b'{"model": "gpt-4o", "stream": true, "n": 128, "messages": [{"role": "user", "content": "%s"}]}' % (
        b"a " * 999
    )
    with way.tls(alpn="h2") as connection:
        speaking = http2(connection)
        speaking.increment_flow_control_window(2**31 - 1 - 65_535)
        way.begin()
        for number in range(100):
            stream = 2 * number + 1
            head = {
                ":method": "POST",
                ":authority": "api.openai.com",
                ":scheme": "https",
                ":path": "/v1/chat/completions",
                "authorization": f"Bearer {_TOKEN}",
                "content-type": "application/json",
            }
            speaking.send_headers(stream, list(head.items()))
            if speaking.local_flow_control_window(stream) < len(body):
                break
            speaking.send_data(stream, body, end_stream=True)
        connection.sendall(speaking.data_to_send())
        connection.settimeout(SECONDS / 2)
        connection.recv(1 << 16)
    return []


_LOGPROBS = {"logprobs": True, "top_logprobs": 20}
_CHAT = "/v1/chat/completions"


def _responses(text: str, **more: object) -> dict[str, object]:
    return {"model": "gpt-4o", "input": text, "store": False, **more}


_SENDS: Mapping[str, tuple[str, Send]] = {
    "128 choices with log probabilities": (
        "20 KB to echo, n of 128, twenty log probabilities for each token",
        _post(_CHAT, chat(_text(20_000), n=128, **_LOGPROBS)),
    ),
    "128 choices with log probabilities, streamed": (
        "the same, as a stream",
        _post(_CHAT, chat(_text(20_000), n=128, stream=True, **_LOGPROBS)),
    ),
    "128 choices with log probabilities by HTTP/2": (
        "the same, by HTTP/2",
        _by_http2(_CHAT, chat(_text(20_000), n=128, **_LOGPROBS)),
    ),
    "16 choices with log probabilities": (
        "20 KB to echo, n of 16",
        _post(_CHAT, chat(_text(20_000), n=16, **_LOGPROBS)),
    ),
    "log probabilities of a long text": (
        "400 KB to echo, with log probabilities",
        _post(_CHAT, chat(_text(400_000), **_LOGPROBS)),
    ),
    "log probabilities of a long text, streamed": (
        "the same, as a stream",
        _post(_CHAT, chat(_text(400_000), stream=True, **_LOGPROBS)),
    ),
    "a long text, streamed": ("8 MB to echo, as a stream", _post(_CHAT, chat(_text(8_000_000), stream=True))),
    "a long text": ("30 MB to echo", _post(_CHAT, chat(_text(30_000_000)))),
    "a long word, streamed": ("4 MB of one letter, as a stream", _post(_CHAT, chat("a" * 4_000_000, stream=True))),
    "a long text, spoken": (
        "400 KB to echo, as sound",
        _post(
            _CHAT,
            chat(_text(400_000), modalities=["text", "audio"], audio={"voice": "alloy", "format": "wav"})
            | {"model": "gpt-audio"},
        ),
    ),
    "responses with log probabilities": (
        "400 KB to echo by Responses, with log probabilities",
        _post(
            "/v1/responses",
            _responses(_text(400_000), include=["message.output_text.logprobs"], top_logprobs=20),
        ),
    ),
    "responses with log probabilities, streamed": (
        "the same, as a stream",
        _post(
            "/v1/responses",
            _responses(_text(400_000), include=["message.output_text.logprobs"], top_logprobs=20, stream=True),
        ),
    ),
    "completions of 2048 prompts": (
        "2 048 prompts, each with 128 choices and log probabilities",
        _post(
            "/v1/completions",
            {
                "model": "gpt-3.5-turbo-instruct",
                "prompt": [_text(500)] * 2048,
                "n": 128,
                "best_of": 128,
                "logprobs": 5,
                "echo": True,
            },
        ),
    ),
    "completions of 2048 prompts, streamed": (
        "the same, as a stream",
        _post(
            "/v1/completions",
            {
                "model": "gpt-3.5-turbo-instruct",
                "prompt": [_text(500)] * 2048,
                "n": 128,
                "best_of": 128,
                "logprobs": 5,
                "stream": True,
            },
        ),
    ),
    "embeddings of 2048 texts": (
        "2 048 texts of 4 KB, each as a vector of 3 072 numbers",
        _post("/v1/embeddings", {"model": "text-embedding-3-large", "input": [_text(4_000)] * 2048}),
    ),
    "moderations of 20 000 texts": (
        "20 000 texts",
        _post("/v1/moderations", {"model": "omni-moderation-latest", "input": [_text(400)] * 20_000}),
    ),
    "simulated 128 times": (
        "128 long simulated answers",
        _post(_CHAT, chat(_text(2_000), n=128, response_length="long", **_LOGPROBS) | {"model": "gpt-sim-1"}),
    ),
    "large answers at once": (
        "sixteen clients, each with 2 KB to echo and n of 128, with log probabilities",
        _post(_CHAT, chat(_text(2_000), n=128, **_LOGPROBS), times=16),
    ),
    "many streams of one connection": (
        "a hundred streams with n of 128 on one HTTP/2 connection",
        _http2_streams_at_once,
    ),
}

ATTACKS: Mapping[str, Attack] = {
    name: Attack(sends=sends, send=send, answers=_GIVEN) for name, (sends, send) in _SENDS.items()
}
"""By name."""
