"""`/_emulator/sign-in`, and the refusal of clients whose role or key is not enough for a route."""

from llemulator_addon.admin.route import AdminCall, RequestBody, Route, Server, json_answer
from llemulator_addon.core.choices import ROLES, Role
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Head, Headers, Send, Steps
from llemulator_addon.live.admin_access import COOKIE
from llemulator_addon.wire import json_bytes
from llemulator_addon.wire.credentials import is_address, is_client_secret, token_of
from llemulator_addon.wire.errors import INVALID, RequestRefused, not_json
from llemulator_addon.wire.json_bytes import pretty

PATH = "/_emulator/sign-in"
BODY = RequestBody(
    name="SignIn",
    schema=lambda: {"type": "object", "required": ["key"], "properties": {"key": {"type": "string"}}},
)


def refusal(request: Request, route: Route | None, server: Server) -> Failure | None:
    """Return why a client may not use a route; None if it may. Without a route the path names a session of others."""
    if is_client_secret(token_of(request) or "") and not _is_for_all(request, route):
        return _EPHEMERAL_KEY
    needed = _find_needed_role(request, route)
    if needed is None:
        return None
    role = server.access.role_of(request)
    if role is None:
        return _no_key(needed)
    return None if ROLES.index(role) >= ROLES.index(needed) else _too_low(role, needed)


def _is_for_all(request: Request, route: Route | None) -> bool:
    """Whether a route is about no session."""
    return route is not None and not route.needs_token and route.role_for(request.method) is None


_EPHEMERAL_KEY = Failure(
    status=403,
    type=INVALID,
    code="ephemeral_key",
    message="An ephemeral key (ek_…) is for the Realtime API only. Send the token that made it.",
)


def _find_needed_role(request: Request, route: Route | None) -> Role | None:
    if route is None:
        return _role_for_others(request)
    if (needed := route.role_for(request.method)) is not None:
        return None if route.is_own is not None and route.is_own(request) else needed
    token = token_of(request)
    if not route.needs_token or token is None or not is_address(token) or token == request.client:
        return None
    # An address is no secret: its session is another's.
    return _role_for_others(request)


def _role_for_others(request: Request) -> Role:
    return "viewer" if request.method in {"GET", "HEAD"} else "operator"


def _no_key(needed: Role) -> Failure:
    return Failure(
        status=401,
        type=INVALID,
        code="admin_key_needed",
        message=f"This route is about sessions of others. It needs an admin key with the role {needed}: send it as "
        "X-Llemulator-Key, or open the link that llemulator printed when it started. Set keys with --admin-key "
        "(LLEMULATOR_ADMIN_KEY). Without such a setting, clients on llemulator's own machine need no key.",
    )


def _too_low(role: Role, needed: Role) -> Failure:
    return Failure(
        status=403,
        type=INVALID,
        code="role_not_allowed",
        message=f"The key has the role {role}; this needs the role {needed}.",
    )


def show(call: AdminCall) -> Steps:
    """Show the caller's role, as its key, its cookie or its address gives it."""
    return json_answer({"object": "access", "role": call.server.access.role_of(call.request)})


def sign_in(call: AdminCall) -> Steps:
    """Take a key, and set a cookie with its role, for a page in a browser."""
    try:
        body = json_bytes.read(call.request.body)
    except ValueError:
        raise RequestRefused(not_json()) from None
    key = body.get("key") if isinstance(body, dict) else None
    role = call.server.access.keys.role_of(key) if isinstance(key, str) else None
    if role is None:
        raise RequestRefused(_WRONG_KEY)
    return _with_cookie(role, call)


def sign_out(call: AdminCall) -> Steps:
    """Take the cookie away."""
    return _answer(None, f"{COOKIE}=; Max-Age=0", call.request)


def open_link(call: AdminCall, code: str) -> Steps:
    """Take the code of the link that was printed at the start: once, for the role `admin`."""
    if not call.server.access.use_code(code):
        raise RequestRefused(_WRONG_CODE)
    cookie = f"{COOKIE}={call.server.access.sign_in('admin')}"
    headers: Headers = (
        ("location", "/"),
        ("content-length", "0"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("set-cookie", cookie + _attributes(call.request)),
    )
    return (Head(303, headers),)


def _with_cookie(role: Role, call: AdminCall) -> Steps:
    return _answer(role, f"{COOKIE}={call.server.access.sign_in(role)}", call.request)


def _answer(role: Role | None, cookie: str, request: Request) -> Steps:
    body = pretty({"object": "access", "role": role}) + b"\n"
    headers: Headers = (
        ("content-type", "application/json"),
        ("content-length", str(len(body))),
        ("cache-control", "no-store"),
        ("set-cookie", cookie + _attributes(request)),
    )
    return (Head(200, headers), Send(body))


def _attributes(request: Request) -> str:
    secure = "; Secure" if request.way in {"connect", "tls"} else ""
    return f"; Path=/; HttpOnly; SameSite=Strict{secure}"


_WRONG_KEY = Failure(
    status=401, type=INVALID, code="wrong_admin_key", message="This is no admin key of this llemulator."
)
_WRONG_CODE = Failure(
    status=401,
    type=INVALID,
    code="link_used",
    message="This link was used, or is of an earlier start. Sign in with an admin key, or start llemulator again.",
)
