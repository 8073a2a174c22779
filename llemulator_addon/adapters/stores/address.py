"""The address of a store: where sessions are kept, as `--store` names it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args, override
from urllib.parse import SplitResult, unquote, urlsplit

StoreKind = Literal["memory", "sqlite", "redis", "redis+sentinel", "redis+cluster"]

EXPECTED = "memory, sqlite:///FILE, or redis://HOST:PORT (rediss with TLS; redis+sentinel or redis+cluster)"
_SENTINEL_PORT = 26379


class BadStore(Exception):
    """A store cannot be opened; says which and why."""


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Where sessions are kept."""

    kind: StoreKind = "memory"
    file: Path = Path()
    """Of SQLite."""
    plain_url: str = ""
    """Of Redis, as its library reads it; it may have a password."""
    hosts: tuple[tuple[str, int], ...] = ()
    """The Sentinels, these six."""
    service: str = ""
    database: int = 0
    user: str | None = None
    password: str | None = None
    is_encrypted: bool = False

    @property
    def is_shared(self) -> bool:
        """Whether several processes may use it."""
        return self.kind != "memory"

    @override
    def __str__(self) -> str:
        """Return it to be shown: without its user, password and options."""
        match self.kind:
            case "memory":
                return "memory"
            case "sqlite":
                return f"sqlite:///{self.file}"
            case _:
                url = urlsplit(self.plain_url)
                hosts = ",".join(f"{host}:{port}" for host, port in self.hosts) or url.netloc.rpartition("@")[2]
                return f"{self.kind}://{hosts}{url.path}"


MEMORY = StoreAddress()


def read_address(text: str) -> StoreAddress:
    """Read `memory` or a URL; raises ValueError. `sqlite:///a/b.db` is relative, `sqlite:////a/b.db` is not."""
    if text.lower() == "memory":
        return MEMORY
    url = urlsplit(text)
    if text.startswith("sqlite:///") and len(url.path) > 1 and not url.query and not url.fragment:
        return StoreAddress("sqlite", file=Path(unquote(url.path[1:])).expanduser())
    scheme = url.scheme.replace("rediss", "redis")
    if scheme not in get_args(StoreKind) or not scheme.startswith("redis") or not url.hostname:
        raise ValueError("the text is not shown, because it may have a password")
    kind: StoreKind = "redis" if scheme == "redis" else "redis+sentinel" if scheme.endswith("l") else "redis+cluster"
    is_encrypted = url.scheme != scheme
    address = StoreAddress(kind, plain_url=url._replace(scheme="rediss" if is_encrypted else "redis").geturl())
    return _read_sentinels(address, url, is_encrypted=is_encrypted) if kind == "redis+sentinel" else address


def _read_sentinels(address: StoreAddress, url: SplitResult, *, is_encrypted: bool) -> StoreAddress:
    """Read `USER:PASSWORD@HOST:PORT,HOST:PORT/SERVICE/DATABASE`."""
    login, _, hosts = url.netloc.rpartition("@")
    user, _, password = login.partition(":")
    service, _, database = url.path.strip("/").partition("/")
    if not service:
        raise ValueError("after the Sentinels comes the name of the service, as in redis+sentinel://HOST:26379/NAME")
    return replace(
        address,
        hosts=tuple(_read_host(host) for host in hosts.split(",")),
        service=unquote(service),
        database=int(database or 0),
        user=unquote(user) or None,
        password=unquote(password) or None,
        is_encrypted=is_encrypted,
    )


def _read_host(text: str) -> tuple[str, int]:
    host, _, port = text.partition(":")
    return host, int(port or _SENTINEL_PORT)
