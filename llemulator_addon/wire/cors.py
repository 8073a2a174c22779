"""CORS: the requests of a browser before a page's script may call another host, answered as OpenAI's API does.

https://fetch.spec.whatwg.org/#http-cors-protocol. Reported in 2026-08: OpenAI answers `access-control-allow-origin: *`.
Here a page may ask models, as OpenAI's SDK does in a browser, and may not read what is stored: a token guards nothing,
other than a key of OpenAI's, and a page that guesses one would read the prompts of other programs.
"""

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import Head, Headers, Steps
from llemulator_addon.wire import errors
from llemulator_addon.wire.answer import Operation
from llemulator_addon.wire.routing import Found, find

_ANY: Headers = (("access-control-allow-origin", "*"),)


def preflight(request: Request) -> Steps | None:
    """Return the answer to a browser that asks whether it may send a request; None for any other request."""
    if request.method != "OPTIONS" or "access-control-request-method" not in request.headers:
        return None
    if not _is_for_pages(request.headers["access-control-request-method"], request.path):
        return errors.steps_of(_STORED, Stamp(0, 0))
    asked = request.headers.get("access-control-request-headers", "authorization, content-type")
    headers = (
        *_ANY,
        ("access-control-allow-methods", "GET, POST, DELETE, OPTIONS"),
        ("access-control-allow-headers", asked),
        ("content-length", "0"),
    )
    return (Head(200, headers),)


def add_cors(steps: Steps, request: Request) -> Steps:
    """Return an answer that a page's script may read, where one asks for it and may; any other answer as it is."""
    if "origin" not in request.headers or not _is_for_pages(request.method, request.path):
        return steps
    return tuple(add_cors_to_head(step, request) if isinstance(step, Head) else step for step in steps)


def add_cors_to_head(head: Head, request: Request) -> Head:
    """Return the head of such an answer."""
    if "origin" not in request.headers:
        return head
    # Some endpoints say so to everybody.
    return Head(head.status, tuple(each for each in head.headers if each not in _ANY) + _ANY)


def _is_for_pages(method: str, path: str) -> bool:
    match find(method, path):
        case Found(Operation() as operation):
            return operation.for_pages
        case _:
            return True


_STORED = Failure(
    status=403,
    type=errors.INVALID,
    code="page_refused",
    message="A page in a browser may ask models, and may not read or change what is stored. Ask from a program.",
)
