"""Whether the variables of the shell lead its programs here, or would lead them past."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from llemulator_addon.adapters.hosts import OPENAI_HOSTS, Hosts
from llemulator_addon.adapters.run.check import Diagnosis
from llemulator_addon.adapters.run.environment import BASE_URLS, TRUST, is_elsewhere, undoes
from llemulator_addon.adapters.settings import Settings
from llemulator_addon.adapters.trust import certificates_in

_SECONDS = 5.0
_PROXIES = ("HTTPS_PROXY", "https_proxy")


def examine_shell(settings: Settings, inherited: Mapping[str, str]) -> Iterator[Diagnosis]:
    """Yield what the variables lead to. That none is set is no fault: `run` sets them."""
    hosts = Hosts((*OPENAI_HOSTS, *settings.hosts))
    yield _check_no_proxy(hosts, inherited)
    yield _base_url(hosts, inherited)
    named = {inherited[name] for name in _PROXIES if inherited.get(name)}
    certificate = fetch_certificate(next(iter(named))) if len(named) == 1 else None
    yield _proxy(named, is_ours=certificate is not None)
    yield _trust(certificate, inherited)


def fetch_certificate(url: str) -> bytes | None:
    """Return the certificate that a llemulator at this URL has; None if none answers."""
    try:
        where = _split(url)
        connection = HTTPConnection(where.hostname or "", where.port or 80, timeout=_SECONDS)
    except (ValueError, HTTPException):
        return None
    try:
        connection.request("GET", "/_emulator/ca.pem")
        found = certificates_in(connection.getresponse().read())
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
    return found[0] if found else None


def _check_no_proxy(hosts: Hosts, inherited: Mapping[str, str]) -> Diagnosis:
    entries = ",".join(inherited.get(name, "") for name in ("NO_PROXY", "no_proxy")).replace(" ", ",").split(",")
    undoing = sorted({entry for entry in entries if entry and undoes(entry, hosts)})
    return Diagnosis(
        name="NO_PROXY",
        passed=not undoing,
        says=f"bypasses the proxy by {', '.join(undoing)}" if undoing else "has nothing that bypasses the proxy",
        remedy="take that out of NO_PROXY and no_proxy; `llemulator run` does so itself" if undoing else None,
    )


def _base_url(hosts: Hosts, inherited: Mapping[str, str]) -> Diagnosis:
    elsewhere = {name: inherited[name] for name in BASE_URLS if is_elsewhere(inherited.get(name, ""), hosts)}
    ours = {url for url in set(elsewhere.values()) if fetch_certificate(url) is not None}
    if astray := [name for name, url in elsewhere.items() if url not in ours]:
        return Diagnosis(
            name="base URL",
            passed=False,
            says=f"another one is set by {' and '.join(astray)}",
            remedy=f"unset {' '.join(astray)}; `llemulator run` does so itself",
        )
    where = " and ".join(sorted(map(_hide_password, ours)))
    return Diagnosis(name="base URL", passed=True, says=f"llemulator answers at {where}" if ours else "OpenAI's own")


def _proxy(named: set[str], *, is_ours: bool) -> Diagnosis:
    match sorted(named):
        case []:
            return Diagnosis(name="proxy", passed=None, says="none is set in this shell; `llemulator run` sets it")
        case [url] if is_ours:
            return Diagnosis(name="proxy", passed=True, says=f"llemulator answers at {_hide_password(url)}")
        case [url]:
            return Diagnosis(
                name="proxy",
                # Somebody's own proxy is no fault: `run` puts ours in its place.
                passed=False if _is_local(url) else None,
                says=f"no llemulator answers at {_hide_password(url)}, which HTTPS_PROXY names",
                remedy="start it there, or set HTTPS_PROXY to where it listens; `llemulator run` does both",
            )
        case _:
            return Diagnosis(
                name="proxy",
                passed=False,
                says="HTTPS_PROXY and https_proxy differ",
                remedy="set both to the same: some clients prefer the one, some the other",
            )


def _trust(certificate: bytes | None, inherited: Mapping[str, str]) -> Diagnosis:
    named = {name: Path(inherited[name]) for name in TRUST if inherited.get(name)}
    texts = {name: _content(file) for name, file in named.items()}
    remedy = '`eval "$(llemulator run --env-only)"` sets them all for the llemulator that listens on --port'
    if missing := [name for name, text in texts.items() if text is None]:
        says = f"no file that can be read is named by {', '.join(missing)}: clients fail at their start"
        return Diagnosis(name="trust", passed=False, says=says, remedy=f"name another or unset it; {remedy}")
    if certificate is None:
        return Diagnosis(name="trust", passed=None, says="no llemulator to trust; `llemulator run` sees to it")
    if not texts:
        return Diagnosis(name="trust", passed=False, says="no variable names the certificate to trust", remedy=remedy)
    if strange := [name for name, text in texts.items() if certificate not in certificates_in(text or b"")]:
        says = f"the certificate of that llemulator is not in what {', '.join(strange)} names"
        return Diagnosis(name="trust", passed=False, says=says, remedy=remedy)
    return Diagnosis(name="trust", passed=True, says=f"its certificate is in what {', '.join(texts)} names")


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None


def _split(url: str) -> SplitResult:
    return urlsplit(url if "//" in url else f"//{url}")


def _is_local(url: str) -> bool:
    with suppress(ValueError):
        host = _split(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    return False


def _hide_password(url: str) -> str:
    """Return where a proxy is, without the secret that its URL may hold."""
    with suppress(ValueError):
        where = _split(url)
        return f"{where.hostname or '(no host)'}:{where.port or 80}"
    return "(no URL)"
