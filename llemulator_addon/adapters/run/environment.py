"""The environment in which every client of a program is led through the proxy."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from llemulator_addon.adapters.hosts import Hosts
from llemulator_addon.adapters.run.files import PRELOADS, Files
from llemulator_addon.adapters.trust import PASSWORD


def new_key() -> str:
    """Make a key for a program that has none: clients refuse to start without one, and any is good.

    Nobody can guess it, so that no page in a browser and no other program takes part in the session.
    """
    return f"sk-llemulator-{secrets.token_hex(12)}"


_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
_ALWAYS_PAST = ("localhost", "127.0.0.1", "::1")
BASE_URLS = ("OPENAI_BASE_URL", "OPENAI_API_BASE")
"""By which clients are led to another API than OpenAI's."""

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
"""By which clients are told whom to trust."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What the environment is made from."""

    url: str
    """Where the proxy listens."""
    files: Files
    hosts: Hosts
    """Those that are answered."""
    base_url: bool = False
    """Whether the proxy is named as the API's base URL, too."""
    key: str = field(default_factory=new_key)
    """The API key of a program that has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What is set, what is taken away, and what the user should know of it."""

    set: Mapping[str, str]
    removed: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def over(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """Return the whole environment."""
        return {name: value for name, value in inherited.items() if name not in self.removed} | dict(self.set)


def environment(way: Way, inherited: Mapping[str, str]) -> Environment:
    """Return it for a program that would otherwise have what is inherited."""
    past = {name: ",".join(_past_proxy(inherited, way.hosts)) for name in ("NO_PROXY", "no_proxy")}
    base_url = f"{way.url}/v1"
    astray = () if way.base_url else tuple(_astray(inherited, way.hosts))
    return Environment(
        # Some clients prefer the upper case and some the lower: both are the same.
        set={name: way.url for upper in _PROXIES for name in (upper, upper.lower())}
        | past
        | dict.fromkeys(_REPLACES_ROOTS, str(way.files.bundle))
        | dict.fromkeys(_ADDS_ROOTS, str(way.files.ca))
        | _of_runtimes(way, inherited)
        | (dict.fromkeys(BASE_URLS, base_url) if way.base_url else {})
        | ({} if inherited.get("OPENAI_API_KEY") else {"OPENAI_API_KEY": way.key}),
        removed=tuple(name for name in ("SSL_CERT_DIR", *astray) if name in inherited),
        notes=tuple(_notes(way, inherited, astray)),
    )


def _of_runtimes(way: Way, inherited: Mapping[str, str]) -> dict[str, str]:
    address = urlsplit(way.url)
    return {
        # Node: by itself where it can, by the preload where it cannot. `--use-env-proxy` would stop an older one.
        "NODE_USE_ENV_PROXY": "1",
        "NODE_OPTIONS": _with(inherited, "NODE_OPTIONS", f"--require={_quoted(str(PRELOADS / 'node.cjs'))}"),
        "PYTHONPATH": ":".join(filter(None, (str(PRELOADS / "python"), inherited.get("PYTHONPATH")))),
        "LLEMULATOR_RUN_ADDRESS": f"{address.hostname}:{address.port}",
        "LLEMULATOR_RUN_HOSTS": ",".join(way.hosts.globs),
        "LLEMULATOR_RUN_CA": str(way.files.ca),
        "JAVA_TOOL_OPTIONS": _with(inherited, "JAVA_TOOL_OPTIONS", *_java(way)),
        # The empty entry stands for the folder that PHP was built with.
        "PHP_INI_SCAN_DIR": f"{inherited.get('PHP_INI_SCAN_DIR', '')}:{way.files.php_ini}",
        "WGETRC": str(way.files.wgetrc),
    }


def _java(way: Way) -> Iterator[str]:
    address = urlsplit(way.url)
    for scheme in ("https", "http"):
        yield f"-D{scheme}.proxyHost={address.hostname}"
        yield f"-D{scheme}.proxyPort={address.port}"
    yield _quoted(f"-Djavax.net.ssl.trustStore={way.files.truststore}")
    yield "-Djavax.net.ssl.trustStoreType=PKCS12"
    yield f"-Djavax.net.ssl.trustStorePassword={PASSWORD}"


def _with(inherited: Mapping[str, str], name: str, *more: str) -> str:
    return " ".join(filter(None, (inherited.get(name, "").strip(), *more)))


def _quoted(text: str) -> str:
    """Quote for Node's and Java's options, where blanks separate."""
    return f'"{text}"' if any(character.isspace() for character in text) else text


# What would lead past the proxy ---------------------------------------------------------------------------------------


def _past_proxy(inherited: Mapping[str, str], hosts: Hosts) -> dict[str, None]:
    """Return whom clients reach directly: this machine, and whom the user named, unless that is one of ours."""
    named = ",".join((inherited.get("no_proxy", ""), inherited.get("NO_PROXY", "")))
    entries = (entry.strip() for entry in named.replace(" ", ",").split(","))
    return dict.fromkeys((*_ALWAYS_PAST, *(entry for entry in entries if entry and not undoes(entry, hosts))))


def undoes(entry: str, hosts: Hosts) -> bool:
    """Whether an entry of NO_PROXY would lead a client past the proxy to one of these hosts."""
    name = _without_port(entry.strip().lower()).removeprefix("*").strip(".")
    return not name or name in hosts or any(_may_end(glob, name) for glob in hosts.globs)


def _may_end(glob: str, name: str) -> bool:
    """Whether a host that the glob holds may be this name or end with it, label by label."""
    labels, wanted = glob.split("."), name.split(".")
    if len(wanted) > len(labels):
        return False
    if wanted in _CLOUDS and labels[-1] == "*":
        return True
    pairs = zip(labels[-len(wanted) :], wanted, strict=True)
    return labels[-len(wanted) :] != ["*"] and all(fnmatchcase(label, pattern) for pattern, label in pairs)


_CLOUDS = (["com"], ["us"], ["cn"], ["de"])
"""What ends the names of Azure's clouds."""


def _without_port(entry: str) -> str:
    name, _, port = entry.rpartition(":")
    return name if port.isdecimal() and ":" not in name else entry


def _astray(inherited: Mapping[str, str], hosts: Hosts) -> Iterator[str]:
    """Yield variables that name another base URL than one of a host that is answered."""
    for name in BASE_URLS:
        if leads_astray(inherited.get(name, ""), hosts):
            yield name


def leads_astray(url: str, hosts: Hosts) -> bool:
    """Whether a base URL leads to another host than these; none leads to OpenAI's own."""
    return bool(url) and _host(url) not in hosts


def _notes(way: Way, inherited: Mapping[str, str], astray: tuple[str, ...]) -> Iterator[str]:
    for name in astray:
        yield f"{name} led to {_host(inherited[name]) or 'no host'}, and is set aside"
    others = {_host(inherited.get(name, "")) for upper in _PROXIES for name in (upper, upper.lower())} - {None}
    if others - {urlsplit(way.url).hostname}:
        names = ", ".join(sorted(filter(None, others)))
        yield f"another proxy was set ({names}): hosts that are passed on are reached directly"


def _host(url: str) -> str | None:
    try:
        return urlsplit(url if "//" in url else f"//{url}").hostname
    except ValueError:
        return None
