"""Response headers as OpenAI sends them.

Left out on purpose: `alt-svc`, which invites a client to try HTTP/3 with the real host, and the `__cf_bm` cookie.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from types import MappingProxyType

from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import Headers

JSON = "application/json"
JSON_OF_ERRORS = "application/json; charset=utf-8"
"""Recorded on `model_not_found`; successes say `application/json` alone."""

ORGANIZATION = "org-llemulator"
_PROJECT = "proj_llemulator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """The differences of an endpoint's headers from those of the others."""

    open: bool = False
    """Whether any page may read the answer, as `access-control-allow-origin` says without being asked."""
    routed: bool = False
    """Whether `via` names a router."""
    cached: str | None = None
    """The value of `cache-control`."""
    events: str = "text/event-stream; charset=utf-8"
    """The content type of its streams."""
    wasm: bool = True
    """Whether `x-openai-proxy-wasm` is there."""
    limits_refused: bool = False
    """Whether a 400 has `x-ratelimit-*` too."""


_USUAL = Own()
_OF_RESPONSES = Own(wasm=False)

# Recorded: chat's in 20 of 20, completions' in 40 of 40 of 2026, embeddings' in 13 of 13 since 2025, Responses' in 84
# of 84. The other operations on responses are taken to be alike.
OWN: Mapping[str, Own] = MappingProxyType(
    {
        "chat.completions": Own(limits_refused=True),
        "completions": Own(open=True, routed=True, cached="no-cache, must-revalidate", events="text/event-stream"),
        "embeddings": Own(open=True, routed=True),
        "responses": _OF_RESPONSES,
    }
)
"""By name of the endpoint; the others have the usual headers."""


def _own(endpoint: str) -> Own:
    return OWN.get(endpoint) or (_OF_RESPONSES if endpoint.startswith("responses.") else _USUAL)


def describe_body(
    stamp: Stamp, body: bytes, content_type: str = JSON, *, limits: Headers = (), endpoint: str = ""
) -> Headers:
    """Return the headers of an answer in one piece; `limits` are its `x-ratelimit-*`."""
    content = (("content-type", content_type), ("content-length", str(len(body))))
    return _describe_answer(stamp, content, limits or UNLIMITED, endpoint)


def describe_long_body(stamp: Stamp, content_type: str = JSON, *, limits: Headers = (), endpoint: str = "") -> Headers:
    """Return the same for one whose length is not known before it was sent."""
    return _describe_answer(stamp, (("content-type", content_type),), limits or UNLIMITED, endpoint)


def _describe_answer(stamp: Stamp, content: Headers, limits: Headers, endpoint: str) -> Headers:
    own = _own(endpoint)
    return (
        ("date", _date(stamp)),
        *content,
        *((("access-control-allow-origin", "*"),) if own.open else ()),
        *((("cache-control", own.cached),) if own.cached else ()),
        *_describe_service(stamp),
        *((("via", f"envoy-router-{stamp.lasting.hex('router', 10)}"),) if own.routed else ()),
        *limits,
        *_describe_edge(stamp, wasm=own.wasm),
    )


def describe_nothing(stamp: Stamp) -> Headers:
    """Return the headers of a 204, which may not state a length (RFC 9110, 8.6)."""
    return (("date", _date(stamp)), *_describe_service(stamp), *_describe_edge(stamp))


def describe_events(stamp: Stamp, *, limits: Headers = (), endpoint: str = "") -> Headers:
    """Return the headers of a stream of events, which carries no `x-ratelimit-*` unless given."""
    return _describe_answer(stamp, (("content-type", _own(endpoint).events),), limits, endpoint)


def name_model(model: str) -> tuple[str, str]:
    """Return the header that names a model: leniently by any name, of which not all fits into a header."""
    return "openai-model", "".join(letter if " " <= letter <= "~" else "?" for letter in model)


def describe_error(stamp: Stamp, body: bytes, *, status: int, endpoint: str = "") -> Headers:
    """Return the headers of an answer with OpenAI's error object.

    Recorded: an endpoint refuses a body (400) with the headers of a success. A 404 has others; so have the remaining
    errors, which is assumed.
    """
    if status == _REFUSED and endpoint:
        limits = UNLIMITED if _own(endpoint).limits_refused else ()
        return _describe_answer(stamp, (("content-type", JSON), ("content-length", str(len(body)))), limits, endpoint)
    return (
        ("date", _date(stamp)),
        ("content-type", JSON_OF_ERRORS),
        ("content-length", str(len(body))),
        ("vary", "Origin"),
        ("openai-organization", ORGANIZATION),
        *_describe_edge(stamp, wasm=False),
    )


_REFUSED = 400


def request_id(stamp: Stamp) -> str:
    """Return `req_` and 32 hexadecimal digits."""
    return f"req_{stamp.hex('request', 32)}"


UNLIMITED: Headers = (
    ("x-ratelimit-limit-requests", "10000"),
    ("x-ratelimit-limit-tokens", "30000000"),
    ("x-ratelimit-remaining-requests", "9999"),
    ("x-ratelimit-remaining-tokens", "29999990"),
    ("x-ratelimit-reset-requests", "6ms"),
    ("x-ratelimit-reset-tokens", "0s"),
)
"""The rate limits of an account far from them."""


def _describe_service(stamp: Stamp) -> Headers:
    return (
        ("access-control-expose-headers", "X-Request-ID"),
        ("openai-organization", ORGANIZATION),
        ("openai-processing-ms", str(80 + int(stamp.fraction("processing") * 400))),
        ("openai-project", _PROJECT),
        ("openai-version", "2020-10-01"),
    )


def _describe_edge(stamp: Stamp, *, wasm: bool = True) -> Headers:
    return (
        ("x-request-id", request_id(stamp)),
        *((("x-openai-proxy-wasm", "v0.1"),) if wasm else ()),
        ("cf-cache-status", "DYNAMIC"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"),
        ("x-content-type-options", "nosniff"),
        ("server", "cloudflare"),
        ("cf-ray", f"{stamp.hex('ray', 16)}-AMS"),
    )


def _date(stamp: Stamp) -> str:
    hours, seconds = divmod(stamp.created % _DAY, 3600)
    return f"{_day(stamp.created // _DAY)} {hours:02}:{seconds // 60:02}:{seconds % 60:02} GMT"


_DAY = 86_400


@lru_cache(maxsize=8)
def _day(day: int) -> str:
    return formatdate(day * _DAY, usegmt=True).removesuffix(" 00:00:00 GMT")
