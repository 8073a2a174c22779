"""The environment that leads unmodified clients to the proxy."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What is set, and what would lead past the proxy and is taken away."""

    set: Mapping[str, str]
    removed: tuple[str, ...]


def environment(url: str, certs: Path, token: str) -> Environment:
    """Return it for a proxy, the folder of its certificates, and a token."""
    bundle, ca = str(certs / "bundle.pem"), str(certs / "ca.pem")
    # Only exact names are understood by all clients. What listens on this machine is reached as before.
    past = "localhost,127.0.0.1,::1"
    return Environment(
        set={
            # In both cases: some clients prefer the one, some the other.
            "HTTPS_PROXY": url,
            "https_proxy": url,
            "NO_PROXY": past,
            "no_proxy": past,
            # These replace a client's roots, and so need a bundle.
            "SSL_CERT_FILE": bundle,
            "REQUESTS_CA_BUNDLE": bundle,
            "CURL_CA_BUNDLE": bundle,
            # These add to them.
            "NODE_EXTRA_CA_CERTS": ca,
            "DENO_CERT": ca,
            "NODE_USE_ENV_PROXY": "1",
            "OPENAI_API_KEY": token,
        },
        removed=("ALL_PROXY", "all_proxy", "SSL_CERT_DIR", "OPENAI_BASE_URL", "OPENAI_API_BASE"),
    )


def of_subprocess(inherited: Mapping[str, str], own: Environment) -> dict[str, str]:
    """Return a whole environment to start another program with."""
    kept = {name: value for name, value in inherited.items() if name not in own.removed}
    # Ruby asks for the proxy of plain HTTP, whatever the URL.
    plain = {"HTTP_PROXY": own.set["HTTPS_PROXY"], "http_proxy": own.set["https_proxy"]}
    return {**kept, **plain, **own.set}
