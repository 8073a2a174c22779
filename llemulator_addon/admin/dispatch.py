"""Finding the admin route of a request, and answering."""

from collections.abc import Awaitable
from dataclasses import replace

from llemulator_addon.admin import ROUTES, access, pages, query
from llemulator_addon.admin.route import AdminCall, Route, Server
from llemulator_addon.admin.sessions import find_named, names_session
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import PlayedAnswer
from llemulator_addon.wire import errors
from llemulator_addon.wire.credentials import token_of
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.redaction import redact_text

_OWN_NAME = "llemulator"


def is_admin(request: Request) -> bool:
    """Whether a request is about sessions, and not one to OpenAI."""
    route = ROUTES.get(request.path)
    if route.is_only_here if route is not None else request.path.startswith(_ONLY_HERE_BELOW):
        return request.to_proxy or request.host == _OWN_NAME
    return route is not None or request.path.startswith("/_emulator/") or request.path == "/_emulator"


_ONLY_HERE_BELOW = tuple(
    {path.partition("{")[0] for path, route in ROUTES.items() if route.is_only_here and "{" in path}
)


async def answer(request: Request, server: Server) -> PlayedAnswer:
    """Answer a request for which `is_admin` holds."""
    try:
        return await _answer(request, server)
    except RequestRefused as refused:
        failure = refused.failure
        shown = redact_text(failure.message, token_of(request) or "")
        return PlayedAnswer(errors.steps_of(replace(failure, message=shown), Stamp(0, 0)))


async def _answer(request: Request, server: Server) -> PlayedAnswer:
    if (refused := refusal(request, server)) is not None:
        raise RequestRefused(refused)
    if names_session(request) and (refused := access.refusal(request, None, server)) is not None:
        raise RequestRefused(refused)
    request, named = await find_named(request, server)
    if (route := _find(request.path)) is None or (named is not None and not route.needs_token):
        raise RequestRefused(_unknown(request))
    if (answering := route.answering(request.method)) is None:
        raise RequestRefused(errors.wrong_method(request.method, request.path, route.methods))
    if named is None and (refused := access.refusal(request, route, server)) is not None:
        raise RequestRefused(refused)
    call = AdminCall(request=request, server=server, routes=ROUTES, named=named)
    answered = answering(call)
    told = await answered if isinstance(answered, Awaitable) else answered
    if route.changes is not None and request.method not in _READ:
        server.news.tell(route.changes, call.key)
    return told if isinstance(told, PlayedAnswer) else PlayedAnswer(told)


def refusal(request: Request, server: Server) -> Failure | None:
    """Return why a request is not answered, whatever the session has: who asks, or the query."""
    if (refused := pages.refusal(request, server)) is not None:
        return refused
    route = _find(request.path)
    if route is None or not request.path.startswith(_BELOW):
        return None  # at the other paths anybody may ask in his own way: probes, browsers, older clients
    return query.refusal(request, route.query if request.method in _READ else {})


_BELOW = "/_emulator/"
_READ = ("GET", "HEAD")


def _find(path: str) -> Route | None:
    return ROUTES.get(path) or _varying(path)


def _varying(path: str) -> Route | None:
    """Return the route of a path of which one segment varies."""
    segments = path.split("/")
    return next((route for template, route in _VARYING if _fits(template, segments)), None)


def _fits(template: list[str], segments: list[str]) -> bool:
    pairs = zip(template, segments, strict=False)
    return len(template) == len(segments) and all(one == other or one.startswith("{") for one, other in pairs)


_VARYING = [(path.split("/"), route) for path, route in ROUTES.items() if "{" in path]


def _unknown(request: Request) -> Failure:
    listed = ", ".join(f"{'|'.join(route.methods)} {path}" for path, route in ROUTES.items())
    return Failure(
        status=404,
        type=INVALID,
        code="unknown_url",
        message=f"There is no admin route {request.path}. There are: {listed}.",
    )
