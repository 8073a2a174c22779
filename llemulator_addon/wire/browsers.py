"""What browsers ask for before they let a page's script call another host, as OpenAI's API lets them: CORS.

https://fetch.spec.whatwg.org/#http-cors-protocol. Reported in 2026-08: OpenAI answers `access-control-allow-origin: *`.
"""

from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Head, Headers, Steps

_ANY: Headers = (("access-control-allow-origin", "*"),)


def preflight(request: Request) -> Steps | None:
    """Return the answer to a browser that asks whether it may send a request; None for any other request."""
    if request.method != "OPTIONS" or "access-control-request-method" not in request.headers:
        return None
    asked = request.headers.get("access-control-request-headers", "authorization, content-type")
    headers = (
        *_ANY,
        ("access-control-allow-methods", "GET, POST, DELETE, OPTIONS"),
        ("access-control-allow-headers", asked),
        ("content-length", "0"),
    )
    return (Head(200, headers),)


def readable(steps: Steps, request: Request) -> Steps:
    """Return an answer that a page's script may read, where one asks; any other answer as it is."""
    if "origin" not in request.headers:
        return steps
    return tuple(readable_head(step, request) if isinstance(step, Head) else step for step in steps)


def readable_head(head: Head, request: Request) -> Head:
    """Return the head of such an answer."""
    return Head(head.status, head.headers + _ANY) if "origin" in request.headers else head
