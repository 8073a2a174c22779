"""The host that a request names, read as mitmproxy reads it, so that both speak of the same one."""

from functools import lru_cache

from mitmproxy.net.http.url import parse_authority


@lru_cache(1024)
def read_host(authority: str | None) -> str:
    """Return the host of `host:port`; empty if there is none."""
    try:
        return parse_authority(authority or "", check=False)[0]
    except ValueError:
        return ""
