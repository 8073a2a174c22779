"""Response headers as OpenAI sends them.

Left out on purpose: `alt-svc`, which invites a client to try HTTP/3 with the real host, and the `__cf_bm` cookie.
"""

from email.utils import formatdate
from functools import lru_cache

from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import Headers

JSON = "application/json"
JSON_OF_ERRORS = "application/json; charset=utf-8"
"""Recorded on `model_not_found`; successes say `application/json` alone."""
EVENTS = "text/event-stream; charset=utf-8"

ORGANIZATION = "org-llemulator"
_PROJECT = "proj_llemulator"


def describe_body(stamp: Stamp, body: bytes, content_type: str = JSON, *, limits: Headers = ()) -> Headers:
    """Return the headers of an answer in one piece; `limits` are its `x-ratelimit-*`."""
    return _describe_answer(stamp, (("content-type", content_type), ("content-length", str(len(body)))), limits)


def describe_long_body(stamp: Stamp, *, limits: Headers = ()) -> Headers:
    """Return the same for one whose length is not known before it was sent."""
    return _describe_answer(stamp, (("content-type", JSON),), limits)


def _describe_answer(stamp: Stamp, content: Headers, limits: Headers) -> Headers:
    return (
        ("date", _date(stamp)),
        *content,
        *_describe_service(stamp),
        *(limits or UNLIMITED),
        *_describe_edge(stamp),
    )


def describe_nothing(stamp: Stamp) -> Headers:
    """Return the headers of a 204, which may not state a length (RFC 9110, 8.6)."""
    return (("date", _date(stamp)), *_describe_service(stamp), *_describe_edge(stamp))


def describe_events(stamp: Stamp, *, limits: Headers = ()) -> Headers:
    """Return the headers of a stream of events, which carries no `x-ratelimit-*` unless given."""
    return (
        ("date", _date(stamp)),
        ("content-type", EVENTS),
        *_describe_service(stamp),
        *limits,
        *_describe_edge(stamp),
    )


def name_model(model: str) -> tuple[str, str]:
    """Return the header that names a model: leniently by any name, of which not all fits into a header."""
    return "openai-model", "".join(letter if " " <= letter <= "~" else "?" for letter in model)


def describe_error(stamp: Stamp, body: bytes) -> Headers:
    """Return the headers of an answer with OpenAI's error object."""
    return (
        ("date", _date(stamp)),
        ("content-type", JSON_OF_ERRORS),
        ("content-length", str(len(body))),
        ("vary", "Origin"),
        ("openai-organization", ORGANIZATION),
        ("x-request-id", request_id(stamp)),
    )


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


def _describe_edge(stamp: Stamp) -> Headers:
    return (
        ("x-request-id", request_id(stamp)),
        ("x-openai-proxy-wasm", "v0.1"),
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
