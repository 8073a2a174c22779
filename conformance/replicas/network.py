"""A network of several machines, each a network namespace; this process may enter any of them."""

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_NAMED = Path("/run/netns")
_SUBNET = "10.99.0"
HUB = f"{_SUBNET}.1"
"""The address of the machine to which all others are connected."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A network namespace with one address."""

    namespace: str
    address: str

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Open sockets and start programs there while the body runs; those that are open stay where they are."""
        back, there = (os.open(path, os.O_RDONLY) for path in ("/proc/thread-self/ns/net", _NAMED / self.namespace))
        try:
            os.setns(there, os.CLONE_NEWNET)
            yield
        finally:
            os.setns(back, os.CLONE_NEWNET)
            os.close(back)
            os.close(there)

    def lose(self, other: "Machine") -> None:
        """Send nothing to another machine from now on; what that one sends still comes."""
        _run("ip", "-n", self.namespace, "route", "add", "blackhole", f"{other.address}/32")

    def find(self, other: "Machine") -> None:
        """Send to it again."""
        _run("ip", "-n", self.namespace, "route", "delete", "blackhole", f"{other.address}/32")


@contextmanager
def machines(number: int) -> Iterator[list[Machine]]:
    """Make as many machines, connected by a switch at the first one, or skip where that is not allowed."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("only root makes network namespaces, with `ip` (.ci/install clients)")
    names = [f"llemulator-{uuid.uuid4().hex[:8]}" for _ in range(number)]
    with ExitStack() as stack:
        for name in names:
            if why := _try("ip", "netns", "add", name):
                pytest.skip(f"no network namespace can be made here: {why}")
            stack.callback(_run, "ip", "netns", "delete", name)
        yield [_connect(name, place, names[0]) for place, name in enumerate(names)]


def _connect(name: str, place: int, hub: str) -> Machine:
    address = f"{_SUBNET}.{place + 1}"
    inside, device = ("ip", "-n", name), "eth0"
    if name == hub:
        _run(*inside, "link", "add", device, "type", "bridge")
    else:
        cable = f"cable{place}"
        _run("ip", "link", "add", cable, "netns", hub, "type", "veth", "peer", "name", device, "netns", name)
        _run("ip", "-n", hub, "link", "set", cable, "master", "eth0", "up")
    _run(*inside, "address", "add", f"{address}/24", "dev", device)
    for each in (device, "lo"):
        _run(*inside, "link", "set", each, "up")
    return Machine(namespace=name, address=address)


def _run(*command: str) -> None:
    assert (why := _try(*command)) == "", f"{' '.join(command)}: {why}"


def _try(*command: str) -> str:
    """Run a command; return why it failed, or nothing."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return (ended.stderr.strip() or "it failed") if ended.returncode else ""
