"""Who may ask the admin routes: programs do; of pages in a browser only one that comes from here.

A page of any site reaches a port of the machine on which its browser runs. It can ask there as another origin, which
the browser tells (`Origin`, `Sec-Fetch-Site`); or its site can point a name of its own here, so that the browser
takes both for one origin: DNS rebinding. Then `Host` is that name.

So `Host` must be something that no site can let lead elsewhere: an address; a name without a dot, as `localhost` and
those of services in Docker's and Kubernetes' networks; one under an ending that nobody can register; or a name that the
user gave. Behind a tunnel or TLS for one of OpenAI's hosts it was that host which was asked.
"""

from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

from llemulator_addon.admin.route import Server
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.wire.errors import INVALID

_NOBODYS = (".localhost", ".internal", ".svc", ".svc.cluster.local")
"""RFC 6761, 6.3; ICANN's resolution of 2024-07-29 (`host.docker.internal`); Kubernetes' names of services."""
_PROBES = frozenset(("/health", "/healthz", "/readyz"))
"""They say nothing of any session, and who asks them cannot always choose the name."""
_OTHER_SITES = frozenset(("cross-site", "same-site"))
_PORTS = {"http": 80, "https": 443}
_SHOWN = 100
"""Characters of a name."""


def refusal(request: Request, server: Server) -> Failure | None:
    """Return why a request to an admin route is not answered; None where it may be."""
    if request.path in _PROBES:
        return None
    if request.to_proxy and not _is_of_no_site(request.host) and request.host not in server.names:
        return _foreign_name(request.host[:_SHOWN])
    return _FROM_A_PAGE if _is_from_another_page(request) else None


def _is_of_no_site(host: str) -> bool:
    name = host.lower().rstrip(".")
    return "." not in name or name.endswith(_NOBODYS) or _is_address(name)


def _is_address(name: str) -> bool:
    with suppress(ValueError):
        ip_address(name)
        return True
    return False


def _is_from_another_page(request: Request) -> bool:
    origin = request.headers.get("origin")
    if origin is not None:
        return not _is_own(origin, request)
    return request.headers.get("sec-fetch-site") in _OTHER_SITES and not _opens(request)


def _is_own(origin: str, request: Request) -> bool:
    """Whether a page comes from where it asks (RFC 6454, 5)."""
    with suppress(ValueError):
        page, asked = urlsplit(origin), urlsplit(f"//{request.headers.get('host') or request.host}")
        port = _PORTS.get(page.scheme)
        return bool(page.hostname) and (page.hostname, page.port or port) == (asked.hostname, asked.port or port)
    return False


def _opens(request: Request) -> bool:
    """Whether somebody follows a link to here: the page with the link does not see what is there."""
    is_navigation = request.headers.get("sec-fetch-mode") == "navigate"
    return request.method == "GET" and is_navigation and request.headers.get("sec-fetch-dest") == "document"


def _foreign_name(name: str) -> Failure:
    return Failure(
        status=403,
        type=INVALID,
        code="admin_host_refused",
        message=f"The admin routes do not answer under the name {name}: a web page could point such a name "
        f"here. Use an address or localhost, or allow the name with --admin-hosts {name} (LLEMULATOR_ADMIN_HOSTS).",
    )


_FROM_A_PAGE = Failure(
    status=403,
    type=INVALID,
    code="page_refused",
    message="The admin routes do not answer pages of other sites, whatever token they send. Ask from a program.",
)
