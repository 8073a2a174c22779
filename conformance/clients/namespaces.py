"""A network of its own for a test: nothing but a loopback, names that the test gives, and rules of a firewall."""

import os
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.server import plain_environment
from conformance.venvs import ROOT

OTHER_ADDRESS = "198.51.100.1"
"""Where a host listens that is not OpenAI's (an address for documentation, RFC 5737)."""
NOWHERE = "192.0.2.1"
"""Where nobody listens (the same)."""

API_SERVER = "198.51.100.2"
"""Where a cluster's API server would be; what goes there is not redirected."""

_ADDRESS_IN_IPV6 = "2001:db8::2"
_REDIRECT = ROOT / "k8s/transparent/image/redirect"
_GROUP = "10001"
"""That of the proxy, whose own connections are not redirected."""
_NEEDED = ("ip", "iptables", "setpriv")
_HOSTS_OF = Path("/etc/netns")


class NotListening(Exception):
    """A command ended before it listened. The text is what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """A network namespace."""

    name: str

    def __call__(self, *command: str) -> list[str]:
        """Return a command that runs in it."""
        return ["ip", "netns", "exec", self.name, *command]

    def as_proxy(self, *command: str) -> list[str]:
        """Return a command that runs in it, and whose connections are not redirected."""
        return self("setpriv", "--regid", _GROUP, "--clear-groups", *command)

    def redirect(self, *, to: int) -> None:
        """Lead connections to port 443 of any host to a port here, as the init container of k8s/transparent does."""
        where = (f"TRANSPARENT_PORT={to}", f"PROXY_GROUP={_GROUP}", f"KUBERNETES_SERVICE_HOST={API_SERVER}")
        for _ in range(2):  # it may be asked again
            _run(self("env", *where, str(_REDIRECT)))


@contextmanager
def namespace(hosts: Mapping[str, str]) -> Iterator[Namespace]:
    """Make a namespace in which these names have these addresses, or skip where that is not allowed."""
    if missing := [program for program in _NEEDED if shutil.which(program) is None]:
        pytest.skip(f"{', '.join(missing)} is not on this machine; `.ci/install clients` brings it, as root on Debian")
    if os.geteuid() != 0:
        pytest.skip("only root makes a network namespace")
    made = Namespace(name=f"llemulator-{uuid.uuid4().hex[:8]}")
    names = _HOSTS_OF / made.name
    tried = _ended(["ip", "netns", "add", made.name])
    if tried.returncode:
        pytest.skip(f"no network namespace can be made here: {tried.stderr.strip()}")
    try:
        names.mkdir(parents=True)
        lines = (
            f"{address} {name}\n"
            for name, address in {"localhost": "127.0.0.1", socket.gethostname(): "127.0.0.1", **hosts}.items()
        )
        (names / "hosts").write_text("".join(lines))
        for words in (
            ("link", "set", "lo", "up"),
            ("address", "add", f"{OTHER_ADDRESS}/32", "dev", "lo"),
            ("address", "add", f"{API_SERVER}/32", "dev", "lo"),
            # Every address has a way, which ends here: what a firewall does not redirect is refused.
            ("route", "add", "default", "dev", "lo", "src", OTHER_ADDRESS),
        ):
            _run(made("ip", *words))
        if socket.has_ipv6:
            _run(made("ip", "-6", "address", "add", f"{_ADDRESS_IN_IPV6}/128", "dev", "lo"))
            _run(made("ip", "-6", "route", "add", "default", "dev", "lo"))
        yield made
    finally:
        _run(["ip", "netns", "delete", made.name])
        shutil.rmtree(names)


@contextmanager
def listening(command: Sequence[str], *, mark: str, folder: Path, variables: Mapping[str, str]) -> Iterator[None]:
    """Run a command in the background, from when it has said a text until the end of the block. Raises NotListening."""
    env = {**plain_environment(), "PYTHONUNBUFFERED": "1", **variables}
    said = folder / "said"
    with said.open("w") as errors:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=errors, text=True)
        assert process.stdout
        try:
            seen: list[str] = []
            while mark not in (line := process.stdout.readline()):
                seen.append(line)
                if not line:
                    raise NotListening("".join(seen)[-2000:] + said.read_text()[-2000:])
            yield
        finally:
            process.terminate()
            process.communicate(timeout=60)


def _run(command: Sequence[str]) -> None:
    ended = _ended(command)
    assert ended.returncode == 0, f"{' '.join(command)}: {ended.stderr}"


def _ended(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)
