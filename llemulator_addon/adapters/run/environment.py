"""The environment that routes all clients of a program through the proxy: for `run`, `doctor` and the pytest plugin."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from llemulator_addon.adapters.hosts import Hosts
from llemulator_addon.adapters.run.files import PRELOADS, Files
from llemulator_addon.adapters.trust import PASSWORD


def new_key() -> str:
    """Make a key for a program that has none: clients refuse to start without one.

    It cannot be guessed, so no page in a browser and no other program can use the session.
    """
    return f"sk-llemulator-{secrets.token_hex(12)}"


_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
_ALWAYS_DIRECT = ("localhost", "127.0.0.1", "::1")
BASE_URLS = ("OPENAI_BASE_URL", "OPENAI_API_BASE")
"""Variables from which clients read the base URL of the API."""

_REPLACES_ROOTS = (
    "SSL_CERT_FILE",  # OpenSSL: Python, Ruby, curl; Go; Deno and Bun with their system store
    "REQUESTS_CA_BUNDLE",  # Python's requests, which does not read the one above
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "AWS_CA_BUNDLE",
    "PIP_CERT",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "HTTPLIB2_CA_CERTS",
)
_ADDS_ROOTS = ("NODE_EXTRA_CA_CERTS", "DENO_CERT")
TRUST = (*_REPLACES_ROOTS, *_ADDS_ROOTS)
"""Variables from which clients read their roots of trust."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyRoute:
    """A way through the proxy."""

    url: str
    """The address of the proxy."""
    files: Files
    hosts: Hosts
    """The hosts that are answered."""
    base_url: bool = False
    """Whether OPENAI_BASE_URL is set to the proxy, too."""
    key: str = field(default_factory=new_key)
    """The API key of a program that has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The variables to set and to remove, and notes on them for the user."""

    set: Mapping[str, str]
    removed: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def apply_to(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """Return the whole environment."""
        return {name: value for name, value in inherited.items() if name not in self.removed} | dict(self.set)


def environment(route: ProxyRoute, inherited: Mapping[str, str]) -> Environment:
    """Return the environment for a program that inherits these variables."""
    direct = {name: ",".join(_bypass_proxy(inherited, route.hosts)) for name in ("NO_PROXY", "no_proxy")}
    base_url = f"{route.url}/v1"
    elsewhere = () if route.base_url else tuple(_find_elsewhere(inherited, route.hosts))
    return Environment(
        # Some clients prefer the upper case and some the lower: both are the same.
        set={name: route.url for upper in _PROXIES for name in (upper, upper.lower())}
        | direct
        | dict.fromkeys(_REPLACES_ROOTS, str(route.files.bundle))
        | dict.fromkeys(_ADDS_ROOTS, str(route.files.ca))
        | _set_runtimes(route, inherited)
        | (dict.fromkeys(BASE_URLS, base_url) if route.base_url else {})
        | ({} if inherited.get("OPENAI_API_KEY") else {"OPENAI_API_KEY": route.key}),
        removed=tuple(name for name in ("SSL_CERT_DIR", *elsewhere) if name in inherited),
        notes=tuple(_notes(route, inherited, elsewhere)),
    )


def _set_runtimes(route: ProxyRoute, inherited: Mapping[str, str]) -> dict[str, str]:
    address = urlsplit(route.url)
    return {
        # Node reads the proxy from version 22.21 on; older ones need the preload, as they refuse `--use-env-proxy`.
        "NODE_USE_ENV_PROXY": "1",
        "NODE_OPTIONS": _add(inherited, "NODE_OPTIONS", f"--require={_quote(str(PRELOADS / 'node.cjs'))}"),
        "PYTHONPATH": _add_folder(inherited, "PYTHONPATH", str(PRELOADS / "python")),
        "LLEMULATOR_RUN_ADDRESS": f"{address.hostname}:{address.port}",
        "LLEMULATOR_RUN_HOSTS": ",".join(route.hosts.globs),
        "LLEMULATOR_RUN_CA": str(route.files.ca),
        "JAVA_TOOL_OPTIONS": _add(inherited, "JAVA_TOOL_OPTIONS", *_java(route)),
        # The empty entry is the folder that PHP was built with.
        "PHP_INI_SCAN_DIR": f"{inherited.get('PHP_INI_SCAN_DIR', '')}:{route.files.php_ini}",
        "WGETRC": str(route.files.wgetrc),
    }


def _java(route: ProxyRoute) -> Iterator[str]:
    address = urlsplit(route.url)
    for scheme in ("https", "http"):
        yield f"-D{scheme}.proxyHost={address.hostname}"
        yield f"-D{scheme}.proxyPort={address.port}"
    yield _quote(f"-Djavax.net.ssl.trustStore={route.files.truststore}")
    yield "-Djavax.net.ssl.trustStoreType=PKCS12"
    yield f"-Djavax.net.ssl.trustStorePassword={PASSWORD}"


def _add(inherited: Mapping[str, str], name: str, *more: str) -> str:
    """Return the options of a variable with more behind them, unless they are there already."""
    text = inherited.get(name, "").strip()
    return " ".join(filter(None, (text, *(each for each in more if each not in text))))


def _add_folder(inherited: Mapping[str, str], name: str, folder: str) -> str:
    return ":".join(dict.fromkeys((folder, *filter(None, inherited.get(name, "").split(":")))))


def _quote(text: str) -> str:
    """Quote for Node's and Java's options, which are separated by blanks."""
    return f'"{text}"' if any(character.isspace() for character in text) else text


# Variables that would bypass the proxy --------------------------------------------------------------------------------


def _bypass_proxy(inherited: Mapping[str, str], hosts: Hosts) -> dict[str, None]:
    """Return the hosts that clients reach directly: this machine, and hosts of NO_PROXY that are not answered."""
    named = ",".join((inherited.get("no_proxy", ""), inherited.get("NO_PROXY", "")))
    entries = (entry.strip() for entry in named.replace(" ", ",").split(","))
    return dict.fromkeys((*_ALWAYS_DIRECT, *(entry for entry in entries if entry and not undoes(entry, hosts))))


def undoes(entry: str, hosts: Hosts) -> bool:
    """Whether an entry of NO_PROXY would make a client bypass the proxy for one of these hosts."""
    name = _cut_port(entry.strip().lower()).removeprefix("*").strip(".")
    return not name or name in hosts or any(_may_end(glob, name) for glob in hosts.globs)


def _may_end(glob: str, name: str) -> bool:
    """Whether a host that matches the glob may be this name or end with it, label by label."""
    labels, wanted = glob.split("."), name.split(".")
    if len(wanted) > len(labels):
        return False
    if wanted in _CLOUDS and labels[-1] == "*":
        return True
    pairs = zip(labels[-len(wanted) :], wanted, strict=True)
    return labels[-len(wanted) :] != ["*"] and all(fnmatchcase(label, pattern) for pattern, label in pairs)


_CLOUDS = (["com"], ["us"], ["cn"], ["de"])
"""Ends of the names of Azure's clouds."""


def _cut_port(entry: str) -> str:
    name, _, port = entry.rpartition(":")
    return name if port.isdecimal() and ":" not in name else entry


def _find_elsewhere(inherited: Mapping[str, str], hosts: Hosts) -> Iterator[str]:
    """Yield the variables with a base URL of a host that is not answered."""
    for name in BASE_URLS:
        if is_elsewhere(inherited.get(name, ""), hosts):
            yield name


def is_elsewhere(url: str, hosts: Hosts) -> bool:
    """Whether a base URL names another host than these."""
    return bool(url) and _host(url) not in hosts


def _notes(route: ProxyRoute, inherited: Mapping[str, str], elsewhere: tuple[str, ...]) -> Iterator[str]:
    for name in elsewhere:
        yield f"{name} is removed: it named {_host(inherited[name]) or 'no host'}, which is not answered here"
    others = {_host(inherited.get(name, "")) for upper in _PROXIES for name in (upper, upper.lower())} - {None}
    if others - {urlsplit(route.url).hostname}:
        names = ", ".join(sorted(filter(None, others)))
        yield f"another proxy is set ({names}); it is not used: other hosts are reached directly"


def _host(url: str) -> str | None:
    try:
        return urlsplit(url if "//" in url else f"//{url}").hostname
    except ValueError:
        return None
